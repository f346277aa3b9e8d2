"""A patient's policies, for who may see the patient."""

from uuid import UUID

from billing_saas.audit import trail
from billing_saas.audit.rules import Classes
from billing_saas.coverage import finding
from billing_saas.coverage.finding import Held
from billing_saas.duties import visibility
from billing_saas.duties.visibility_rules import Field
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.patients import queries as patient_queries
from billing_saas.patients.errors import PatientNotFound


async def coverages_of(db: TenantSession, actor: Actor, patient_id: UUID) -> list[Held]:
    """In the order they were put on file. A stranger's patient is not found. A policy is a document of
    identifiers: who sees none has it blank, and it is not opened."""
    actor.must("patients.read")
    if not actor.may_see(patient_id):
        raise PatientNotFound("There is no such patient.")
    await patient_queries.must_exist(db, patient_id)
    sight = await visibility.of(db, actor, Field.IDENTIFIERS)
    opens = sight.sees(Field.IDENTIFIERS)
    found = await finding.of_patients(db, [patient_id], sealed=not opens)
    held = found.get(patient_id, [])
    await trail.record(
        db,
        actor,
        "coverage.list",
        object_type="patient",
        object_id=patient_id,
        subjects=[patient_id],
        classes=Classes.DEMOGRAPHIC if held and opens else Classes.NONE,
        detail={"count": len(held)},
    )
    return held
