"""In by an identity provider: whoever answers otherwise than asked opens nothing."""

import base64
import hmac
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from joserfc.jwk import RSAKey
from sqlalchemy import text

from billing_saas.gateways.openid import NotAProvider
from billing_saas.identity import enrolling
from billing_saas.identity.errors import NotSignedIn
from billing_saas.kit.actor import AuthLevel
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.signin import oidc_starting, providers, sessions
from billing_saas.signin.errors import WrongCredential
from billing_saas.signin.oidc_errors import ProviderNotFound
from billing_saas.signin.oidc_starting import ProviderDown
from tests.cast import Person, Tenant, enrolled
from tests.signin import federated
from tests.signin import provider as providers_of_tests
from tests.signin.federated import SITE, Door
from tests.signin.provider import Claims, Provider, part


@pytest.fixture(scope="module")
def serving() -> Iterator[Provider]:
    with providers_of_tests.running() as made:
        yield made


@pytest.fixture
async def provider(serving: Provider, database: Database, alice: Person) -> Provider:
    """It knows Alice, and plays by the rules."""
    honest = Provider(issuer=serving.issuer, key=serving.key)
    for name in ("told", "says", "claims", "token", "published", "asked", "codes"):
        setattr(serving, name, getattr(honest, name))
    email = await federated.email_of(database, alice)
    serving.person = {"sub": "alice-1", "email": email, "email_verified": True, "amr": ["pwd"]}
    return serving


@pytest.fixture
async def door(database: Database, provider: Provider, elm: Tenant) -> Door:
    return await federated.door(database, provider, elm.company_id)


async def _refused(door: Door, reason: str, brought: dict[str, str] | None = None) -> None:
    """The same words, no session, and the reason in the trail."""
    with pytest.raises(WrongCredential) as told:
        await door.come_back(await door.leave() if brought is None else brought)
    assert str(told.value) == ""
    assert await federated.sessions_open(door.database) == 0
    assert await federated.reasons(door.database) == [reason]


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
    await _refused(door, "state.missing", {**await door.leave(), "state": ""})


async def test_a_state_that_nobody_was_given(door: Door) -> None:
    await _refused(door, "state.unknown", {**await door.leave(), "state": "made-up"})


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
    await _refused(door, "state.browser", brought)
    with pytest.raises(WrongCredential):  # nor is it good any more where it came from
        await door.come_back(brought, browser=first)
    assert await federated.sessions_open(door.database) == 0


async def test_a_browser_without_a_cookie(door: Door) -> None:
    brought = await door.leave()
    door.browser = ""
    await _refused(door, "state.browser", brought)


async def test_ten_minutes_are_enough(door: Door) -> None:
    brought = await door.leave()
    async with door.database.platform() as db:
        await db.execute(text("DELETE FROM oidc_attempt"))
    await _refused(door, "state.unknown", brought)


async def test_an_old_attempt(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oidc_starting, "GOOD_FOR", -oidc_starting.GOOD_FOR)
    await _refused(door, "state.expired")


async def test_an_answer_that_names_another_issuer(door: Door) -> None:
    brought = {**await door.leave(), "iss": "https://evil.example"}
    await _refused(door, "answer.issuer", brought)


async def test_an_answer_without_the_issuer_that_was_promised(door: Door) -> None:
    brought = {**await door.leave(), "iss": ""}
    await _refused(door, "answer.issuer", brought)


async def test_the_answer_of_one_provider_at_the_door_of_another(door: Door, elm: Tenant) -> None:
    """Mix-up: the same browser, a good state, and the wrong way back."""
    another = await federated.door(
        door.database, door.provider, elm.company_id, name="The other one"
    )
    brought = await door.leave()
    another.browser = door.browser
    await _refused(another, "state.provider", brought)


async def test_the_person_said_no(door: Door) -> None:
    brought = {**await door.leave(), "code": "", "error": "access_denied"}
    await _refused(door, "answer.error", brought)


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
    await _refused(door, "answer.refused", {**own, "code": seen["code"]})


async def test_a_challenge_that_was_taken_out_on_the_way(door: Door) -> None:
    """PKCE downgrade: the proof is sent whatever the challenge was, and fits no other."""
    brought = await door.leave()
    door.provider.codes[brought["code"]].challenge = ""
    await _refused(door, "answer.refused", brought)


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
    await _refused(door, "token.algorithm")


async def test_a_new_key_is_looked_up_once(door: Door) -> None:
    door.provider.published = [{**door.provider.key.as_dict(private=False), "kid": "old"}]
    with pytest.raises(WrongCredential):
        await door.through()
    assert door.provider.asked.count("/jwks") == 1  # read a moment ago: not again for this token
    door.openid._known[door.provider.issuer].keys_at -= 60
    door.provider.published = None
    await door.through()
    assert door.provider.asked.count("/jwks") == 2


async def test_somebody_whom_nobody_invited(door: Door) -> None:
    """Nobody is made known by what a provider says."""
    alice = dict(door.provider.person)
    door.provider.told = {"sub": "alice-1"}
    cases: list[tuple[Claims, str]] = [
        ({"email_verified": False}, "email.unverified"),
        ({"email_verified": None}, "email.unverified"),
        ({"email_verified": "no"}, "email.unverified"),
        ({"email": "nobody@ash.example"}, "person.unknown"),
        ({"email": ""}, "email.missing"),
        ({"email": ["a@ash.example"]}, "email.missing"),
    ]
    for person, _ in cases:
        door.provider.person = alice | person
        with pytest.raises(WrongCredential):
            await door.through()
    assert await federated.reasons(door.database) == [reason for _, reason in cases]
    assert await federated.sessions_open(door.database) == 0


async def test_the_address_is_asked_for_when_the_token_has_none(door: Door) -> None:
    email = door.provider.person.pop("email")
    verified = door.provider.person.pop("email_verified")
    door.provider.told = {"sub": "alice-1", "email": email, "email_verified": verified}
    await door.through()
    door.provider.told["sub"] = "somebody-else"
    await door.through()  # known by now: nothing more is asked
    assert door.provider.asked.count("/userinfo") == 1


async def test_the_address_of_another_subject(door: Door) -> None:
    door.provider.told = {"sub": "another", **door.provider.person} | {"sub": "another"}
    del door.provider.person["email"]
    await _refused(door, "user_info.subject")


async def test_a_later_address_moves_nothing(
    door: Door, alice: Person, sam: Person, database: Database
) -> None:
    await door.through()
    door.provider.person["email"] = await federated.email_of(database, sam)
    entered = await door.through()
    async with database.platform() as db:
        assert (await sessions.find(db, entered.secret)).user_id == alice.actor.id


async def test_an_address_that_was_given_to_somebody_else(door: Door) -> None:
    await door.through()
    door.provider.person["sub"] = "alice-2"
    with pytest.raises(WrongCredential):
        await door.through()
    assert await federated.reasons(door.database) == ["person.linked"]


async def test_who_was_suspended(door: Door, alice: Person, database: Database) -> None:
    await door.through()
    async with database.platform() as db:
        await sessions.end_all_of(db, alice.actor.id, reason="suspended")
        await db.execute(
            text("UPDATE app_user SET status = 'suspended' WHERE id = :id"), {"id": alice.actor.id}
        )
    with pytest.raises(WrongCredential):
        await door.through()
    assert await federated.reasons(door.database) == ["person.suspended"]


async def test_who_works_for_another_company_too(
    door: Door, alice: Person, database: Database
) -> None:
    """Its admin must not become her there by what their own provider says."""
    await door.through()
    from billing_saas.tenants import provisioning

    another = await provisioning.add_company(database, "Birch Billing")
    async with database.platform() as db:
        await enrolling.grant_company(db, alice.actor.id, another, "supervisor", by=None)
    with pytest.raises(WrongCredential):
        await door.through()
    assert await federated.reasons(door.database) == ["person.elsewhere"]


async def test_the_practices_own_people_are_not_the_companys(
    door: Door, database: Database, elm: Tenant
) -> None:
    own = await enrolled(database, elm, "olive")
    async with database.platform() as db:
        await enrolling.grant(db, own.actor.id, elm.id, ["practice_admin"], None, side="practice")
    email = await federated.email_of(database, own)
    door.provider.person = {"sub": "olive", "email": email, "email_verified": True}
    await _refused(door, "person.elsewhere")


async def test_addresses_of_other_domains(
    database: Database, provider: Provider, elm: Tenant
) -> None:
    door = await federated.door(database, provider, elm.company_id, email_domains=("ash.example",))
    await _refused(door, "email.domain")


@pytest.mark.parametrize(
    ("verified", "vouches", "reason"),
    [(None, True, ""), (None, False, "email.unverified"), (False, True, "email.unverified")],
)
async def test_a_provider_that_says_nothing_of_addresses(
    database: Database,
    provider: Provider,
    elm: Tenant,
    verified: bool | None,
    vouches: bool,
    reason: str,
) -> None:
    """As Entra: its admin may say that it knows the people of its own domains."""
    door = await federated.door(
        database,
        provider,
        elm.company_id,
        email_domains=("example.test",),
        vouches_for_domains=vouches,
    )
    del provider.person["email_verified"]
    if verified is not None:
        provider.person["email_verified"] = verified
    if reason:
        await _refused(door, reason)
    else:
        await door.through()


async def test_a_provider_that_was_switched_off(door: Door, elm: Tenant) -> None:
    brought = await door.leave()
    admin = federated.admin_with()
    async with door.database.narrowed(elm.company_id) as db:
        off = federated.settings_of(door.provider, active=False, client_secret="")
        await providers.change(db, admin, door.provider_id, off)
    await _refused(door, "provider.unknown", brought)
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
