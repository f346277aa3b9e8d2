"""Walk the catalogue of the migrated database; then break it in every way we know, and be told."""

import os
from collections.abc import Iterator

import psycopg
import pytest

from tests import cluster as clusters
from tests.isolation import record
from tests.isolation.catalogue import CHECKS, Check, Connection
from tests.isolation.faults import FAULTS


@pytest.fixture(scope="module")
def superuser() -> Iterator[Connection]:
    """One database for all stories here: each ends by rolling back, as DDL does too."""
    made = clusters.clone()
    with psycopg.connect(made.url("postgres")) as connection:
        yield connection
    clusters.drop(made)


@pytest.fixture
def migrated(superuser: Connection) -> Iterator[Connection]:
    yield superuser
    superuser.rollback()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_migrated_database_is_clean(migrated: Connection, check: Check) -> None:
    assert check(migrated) == []


def test_the_record_of_roles_and_policies_is_true(migrated: Connection) -> None:
    text = record.ROLES_AND_POLICIES.read_text()
    if os.environ.get("WRITE_RECORDS"):
        record.ROLES_AND_POLICIES.write_text(record.rewritten(migrated, text))
        pytest.fail("the record was written anew: read the difference")
    assert record.differences(migrated, text) == []


# --- planted faults: each check can fail, and says where ---


@pytest.mark.parametrize(
    ("check", "fault", "finding"), FAULTS, ids=[f"{c.__name__}-{f[:60]}" for c, f, _ in FAULTS]
)
def test_a_planted_fault_is_found_and_named(
    migrated: Connection, check: Check, fault: str, finding: str
) -> None:
    migrated.execute(fault.encode())
    assert [found for found in check(migrated) if found.startswith(finding)]


def test_every_check_has_a_fault_that_it_finds() -> None:
    assert {check for check, _, _ in FAULTS} == set(CHECKS)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ("GRANT DELETE ON claim TO billing_app", "Tables: not written: | claim | billing_app |"),
        (
            "GRANT UPDATE (mac) ON audit_event TO billing_app",
            "Tables: not written: | audit_event |",
        ),
        ("REVOKE SELECT ON card FROM billing_company_reader", "Tables: not so: | card |"),
        ("DROP POLICY company ON card", "Tables: not so: | card | billing_company_reader |"),
        ("CREATE POLICY more ON card TO billing_platform USING (true)", "Policies: not written:"),
        (
            "DROP TRIGGER ledger_line_append_only ON ledger_line",
            "Triggers: not so: | ledger_line |",
        ),
        ("CREATE TABLE note (id uuid)", "Tables: not written: | note | nobody |"),
        ("GRANT CREATE ON SCHEMA public TO billing_app", "Schemas: not written: | public |"),
        ("GRANT EXECUTE ON FUNCTION guard_partition TO billing_app", "Functions: not written:"),
        ("GRANT billing_owner TO billing_platform", "Roles: not written: | billing_platform |"),
    ],
)
def test_a_change_that_the_record_does_not_know_is_found(
    migrated: Connection, change: str, line: str
) -> None:
    migrated.execute(change.encode())
    found = record.differences(migrated, record.ROLES_AND_POLICIES.read_text())
    assert [difference for difference in found if difference.startswith(line)]
