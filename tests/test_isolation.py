"""Walk the catalogue of the migrated database; then break it in every way we know, and be told."""

import os
from collections.abc import Iterator

import psycopg
import pytest

from billing_saas import schema
from tests import cluster as clusters
from tests.isolation import columns, mapping, record
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


# --- columns: what each holds, and what the rooms believe of it ---


def test_every_column_has_its_class(migrated: Connection) -> None:
    assert columns.faults(migrated, columns.COLUMNS_AND_CLASSES.read_text()) == []


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ("ALTER TABLE patient ADD ssn text", "patient.ssn is not listed"),
        ("ALTER TABLE patient DROP name_ct", "patient.name_ct is listed and does not exist"),
        (
            "ALTER TABLE patient DROP phi_demo, ADD phi_demo text",
            "patient.phi_demo is sealed in text",
        ),
        (
            "ALTER TABLE claim ALTER charge_cents TYPE integer",
            "claim.charge_cents is money in integer",
        ),
        ("ALTER TABLE claim ALTER created_at TYPE timestamp", "claim.created_at is instant in"),
        ("CREATE TABLE note (id uuid)", "note.id is not listed"),
    ],
)
def test_a_column_that_is_not_what_it_is_listed_as_is_found(
    migrated: Connection, change: str, finding: str
) -> None:
    migrated.execute(change.encode())
    found = columns.faults(migrated, columns.COLUMNS_AND_CLASSES.read_text())
    assert [fault for fault in found if fault.startswith(finding)]


@pytest.mark.parametrize(
    ("line", "finding"),
    [
        ("| practice | sealed: name |", "practice.name is sealed and has no cell"),
        ("| practice | coarse: name |", "practice.name says more of a patient than was agreed"),
        ("| practice | money: name |", "practice.name: money, and only money, is called"),
        ("| practice | secret: name |", "practice.name: there is no class secret"),
        ("| practice | business: name |", "practice.name is listed twice"),
    ],
)
def test_a_class_that_cannot_be_is_found(migrated: Connection, line: str, finding: str) -> None:
    text = columns.COLUMNS_AND_CLASSES.read_text() + line + "\n"
    assert [fault for fault in columns.faults(migrated, text) if finding in fault]


def test_rooms_map_the_tables_that_were_migrated(migrated: Connection) -> None:
    assert mapping.differences(migrated, schema.metadata) == []


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ("ALTER TABLE claim ADD note text", "claim.note is not mapped"),
        ("ALTER TABLE claim DROP work", "claim.work is mapped and was not migrated"),
        ("ALTER TABLE claim ALTER work DROP NOT NULL", "claim.work differs in whether it may be"),
        ("ALTER TABLE claim ALTER version TYPE bigint", "claim.version is mapped as integer"),
        ("CREATE TABLE note (id uuid)", "note is not mapped"),
        (
            "ALTER TABLE claim DROP CONSTRAINT claim_tenant_id_encounter_id_key",
            "mapped and not mig",
        ),
        (
            "ALTER TABLE claim ADD UNIQUE (tenant_id, patient_id)",
            "not mapped: claim unique (tenant_id, patient_id)",
        ),
        (
            "ALTER TABLE charge DROP CONSTRAINT charge_tenant_id_encounter_id_fkey",
            "mapped and not migrated: charge foreign (tenant_id, encounter_id) → encounter",
        ),
    ],
)
def test_a_table_that_is_not_as_mapped_is_found(
    migrated: Connection, change: str, finding: str
) -> None:
    migrated.execute(change.encode())
    found = mapping.differences(migrated, schema.metadata)
    assert [difference for difference in found if difference.startswith(finding)]
