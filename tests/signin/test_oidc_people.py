"""Whom a provider may vouch for: people who were invited, who are its own, and by which address."""

import pytest
from sqlalchemy import text

from billing_saas.identity import enrolling
from billing_saas.kit.db import Database
from billing_saas.signin import sessions
from billing_saas.signin.errors import WrongCredential
from billing_saas.tenants import provisioning
from tests.cast import Person, Tenant, enrolled
from tests.signin import federated
from tests.signin.federated import Door
from tests.signin.provider import Claims, Provider


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
    await federated.refused(door, "user_info.subject")


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
    await federated.refused(door, "person.elsewhere")


async def test_addresses_of_other_domains(
    database: Database, provider: Provider, elm: Tenant
) -> None:
    door = await federated.door(database, provider, elm.company_id, email_domains=("ash.example",))
    await federated.refused(door, "email.domain")


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
        await federated.refused(door, reason)
    else:
        await door.through()
