"""From a balance that is old enough to an agency, and back: by persons, and never by itself."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import psycopg
import pytest

from billing_saas.collections import ending, placing, policies, proposing, queries
from billing_saas.collections.errors import (
    AlreadyProposed,
    IllegalPlacementMove,
    NoAgency,
    NoAgreement,
    NotEligible,
    ProposalStale,
)
from billing_saas.collections.jobs import ProposePlacements
from billing_saas.collections.policies import NewAgency, Policy
from billing_saas.followups import queries as followups
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor, ActorKind, NotPermitted, StepUpRequired
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.kit.paging import PageRequest
from billing_saas.ledger.rules import Account
from billing_saas.messages import pausing
from billing_saas.payments import recording
from tests.cast import Person, Tenant, enrolled
from tests.cluster import Clone
from tests.collections.accounts import Books
from tests.collections.conftest import AGENCY

SYSTEM = Actor(kind=ActorKind.SYSTEM, id=UUID(int=9))


async def propose(books: Books, guarantor_id: UUID) -> UUID:
    async with books.database.tenant(books.practice.id) as db:
        return await proposing.propose(db, books.actor, guarantor_id)


async def place(books: Books, by: Actor, placement_id: UUID) -> None:
    async with books.database.tenant(books.practice.id) as db:
        await placing.place(db, by, placement_id)


async def state_of(books: Books, placement_id: UUID) -> str:
    async with books.database.tenant(books.practice.id) as db:
        return (await queries.placement(db, books.actor, placement_id)).row.state


async def test_an_account_is_proposed_by_the_clock_and_placed_by_a_person(
    books: Books, agency: UUID, proven: Actor
) -> None:
    garcia = await books.overdue(12_345)
    await books.overdue(12_345, days=119)
    await books.overdue(4_999)
    async with books.database.tenant(books.practice.id) as db:
        outcome = await proposing.look_through(db, SYSTEM, ProposePlacements())
    assert outcome == proposing.Outcome(looked_at=3, proposed=1, lapsed=0)
    assert await books.balances(garcia) == {
        Account.PATIENT_RECEIVABLE: 12_345,
        Account.GROSS_CHARGES: -12_345,
    }
    async with books.database.tenant(books.practice.id) as db:
        page = await queries.placements(db, proven, PageRequest(), state="pre_placement")
        assert await followups.open_by_kind(db, proven) == {"placement_proposed": 1}
    (row,) = page.rows
    assert (row.guarantor_id, row.agency_id, row.amount_cents) == (garcia, agency, 12_345)
    await place(books, proven, row.id)
    assert await books.balances(garcia) == {
        Account.AGENCY: 12_345,
        Account.GROSS_CHARGES: -12_345,
    }
    async with books.database.tenant(books.practice.id) as db:
        shown = await queries.placement(db, proven, row.id)
        assert await followups.open_by_kind(db, proven) == {}
    assert (shown.row.state, shown.row.placed_by, shown.left_cents) == (
        "placed",
        proven.id,
        12_345,
    )
    assert [(event.from_state, event.to_state) for event in shown.events] == [
        ("", "pre_placement"),
        ("pre_placement", "placed"),
    ]
    assert [(notice.kind, notice.amount_cents) for notice in shown.notices] == [("place", 12_345)]


async def test_looked_through_again_nothing_is_proposed_twice(books: Books, agency: UUID) -> None:
    await books.overdue()
    for proposed in (1, 0):
        async with books.database.tenant(books.practice.id) as db:
            outcome = await proposing.look_through(db, SYSTEM, ProposePlacements())
        assert outcome.proposed == proposed


async def test_without_a_word_of_the_practice_the_clock_proposes_nothing(books: Books) -> None:
    garcia = await books.overdue()
    async with books.database.tenant(books.practice.id) as db:
        outcome = await proposing.look_through(db, SYSTEM, ProposePlacements())
    assert outcome.proposed == 0
    with pytest.raises(NoAgency):
        await propose(books, garcia)


async def test_the_system_places_nothing_and_a_person_shows_a_second_factor(
    books: Books, agency: UUID, petra: Person, proven: Actor, alice: Person
) -> None:
    placement_id = await propose(books, await books.overdue())
    everything = replace(SYSTEM, permissions=proven.permissions)
    with pytest.raises(NotPermitted):
        await place(books, everything, placement_id)
    machine = replace(everything, kind=ActorKind.CLIENT, stepped_up_at=clock.now())
    with pytest.raises(NotPermitted):
        await place(books, machine, placement_id)
    with pytest.raises(StepUpRequired):
        await place(books, petra.actor, placement_id)
    with pytest.raises(NotPermitted):
        await place(books, replace(alice.actor, stepped_up_at=clock.now()), placement_id)
    assert await state_of(books, placement_id) == "pre_placement"


async def test_the_database_itself_refuses_an_account_placed_by_nobody(
    books: Books, agency: UUID, clone: Clone
) -> None:
    placement_id = await propose(books, await books.overdue())
    with (
        psycopg.connect(clone.url("postgres"), autocommit=True) as above,
        pytest.raises(psycopg.errors.CheckViolation),
    ):
        above.execute("UPDATE placement SET state = 'placed' WHERE id = %s", [placement_id])


async def test_money_that_came_meanwhile_is_not_placed(
    books: Books, agency: UUID, proven: Actor, alice: Person
) -> None:
    garcia = await books.overdue(12_000)
    placement_id = await propose(books, garcia)
    async with books.database.tenant(books.practice.id) as db:
        await recording.record(db, alice.actor, garcia, 5_000, "cash")
    await place(books, proven, placement_id)
    balances = await books.balances(garcia)
    assert balances[Account.AGENCY] == 7_000
    assert Account.PATIENT_RECEIVABLE not in balances


async def test_more_than_a_person_was_shown_is_not_placed(
    books: Books, agency: UUID, proven: Actor
) -> None:
    garcia = await books.overdue(12_000)
    placement_id = await propose(books, garcia)
    await books.owe(garcia, 1_000)
    with pytest.raises(ProposalStale):
        await place(books, proven, placement_id)


async def test_what_stops_it_meanwhile_is_found_when_it_is_placed(
    books: Books, agency: UUID, proven: Actor
) -> None:
    garcia = await books.overdue()
    placement_id = await propose(books, garcia)
    async with books.database.tenant(books.practice.id) as db:
        await pausing.pause(db, proven, garcia, "plan", source_type="plan", source_id=new_id())
    with pytest.raises(NotEligible) as refused:
        await place(books, proven, placement_id)
    assert refused.value.facts["reasons"] == ["paused_plan"]
    async with books.database.tenant(books.practice.id) as db:
        outcome = await proposing.look_through(db, SYSTEM, ProposePlacements())
    assert outcome.lapsed == 1
    assert await state_of(books, placement_id) == "lapsed"


async def test_a_pause_of_a_dependant_stops_the_account_of_who_pays(
    books: Books, agency: UUID
) -> None:
    parent = await books.overdue()
    child = await books.person("Garcia", born=date(2020, 2, 2), pays=parent)
    await books.owe(child, 9_000)
    await books.bill(parent, {child: 9_000}, days_ago=140)
    await books.bill(parent, {child: 9_000}, days_ago=40, stage="final_notice")
    async with books.database.tenant(books.practice.id) as db:
        assert (await proposing.eligibility(db, books.actor, parent)).cents == 21_345
        await pausing.pause(
            db, books.actor, child, "dispute", source_type="letter", source_id=new_id()
        )
        assert (await proposing.eligibility(db, books.actor, parent)).reasons == ("paused_dispute",)


async def test_a_minor_without_a_guarantor_is_never_placed(books: Books, agency: UUID) -> None:
    child = await books.overdue(born=date(2012, 1, 1))
    with pytest.raises(NotEligible) as refused:
        await propose(books, child)
    assert refused.value.facts["reasons"] == ["minor"]


async def test_a_statement_that_was_taken_back_billed_nobody(books: Books, agency: UUID) -> None:
    garcia = await books.person()
    await books.owe(garcia, 9_000)
    await books.bill(garcia, {garcia: 9_000}, days_ago=200, state="void")
    await books.bill(garcia, {garcia: 9_000}, days_ago=100)
    await books.bill(garcia, {garcia: 9_000}, days_ago=50, stage="final_notice", state="draft")
    async with books.database.tenant(books.practice.id) as db:
        verdict = await proposing.eligibility(db, books.actor, garcia)
    assert verdict.left_out[0].reasons == ("too_young", "no_final_notice")


@pytest.mark.parametrize(
    "agreement",
    [
        {"baa_signed_on": None, "baa_signed_by": ""},
        {"baa_signed_on": date(2100, 1, 1)},
        {"baa_ends_on": date(2026, 2, 1)},
    ],
)
async def test_nothing_is_proposed_or_placed_without_an_agreement_that_is_good(
    books: Books, agency: UUID, proven: Actor, agreement: dict[str, object]
) -> None:
    first, second = await books.overdue(), await books.overdue()
    placement_id = await propose(books, first)
    lacking = NewAgency(
        **{name: getattr(AGENCY, name) for name in AGENCY.__struct_fields__} | agreement
    )
    async with books.database.tenant(books.practice.id) as db:
        await policies.change_agency(db, proven, agency, lacking)
    with pytest.raises(NoAgreement):
        await propose(books, second)
    with pytest.raises(NoAgreement):
        await place(books, proven, placement_id)


async def test_a_declined_account_stays_and_may_be_proposed_again(
    books: Books, agency: UUID, proven: Actor
) -> None:
    garcia = await books.overdue()
    placement_id = await propose(books, garcia)
    with pytest.raises(AlreadyProposed):
        await propose(books, garcia)
    async with books.database.tenant(books.practice.id) as db:
        await placing.decline(db, proven, placement_id, "will_pay")
    with pytest.raises(IllegalPlacementMove):
        await place(books, proven, placement_id)
    assert await propose(books, garcia) != placement_id


async def test_a_recalled_account_is_owed_to_the_practice_again(
    books: Books, agency: UUID, proven: Actor
) -> None:
    garcia = await books.overdue()
    before = await books.balances(garcia)
    placement_id = await propose(books, garcia)
    await place(books, proven, placement_id)
    async with books.database.tenant(books.practice.id) as db:
        await ending.recall(db, proven, placement_id, "insurance_found")
    assert await books.balances(garcia) == before
    async with books.database.tenant(books.practice.id) as db:
        shown = await queries.placement(db, proven, placement_id)
    assert (shown.row.state, shown.row.reason) == ("recalled", "insurance_found")
    # No file had named it: the agency need never hear of the account.
    assert [(notice.kind, notice.dropped) for notice in shown.notices] == [("place", True)]
    with pytest.raises(IllegalPlacementMove):
        async with books.database.tenant(books.practice.id) as db:
            await ending.recall(db, proven, placement_id, "insurance_found")


async def test_bad_debt_and_a_settlement_close_what_is_left(
    books: Books, agency: UUID, proven: Actor
) -> None:
    first, second = await books.overdue(9_000), await books.overdue(8_000)
    for guarantor_id in (first, second):
        await place(books, proven, await propose(books, guarantor_id))
    async with books.database.tenant(books.practice.id) as db:
        ids = {
            row.guarantor_id: row.id
            for row in (await queries.placements(db, proven, PageRequest())).rows
        }
        await ending.call_bad_debt(db, proven, ids[first], "uncollectable")
        await ending.settle(db, proven, ids[second])
    assert (await books.balances(first))[Account.BAD_DEBT] == 9_000
    assert (await books.balances(second))[Account.WRITE_OFF_DISCOUNT] == 8_000
    assert Account.AGENCY not in await books.balances(first, second)
    with pytest.raises(StepUpRequired):
        async with books.database.tenant(books.practice.id) as db:
            await ending.call_bad_debt(
                db, replace(proven, stepped_up_at=None), ids[first], "uncollectable"
            )


async def test_a_stranger_finds_nothing(
    books: Books, agency: UUID, oak: Tenant, database: Database, proven: Actor
) -> None:
    from billing_saas.collections.errors import AgencyNotFound, PlacementNotFound

    placement_id = await propose(books, await books.overdue())
    otto = replace(
        (await enrolled(database, oak, "otto", "practice_admin", "supervisor")).actor,
        stepped_up_at=clock.now(),
    )
    async with database.tenant(oak.id) as db:
        with pytest.raises(PlacementNotFound):
            await queries.placement(db, otto, placement_id)
        with pytest.raises(PlacementNotFound):
            await placing.place(db, otto, placement_id)
        with pytest.raises(AgencyNotFound):
            await policies.change_policy(db, otto, Policy(agency_id=agency))
