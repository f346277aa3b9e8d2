"""A patient's policies, for who may see the patient."""

from uuid import UUID

from billing_saas.audit import trail
from billing_saas.audit.rules import Classes
from billing_saas.coverage import finding
from billing_saas.coverage.finding import Held
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.patients import queries as patient_queries


async def coverages_of(db: TenantSession, actor: Actor, patient_id: UUID) -> list[Held]:
    """In the order they were put on file. A stranger's patient is not found."""
    actor.must("patients.read")
    await patient_queries.must_exist(db, patient_id)
    held = (await finding.of_patients(db, [patient_id])).get(patient_id, [])
    await trail.record(
        db,
        actor,
        "coverage.list",
        object_type="patient",
        object_id=patient_id,
        subjects=[patient_id],
        classes=Classes.DEMOGRAPHIC if held else Classes.NONE,
        detail={"count": len(held)},
    )
    return held
