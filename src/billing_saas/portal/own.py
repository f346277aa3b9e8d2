"""What a verified visitor sees of themselves, and of those they pay for no more than paying needs.

Each act here is told to the trail as a patient's own request, with whom it showed.
"""

from collections.abc import Sequence
from uuid import UUID

from billing_saas.audit import trail
from billing_saas.audit.rules import Classes
from billing_saas.kit.actor import Actor, ActorKind, NotPermitted
from billing_saas.kit.db import TenantSession
from billing_saas.patients import queries as patients
from billing_saas.portal import rules


def must_be_verified(actor: Actor) -> UUID:
    """The id of the patient who acts. A link and a birth date open no record, whatever page asks."""
    actor.must(rules.RECORD)
    if actor.kind is not ActorKind.PATIENT:
        raise NotPermitted("Only a patient asks here.", permission=rules.RECORD)
    return actor.id


async def tell(
    db: TenantSession,
    actor: Actor,
    action: str,
    *,
    object_type: str,
    object_id: UUID | None = None,
    subjects: Sequence[UUID] = (),
    classes: Classes = Classes.NONE,
    count: int = 1,
) -> None:
    """A page showed this to the patient who asked."""
    await trail.record(
        db,
        actor,
        action,
        object_type=object_type,
        object_id=object_id,
        subjects=[actor.id, *subjects],
        classes=classes,
        detail={"count": count},
    )


async def first_names(db: TenantSession, patient_ids: Sequence[UUID]) -> dict[UUID, str]:
    """As little of a name as tells a family apart: the first one, or the last where there is none."""
    names = await patients.names(db, set(patient_ids))
    return {key: name.first_name or name.last_name for key, name in names.items()}
