"""Two practices with a row in every table: what each role sees, and what one can do to the other."""

import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from billing_saas.kit.db import Database, TenantSession
from billing_saas.kit.ids import new_id
from tests import cluster as clusters
from tests.fakes import MemoryKeys
from tests.isolation import rows
from tests.isolation.catalogue import KEYS_WITHOUT_TENANT, Connection
from tests.isolation.rows import Row, World

# Read before there is a practice; both are wrapped, and open to the provider alone.
WRAPPED_KEYS = {"audit_key": 2, "request_key": 2}


@dataclass(frozen=True)
class Two:
    """Elm and Oak, each with a row in every table, and the cluster's superuser to look from above."""

    clone: clusters.Clone
    superuser: Connection
    elm: World
    oak: World

    @property
    def practice_tables(self) -> list[str]:
        return [table for table, of_practice in rows.tables(self.superuser).items() if of_practice]

    @staticmethod
    def id_of(world: World) -> UUID:
        return UUID(str(world["practice"]["tenant_id"]))

    def may(self, role: str, table: str, privilege: str) -> bool:
        found = self.superuser.execute(
            "SELECT has_any_column_privilege(%s, %s, %s)", [role, table, privilege]
        ).fetchone()
        return found is not None and bool(found[0])


@pytest.fixture(scope="module")
def filled() -> Iterator[Two]:
    clone = clusters.clone()
    with psycopg.connect(clone.url("postgres")) as superuser:
        yield Two(clone, superuser, rows.fill(superuser), rows.fill(superuser))
    clusters.drop(clone)


@pytest.fixture
def two(filled: Two) -> Iterator[Two]:
    yield filled
    filled.superuser.rollback()


@pytest.fixture
async def pooled(two: Two) -> AsyncIterator[Database]:
    database = Database(two.clone.urls, MemoryKeys(), pool_size=1)
    yield database
    await database.close()


def test_every_table_has_a_row_of_each_practice(two: Two) -> None:
    for table in two.practice_tables:
        found = two.superuser.execute(
            f"SELECT array_agg(DISTINCT tenant_id) FROM {table}".encode()
        ).fetchone()
        assert found is not None
        assert found[0] == sorted([two.id_of(two.elm), two.id_of(two.oak)]), table


# --- T5: without a practice nothing is seen, on fresh and on used connections ---


async def test_without_a_practice_the_application_sees_no_row(two: Two, pooled: Database) -> None:
    fresh = await _seen(pooled.app, two, "billing_app")
    async with pooled.tenant(two.id_of(two.elm)) as db:
        assert await _counted(await db.connection(), "claim") == 1
        pid = await db.scalar(text("SELECT pg_backend_pid()"))
    used = await _seen(pooled.app, two, "billing_app", pid)
    # The one table without a practice that it may read: wrapped keys of the row MAC.
    assert fresh == used == WRAPPED_KEYS


async def test_without_a_list_the_company_reader_sees_no_row(two: Two, pooled: Database) -> None:
    fresh = await _seen(pooled.company_reader, two, "billing_company_reader")
    async with pooled.company(frozenset({two.id_of(two.elm)})) as db:
        assert await _counted(await db.connection(), "card") == 1
        pid = await db.scalar(text("SELECT pg_backend_pid()"))
    used = await _seen(pooled.company_reader, two, "billing_company_reader", pid)
    async with pooled.company(frozenset()) as db:
        assert await _counted(await db.connection(), "card") == 0
    assert fresh == used == {}


async def test_a_failed_transaction_leaves_no_practice_behind(two: Two, pooled: Database) -> None:
    async with TenantSession(pooled.app, two.id_of(two.elm), pooled.keys) as db:
        pid = await db.scalar(text("SELECT pg_backend_pid()"))
        with pytest.raises(DBAPIError):
            await db.execute(text("SELECT 1 / 0"))
    assert await _seen(pooled.app, two, "billing_app", pid) == WRAPPED_KEYS


async def test_with_a_practice_its_rows_are_seen_and_no_others(two: Two, pooled: Database) -> None:
    for world in (two.elm, two.oak):
        async with pooled.tenant(two.id_of(world)) as db:
            for table in two.practice_tables:
                if two.may("billing_app", table, "SELECT"):
                    assert await _tenants(db, table) == [two.id_of(world)], table


def test_the_other_roles_see_what_the_record_says_and_no_practice_row_more(two: Two) -> None:
    """The sealer, of the trail and its seals; the platform, of those it provisions and lets in."""
    # Of an arrival it may count states, and sees nothing else.
    works_on = {
        "billing_sealer": {"audit_event", "audit_seal", "audit_subject"},
        "billing_platform": {
            *("agreement", "invitation", "job", "membership", "practice", "schedule_due"),
            *("client", "client_assertion", "client_secret", "client_token", "tenant_key"),
            *("arrival", "audit_event", "done_request", "emergency_access", "invariant_check"),
            # Whose link, session, message or payment it is that knocks; which practices wait for one.
            *("message_route", "portal_code", "portal_link", "portal_session", "text_sender"),
            *("payment_attempt", "processor_account", "refund", "saved_method"),
        },
    }
    for role, tables in works_on.items():
        with two.superuser.transaction(force_rollback=True):
            readable = [t for t in two.practice_tables if two.may(role, t, "SELECT")]
            two.superuser.execute(f"SET LOCAL ROLE {role}".encode())
            seen = {table for table in readable if _count(two.superuser, table)}
        assert seen == tables, (role, sorted(seen ^ tables))


async def _seen(engine: AsyncEngine, two: Two, role: str, pid: int | None = None) -> dict[str, int]:
    """Tables that show rows to `role` without a context, on the connection `pid` if one is named."""
    found = {}
    async with engine.connect() as connection:
        if pid is not None:
            assert await connection.scalar(text("SELECT pg_backend_pid()")) == pid
        for table in rows.tables(two.superuser):
            if two.may(role, table, "SELECT"):
                found[table] = await _counted(connection, table)
    return {table: count for table, count in found.items() if count}


async def _counted(connection: AsyncConnection, table: str) -> int:
    return int(await connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


async def _tenants(db: TenantSession, table: str) -> list[UUID]:
    found = await db.scalars(text(f"SELECT DISTINCT tenant_id FROM {table}"))
    return [UUID(str(tenant_id)) for tenant_id in found]


def _count(c: Connection, table: str) -> int:
    found = c.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    return int(str(found[0])) if found else 0


# --- T10: no child of Elm with a parent of Oak ---


def _references(two: Two) -> list[tuple[str, str, dict[str, str]]]:
    """Child, constraint, and its columns beyond the practice: every one between practice tables."""
    found = []
    practice_tables = set(two.practice_tables)
    for child in sorted(practice_tables):
        for parent, ours, theirs, name in rows.foreign_keys(two.superuser, child):
            columns = {o: t for o, t in zip(ours, theirs, strict=True) if o != "tenant_id"}
            if parent in practice_tables and columns:
                found.append((child, name, {o: f"{parent}.{t}" for o, t in columns.items()}))
    return found


def test_a_child_cannot_have_a_parent_of_another_practice(two: Two) -> None:
    references = _references(two)
    assert len(references) > 25
    _with_a_child(two)
    for child, name, columns in references:
        if not two.may("billing_app", child, "INSERT"):
            continue  # the platform writes it, narrowed to one company and practice
        stranger = {o: _value(two.oak, place) for o, place in columns.items()}
        assert _refused_by(two, child, name, two.elm[child] | stranger) == name
        assert _refused_by(two, child, name, two.elm[child]) is None, name


def _with_a_child(two: Two) -> None:
    """Nobody pays for himself by a row: who is paid for must be another patient, on file."""
    for world in (two.elm, two.oak):
        child = world["patient"] | {"id": world["patient_guarantor"]["patient_id"]}
        rows.insert(two.superuser, "patient", child)


def test_a_single_column_reference_would_have_let_it_through(two: Two) -> None:
    """The control: what decision 0003 forbids is what this test would see."""
    two.superuser.execute(
        "ALTER TABLE charge DROP CONSTRAINT charge_tenant_id_encounter_id_fkey;"
        " ALTER TABLE encounter ADD UNIQUE (id);"
        " ALTER TABLE charge ADD CONSTRAINT bare FOREIGN KEY (encounter_id) REFERENCES encounter (id)"
    )
    mixed = two.elm["charge"] | {"encounter_id": two.oak["encounter"]["id"]}
    assert _refused_by(two, "charge", "bare", mixed) is None


def _value(world: World, place: str) -> Any:
    table, _, column = place.rpartition(".")
    return world[table][column]


def _refused_by(two: Two, table: str, constraint: str, row: Row) -> str | None:
    """Write `row` as the application does in Elm, in place of Elm's own; who refused it, if anyone."""
    c = two.superuser
    key = {name: row[name] for name in ("tenant_id", "id") if name in row}
    with c.transaction(force_rollback=True):
        c.execute("SET LOCAL session_replication_role = replica")
        clause = " AND ".join(f"{name} = %s" for name in key)
        c.execute(f"DELETE FROM {table} WHERE {clause}".encode(), list(key.values()))
        c.execute("SET LOCAL session_replication_role = origin")
        c.execute(f"SET CONSTRAINTS {constraint} IMMEDIATE".encode())
        _as_application_in(c, two.id_of(two.elm))
        try:
            rows.insert(c, table, row)
        except psycopg.errors.ForeignKeyViolation as error:
            return error.diag.constraint_name
    return None


def _as_application_in(c: Connection, tenant_id: UUID) -> None:
    c.execute("SET LOCAL ROLE billing_app")
    c.execute(f"SET LOCAL app.tenant_id = '{tenant_id}'".encode())


# --- T11: nothing that Oak has keeps Elm from having it too ---


def _copies_refused(two: Two) -> list[str]:
    """Write every row of Oak again as Elm's, natural keys and ids and all; what refused it."""
    c = two.superuser
    elm = two.id_of(two.elm)
    refused = []
    with c.transaction(force_rollback=True):
        c.execute("SET LOCAL session_replication_role = replica")
        for table in two.practice_tables:
            c.execute(f"DELETE FROM {table} WHERE tenant_id = %s".encode(), [elm])
        for table in two.practice_tables:
            if not two.may("billing_app", table, "INSERT"):
                continue  # only the platform writes here, for whom there is no other practice
            own_ids = {"id": new_id()} if f"{table}_pkey" in KEYS_WITHOUT_TENANT else {}
            try:
                with c.transaction():
                    _as_application_in(c, elm)
                    rows.insert(c, table, two.oak[table] | {"tenant_id": elm} | own_ids)
            except psycopg.errors.UniqueViolation as error:
                # Of what is random, and argued in the catalogue: nobody has another's by chance.
                if error.diag.constraint_name not in KEYS_WITHOUT_TENANT:
                    refused.append(f"{table}: {error.diag.constraint_name}")
            c.execute("RESET ROLE")
    return refused


def test_what_another_practice_has_can_be_had(two: Two) -> None:
    assert _copies_refused(two) == []


def test_a_key_over_all_practices_would_tell(two: Two) -> None:
    two.superuser.execute("CREATE UNIQUE INDEX told ON remittance (trace_number)")
    assert _copies_refused(two) == ["remittance: told"]


# --- what a practice tries on another's rows, and what nobody may do at all ---


def test_a_practice_cannot_write_into_another(two: Two) -> None:
    c = two.superuser
    for table in two.practice_tables:
        if not two.may("billing_app", table, "INSERT"):
            continue
        row = two.oak[table] | {"tenant_id": two.id_of(two.oak)}
        if "id" in row:
            row["id"] = new_id()
        with c.transaction(force_rollback=True):
            _as_application_in(c, two.id_of(two.elm))
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
                rows.insert(c, table, row)


@pytest.mark.parametrize("table", ["audit_event", "audit_subject", "ledger_entry", "ledger_line"])
@pytest.mark.parametrize("role", ["billing_app", "billing_platform", "billing_owner", "postgres"])
def test_what_is_append_only_stays(two: Two, table: str, role: str) -> None:
    """Refused by privilege, by policy (the owner sees no row) or, for a superuser, by trigger."""
    c = two.superuser
    column = {"audit_subject": "event_id"}.get(table, "tenant_id")
    for statement in (
        f"UPDATE {table} SET {column} = '{new_id()}'",
        f"DELETE FROM {table}",
        f"TRUNCATE {table}",
        f"TRUNCATE {table} CASCADE",
    ):
        with c.transaction(force_rollback=True):
            c.execute(f"SET LOCAL ROLE {role}".encode())
            try:
                assert c.execute(statement.encode()).rowcount == 0
                assert not statement.startswith("TRUNCATE")
            except (
                psycopg.errors.InsufficientPrivilege,
                psycopg.errors.RestrictViolation,
                psycopg.errors.FeatureNotSupported,
            ):
                continue
        assert _count(c, table) == 2


def test_row_security_cannot_be_switched_off(two: Two) -> None:
    with two.superuser.transaction(force_rollback=True):
        _as_application_in(two.superuser, two.id_of(two.elm))
        two.superuser.execute("SET LOCAL row_security = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            two.superuser.execute("SELECT count(*) FROM claim")


def test_a_text_that_is_no_practice_shows_nothing(two: Two) -> None:
    """The setting is only ever made from a UUID; whatever else stands there is an error or nothing."""
    for setting in ("", secrets.token_hex(16)):
        with two.superuser.transaction(force_rollback=True):
            two.superuser.execute("SET LOCAL ROLE billing_app")
            two.superuser.execute(f"SET LOCAL app.tenant_id = '{setting}'".encode())
            assert _count(two.superuser, "claim") == 0
