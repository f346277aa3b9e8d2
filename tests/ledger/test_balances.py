"""Balances now and as of any past day, by account, claim, charge, patient and party."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing_saas.kit import clock, paging
from billing_saas.kit.actor import NotPermitted
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.kit.paging import PageRequest
from billing_saas.ledger import journal, queries
from billing_saas.ledger.queries import AsOf, OpenBalance, PartyBalance, TrialRow
from billing_saas.ledger.rules import RECEIVABLES, Account, Entry
from tests.cast import Person, Tenant, actor_with
from tests.ledger.entries import DAYS, Visit, any_entry


async def test_what_is_open_by_claim_and_charge(
    database: Database, elm: Tenant, alice: Person
) -> None:
    visit, settled = Visit(), Visit()
    second_charge = replace(visit, charge=new_id())
    async with database.tenant(elm.id) as db:
        await journal.post(
            db,
            alice.actor,
            [
                visit.charged(200_00),
                second_charge.charged(80_00),
                visit.paid(120_00, contractual=50_00, coinsurance=30_00),
                second_charge.paid(50_00, coinsurance=20_00),
                settled.charged(10_00),
                settled.paid(10_00),
            ],
        )
        found = await queries.open_balances(db, [visit.claim, settled.claim, new_id()])
        assert await queries.open_balances(db, []) == {}
    assert found == {
        visit.claim: {
            visit.charge: OpenBalance(payer_cents=0, patient_cents=30_00),
            second_charge.charge: OpenBalance(payer_cents=10_00, patient_cents=20_00),
        }
    }


async def test_by_patient_party_and_account(database: Database, elm: Tenant, alice: Person) -> None:
    first, second = Visit(), Visit()
    async with database.tenant(elm.id) as db:
        await journal.post(
            db,
            alice.actor,
            [
                first.charged(200_00),
                first.paid(120_00, contractual=50_00, coinsurance=30_00),
                second.charged(90_00),
            ],
        )
        by_patient = await queries.patient_balances(
            db, alice.actor, [first.patient, second.patient]
        )
        parties = await queries.party_balances(db, alice.actor, RECEIVABLES)
        trial = await queries.trial_balance(db, alice.actor)
    assert by_patient[first.patient][Account.PATIENT_RECEIVABLE] == 30_00
    assert by_patient[second.patient] == {
        Account.PAYER_RECEIVABLE: 90_00,
        Account.GROSS_CHARGES: -90_00,
    }
    assert parties == [
        PartyBalance("payer", second.payer, Account.PAYER_RECEIVABLE, 90_00),
        PartyBalance("patient", first.patient, Account.PATIENT_RECEIVABLE, 30_00),
    ]
    assert trial.rows == (
        TrialRow(Account.GROSS_CHARGES, 0, 290_00),
        TrialRow(Account.PAYER_RECEIVABLE, 90_00, 0),
        TrialRow(Account.PATIENT_RECEIVABLE, 30_00, 0),
        TrialRow(Account.CONTRACTUAL_ADJUSTMENT, 50_00, 0),
        TrialRow(Account.PAYER_CASH, 120_00, 0),
    )
    assert trial.debit_cents == trial.credit_cents == 290_00


async def test_the_entries_of_a_claim_page_by_page(
    database: Database, elm: Tenant, alice: Person
) -> None:
    visit = Visit()
    async with database.tenant(elm.id) as db:
        entries = [visit.charged(100), *[visit.paid(cents) for cents in range(1, 7)]]
        ids = await journal.post(db, alice.actor, [*entries, Visit().charged(5)])
    seen = []
    cursor: str | None = None
    async with database.tenant(elm.id) as db:
        while True:
            page = await queries.claim_entries(
                db, alice.actor, visit.claim, paging.request(3, cursor)
            )
            assert len(page.rows) <= 3
            seen += page.rows
            cursor = page.next_cursor
            if cursor is None:
                break
    assert [entry.id for entry in seen] == ids[:7][::-1]
    assert all(sum(line.amount_cents for line in entry.lines) == 0 for entry in seen)


async def test_a_stranger_finds_nothing(
    database: Database, elm: Tenant, oak: Tenant, alice: Person, mallory: Person
) -> None:
    visit = Visit()
    async with database.tenant(elm.id) as db:
        await journal.post(db, alice.actor, [visit.charged(100)])
    async with database.tenant(oak.id) as db:
        assert await queries.balances(db, mallory.actor) == {}
        assert await queries.claim_balances(db, mallory.actor, [visit.claim]) == {}
        assert await queries.patient_balances(db, mallory.actor, [visit.patient]) == {}
        assert await queries.party_balances(db, mallory.actor, RECEIVABLES) == []
        assert await queries.open_balances(db, [visit.claim]) == {}
        page = await queries.claim_entries(db, mallory.actor, visit.claim, PageRequest())
        assert (page.rows, page.next_cursor) == ([], None)


async def test_reading_needs_the_permission(database: Database, elm: Tenant) -> None:
    coder = actor_with(["coder"])
    async with database.tenant(elm.id) as db:
        for reading in (
            queries.balances(db, coder),
            queries.trial_balance(db, coder),
            queries.claim_balances(db, coder, [new_id()]),
            queries.patient_balances(db, coder, [new_id()]),
            queries.party_balances(db, coder, RECEIVABLES),
            queries.claim_entries(db, coder, new_id(), PageRequest()),
        ):
            with pytest.raises(NotPermitted):
                await reading


# --- as of any past day ---

INSTANTS = st.integers(0, 150).map(
    lambda days: datetime(2026, 1, 1, 9, tzinfo=UTC) + timedelta(days)
)


@dataclass
class Model:
    """The journal as a plain list: what was learnt when, counting from which day."""

    known: list[tuple[datetime, date, dict[Account, int]]] = field(default_factory=list)

    def learn(self, at: datetime, entry: Entry, sign: int = 1, day: date | None = None) -> None:
        moved: dict[Account, int] = {}
        for line in entry.lines:
            moved[line.account] = moved.get(line.account, 0) + sign * line.amount_cents
        self.known.append((at, day or entry.effective_on, moved))

    def as_of(self, as_of: AsOf) -> dict[Account, int]:
        found: dict[Account, int] = {}
        for at, day, moved in self.known:
            if as_of.effective_on is not None and day > as_of.effective_on:
                continue
            if as_of.recorded_at is not None and at > as_of.recorded_at:
                continue
            for account, cents in moved.items():
                found[account] = found.get(account, 0) + cents
        return {account: cents for account, cents in found.items() if cents}


HISTORY = st.lists(
    st.tuples(INSTANTS, st.lists(any_entry(), min_size=1, max_size=3), st.none() | DAYS),
    min_size=1,
    max_size=6,
)
QUESTIONS = st.lists(
    st.builds(AsOf, st.none() | DAYS, st.none() | INSTANTS), min_size=1, max_size=5
)


async def _relive(
    database: Database,
    elm: Tenant,
    alice: Person,
    history: list[tuple[datetime, list[Entry], date | None]],
    questions: list[AsOf],
) -> None:
    model = Model()
    async with database.tenant(elm.id) as db:
        for at, entries, undone_on in history:
            with clock.frozen(at):
                ids = await journal.post(db, alice.actor, entries)
                if undone_on is not None:
                    await journal.reverse(db, alice.actor, ids[:1], effective_on=undone_on)
            for entry in entries:
                model.learn(at, entry)
            if undone_on is not None:
                model.learn(at, entries[0], -1, undone_on)
        for as_of in questions:
            found = await queries.balances(db, alice.actor, as_of)
            assert found == model.as_of(as_of)
            trial = await queries.trial_balance(db, alice.actor, as_of)
            assert trial.debit_cents == trial.credit_cents
        await db.rollback()  # the next example begins with an empty journal


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=HISTORY, questions=QUESTIONS)
async def test_every_past_day_can_be_rebuilt(
    database: Database,
    elm: Tenant,
    alice: Person,
    history: list[tuple[datetime, list[Entry], date | None]],
    questions: list[AsOf],
) -> None:
    await _relive(database, elm, alice, history, questions)


@pytest.mark.slow
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=HISTORY, questions=QUESTIONS)
async def test_every_past_day_for_a_long_while(
    database: Database,
    elm: Tenant,
    alice: Person,
    history: list[tuple[datetime, list[Entry], date | None]],
    questions: list[AsOf],
) -> None:
    await _relive(database, elm, alice, history, questions)
