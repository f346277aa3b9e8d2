"""Who pays for whom."""

from uuid import UUID

import msgspec
from litestar import get, put
from litestar.params import JSONBody

from billing_saas.api.declaring import declared
from billing_saas.api.deps import Db, Id, Who
from billing_saas.api.manners import Versioned, manners
from billing_saas.api.wire import In, Out
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.patients import guarantors
from billing_saas.patients.errors import PaidForByAnother


class GuarantorOut(Out, frozen=True):
    """`guarantor_id` is the patient's own id where he pays for himself; `pays_for`: whom else he pays for."""

    patient_id: UUID
    guarantor_id: UUID
    pays_for: list[UUID]
    version: int


class GuarantorIn(In, frozen=True, forbid_unknown_fields=True):
    """A guarantor is on file as a patient. The patient's own id: he pays for himself from now on."""

    guarantor_id: UUID


async def _standing(db: TenantSession, actor: Actor, patient_id: UUID) -> GuarantorOut:
    found = await guarantors.standing(db, actor, patient_id)
    return GuarantorOut(**{**msgspec.structs.asdict(found), "pays_for": list(found.pays_for)})


@get(
    "/patients/{patient_id:uuid}/guarantor",
    summary="Who pays for a patient, and for whom the patient pays",
    opt=declared("patients.read"),
)
async def get_guarantor(db: Db, actor: Who, patient_id: Id) -> GuarantorOut:
    return await _standing(db, actor, patient_id)


@put(
    "/patients/{patient_id:uuid}/guarantor",
    summary="Say who pays for a patient",
    opt=declared("patients.write", "patients.read", refusals=[PaidForByAnother])
    | manners(
        told_by=_standing, versioned=Versioned(lock=guarantors.lock, show=_standing, must=True)
    ),
)
async def put_guarantor(
    db: Db, actor: Who, patient_id: Id, data: JSONBody[GuarantorIn]
) -> GuarantorOut:
    await guarantors.assign(db, actor, patient_id, data.guarantor_id)
    return await _standing(db, actor, patient_id)


HANDLERS = [get_guarantor, put_guarantor]
