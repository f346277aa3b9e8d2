"""What the database refuses by its own word, to raw SQL: as the application, the owner, a superuser."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any, LiteralString

import psycopg
import psycopg.sql
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from billing_saas.kit.db import Database, TenantSession
from billing_saas.kit.embedded import MIGRATOR, SUPERUSER
from billing_saas.kit.ids import new_id
from billing_saas.ledger import journal, periods, queries
from billing_saas.ledger.rules import MOST_CENTS, Account
from tests.cast import Person, Tenant
from tests.cluster import Clone
from tests.ledger.entries import MARCH_2, Visit
from tests.ledger.raw import ENTRY, NOON, constraint, raw_entry, raw_lines


def _rows(connection: psycopg.Connection, table: str) -> int:
    name = psycopg.sql.Identifier(table)
    query = psycopg.sql.SQL("SELECT count(*) FROM {}").format(name)
    return int((connection.execute(query).fetchone() or (-1,))[0])


@pytest.fixture
def superuser(clone: Clone) -> Iterator[psycopg.Connection]:
    with psycopg.connect(clone.url(SUPERUSER), autocommit=True) as connection:
        yield connection


@pytest.fixture
def owner(clone: Clone, elm: Tenant) -> Iterator[psycopg.Connection]:
    with psycopg.connect(clone.url(MIGRATOR), autocommit=True) as connection:
        connection.execute("SET ROLE billing_owner")
        connection.execute("SELECT set_config('app.tenant_id', %s, false)", [str(elm.id)])
        yield connection


# --- entries sum to zero ---


async def test_raw_sql_may_write_what_sums_to_zero(database: Database, elm: Tenant) -> None:
    async with database.tenant(elm.id) as db:
        await raw_lines(db, await raw_entry(db), 100, -60, -40)


async def test_lines_that_do_not_sum_to_zero(database: Database, elm: Tenant) -> None:
    async with database.tenant(elm.id) as db:
        entry_id = await raw_entry(db)
        with pytest.raises(IntegrityError) as refused:
            await raw_lines(db, entry_id, 100, -99)
    assert constraint(refused) == "ledger_entry_sums_to_zero"


async def test_an_entry_without_lines_cannot_commit(database: Database, elm: Tenant) -> None:
    with pytest.raises(IntegrityError) as refused:
        async with database.tenant(elm.id) as db:
            await raw_entry(db)
    assert constraint(refused) == "ledger_entry_sums_to_zero"


async def test_lines_after_the_check_was_spent_must_sum_to_zero_too(
    database: Database, elm: Tenant
) -> None:
    """SET CONSTRAINTS runs the check at commit early; nothing may slip in behind it."""
    async with database.tenant(elm.id) as db:
        entry_id = await raw_entry(db)
        await raw_lines(db, entry_id, 100, -100)
        await db.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        with pytest.raises(IntegrityError) as refused:
            await raw_lines(db, entry_id, 5_000_00, first=3)
    assert constraint(refused) == "ledger_entry_sums_to_zero"


async def test_two_entries_that_only_balance_together(database: Database, elm: Tenant) -> None:
    async with database.tenant(elm.id) as db:
        entries = [await raw_entry(db), await raw_entry(db)]
        with pytest.raises(IntegrityError) as refused:
            await db.execute(
                text(
                    "INSERT INTO ledger_line (tenant_id, entry_id, n, recorded_at, effective_on,"
                    " account, amount_cents, party_kind) SELECT :t, e, n, :at, :day, 'bank', c,"
                    " 'practice' FROM unnest(cast(:e AS uuid[]), cast(:n AS smallint[]),"
                    " cast(:c AS bigint[])) AS x (e, n, c)"
                ),
                {
                    "t": elm.id,
                    "at": NOON,
                    "day": MARCH_2,
                    "e": [*entries, *entries],
                    "n": [1, 1, 2, 2],
                    "c": [100, -100, 50, -50],
                },
            )
    assert constraint(refused) == "ledger_entry_sums_to_zero"


async def test_an_amount_that_cannot_be(database: Database, elm: Tenant) -> None:
    for cents in (0, MOST_CENTS + 1, -MOST_CENTS - 1, 2**63 - 1, -(2**63) + 1):
        async with database.tenant(elm.id) as db:
            entry_id = await raw_entry(db)
            with pytest.raises(IntegrityError) as refused:
                await raw_lines(db, entry_id, cents, -cents)
        assert constraint(refused) == "ledger_line_amount_cents_check"


async def test_extremes_in_one_sum_do_not_wrap(database: Database, elm: Tenant) -> None:
    """Were they added in 64 bits, 32,000 lines of 2^48 and more would come round to nothing."""
    async with database.tenant(elm.id) as db:
        entry_id = await raw_entry(db)
        with pytest.raises(IntegrityError) as refused:
            await raw_lines(db, entry_id, *[MOST_CENTS] * 32_000)
    assert constraint(refused) == "ledger_entry_sums_to_zero"


async def test_the_chart_of_accounts_is_the_databases_too(
    database: Database, elm: Tenant, superuser: psycopg.Connection
) -> None:
    async with database.tenant(elm.id) as db:
        for account in Account:
            await raw_lines(db, await raw_entry(db), 5, -5, account=account)
        with pytest.raises(IntegrityError) as refused:
            await raw_lines(db, await raw_entry(db), 5, -5, account="slush_fund")
    assert constraint(refused) == "ledger_line_account_check"
    (definition,) = superuser.execute(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conname = 'ledger_line_account_check' AND conrelid = 'ledger_line'::regclass"
    ).fetchone() or ("",)
    assert definition.count("::text") >= len(Account)
    assert all(f"'{account}'" in definition for account in Account)


# --- lines belong to their entry's transaction and day ---


async def test_a_line_written_later_into_an_old_entry(
    database: Database, elm: Tenant, alice: Person
) -> None:
    async with database.tenant(elm.id) as db:
        (posted,) = await journal.post(db, alice.actor, [Visit().charged(100)])
        at = await db.scalar(
            text("SELECT recorded_at FROM ledger_entry WHERE tenant_id = :t"), {"t": elm.id}
        )
    async with database.tenant(elm.id) as db:
        with pytest.raises(IntegrityError) as refused:
            await raw_lines(db, posted, 7, -7, first=3, recorded_at=at)
    assert constraint(refused) == "ledger_line_of_its_entry"


async def test_lines_of_another_moment_or_day_than_their_entry(
    database: Database, elm: Tenant
) -> None:
    others: list[dict[str, Any]] = [
        {"recorded_at": datetime(2026, 3, 2, 12, 0, 0, 1, tzinfo=UTC)},
        {"recorded_at": datetime(2031, 1, 1, tzinfo=UTC)},
        {"effective_on": date(2026, 3, 3)},
    ]
    for other in others:
        async with database.tenant(elm.id) as db:
            entry_id = await raw_entry(db)
            with pytest.raises(IntegrityError) as refused:
                await raw_lines(db, entry_id, 7, -7, **other)
        assert constraint(refused) == "ledger_line_of_its_entry"


async def test_lines_of_no_entry_and_of_anothers(
    database: Database, elm: Tenant, oak: Tenant, alice: Person
) -> None:
    async with database.tenant(elm.id) as db:
        entry_of_elm = await raw_entry(db)
        await raw_lines(db, entry_of_elm, 7, -7)
    for entry_id in (new_id(), entry_of_elm):
        async with database.tenant(oak.id) as db:
            with pytest.raises(IntegrityError) as refused:
                await raw_lines(db, entry_id, 7, -7)
        assert constraint(refused) == "ledger_line_of_its_entry"


async def test_the_application_cannot_say_which_transaction_it_is(
    database: Database, elm: Tenant
) -> None:
    async with database.tenant(elm.id) as db:
        with pytest.raises(DBAPIError, match="permission denied"):
            await db.execute(
                text(
                    "INSERT INTO ledger_entry (tenant_id, id, source, kind, effective_on,"
                    " recorded_at, recorded_by_kind, recorded_by, xid)"
                    " VALUES (:t, :t, 'x', 'x', :d, :at, 'x', :t, '99999999')"
                ),
                {"t": elm.id, "d": MARCH_2, "at": NOON},
            )


async def test_a_source_is_unique_within_a_practice_only(
    database: Database, elm: Tenant, oak: Tenant
) -> None:
    for practice in (elm, oak):
        async with database.tenant(practice.id) as db:
            await raw_lines(db, await raw_entry(db, source="stripe:txn_1"), 1, -1)
    async with database.tenant(elm.id) as db:
        with pytest.raises(IntegrityError) as refused:
            await raw_entry(db, source="stripe:txn_1")
    assert constraint(refused) == "ledger_entry_tenant_id_source_key"


async def test_a_temporary_table_of_the_same_name_answers_no_check(
    database: Database, elm: Tenant, sam: Person
) -> None:
    async with database.tenant(elm.id) as db:
        await periods.close_month(db, sam.actor, date(2026, 1, 31))

    async def shadowed(db: TenantSession, table: str) -> None:
        await db.execute(text(f"CREATE TEMP TABLE {table} ON COMMIT DROP AS TABLE {table}"))

    async with database.tenant(elm.id) as db:
        await shadowed(db, "ledger_book")
        await db.execute(text("UPDATE pg_temp.ledger_book SET closed_through = NULL"))
        with pytest.raises(IntegrityError) as refused:
            await db.execute(
                text(str(ENTRY).replace("ledger_entry", "public.ledger_entry")),
                {
                    "tenant_id": elm.id,
                    "id": new_id(),
                    "source": "raw",
                    "effective_on": date(2026, 1, 31),
                    "recorded_at": NOON,
                },
            )
    assert constraint(refused) == "ledger_entry_month_open"
    async with database.tenant(elm.id) as db:
        entry_id = await raw_entry(db)
        await shadowed(db, "ledger_line")
        await raw_lines(db, entry_id, 100, -100)
        with pytest.raises(IntegrityError) as refused:
            await db.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    assert constraint(refused) == "ledger_entry_sums_to_zero"


# --- nothing is edited ---

CHANGES: list[LiteralString] = [
    "UPDATE ledger_entry SET kind = 'changed'",
    "UPDATE ledger_line SET amount_cents = 1",
    "DELETE FROM ledger_entry",
    "DELETE FROM ledger_line",
    "TRUNCATE ledger_line",
    "TRUNCATE ledger_entry CASCADE",
    "TRUNCATE ledger_line_default",
]


@pytest.fixture
async def posted(database: Database, elm: Tenant, alice: Person) -> None:
    async with database.tenant(elm.id) as db:
        await journal.post(db, alice.actor, [Visit().charged(100)])
        await raw_lines(
            db,
            await raw_entry(db, recorded_at=datetime(2019, 1, 1, tzinfo=UTC)),
            5,
            -5,
            recorded_at=datetime(2019, 1, 1, tzinfo=UTC),  # lies in the default partition
        )


async def test_the_application_changes_nothing(
    database: Database, elm: Tenant, posted: None
) -> None:
    for change in CHANGES:
        async with database.tenant(elm.id) as db:
            with pytest.raises(DBAPIError, match="permission denied"):
                await db.execute(text(change))


async def test_the_owner_changes_nothing(
    database: Database, elm: Tenant, alice: Person, posted: None, owner: psycopg.Connection
) -> None:
    async with database.tenant(elm.id) as db:
        before = await queries.balances(db, alice.actor)
    for change in CHANGES:
        if change.startswith("TRUNCATE"):
            with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
                owner.execute(change)
        else:  # the forced policy shows it no row to change
            assert owner.execute(change).rowcount == 0
    async with database.tenant(elm.id) as db:
        assert await queries.balances(db, alice.actor) == before


async def test_not_even_a_superuser_who_forgets_himself(
    posted: None, superuser: psycopg.Connection
) -> None:
    for change in CHANGES:
        with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
            superuser.execute(psycopg.sql.SQL(change))


def test_a_partition_by_its_own_name_is_shut(
    posted: None, owner: psycopg.Connection, elm: Tenant
) -> None:
    partitions = [
        row[0]
        for row in owner.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits"
            " WHERE inhparent = 'ledger_line'::regclass"
        )
    ]
    assert len(partitions) >= 4
    for partition in partitions:
        assert _rows(owner, partition) == 0
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        owner.execute(
            "INSERT INTO ledger_line_default (tenant_id, entry_id, n, recorded_at, effective_on,"
            " account, amount_cents, party_kind) SELECT %s, gen_random_uuid(), 1,"
            " '2019-01-01', '2019-01-01', 'bank', 1, 'practice'",
            [elm.id],
        )


async def test_partitions_made_later_are_shut_as_well(owner: psycopg.Connection) -> None:
    owner.execute("SELECT make_month_partitions('ledger_line', '2035-01-01', 2)")
    owner.execute("SELECT make_month_partitions('ledger_line', '2035-01-01', 3)")
    for month in ("203412", "203501", "203504"):
        with pytest.raises(psycopg.errors.RestrictViolation):
            owner.execute(
                psycopg.sql.SQL("TRUNCATE {}").format(
                    psycopg.sql.Identifier(f"ledger_line_{month}")
                )
            )


# --- strangers ---


async def test_oak_sees_nothing_of_elms_journal(
    database: Database, elm: Tenant, oak: Tenant, posted: None
) -> None:
    async with database.tenant(oak.id) as db:
        for table in ("ledger_book", "ledger_entry", "ledger_line"):
            seen = await db.execute(
                text(f"SELECT count(*) FROM {table} WHERE tenant_id = :elm"), {"elm": elm.id}
            )
            assert seen.scalar_one() == 0


async def test_oak_writes_nothing_into_elms_journal(
    database: Database, elm: Tenant, oak: Tenant
) -> None:
    async with database.tenant(oak.id) as db:
        with pytest.raises(DBAPIError, match="row-level security"):
            await db.execute(
                ENTRY,
                {
                    "tenant_id": elm.id,
                    "id": new_id(),
                    "source": "raw",
                    "effective_on": MARCH_2,
                    "recorded_at": NOON,
                },
            )


async def test_without_a_practice_there_is_no_journal(
    clone: Clone, posted: None, database: Database
) -> None:
    with psycopg.connect(clone.url("billing_app"), autocommit=True) as connection:
        for table in ("ledger_book", "ledger_entry", "ledger_line"):
            assert _rows(connection, table) == 0
