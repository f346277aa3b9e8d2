"""S1: whatever is not a fresh assertion of this client, for us, under its own key, is refused."""

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from joserfc import jwk

from billing_saas.clients import assertions, key_rules
from billing_saas.clients.errors import AssertionRefused
from billing_saas.kit import clock
from billing_saas.kit.ids import new_id
from tests.clients.signing import AUDIENCE, Pair, b64, claims_of, compact, encoded, pair

WYCHEPROOF = Path(__file__).parents[1] / "samples" / "wycheproof"
CLIENT = UUID("019a2b3c-4d5e-7f60-8a1b-2c3d4e5f6071")
MINE = pair()
OTHER = pair(key_id="key-1")
RSA = pair("RS256", "rsa-1")


def check(assertion: str, keys: list[dict[str, Any]] | None = None) -> assertions.Used:
    return assertions.check(
        assertions.read(assertion),
        CLIENT,
        keys or [MINE.public, RSA.public],
        frozenset({AUDIENCE, "http://localhost"}),
        clock.now(),
    )


@pytest.mark.parametrize("algorithm", sorted(key_rules.ALGORITHMS))
def test_a_good_assertion_holds_under_each_algorithm(algorithm: str) -> None:
    signer = pair(algorithm)
    assert key_rules.fault(signer.public) == ""
    claims = claims_of(CLIENT)
    assert check(signer.signed(claims), [signer.public]).jti == claims["jti"]


@pytest.mark.parametrize(
    "other",
    [
        {"aud": ["https://elsewhere.test", AUDIENCE]},
        {"aud": "http://localhost"},
        {"iat": None},
        {"typ": "ignored among claims"},
    ],
)
def test_what_a_library_may_write_otherwise_holds(other: dict[str, Any]) -> None:
    check(MINE.signed(claims_of(CLIENT, **other)))
    check(MINE.signed(claims_of(CLIENT), typ="client-authentication+jwt"))


HEADERS: dict[str, dict[str, Any]] = {
    "another type": {"typ": "at+jwt"},
    "type in lower case": {"typ": "jwt"},
    "unknown kid": {"kid": "key-2"},
    "kid as a path": {"kid": "../../../../dev/null"},
    "kid as SQL": {"kid": "key-1' OR '1'='1"},
    "kid as a number": {"kid": 1},
    "kid as a list": {"kid": ["key-1"]},
    "jku": {"jku": "https://evil.test/jwks.json"},
    "x5u": {"x5u": "https://evil.test/cert.pem"},
    "x5c": {"x5c": ["MIIB"]},
    "embedded jwk": {"jwk": OTHER.public},
    "crit": {"crit": ["exp"]},
    "crit of nothing": {"crit": []},
    "b64": {"b64": False, "crit": ["b64"]},
    "zip": {"zip": "DEF"},
    "another algorithm": {"alg": "ES384"},
    "algorithm as a list": {"alg": ["ES256"]},
    "none": {"alg": "none"},
    "None": {"alg": "None"},
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_no_header_but_the_plain_one_is_taken(header: dict[str, Any]) -> None:
    with pytest.raises(AssertionRefused):
        check(MINE.signed(claims_of(CLIENT), **header))


def seconds(**ahead: int) -> int:
    return int((clock.now() + timedelta(**ahead)).timestamp())


CLAIMS: dict[str, Callable[[], dict[str, Any]]] = {
    "another issuer": lambda: {"iss": str(new_id())},
    "another subject": lambda: {"sub": str(new_id())},
    "no subject": lambda: {"sub": None},
    "no issuer": lambda: {"iss": None},
    "another audience": lambda: {"aud": "https://elsewhere.test"},
    "audience that begins like ours": lambda: {"aud": AUDIENCE + "/"},
    "no audience": lambda: {"aud": None},
    "audience as an object": lambda: {"aud": {AUDIENCE: 1}},
    "expired": lambda: {"exp": seconds(seconds=-1)},
    "no exp": lambda: {"exp": None},
    "exp as a text": lambda: {"exp": str(seconds(minutes=1))},
    "exp as true": lambda: {"exp": True},
    "exp too far": lambda: {"exp": seconds(minutes=6)},
    "exp beyond all time": lambda: {"exp": 10**18},
    "not yet": lambda: {"nbf": seconds(minutes=2)},
    "nbf as a text": lambda: {"nbf": "now"},
    "made in the future": lambda: {"iat": seconds(minutes=2)},
    "no jti": lambda: {"jti": None},
    "jti as a number": lambda: {"jti": 12345678},
    "short jti": lambda: {"jti": "1"},
    "long jti": lambda: {"jti": "1" * 129},
}


@pytest.mark.parametrize("claims", CLAIMS.values(), ids=CLAIMS)
def test_claims_are_of_this_client_for_us_and_now(claims: Callable[[], dict[str, Any]]) -> None:
    with pytest.raises(AssertionRefused):
        check(MINE.signed(claims_of(CLIENT, **claims())))


def by_hmac(key: bytes) -> str:
    """HS256 with the public key as the secret: everybody has it."""
    message = (
        f"{encoded({'alg': 'HS256', 'typ': 'JWT', 'kid': 'rsa-1'})}.{encoded(claims_of(CLIENT))}"
    )
    return f"{message}.{b64(hmac.digest(key, message.encode(), hashlib.sha256))}"


def without_signature() -> str:
    header = {"alg": "none", "typ": "JWT", "kid": "key-1"}
    return f"{encoded(header)}.{encoded(claims_of(CLIENT))}."


def twice(text: str) -> str:
    return f"{encoded(text)}.{encoded(claims_of(CLIENT))}"


def with_a_minus() -> str:
    """Signatures are random: one of twelve has none."""
    while "-" not in (signed := MINE.signed(claims_of(CLIENT))):
        pass
    return signed


FORGED: dict[str, Callable[[], str]] = {
    "nothing": lambda: "",
    "no parts": lambda: "abc",
    "four parts": lambda: MINE.signed(claims_of(CLIENT)) + ".x",
    "none without signature": without_signature,
    "HS256 with the public key": lambda: by_hmac(RSA.private.as_pem(private=False)),
    "HS256 with the JWK": lambda: by_hmac(json.dumps(RSA.public).encode()),
    "another's key": lambda: OTHER.signed(claims_of(CLIENT)),
    "RSA key's name, EC signature": lambda: MINE.signed(claims_of(CLIENT), kid="rsa-1"),
    "PS256 with a key for RS256": lambda: Pair(RSA.private, "PS256", "rsa-1").signed(
        claims_of(CLIENT)
    ),
    "padded": lambda: MINE.signed(claims_of(CLIENT)) + "==",
    "a space": lambda: MINE.signed(claims_of(CLIENT)).replace(".", ". ", 1),
    "a line break": lambda: MINE.signed(claims_of(CLIENT)) + "\n",
    "plus for minus": lambda: with_a_minus().replace("-", "+"),
    "claims as a list": lambda: compact(
        {"alg": "ES256", "typ": "JWT", "kid": "key-1"}, [claims_of(CLIENT)], MINE
    ),
    "claims deep": lambda: compact(
        {"alg": "ES256", "typ": "JWT", "kid": "key-1"}, "[" * 1000 + "]" * 1000, MINE
    ),
    "kid twice": lambda: compact(
        '{"alg":"ES256","typ":"JWT","kid":"key-2","kid":"key-1"}', claims_of(CLIENT), MINE
    ),
    "too long": lambda: MINE.signed(claims_of(CLIENT, more="x" * 5000)),
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_what_is_forged_is_refused(forged: Callable[[], str]) -> None:
    with pytest.raises(AssertionRefused):
        check(forged())


def test_base64_has_one_form() -> None:
    """Of the last character of an ES256 signature four bits count: fifteen others say the same."""
    good = MINE.signed(claims_of(CLIENT))
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    others = [good[:-1] + letter for letter in alphabet if letter != good[-1]]
    taken = [other for other in others if is_taken(other)]
    assert is_taken(good)
    assert taken == []


def is_taken(assertion: str) -> bool:
    try:
        check(assertion)
    except AssertionRefused:
        return False
    return True


# --- Wycheproof's vectors (tests/samples/wycheproof/SOURCES.md) ---


def groups() -> list[dict[str, Any]]:
    found: dict[str, Any] = json.loads((WYCHEPROOF / "json_web_signature_test.json").read_text())
    return list(found["testGroups"])


def test_no_invalid_vector_is_taken_and_every_valid_one_is() -> None:
    """Under keys of our algorithms. Of a key whose `use` or `key_ops` is another, none is."""
    tried = 0
    for group in groups():
        key = group.get("public") or group["private"]
        if key_rules.fault(key):
            continue
        for vector in group["tests"]:
            signed = assertions.is_signed(vector["jws"], key)
            assert signed == (vector["result"] == "valid"), (vector["tcId"], vector["comment"])
            tried += 1
    assert tried > 300


def test_no_key_for_another_use_or_algorithm_is_registered() -> None:
    refused = {}
    for group in groups():
        key = group.get("public") or group["private"]
        if key_rules.fault(key):
            refused[group["tests"][0]["tcId"]] = key.get("alg")
    assert {353, 354, 355, 356} <= set(refused), "keys for encryption, or to sign with"
    assert {"HS256", "RS384", "RS512", "PS384", "PS512", "ES521"} <= set(refused.values())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"kid": ""}, "kid"),
        ({"kid": "a/b"}, "kid"),
        ({"alg": "none"}, "alg must be"),
        ({"alg": "HS256"}, "alg must be"),
        ({"alg": "ES384"}, "type does not fit"),
        ({"use": "enc"}, "not for signatures"),
        ({"key_ops": ["sign"]}, "not for signatures"),
        ({"d": "AAAA"}, "no public key of its type has"),
        ({"x5u": "https://evil.test"}, "no public key of its type has"),
        ({"x": "AAAA"}, "numbers are no key"),
        ({"x": 1}, "members are texts"),
    ],
)
def test_a_key_is_public_for_signatures_and_of_one_algorithm(
    change: dict[str, Any], says: str
) -> None:
    assert says in key_rules.fault({**MINE.public, **change})


def test_a_short_rsa_key_is_refused() -> None:
    short = jwk.RSAKey.generate_key(1024).as_dict(private=False)
    assert "2048" in key_rules.fault({**short, "kid": "short", "alg": "RS256"})


def test_a_key_has_a_name_of_its_own() -> None:
    assert set(key_rules.faults([MINE.public, OTHER.public])) == {"public_keys[1]"}
