"""A reversal restores every balance; what was reversed can stand again, and never twice."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing_saas.kit.db import Database, TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.kit.paging import PageRequest
from billing_saas.ledger import journal, queries
from billing_saas.ledger.errors import AlreadyPosted, AlreadyReversed, EntryNotFound
from billing_saas.ledger.rules import RECEIVABLES, Account, Entry, source_claim_payment
from tests.cast import Person, Tenant
from tests.ledger.entries import Visit, any_entry

APRIL_1 = date(2026, 4, 1)


async def _everything(db: TenantSession, alice: Person, visit: Visit) -> tuple[object, ...]:
    return (
        await queries.balances(db, alice.actor),
        await queries.claim_balances(db, alice.actor, [visit.claim]),
        await queries.patient_balances(db, alice.actor, [visit.patient]),
        await queries.party_balances(db, alice.actor, RECEIVABLES),
        await queries.open_balances(db, [visit.claim]),
        await queries.trial_balance(db, alice.actor),
    )


async def test_a_reversal_restores_every_balance_and_names_what_it_undoes(
    database: Database, elm: Tenant, alice: Person
) -> None:
    visit = Visit()
    async with database.tenant(elm.id) as db:
        await journal.post(db, alice.actor, [visit.charged(200_00)])
        before = await _everything(db, alice, visit)
    async with database.tenant(elm.id) as db:
        payment = visit.paid(120_00, contractual=50_00, coinsurance=30_00)
        (paid,) = await journal.post(db, alice.actor, [payment])
        assert await _everything(db, alice, visit) != before
    async with database.tenant(elm.id) as db:
        (undone,) = await journal.reverse(db, alice.actor, [paid], effective_on=APRIL_1)
    async with database.tenant(elm.id) as db:
        assert await _everything(db, alice, visit) == before
        page = await queries.claim_entries(db, alice.actor, visit.claim, PageRequest(limit=2))
    reversal, original = page.rows
    assert (reversal.id, reversal.kind, reversal.reverses) == (undone, "reversal", paid)
    assert (original.id, original.reversed_by) == (paid, undone)
    assert reversal.effective_on == APRIL_1
    assert [-line.amount_cents for line in reversal.lines] == [
        line.amount_cents for line in original.lines
    ]


async def test_many_reversed_at_once_come_back_in_order_with_their_sources(
    database: Database, elm: Tenant, alice: Person
) -> None:
    async with database.tenant(elm.id) as db:
        ids = await journal.post(db, alice.actor, [Visit().charged(100) for _ in range(30)])
    numbers: dict[UUID, int] = {entry_id: n for n, entry_id in enumerate(ids)}
    async with database.tenant(elm.id) as db:
        undone = await journal.reverse(
            db,
            alice.actor,
            ids,
            effective_on=APRIL_1,
            source_of=lambda entry_id: source_claim_payment(UUID(int=numbers[entry_id]), 2),
        )
        assert await queries.balances(db, alice.actor) == {}
        entries = await queries._entries(db, undone)
    found = {entry.id: (entry.reverses, entry.source) for entry in entries}
    for n, (entry_id, reversal_id) in enumerate(zip(ids, undone, strict=True)):
        assert found[reversal_id] == (entry_id, source_claim_payment(UUID(int=n), 2))


async def test_an_entry_is_reversed_once(database: Database, elm: Tenant, alice: Person) -> None:
    async with database.tenant(elm.id) as db:
        (entry_id,) = await journal.post(db, alice.actor, [Visit().charged(100)])
        await journal.reverse(db, alice.actor, [entry_id], effective_on=APRIL_1)
    async with database.tenant(elm.id) as db:
        with pytest.raises(AlreadyReversed):
            await journal.reverse(
                db, alice.actor, [entry_id], effective_on=APRIL_1, source_of=lambda _: "other"
            )


async def test_twice_in_one_reversal_is_refused(
    database: Database, elm: Tenant, alice: Person
) -> None:
    async with database.tenant(elm.id) as db:
        (entry_id,) = await journal.post(db, alice.actor, [Visit().charged(100)])
        with pytest.raises(AlreadyReversed):
            await journal.reverse(db, alice.actor, [entry_id, entry_id], effective_on=APRIL_1)


async def test_a_posting_with_a_payers_reversal_is_taken_back_and_posted_again(
    database: Database, elm: Tenant, alice: Person
) -> None:
    """Remittance 2 reverses what remittance 1 paid; its posting is undone, then done again."""
    visit = Visit()
    async with database.tenant(elm.id) as db:
        (paid,) = await journal.post(db, alice.actor, [visit.paid(120_00)])
        (undone,) = await journal.reverse(db, alice.actor, [paid], effective_on=APRIL_1)
        (restored,) = await journal.reverse(db, alice.actor, [undone], effective_on=APRIL_1)
        balance = await queries.balances(db, alice.actor)
        assert balance[Account.PAYER_CASH] == 120_00
        with pytest.raises(AlreadyReversed):
            await journal.reverse(db, alice.actor, [undone], effective_on=APRIL_1)
        (again,) = await journal.reverse(db, alice.actor, [paid], effective_on=APRIL_1)
        assert await queries.balances(db, alice.actor) == {}
        page = await queries.claim_entries(db, alice.actor, visit.claim, PageRequest())
    assert [(entry.id, entry.reverses) for entry in page.rows] == [
        (again, restored),
        (restored, undone),
        (undone, paid),
        (paid, None),
    ]


async def test_the_source_of_a_reversal_is_posted_once(
    database: Database, elm: Tenant, alice: Person
) -> None:
    async with database.tenant(elm.id) as db:
        first, second = await journal.post(
            db, alice.actor, [Visit().charged(100), Visit().charged(200)]
        )
        await journal.reverse(
            db, alice.actor, [first], effective_on=APRIL_1, source_of=lambda _: "reversal:same"
        )
        with pytest.raises(AlreadyPosted):
            await journal.reverse(
                db, alice.actor, [second], effective_on=APRIL_1, source_of=lambda _: "reversal:same"
            )


async def test_a_stranger_cannot_reverse(
    database: Database, elm: Tenant, oak: Tenant, alice: Person, mallory: Person
) -> None:
    async with database.tenant(elm.id) as db:
        (entry_id,) = await journal.post(db, alice.actor, [Visit().charged(100)])
    async with database.tenant(oak.id) as db:
        for wanted in (entry_id, new_id()):
            with pytest.raises(EntryNotFound) as refusal:
                await journal.reverse(db, mallory.actor, [wanted], effective_on=APRIL_1)
            assert refusal.value.message == "There is no such entry."


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(entries=st.lists(any_entry(), min_size=1, max_size=5))
async def test_whatever_was_posted_is_undone_exactly(
    database: Database, elm: Tenant, alice: Person, entries: list[Entry]
) -> None:
    last = max(entry.effective_on for entry in entries) + timedelta(days=1)
    async with database.tenant(elm.id) as db:
        before = await queries.balances(db, alice.actor)
        posted = await journal.post(db, alice.actor, entries)
        await journal.reverse(db, alice.actor, posted, effective_on=last)
        assert await queries.balances(db, alice.actor) == before
