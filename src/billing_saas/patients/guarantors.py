"""Who pays for whom. A guarantor is on file as a patient; without a word, each pays for himself.

A patient who was merged into another is the survivor here, as everywhere: nothing was re-pointed, so
what is owed still stands under the old id, and the survivor (or who pays for him) owes it.
"""

from collections.abc import Collection
from uuid import UUID

import msgspec
from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert

from billing_saas.audit import trail
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.patients import queries
from billing_saas.patients.errors import PaidForByAnother, PatientNotFound
from billing_saas.patients.tables import Patient, PatientGuarantor

READ = "patients.read"
WRITE = "patients.write"


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Who pays for a patient (himself, when nobody else does), and for whom he pays. `version` counts the
    changes of who pays for him."""

    patient_id: UUID
    guarantor_id: UUID
    pays_for: tuple[UUID, ...]
    version: int


# Survivors of survivors: eight steps are as many as `finding` takes before it calls it a ring.
_SURVIVOR = """
    SELECT id AS asked, id, merged_into, 0 AS steps FROM patient
    WHERE tenant_id = :tenant_id AND id = ANY (CAST(:ids AS uuid[]))
    UNION ALL
    SELECT standing.asked, patient.id, patient.merged_into, standing.steps + 1
    FROM standing JOIN patient
      ON patient.tenant_id = :tenant_id AND patient.id = standing.merged_into
    WHERE standing.steps < 8
"""
# Who pays may have been merged as well, which is looked at once more (payers form no chain).
_OF = text(
    f"""
    WITH RECURSIVE standing (asked, id, merged_into, steps) AS ({_SURVIVOR})
    SELECT standing.asked, coalesce(other.merged_into, payer.guarantor_id, standing.id) AS guarantor_id
    FROM standing
    LEFT JOIN patient_guarantor payer
      ON payer.tenant_id = :tenant_id AND payer.patient_id = standing.id
    LEFT JOIN patient other
      ON other.tenant_id = :tenant_id AND other.id = payer.guarantor_id
    WHERE standing.merged_into IS NULL
    """  # noqa: S608  # a constant of ours
)
_DEPENDANTS = text(
    """
    WITH RECURSIVE asked (guarantor_id, id) AS (
      SELECT id, id FROM patient WHERE tenant_id = :tenant_id AND merged_into IS NULL
        AND id = ANY (CAST(:ids AS uuid[]))
      UNION ALL
      SELECT merged_into, id FROM patient
      WHERE tenant_id = :tenant_id AND merged_into = ANY (CAST(:ids AS uuid[]))
    ), paid_for (guarantor_id, id, steps) AS (
      SELECT asked.guarantor_id, asked.id, 0 FROM asked
      WHERE asked.guarantor_id = asked.id AND NOT EXISTS (SELECT FROM patient_guarantor other
        WHERE other.tenant_id = :tenant_id AND other.patient_id = asked.id)
      UNION
      SELECT asked.guarantor_id, payer.patient_id, 0
      FROM asked JOIN patient_guarantor payer
        ON payer.tenant_id = :tenant_id AND payer.guarantor_id = asked.id
      JOIN patient ON patient.tenant_id = :tenant_id AND patient.id = payer.patient_id
        AND patient.merged_into IS NULL
      UNION
      SELECT paid_for.guarantor_id, patient.id, paid_for.steps + 1
      FROM paid_for JOIN patient
        ON patient.tenant_id = :tenant_id AND patient.merged_into = paid_for.id
      WHERE paid_for.steps < 8
    )
    SELECT DISTINCT guarantor_id, id FROM paid_for ORDER BY guarantor_id, id
    """
)


async def assign(db: TenantSession, actor: Actor, patient_id: UUID, guarantor_id: UUID) -> None:
    """From now on `guarantor_id` pays for the patient; the patient himself ends what stood."""
    actor.must(WRITE)
    await queries.must_exist(db, patient_id)
    await _must_pay_for_himself(db, patient_id, guarantor_id)
    if patient_id == guarantor_id:
        await db.execute(
            delete(PatientGuarantor).where(
                PatientGuarantor.tenant_id == db.tenant_id,
                PatientGuarantor.patient_id == patient_id,
            )
        )
    else:
        await _write(db, actor, patient_id, guarantor_id)
    await trail.record(
        db,
        actor,
        "patient.guarantor",
        object_type="patient",
        object_id=patient_id,
        subjects=[patient_id, guarantor_id],
    )


async def standing(db: TenantSession, actor: Actor, patient_id: UUID) -> Standing:
    actor.must(READ)
    if not actor.may_see(patient_id):
        raise PatientNotFound("There is no such patient.")
    found = await guarantor_of(db, [patient_id])
    if patient_id not in found:
        raise PatientNotFound("There is no such patient.")
    row = await db.scalar(
        select(PatientGuarantor).where(
            PatientGuarantor.tenant_id == db.tenant_id, PatientGuarantor.patient_id == patient_id
        )
    )
    return Standing(
        patient_id=patient_id,
        guarantor_id=found[patient_id],
        pays_for=tuple(one for one in await dependants_of(db, patient_id) if one != patient_id),
        version=row.version if row is not None else 0,
    )


async def lock(db: TenantSession, patient_id: UUID) -> None:
    """For an act that changes who pays: the patient's own row, for there may be none of ours."""
    found = await db.scalar(
        select(Patient.id)
        .where(Patient.tenant_id == db.tenant_id, Patient.id == patient_id)
        .with_for_update()
    )
    if found is None:
        raise PatientNotFound("There is no such patient.")


async def guarantor_of(db: TenantSession, patient_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Patient to who pays for him. A patient whom the practice does not have is left out."""
    if not patient_ids:
        return {}
    rows = await db.execute(_OF, {"tenant_id": db.tenant_id, "ids": list(patient_ids)})
    return {row.asked: row.guarantor_id for row in rows}


async def dependants_of(db: TenantSession, guarantor_id: UUID) -> list[UUID]:
    """For whom he pays, himself included; empty when another pays for him and he for nobody."""
    return (await dependants_of_many(db, [guarantor_id])).get(guarantor_id, [])


async def dependants_of_many(
    db: TenantSession, guarantor_ids: Collection[UUID]
) -> dict[UUID, list[UUID]]:
    """By guarantor."""
    if not guarantor_ids:
        return {}
    rows = await db.execute(_DEPENDANTS, {"tenant_id": db.tenant_id, "ids": list(guarantor_ids)})
    found: dict[UUID, list[UUID]] = {}
    for row in rows:
        found.setdefault(row.guarantor_id, []).append(row.id)
    return found


async def _must_pay_for_himself(db: TenantSession, patient_id: UUID, guarantor_id: UUID) -> None:
    """Who pays for another pays for himself, so that no chain of payers has to be followed."""
    if patient_id == guarantor_id:
        return
    standing = await guarantor_of(db, [guarantor_id])
    if guarantor_id not in standing:
        raise PatientNotFound("There is no such patient.")
    if standing[guarantor_id] != guarantor_id:
        raise PaidForByAnother("Somebody else pays for this guarantor.", field="guarantor_id")
    paid_for = await db.scalar(
        select(PatientGuarantor.patient_id)
        .where(
            PatientGuarantor.tenant_id == db.tenant_id,
            PatientGuarantor.guarantor_id == patient_id,
        )
        .limit(1)
    )
    if paid_for is not None:
        raise PaidForByAnother("This patient pays for others.", field="patient_id")


async def _write(db: TenantSession, actor: Actor, patient_id: UUID, guarantor_id: UUID) -> None:
    row = {"guarantor_id": guarantor_id, "assigned_by": actor.id, "assigned_at": clock.now()}
    statement = insert(PatientGuarantor).values(
        tenant_id=db.tenant_id, patient_id=patient_id, version=1, **row
    )
    await db.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "patient_id"],
            set_={**row, "version": PatientGuarantor.version + 1},
        )
    )
