"""Who stands for whom: a guarantor sees all of a minor they pay for, and of an adult only a sum.

45 CFR 164.502(g): a parent is the personal representative of a minor, with exceptions that state law
makes; who came of age is nobody's minor. Paying a bill makes nobody a representative.
"""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from billing_saas.kit import clock
from billing_saas.kit.db import TenantSession
from billing_saas.messages import minor_rules
from billing_saas.patients import guarantors
from billing_saas.patients.rules import NameOnly
from billing_saas.patients.tables import Patient
from billing_saas.phi import keyring
from billing_saas.phi.registry import PATIENT_NAME_CT
from billing_saas.portal.errors import MinorWithoutGuarantor, NoBirthDate
from billing_saas.tenants import queries as tenants


async def payer_of(db: TenantSession, patient_id: UUID) -> UUID:
    """Who gets the link of this patient's bills. `NoBirthDate` when it would open for nobody,
    `MinorWithoutGuarantor` when there is nobody to give it to."""
    payer = (await guarantors.guarantor_of(db, [patient_id])).get(patient_id, patient_id)
    born, is_minor = (await _ages(db, [payer]))[payer]
    if is_minor:
        raise MinorWithoutGuarantor("Put on file who pays for this patient, then give the link.")
    if born is None:
        raise NoBirthDate("Put the birth date of who pays on file, then give the link.")
    return payer


async def is_minor(db: TenantSession, patient_id: UUID) -> bool:
    ages = await _ages(db, [patient_id])
    return ages[patient_id][1] if patient_id in ages else False


async def seen_in_full(db: TenantSession, guarantor_id: UUID) -> frozenset[UUID]:
    """Themselves, and the minors they pay for. Of the others they pay for they see amounts, and no more."""
    paid_for = await guarantors.dependants_of(db, guarantor_id)
    others = [one for one in paid_for if one != guarantor_id]
    ages = await _ages(db, others)
    return frozenset({guarantor_id, *(one for one in others if ages[one][1])})


async def _ages(
    db: TenantSession, patient_ids: Collection[UUID]
) -> dict[UUID, tuple[date | None, bool]]:
    """Birth date, and whether it makes a minor. Whose birth date nobody knows is none."""
    rows = (
        await db.execute(
            select(Patient.id, Patient.name_ct, Patient.key_ver, Patient.state).where(
                Patient.tenant_id == db.tenant_id,
                Patient.id == bindparam("ids", list(patient_ids), ARRAY(Uuid)).any_(),
            )
        )
    ).all()
    if not rows:
        return {}
    ring = await keyring.of(db, max(row.key_ver for row in rows))
    today = clock.today((await tenants.this_practice(db)).time_zone)
    found = {}
    for row in rows:
        born = ring.open(PATIENT_NAME_CT, row.id, row.name_ct, NameOnly).birth_date
        minor = born is not None and minor_rules.is_minor(born, today, row.state)
        found[UUID(str(row.id))] = (born, minor)
    return found
