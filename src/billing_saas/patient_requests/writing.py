"""How a request is written: its words sealed anew with each thing that is said, its cards, its events."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import update

from billing_saas.audit import contents, trail
from billing_saas.audit.rules import Classes
from billing_saas.followups import cards
from billing_saas.followups.cards import NewCard
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.patient_requests.rules import Words
from billing_saas.patient_requests.tables import PatientRequest
from billing_saas.phi import keyring
from billing_saas.phi.registry import PATIENT_REQUEST_PHI_CLIN
from billing_saas.tenants import queries as tenants


async def today(db: TenantSession) -> date:
    return clock.today((await tenants.this_practice(db)).time_zone)


async def said(db: TenantSession, row: PatientRequest, **new: str) -> dict[str, Any]:
    """The columns that hold all that was written so far, and what is said now."""
    ring = await keyring.of(db, row.key_ver)
    words = ring.open(PATIENT_REQUEST_PHI_CLIN, row.id, row.phi_clin, Words)
    for name, text in new.items():
        setattr(words, name, text.strip())
    sealed = ring.seal(PATIENT_REQUEST_PHI_CLIN, row.id, words)
    return {"phi_clin": sealed, "key_ver": ring.key_ver}


async def change(db: TenantSession, row: PatientRequest, **changed: Any) -> None:
    await db.execute(
        update(PatientRequest)
        .where(PatientRequest.tenant_id == db.tenant_id, PatientRequest.id == row.id)
        .values(**changed, version=PatientRequest.version + 1)
        .execution_options(synchronize_session=False)
    )


async def open_card(
    db: TenantSession, request_id: UUID, why: str, source: str, due: date | None
) -> None:
    card = NewCard(
        kind="patient_request",
        why=why,
        owner="practice",
        subject_type="patient_request",
        subject_id=request_id,
        source=source,
        due_on=due,
    )
    await cards.open_cards(db, [card])


async def tell(
    db: TenantSession,
    actor: Actor,
    action: str,
    row: PatientRequest,
    sealed: dict[str, Any] | None = None,
) -> None:
    await trail.record(
        db,
        actor,
        action,
        object_type="patient_request",
        object_id=row.id,
        subjects=[row.patient_id],
        classes=Classes.CLINICAL if sealed else Classes.NONE,
        sealed=(
            contents.of_rows([{"id": row.id, **sealed}], PATIENT_REQUEST_PHI_CLIN) if sealed else []
        ),
        detail={"kind": row.kind},
    )
