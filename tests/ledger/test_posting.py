"""Posting: all or none, once per source, and as quick for many as for one."""

from datetime import UTC, date, datetime

import msgspec
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text

from billing_saas.kit import clock
from billing_saas.kit.db import Database
from billing_saas.kit.embedded import SUPERUSER
from billing_saas.kit.ids import new_id
from billing_saas.kit.paging import PageRequest
from billing_saas.ledger import journal, queries
from billing_saas.ledger.errors import (
    AlreadyPosted,
    AmountOutOfRange,
    EntryNotFound,
    NoBook,
    Unbalanced,
)
from billing_saas.ledger.queries import NOW
from billing_saas.ledger.rules import Account, Entry
from tests.cast import Person, Tenant
from tests.cluster import Clone
from tests.ledger.entries import Visit, any_entry


async def test_a_visit_is_charged_and_paid(database: Database, elm: Tenant, alice: Person) -> None:
    visit = Visit()
    async with database.tenant(elm.id) as db:
        await journal.post(db, alice.actor, [visit.charged(200_00)])
        await journal.post(
            db, alice.actor, [visit.paid(120_00, contractual=50_00, coinsurance=30_00)]
        )
    async with database.tenant(elm.id) as db:
        found = await queries.claim_balances(db, alice.actor, [visit.claim])
    assert found == {
        visit.claim: {
            Account.GROSS_CHARGES: -200_00,
            Account.PAYER_CASH: 120_00,
            Account.CONTRACTUAL_ADJUSTMENT: 50_00,
            Account.PATIENT_RECEIVABLE: 30_00,
        }
    }


async def test_an_entry_keeps_who_wrote_it_when_and_every_line(
    database: Database, elm: Tenant, alice: Person
) -> None:
    visit = Visit()
    entry = visit.paid(120_00, contractual=50_00, coinsurance=30_00)
    before = clock.now()
    async with database.tenant(elm.id) as db:
        (entry_id,) = await journal.post(db, alice.actor, [entry])
    async with database.tenant(elm.id) as db:
        page = await queries.claim_entries(db, alice.actor, visit.claim, PageRequest())
        stamps = await db.execute(
            text("SELECT DISTINCT recorded_at FROM ledger_line WHERE tenant_id = :t"),
            {"t": elm.id},
        )
        (recorded_at,) = stamps.scalars()
    (posted,) = page.rows
    assert posted.id == entry_id
    assert (posted.source, posted.kind) == (entry.source, "claim_payment")
    assert posted.effective_on == entry.effective_on
    assert posted.lines == entry.lines
    assert (posted.recorded_by_kind, posted.recorded_by) == ("user", alice.actor.id)
    assert before <= posted.recorded_at == recorded_at <= clock.now()
    assert (posted.reverses, posted.reversed_by, posted.corrects) == (None, None, None)


async def test_ids_come_back_in_the_order_of_the_entries(
    database: Database, elm: Tenant, alice: Person
) -> None:
    entries = [Visit().charged(100 + cents) for cents in range(50)]
    async with database.tenant(elm.id) as db:
        ids = await journal.post(db, alice.actor, entries)
        rows = await db.execute(
            text("SELECT id, source FROM ledger_entry WHERE tenant_id = :t"), {"t": elm.id}
        )
    sources = {row.id: row.source for row in rows}
    assert [sources[entry_id] for entry_id in ids] == [entry.source for entry in entries]
    assert ids == sorted(ids)


async def test_nothing_to_post_is_nothing(database: Database, elm: Tenant, alice: Person) -> None:
    async with database.tenant(elm.id) as db:
        assert await journal.post(db, alice.actor, []) == []
        assert await journal.reverse(db, alice.actor, [], effective_on=date(2026, 1, 1)) == []


async def test_one_wrong_entry_among_many_and_none_is_written(
    database: Database, elm: Tenant, alice: Person
) -> None:
    good = [Visit().charged(100) for _ in range(5)]
    short = Visit().charged(100)
    wrong = msgspec.structs.replace(short, lines=(*short.lines, short.lines[0]))
    async with database.tenant(elm.id) as db:
        with pytest.raises(Unbalanced) as refusal:
            await journal.post(db, alice.actor, [*good, wrong])
    assert refusal.value.facts["source"] == wrong.source
    async with database.tenant(elm.id) as db:
        assert await queries.balances(db, alice.actor) == {}


async def test_an_amount_at_the_edge_of_64_bits_is_refused_and_not_wrapped(
    database: Database, elm: Tenant, alice: Person
) -> None:
    visit = Visit()
    async with database.tenant(elm.id) as db:
        for cents in (2**63 - 1, 2**63, 2**64 + 5):
            with pytest.raises(AmountOutOfRange):
                await journal.post(db, alice.actor, [visit.charged(cents)])
        assert await queries.balances(db, alice.actor) == {}


async def test_a_source_is_posted_once_and_the_session_lives_on(
    database: Database, elm: Tenant, alice: Person
) -> None:
    first, second = Visit().charged(100), Visit().charged(200)
    async with database.tenant(elm.id) as db:
        await journal.post(db, alice.actor, [first])
    async with database.tenant(elm.id) as db:
        with pytest.raises(AlreadyPosted) as refusal:
            await journal.post(db, alice.actor, [second, first])
        assert refusal.value.facts == {"sources": [first.source]}
        await journal.post(db, alice.actor, [second])
    async with database.tenant(elm.id) as db:
        assert (await queries.balances(db, alice.actor))[Account.GROSS_CHARGES] == -300


async def test_a_source_named_twice_in_one_posting(
    database: Database, elm: Tenant, alice: Person
) -> None:
    entry = Visit().charged(100)
    async with database.tenant(elm.id) as db:
        with pytest.raises(AlreadyPosted) as refusal:
            await journal.post(db, alice.actor, [entry, Visit().charged(1), entry])
    assert refusal.value.facts == {"sources": [entry.source]}


async def test_a_correction_names_what_it_corrects(
    database: Database, elm: Tenant, alice: Person
) -> None:
    visit = Visit()
    async with database.tenant(elm.id) as db:
        (original,) = await journal.post(db, alice.actor, [visit.charged(100)])
        correction = msgspec.structs.replace(visit.charged(20), corrects=original)
        await journal.post(db, alice.actor, [correction])
        page = await queries.claim_entries(db, alice.actor, visit.claim, PageRequest())
    assert [entry.corrects for entry in page.rows] == [original, None]
    async with database.tenant(elm.id) as db:
        with pytest.raises(EntryNotFound):
            await journal.post(
                db, alice.actor, [msgspec.structs.replace(visit.charged(1), corrects=new_id())]
            )


async def test_without_a_book_nothing_is_posted(
    database: Database, elm: Tenant, alice: Person
) -> None:
    async with database.tenant(new_id()) as nobody:
        with pytest.raises(NoBook):
            await journal.post(nobody, alice.actor, [Visit().charged(100)])


async def test_a_thousand_entries_take_as_many_statements_as_one(
    database: Database, elm: Tenant, alice: Person
) -> None:
    statements: list[str] = []
    listen = (database.app.sync_engine, "before_cursor_execute")
    event.listen(*listen, lambda _c, _k, statement, *_: statements.append(statement))
    counts = []
    for entries in ([Visit().charged(1)], [Visit().charged(1) for _ in range(1_000)]):
        statements.clear()
        async with database.tenant(elm.id) as db:
            ids = await journal.post(db, alice.actor, entries)
            await journal.reverse(db, alice.actor, ids, effective_on=date(2026, 4, 1))
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 9


async def test_more_lines_than_one_statement_takes(
    database: Database, elm: Tenant, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "_LINES_AT_A_TIME", 7)
    visits = [Visit() for _ in range(20)]
    entries = [visit.paid(100, contractual=10, coinsurance=5) for visit in visits]
    async with database.tenant(elm.id) as db:
        await journal.post(db, alice.actor, entries)
    async with database.tenant(elm.id) as db:
        found = await queries.claim_balances(db, alice.actor, [visit.claim for visit in visits])
    assert len(found) == 20
    assert all(balance[Account.PAYER_RECEIVABLE] == -115 for balance in found.values())


async def test_the_check_at_commit_reads_by_key_in_a_month_that_was_empty_when_it_was_planned(
    database: Database, elm: Tenant, alice: Person, clone: Clone
) -> None:
    """The plan is kept for the session; any other index of the month's lines would be quadratic."""
    with psycopg.connect(clone.url(SUPERUSER), autocommit=True) as superuser:
        superuser.execute("VACUUM ANALYZE ledger_entry, ledger_line")  # known to be empty
    one = Database(database.urls, database.keys, pool_size=1)
    for month, entries in ((10, 1), (11, 50), (11, 50)):
        with clock.frozen(datetime(2026, month, 5, tzinfo=UTC)):
            async with one.tenant(elm.id) as db:
                await journal.post(db, alice.actor, [Visit().charged(1) for _ in range(entries)])
    await one.close()  # and with it the session's counts are told
    with psycopg.connect(clone.url(SUPERUSER), autocommit=True) as superuser:
        scans = superuser.execute(
            "SELECT indexrelname LIKE '%_pkey', sum(idx_scan)::int FROM pg_stat_user_indexes"
            " WHERE relname IN ('ledger_line_202611', 'ledger_entry') GROUP BY 1"
        ).fetchall()
        whole = superuser.execute(
            "SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'ledger_line_202611'"
        ).fetchone()
    # Each entry by its lines' key, and each group of lines by its entry's; then what is asked once.
    by_key = {bool(is_key): int(times) for is_key, times in scans}
    assert by_key[True] >= 200
    assert by_key[False] <= 6
    assert whole is not None
    assert whole[0] <= 2  # the loading of statistics


async def _post_any(database: Database, elm: Tenant, alice: Person, entries: list[Entry]) -> None:
    async with database.tenant(elm.id) as db:
        before = await queries.balances(db, alice.actor, NOW)
        await journal.post(db, alice.actor, entries)
        after = await queries.balances(db, alice.actor, NOW)
    moved = {account: after.get(account, 0) - before.get(account, 0) for account in Account}
    wanted = dict.fromkeys(Account, 0)
    for entry in entries:
        for line in entry.lines:
            wanted[line.account] += line.amount_cents
    assert moved == wanted
    assert sum(after.values()) == 0


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(entries=st.lists(any_entry(), min_size=1, max_size=6))
async def test_whatever_is_posted_moves_each_account_by_its_lines(
    database: Database, elm: Tenant, alice: Person, entries: list[Entry]
) -> None:
    await _post_any(database, elm, alice, entries)


@pytest.mark.slow
@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(entries=st.lists(any_entry(), min_size=1, max_size=20))
async def test_whatever_is_posted_for_a_long_while(
    database: Database, elm: Tenant, alice: Person, entries: list[Entry]
) -> None:
    await _post_any(database, elm, alice, entries)
