"""Two persons for two duties, where the practice says so; coders and their credentials."""

from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from billing_saas.claims import coding
from billing_saas.claims import queries as claims
from billing_saas.claims.errors import IllegalMove, NotCertified
from billing_saas.duties import credentials, rules, separating, settings
from billing_saas.duties.credentials import NewCredential
from billing_saas.duties.errors import AnotherMust, CredentialNotFound, NoSuchMember
from billing_saas.duties.settings import Settings
from billing_saas.followups import queries as followups
from billing_saas.kit import clock
from billing_saas.kit.actor import NotPermitted
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.kit.paging import PageRequest, request
from billing_saas.remittances import posting, unposting
from billing_saas.remittances import queries as remittances
from tests.build import month
from tests.cast import Person, Tenant, enrolled
from tests.cluster import Clone


@pytest.fixture
async def cody(database: Database, elm: Tenant) -> Person:
    return await enrolled(database, elm, "cody", "coder")


@pytest.fixture
async def clara(database: Database, elm: Tenant) -> Person:
    return await enrolled(database, elm, "clara", "coder")


@pytest.fixture
async def petra(database: Database, elm: Tenant) -> Person:
    return await enrolled(database, elm, "petra", "practice_admin")


@pytest.fixture
async def in_coding(database: Database, elm: Tenant, alice: Person, clone: Clone) -> list[UUID]:
    """Claims whose coding is under way. Imported claims come coded, so the cluster's superuser sets
    them back."""
    await month.work(database, elm, alice.actor, claims=3)
    async with database.tenant(elm.id) as db:
        page = await claims.claims(db, alice.actor, PageRequest())
    with psycopg.connect(clone.url("postgres"), autocommit=True) as superuser:
        superuser.execute("UPDATE claim SET work = 'coding' WHERE tenant_id = %s", [elm.id])
    return [row.claim.id for row in page.rows]


async def certified(
    database: Database, elm: Tenant, by: Person, who: Person, kind: str, days: int
) -> None:
    new = NewCredential(
        user_id=who.actor.id,
        kind=kind,  # type: ignore[arg-type]  # a word of the test's
        expires_on=clock.now().date() + timedelta(days=days),
    )
    async with database.tenant(elm.id) as db:
        await credentials.record(db, by.actor, new)


async def coded(database: Database, elm: Tenant, who: Person, claim_id: UUID) -> str:
    async with database.tenant(elm.id) as db:
        return (await coding.finish(db, who.actor, claim_id)).work


async def approved(database: Database, elm: Tenant, who: Person, claim_id: UUID) -> str:
    async with database.tenant(elm.id) as db:
        return (await coding.approve(db, who.actor, claim_id)).work


async def switched(database: Database, elm: Tenant, petra: Person, **on: int) -> None:
    async with database.tenant(elm.id) as db:
        await settings.change(db, petra.actor, Settings(**on))  # type: ignore[arg-type]  # flags


async def test_in_a_small_office_who_codes_is_done(
    database: Database, elm: Tenant, cody: Person, in_coding: list[UUID]
) -> None:
    assert await coded(database, elm, cody, in_coding[0]) == "ready"
    with pytest.raises(IllegalMove):
        await coded(database, elm, cody, in_coding[0])


async def test_kept_apart_a_colleague_approves_and_two_roles_are_one_person(
    database: Database, elm: Tenant, petra: Person, alice: Person, in_coding: list[UUID]
) -> None:
    await switched(database, elm, petra, coding_apart=True)
    both = await enrolled(database, elm, "both", "coder", "biller", "supervisor")
    claim_id = in_coding[0]
    assert await coded(database, elm, both, claim_id) == "review"
    with pytest.raises(AnotherMust):
        await approved(database, elm, both, claim_id)
    async with database.tenant(elm.id) as db:
        cards = await followups.cards(db, alice.actor, PageRequest())
        assert [c.claim_id for c in cards.rows if c.kind == "coding_review"] == [claim_id]
    assert await approved(database, elm, alice, claim_id) == "ready"
    async with database.tenant(elm.id) as db:
        cards = await followups.cards(db, alice.actor, PageRequest())
        assert not [c for c in cards.rows if c.kind == "coding_review"]
        moves = await claims.moves(db, claim_id)
    assert [m.to_state for m in moves if m.field == "work"][-3:] == ["coded", "review", "ready"]


async def test_an_apprentices_coding_is_approved_by_another_with_a_full_credential(
    database: Database,
    elm: Tenant,
    petra: Person,
    alice: Person,
    cody: Person,
    clara: Person,
    in_coding: list[UUID],
) -> None:
    await certified(database, elm, petra, cody, "CPC-A", 300)
    claim_id = in_coding[0]
    assert await coded(database, elm, cody, claim_id) == "review"
    with pytest.raises(NotCertified):
        await approved(database, elm, alice, claim_id)
    # What Cody has passed since does not make him the second person.
    await certified(database, elm, petra, cody, "CPC", 300)
    with pytest.raises(AnotherMust):
        await approved(database, elm, cody, claim_id)
    await certified(database, elm, petra, clara, "CPC", -1)
    with pytest.raises(NotCertified):
        await approved(database, elm, clara, claim_id)
    await certified(database, elm, petra, clara, "CPC", 0)
    assert await approved(database, elm, clara, claim_id) == "ready"
    assert await coded(database, elm, cody, in_coding[1]) == "ready"


async def test_an_expired_coder_is_reviewed(
    database: Database, elm: Tenant, petra: Person, cody: Person, in_coding: list[UUID]
) -> None:
    await certified(database, elm, petra, cody, "CPC", -1)
    assert await coded(database, elm, cody, in_coding[0]) == "review"


async def test_credentials_are_recorded_by_others_of_members_and_end(
    database: Database, elm: Tenant, oak: Tenant, petra: Person, cody: Person, mallory: Person
) -> None:
    with pytest.raises(AnotherMust):
        await certified(database, elm, petra, petra, "CPC", 1)
    with pytest.raises(NotPermitted):
        await certified(database, elm, cody, cody, "CPC", 1)
    with pytest.raises(NoSuchMember):
        await certified(database, elm, petra, mallory, "CPC", 1)
    for kind in ("CPC-A", "COC-A"):
        await certified(database, elm, petra, cody, kind, 1)
    async with database.tenant(elm.id) as db:
        newest = await credentials.credentials(db, petra.actor, PageRequest(limit=1))
        (held,) = newest.rows
        assert newest.next_cursor is not None
        after = request(1, newest.next_cursor)
        (older,) = (await credentials.credentials(db, petra.actor, after)).rows
        assert (older.kind, held.kind) == ("CPC-A", "COC-A")
        assert await credentials.needs_review(db, cody.actor.id)
    async with database.tenant(oak.id) as db:
        with pytest.raises(CredentialNotFound):
            await credentials.end(db, mallory.actor, held.id)
    async with database.tenant(elm.id) as db:
        for one in (held, older):
            await credentials.end(db, petra.actor, one.id)
        assert (await credentials.credentials(db, petra.actor, PageRequest())).rows == []


async def test_who_posted_does_not_take_it_back_where_that_is_kept_apart(
    database: Database, elm: Tenant, petra: Person, sam: Person, alice: Person
) -> None:
    await month.work(database, elm, alice.actor, claims=2)
    other = await enrolled(database, elm, "susan", "supervisor")
    async with database.tenant(elm.id) as db:
        page = await remittances.remittances(db, sam.actor, PageRequest(), state="posted")
        last = page.rows[0].id
        await unposting.unpost(db, sam.actor, last)  # the system had posted it
        await posting.post(db, sam.actor, last)
    await switched(database, elm, petra, posting_apart=True)
    async with database.tenant(elm.id) as db:
        with pytest.raises(AnotherMust):
            await unposting.unpost(db, sam.actor, last)
    await_other = other.actor
    async with database.tenant(elm.id) as db:
        await unposting.unpost(db, await_other, last)


async def test_small_write_offs_need_no_second_person(
    database: Database, elm: Tenant, petra: Person, alice: Person, sam: Person
) -> None:
    await switched(database, elm, petra, write_offs_apart=True, write_off_limit_cents=10_000)
    small, large = new_id(), new_id()
    async with database.tenant(elm.id) as db:
        await separating.did(db, alice.actor, rules.WROTE_OFF, small, amount_cents=10_000)
        await separating.did(db, alice.actor, rules.WROTE_OFF, large, amount_cents=10_001)
        await separating.must_differ(db, alice.actor, rules.APPROVE_WRITE_OFF, small)
        await separating.must_differ(db, sam.actor, rules.APPROVE_WRITE_OFF, large)
        with pytest.raises(AnotherMust):
            await separating.must_differ(db, alice.actor, rules.APPROVE_WRITE_OFF, large)


@pytest.mark.parametrize("duty", rules.DUTIES, ids=lambda duty: duty.name)
async def test_each_duty_of_the_table_is_kept_apart_only_where_it_is_switched_on(
    database: Database, elm: Tenant, petra: Person, sam: Person, duty: rules.Duty
) -> None:
    things = {step: new_id() for step in sorted(duty.after)}
    async with database.tenant(elm.id) as db:
        for step, thing in things.items():
            await separating.did(db, sam.actor, step, thing, amount_cents=1)
            await separating.must_differ(db, sam.actor, duty, thing)
    await switched(database, elm, petra, **{duty.setting: True})
    async with database.tenant(elm.id) as db:
        for thing in things.values():
            with pytest.raises(AnotherMust):
                await separating.must_differ(db, sam.actor, duty, thing)
            await separating.must_differ(db, petra.actor, duty, thing)
        await separating.must_differ(db, sam.actor, duty, new_id())
        with pytest.raises(ValueError, match="no duty follows"):
            await separating.did(db, sam.actor, "sneezed", new_id())
