"""The trail tells what was done, to whom, and finds what was changed behind its back."""

from uuid import UUID

import psycopg
import pytest
from sqlalchemy import select

from billing_saas.audit import queries, trail
from billing_saas.audit.rules import Classes
from billing_saas.audit.tables import AuditEvent
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.kit.paging import PageRequest
from tests.cast import Person, Tenant
from tests.cluster import Clone


async def told(database: Database, tenant: Tenant, person: Person) -> tuple[UUID, list[UUID]]:
    """A read of two patients; the event and whom it concerns."""
    patients = [new_id(), new_id()]
    async with database.tenant(tenant.id) as db:
        event_id = await trail.record(
            db,
            person.actor,
            "patient.list",
            object_type="patient",
            subjects=patients,
            classes=Classes.DEMOGRAPHIC,
            detail={"count": 2},
        )
    return event_id, patients


async def test_an_event_leads_from_a_patient_to_who_saw_him(
    database: Database, elm: Tenant, alice: Person, ada: Person
) -> None:
    event_id, patients = await told(database, elm, alice)
    async with database.tenant(elm.id) as db:
        found = await queries.events(db, ada.actor, PageRequest(), patient_id=patients[1])
    assert [(row.id, row.actor_id) for row in found.rows] == [(event_id, alice.actor.id)]
    async with database.tenant(elm.id) as db:
        again = await queries.events(db, ada.actor, PageRequest(), patient_id=patients[1])
    # Reading the trail is told too.
    assert [row.action for row in again.rows] == ["audit.read", "patient.list"]


async def read_and_fail(database: Database, tenant: Tenant, person: Person) -> None:
    async with database.tenant(tenant.id) as db:
        await trail.record(db, person.actor, "patient.read", object_type="patient")
        raise ConnectionError


async def test_no_event_without_its_change(database: Database, elm: Tenant, alice: Person) -> None:
    with pytest.raises(ConnectionError):
        await read_and_fail(database, elm, alice)
    async with database.tenant(elm.id) as db:
        actions = [row.action for row in await db.scalars(select(AuditEvent))]
    assert actions == ["practice.provision", "membership.grant"]


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE audit_event SET actor_id = gen_random_uuid() WHERE id = %(id)s",
        "UPDATE audit_event SET at = at - interval '1 hour' WHERE id = %(id)s",
        "UPDATE audit_event SET detail = '{\"count\": 1}' WHERE id = %(id)s",
        "UPDATE audit_event SET mac_key = 7 WHERE id = %(id)s",
        "DELETE FROM audit_subject WHERE event_id = %(id)s AND patient_id = %(patient)s",
        "INSERT INTO audit_subject SELECT tenant_id, gen_random_uuid(), at, event_id"
        " FROM audit_subject WHERE event_id = %(id)s LIMIT 1",
    ],
)
async def test_a_changed_event_is_found(
    database: Database, clone: Clone, elm: Tenant, alice: Person, tampering: str
) -> None:
    event_id, patients = await told(database, elm, alice)
    async with database.tenant(elm.id) as db:
        assert await queries.broken_rows(db) == []
    with psycopg.connect(clone.url("postgres")) as connection:
        connection.execute("SET session_replication_role = replica")  # past the triggers
        connection.execute(tampering, {"id": event_id, "patient": patients[0]})
    async with database.tenant(elm.id) as db:
        assert await queries.broken_rows(db) == [event_id]


@pytest.mark.parametrize(
    "detail", [{"name": "Garcia"}, {"reason": "x" * 121}, {"reason": "o'clock;"}]
)
async def test_a_fact_that_could_be_anything_is_refused(
    database: Database, elm: Tenant, alice: Person, detail: dict[str, str]
) -> None:
    async with database.tenant(elm.id) as db:
        with pytest.raises(ValueError, match="fact"):
            await trail.record(
                db, alice.actor, "patient.read", object_type="patient", detail=detail
            )


async def test_a_stranger_sees_none_of_it(
    database: Database, elm: Tenant, oak: Tenant, alice: Person, mallory: Person
) -> None:
    _, patients = await told(database, elm, alice)
    async with database.tenant(oak.id) as db:
        found = await queries.events(db, mallory.actor, PageRequest(), patient_id=patients[0])
    assert found.rows == []
