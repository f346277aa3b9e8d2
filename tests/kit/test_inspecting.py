"""What production refuses of a database, each planted for real; and nothing in a fresh one."""

from collections.abc import Iterator
from pathlib import Path
from typing import LiteralString
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from billing_saas.kit import inspecting
from billing_saas.kit.db import Urls
from billing_saas.kit.embedded import MIGRATOR, SUPERUSER
from billing_saas.kit.inspecting import Connection
from tests import tls
from tests.cluster import Clone


def plant(clone: Clone, *statements: LiteralString) -> None:
    with psycopg.connect(clone.url(SUPERUSER), autocommit=True) as db:
        for statement in statements:
            db.execute(statement)


@pytest.fixture
def app(clone: Clone) -> Iterator[Connection]:
    with psycopg.connect(clone.urls.app, autocommit=True) as db:
        yield db


@pytest.fixture
def stray(clone: Clone) -> Iterator[tuple[str, Connection]]:
    """A login of this test's own: roles belong to the whole cluster, which other tests share."""
    name = f"stray_{uuid4().hex[:12]}"
    with psycopg.connect(clone.url(SUPERUSER), autocommit=True) as db:
        db.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'p'").format(sql.Identifier(name)))
        with psycopg.connect(
            clone.url(SUPERUSER), user=name, password="p", autocommit=True
        ) as as_stray:
            yield name, as_stray
        db.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(name)))
        db.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def lift(clone: Clone, statement: LiteralString, name: str) -> None:
    with psycopg.connect(clone.url(SUPERUSER), autocommit=True) as db:
        db.execute(sql.SQL(statement).format(sql.Identifier(name)))


def test_a_fresh_database_behind_tls_is_well(clone: Clone, tmp_path: Path) -> None:
    with tls.before(clone.port, tmp_path) as front:
        urls = Urls(
            app=front.address(clone.urls.app),
            platform=front.address(clone.urls.platform),
            company_reader=front.address(clone.urls.company_reader),
            migrator=front.address(clone.urls.migrator),
            sealer=front.address(clone.urls.sealer),
        )
        found = inspecting.findings(urls) + inspecting.migrator_findings(urls.migrator)
    assert len(found) > 15
    assert "billing_sealer stands below every row policy" in [finding.check for finding in found]
    assert [fault for finding in found for fault in finding.faults] == []


def test_a_connection_without_tls(app: Connection) -> None:
    assert inspecting.encrypted(app, "billing_app").faults == (
        "billing_app: the connection is not encrypted",
    )


def test_a_server_that_is_someone_else(clone: Clone, tmp_path: Path) -> None:
    with tls.before(clone.port, tmp_path) as front:
        found = inspecting.migrator_findings(front.address(clone.urls.migrator, "127.0.0.1"))
    (fault,) = found[0].faults
    assert fault.startswith("billing_migrator: cannot connect")
    assert "127.0.0.1" in fault
    assert clone.passwords[MIGRATOR] not in fault


def test_a_superuser(clone: Clone, stray: tuple[str, Connection]) -> None:
    name, db = stray
    lift(clone, "ALTER ROLE {} SUPERUSER", name)
    assert inspecting.role_is_bound(db, name).faults == (f"{name}: is superuser",)


def test_a_role_above_the_policies(clone: Clone, stray: tuple[str, Connection]) -> None:
    name, db = stray
    assert inspecting.role_is_bound(db, name).faults == ()
    lift(clone, "ALTER ROLE {} BYPASSRLS", name)
    assert inspecting.role_is_bound(db, name).faults == (f"{name}: has BYPASSRLS",)


def test_an_address_that_logs_in_as_another_role(app: Connection) -> None:
    assert inspecting.role_is_bound(app, "billing_platform").faults == (
        "billing_platform: its address logs in as another role",
    )


def test_an_owner_of_a_table(clone: Clone, stray: tuple[str, Connection]) -> None:
    name, db = stray
    assert inspecting.role_owns_nothing(db, name).faults == ()
    lift(clone, "ALTER TABLE claim OWNER TO {}", name)
    assert inspecting.role_owns_nothing(db, name).faults == (
        f"{name}: owns or may become the owner of claim",
    )
    lift(clone, "ALTER TABLE claim OWNER TO billing_owner; -- {}", name)


def test_an_owner_by_membership(clone: Clone, stray: tuple[str, Connection]) -> None:
    name, db = stray
    lift(clone, "GRANT billing_owner TO {}", name)
    (fault,) = inspecting.role_owns_nothing(db, name).faults
    assert fault.startswith(f"{name}: owns or may become the owner of adjustment, ")
    lift(clone, "REVOKE billing_owner FROM {}", name)


def test_a_reader_of_everything(clone: Clone, stray: tuple[str, Connection]) -> None:
    name, db = stray
    lift(clone, "GRANT pg_read_all_data TO {}", name)
    assert inspecting.role_owns_nothing(db, name).faults == (
        f"{name}: may become pg_read_all_data",
    )


@pytest.mark.parametrize("lifted", ["NO FORCE", "DISABLE"])
def test_a_practice_table_without_forced_policy(
    clone: Clone, app: Connection, lifted: LiteralString
) -> None:
    assert inspecting.tables_are_walled(app).faults == ()
    plant(clone, f"ALTER TABLE claim {lifted} ROW LEVEL SECURITY")
    assert inspecting.tables_are_walled(app).faults == (
        "claim: its row policy is not enabled and forced",
    )


def test_a_new_practice_table_that_nobody_walled(clone: Clone, app: Connection) -> None:
    plant(clone, "CREATE TABLE dramatiq.left_open (tenant_id uuid)")
    assert inspecting.tables_are_walled(app).faults == (
        "dramatiq.left_open: its row policy is not enabled and forced",
    )


@pytest.mark.parametrize("role", ["billing_app", "PUBLIC"])
def test_a_policy_that_shows_everyones_rows(
    clone: Clone, app: Connection, role: LiteralString
) -> None:
    plant(clone, f"CREATE POLICY debug ON claim TO {role} USING (true)")
    assert inspecting.tables_are_walled(app).faults == (
        "claim: a policy shows every practice's rows",
    )


def test_a_database_that_was_never_migrated(clone: Clone, app: Connection) -> None:
    plant(clone, "ALTER TABLE alembic_version RENAME TO lost")
    assert inspecting.tables_are_walled(app).faults == (
        "the schema is missing: run `billing-saas migrate` first",
    )


def test_a_role_that_may_wait_for_ever(stray: tuple[str, Connection], app: Connection) -> None:
    name, db = stray
    assert inspecting.waits_are_bounded(app, "billing_app").faults == ()
    assert inspecting.waits_are_bounded(db, name).faults == (
        f"{name}: lock_timeout is off",
        f"{name}: statement_timeout is off",
    )
