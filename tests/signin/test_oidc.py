"""In by an identity provider: whoever answers otherwise than asked opens nothing."""

import base64
import hmac
import time
from collections.abc import Callable
from typing import Any

import pytest
from joserfc.jwk import RSAKey
from sqlalchemy import text

from billing_saas.federation import providers, starting
from billing_saas.federation.errors import ProviderNotFound
from billing_saas.federation.starting import ProviderDown
from billing_saas.gateways.openid import NotAProvider
from billing_saas.identity.errors import NotSignedIn
from billing_saas.kit.actor import AuthLevel
from billing_saas.kit.ids import new_id
from billing_saas.signin import sessions
from billing_saas.signin.errors import WrongCredential
from tests.cast import Person, Tenant
from tests.signin import federated
from tests.signin.federated import SITE, Door
from tests.signin.provider import Claims, Provider, part


async def test_alice_comes_in_and_is_asked_for_a_second_factor(door: Door, alice: Person) -> None:
    entered = await door.through()
    async with door.database.platform() as db:
        session = await sessions.find(db, entered.secret)
    assert session.user_id == alice.actor.id
    assert session.level is AuthLevel.ONE_FACTOR
    assert session.methods == {"fed"}
    assert door.sent["redirect_uri"] == f"{SITE}/sign-in/oidc/{door.provider_id}/callback"
    assert len(door.sent["nonce"]) >= 43
    assert door.sent["nonce"] not in (door.sent["state"], door.sent["code_challenge"])


async def test_what_counts_as_a_second_factor(door: Door, elm: Tenant) -> None:
    cases: list[tuple[Claims, dict[str, Any], AuthLevel]] = [
        ({"amr": ["pwd", "otp", "mfa"]}, {}, AuthLevel.TWO_FACTORS),
        ({"amr": ["pwd", "otp"]}, {}, AuthLevel.ONE_FACTOR),
        ({"amr": "mfa"}, {}, AuthLevel.ONE_FACTOR),
        ({"amr": ["hwk"]}, {"second_factor_amr": ("hwk",)}, AuthLevel.TWO_FACTORS),
        ({"amr": ["mfa"]}, {"second_factor_amr": ()}, AuthLevel.ONE_FACTOR),
        ({"acr": "strong"}, {"second_factor_acr": ("strong",)}, AuthLevel.TWO_FACTORS),
        ({"acr": ""}, {"second_factor_acr": ("strong",)}, AuthLevel.ONE_FACTOR),
    ]
    for said, changed, level in cases:
        wanted = federated.settings_of(door.provider, **changed)
        async with door.database.narrowed(elm.company_id) as db:
            await providers.change(db, federated.admin_with(), door.provider_id, wanted)
        door.provider.person.pop("amr", None)
        door.provider.person |= said
        entered = await door.through()
        async with door.database.platform() as db:
            assert (await sessions.find(db, entered.secret)).level is level, said


Wrong = Callable[[Provider, Claims], str]


def _changed(**claims: Any) -> Wrong:
    return lambda provider, said: provider.signed(said | claims)


def _without(name: str) -> Wrong:
    return lambda provider, said: provider.signed({k: v for k, v in said.items() if k != name})


def _headed(**header: Any) -> Wrong:
    return lambda provider, said: provider.signed(said, **header)


def _unsigned(provider: Provider, said: Claims) -> str:
    return f"{part({'alg': 'none', 'kid': 'one'})}.{part(said)}."


def _by_public_key(provider: Provider, said: Claims) -> str:
    """HS256, with what everybody knows as the secret."""
    signed = f"{part({'alg': 'HS256', 'kid': 'one'})}.{part(said)}"
    tag = hmac.digest(provider.key.as_pem(private=False), signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(tag).rstrip(b'=').decode()}"


def _by_another_key(provider: Provider, said: Claims) -> str:
    another = RSAKey.generate_key(2048, {"kid": "one"})
    return Provider(key=another).signed(said)


def _tampered(provider: Provider, said: Claims) -> str:
    head, _, signature = provider.signed(said).split(".")
    return f"{head}.{part(said | {'sub': 'somebody-else'})}.{signature}"


def _own_key(provider: Provider, said: Claims) -> str:
    another = RSAKey.generate_key(2048, {"kid": "own"})
    header = {"jwk": another.as_dict(private=False), "kid": "own"}
    return Provider(key=another).signed(said, **header)


_NOW = int(time.time())


async def test_a_token_that_is_not_the_answer(door: Door) -> None:
    cases: list[tuple[Wrong, str]] = [
        (_changed(nonce="another"), "token.nonce"),
        (_without("nonce"), "token.nonce"),
        (_changed(aud="another client"), "token.audience"),
        (_changed(aud=["billing-saas", "another client"]), "token.audience"),
        (_changed(aud=["billing-saas"], azp="another client"), "token.audience"),
        (_without("aud"), "token.audience"),
        (_changed(iss="https://evil.example"), "token.issuer"),
        (lambda provider, said: provider.signed(said | {"iss": said["iss"] + "/"}), "token.issuer"),
        (_changed(exp=_NOW - 3600), "token.expired"),
        (_without("exp"), "token.time"),
        (_changed(exp="never"), "token.time"),
        (_changed(exp=1e300), "token.time"),
        (_changed(iat=_NOW + 3600), "token.issued"),
        (_changed(iat=_NOW - 3600), "token.issued"),
        (_changed(nbf=_NOW + 3600), "token.early"),
        (_changed(at_hash="bm90IHRoZSBoYXNo"), "token.access_token"),
        (_without("sub"), "token.subject"),
        (_changed(sub=7), "token.subject"),
        (_unsigned, "token.algorithm"),
        (_by_public_key, "token.algorithm"),
        (_headed(alg="PS256"), "token.algorithm"),
        (_by_another_key, "token.signature"),
        (_tampered, "token.signature"),
        (_headed(kid="two"), "token.key"),
        (_headed(kid="../../etc/passwd"), "token.key"),
        (_headed(kid="' OR 1=1 --"), "token.key"),
        (_own_key, "token.header"),
        (_headed(jku="https://evil.example/jwks"), "token.header"),
        (_headed(x5u="https://evil.example/chain"), "token.header"),
        (_headed(typ="at+jwt"), "token.type"),
        (lambda _provider, _said: "no token at all", "token.form"),
        (lambda provider, said: provider.signed(said) + "=", "token.signature"),
    ]
    for token, _ in cases:
        door.provider.token = token
        with pytest.raises(WrongCredential):
            await door.through()
    assert await federated.reasons(door.database) == [reason for _, reason in cases]
    assert await federated.sessions_open(door.database) == 0
    door.provider.token = lambda provider, said: provider.signed(said)
    await door.through()


async def test_no_state(door: Door) -> None:
    await federated.refused(door, "state.missing", {**await door.leave(), "state": ""})


async def test_a_state_that_nobody_was_given(door: Door) -> None:
    await federated.refused(door, "state.unknown", {**await door.leave(), "state": "made-up"})


async def test_a_state_counts_once(door: Door) -> None:
    brought = await door.leave()
    await door.come_back(brought)
    with pytest.raises(WrongCredential):
        await door.come_back(brought)
    assert await federated.reasons(door.database) == ["state.unknown"]
    assert await federated.sessions_open(door.database) == 1


async def test_the_state_of_one_browser_in_another(door: Door) -> None:
    """CVE-2026-41425: Mallory begins, and has Alice's browser end it (or the other way around)."""
    brought = await door.leave()
    first = door.browser
    await door.leave()
    assert door.browser != first
    await federated.refused(door, "state.browser", brought)
    with pytest.raises(WrongCredential):  # nor is it good any more where it came from
        await door.come_back(brought, browser=first)
    assert await federated.sessions_open(door.database) == 0


async def test_a_browser_without_a_cookie(door: Door) -> None:
    brought = await door.leave()
    door.browser = ""
    await federated.refused(door, "state.browser", brought)


async def test_ten_minutes_are_enough(door: Door) -> None:
    brought = await door.leave()
    async with door.database.platform() as db:
        await db.execute(text("DELETE FROM oidc_attempt"))
    await federated.refused(door, "state.unknown", brought)


async def test_an_old_attempt(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "GOOD_FOR", -starting.GOOD_FOR)
    await federated.refused(door, "state.expired")


async def test_an_answer_that_names_another_issuer(door: Door) -> None:
    brought = {**await door.leave(), "iss": "https://evil.example"}
    await federated.refused(door, "answer.issuer", brought)


async def test_an_answer_without_the_issuer_that_was_promised(door: Door) -> None:
    brought = {**await door.leave(), "iss": ""}
    await federated.refused(door, "answer.issuer", brought)


async def test_the_answer_of_one_provider_at_the_door_of_another(door: Door, elm: Tenant) -> None:
    """Mix-up: the same browser, a good state, and the wrong way back."""
    another = await federated.door(
        door.database, door.provider, elm.company_id, name="The other one"
    )
    brought = await door.leave()
    another.browser = door.browser
    await federated.refused(another, "state.provider", brought)


async def test_the_person_said_no(door: Door) -> None:
    brought = {**await door.leave(), "code": "", "error": "access_denied"}
    await federated.refused(door, "answer.error", brought)


async def test_a_code_counts_once(door: Door) -> None:
    """Mallory saw Alice's code, and shows it as the end of a way of her own."""
    seen = await door.leave()
    await door.come_back(seen)
    own = await door.leave()
    with pytest.raises(WrongCredential):
        await door.come_back({**own, "code": seen["code"]})
    assert await federated.reasons(door.database) == ["answer.refused"]
    assert await federated.sessions_open(door.database) == 1


async def test_a_code_of_another_way_is_no_proof(door: Door) -> None:
    """Injected before it was spent: the challenge was another one's."""
    seen = await door.leave()
    own = await door.leave()
    await federated.refused(door, "answer.refused", {**own, "code": seen["code"]})


async def test_a_challenge_that_was_taken_out_on_the_way(door: Door) -> None:
    """PKCE downgrade: the proof is sent whatever the challenge was, and fits no other."""
    brought = await door.leave()
    door.provider.codes[brought["code"]].challenge = ""
    await federated.refused(door, "answer.refused", brought)


async def test_a_provider_without_s256(door: Door) -> None:
    door.provider.says = {"code_challenge_methods_supported": ["plain"]}
    with pytest.raises(ProviderDown):
        await door.leave()


async def test_a_provider_that_turned_into_another(door: Door) -> None:
    door.provider.says = {"issuer": door.provider.issuer + "/"}
    with pytest.raises(ProviderDown, match="issuer"):
        await door.leave()


async def test_endpoints_in_our_own_network_are_not_asked(door: Door) -> None:
    door.provider.says = {"token_endpoint": "http://127.0.0.1:1/token"}
    with pytest.raises(ProviderDown, match="scheme"):
        await door.leave()


async def test_only_keys_announced_for_it(door: Door) -> None:
    """Another algorithm that we know, and that this provider never said it uses."""
    door.provider.says = {"id_token_signing_alg_values_supported": ["ES256", "HS256", "none"]}
    await federated.refused(door, "token.algorithm")


async def test_a_new_key_is_looked_up_once(door: Door) -> None:
    door.provider.published = [{**door.provider.key.as_dict(private=False), "kid": "old"}]
    with pytest.raises(WrongCredential):
        await door.through()
    assert door.provider.asked.count("/jwks") == 1  # read a moment ago: not again for this token
    door.openid._known[door.provider.issuer].keys_at -= 60
    door.provider.published = None
    await door.through()
    assert door.provider.asked.count("/jwks") == 2


async def test_a_provider_that_was_switched_off(door: Door, elm: Tenant) -> None:
    brought = await door.leave()
    admin = federated.admin_with()
    async with door.database.narrowed(elm.company_id) as db:
        off = federated.settings_of(door.provider, active=False, client_secret="")
        await providers.change(db, admin, door.provider_id, off)
    await federated.refused(door, "provider.unknown", brought)
    with pytest.raises(ProviderNotFound):
        await door.leave()


async def test_what_the_browser_held_before_is_worth_nothing_after(door: Door) -> None:
    """Fixation: neither the cookie of the way nor any value of the address is the session's."""
    known = [*(await door.leave()).values(), door.browser]
    entered = await door.through()
    for secret in [*known, door.browser]:
        async with door.database.platform() as db:
            with pytest.raises(NotSignedIn):
                await sessions.find(db, secret)
    assert entered.secret not in known


async def test_nothing_kept_opens_anything(door: Door) -> None:
    await door.leave()
    async with door.database.platform() as db:
        row = (await db.execute(text("SELECT * FROM oidc_attempt"))).one()
        kept = (await db.execute(text("SELECT client_secret FROM identity_provider"))).scalar_one()
    assert door.browser.encode() not in (row.state_hash, row.browser_hash)
    assert b"a secret between the two" not in kept


async def test_no_such_provider(door: Door) -> None:
    door.provider_id = new_id()
    with pytest.raises(ProviderNotFound):
        await door.leave()


async def test_endpoints_must_be_there(door: Door) -> None:
    door.provider.says = {"jwks_uri": None}
    with pytest.raises(NotAProvider, match="jwks_uri"):
        await door.openid.metadata(door.provider.issuer)
