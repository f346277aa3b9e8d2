"""Remittances and what they hold, for those who may see them."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import msgspec
from sqlalchemy import select

from billing_saas.audit import trail
from billing_saas.audit.rules import Classes
from billing_saas.claims.tables import Claim
from billing_saas.duties import visibility
from billing_saas.duties.visibility_rules import Field, Sight
from billing_saas.kit import paging
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.paging import Page, PageRequest
from billing_saas.phi import keyring, masking
from billing_saas.phi.registry import CLAIM_PAYMENT_PHI_DEMO
from billing_saas.remittances.errors import RemittanceNotFound
from billing_saas.remittances.rules import ClaimPaymentIdentity
from billing_saas.remittances.tables import (
    Adjustment,
    ClaimPayment,
    ProviderAdjustment,
    Remittance,
    ServicePayment,
)


class ClaimPaymentRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One claim payment, opened, with its lines and all adjustments. `masked` names the classes of field
    that are blank because of who asks: nothing of them was opened."""

    payment: ClaimPayment
    identity: ClaimPaymentIdentity
    services: Sequence[ServicePayment]
    adjustments: Sequence[Adjustment]
    masked: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<ClaimPaymentRecord {self.payment.id}>"


async def locked(db: TenantSession, remittance_id: UUID) -> Remittance:
    """For an act that changes it."""
    remittance = await db.scalar(
        select(Remittance)
        .where(Remittance.tenant_id == db.tenant_id, Remittance.id == remittance_id)
        .with_for_update()
    )
    if remittance is None:
        raise RemittanceNotFound("There is no such remittance.")
    return remittance


async def remittance(db: TenantSession, actor: Actor, remittance_id: UUID) -> Remittance:
    actor.must("remittances.read")
    found = await db.scalar(
        select(Remittance).where(
            Remittance.tenant_id == db.tenant_id, Remittance.id == remittance_id
        )
    )
    if found is None:
        raise RemittanceNotFound("There is no such remittance.")
    return found


async def remittances(
    db: TenantSession,
    actor: Actor,
    page: PageRequest,
    *,
    state: str | None = None,
    payer_id: UUID | None = None,
    payment_from: date | None = None,
    payment_to: date | None = None,
) -> Page[Remittance]:
    """Newest first. Payments to the practice name nobody: there is nothing sealed to open."""
    actor.must("remittances.read")
    query = select(Remittance).where(Remittance.tenant_id == db.tenant_id)
    if state is not None:
        query = query.where(Remittance.state == state)
    if payer_id is not None:
        query = query.where(Remittance.payer_id == payer_id)
    if payment_from is not None:
        query = query.where(Remittance.payment_on >= payment_from)
    if payment_to is not None:
        query = query.where(Remittance.payment_on <= payment_to)
    if page.after is not None:
        query = query.where(Remittance.id < page.after)
    found = (await db.scalars(query.order_by(Remittance.id.desc()).limit(page.limit + 1))).all()
    rows = list(found[: page.limit])
    return Page(rows, paging.encode(rows[-1].id) if len(found) > page.limit else None)


async def provider_adjustments(
    db: TenantSession, remittance_id: UUID
) -> Sequence[ProviderAdjustment]:
    return (
        await db.scalars(
            select(ProviderAdjustment)
            .where(
                ProviderAdjustment.tenant_id == db.tenant_id,
                ProviderAdjustment.remittance_id == remittance_id,
            )
            .order_by(ProviderAdjustment.n)
        )
    ).all()


async def claim_payments(
    db: TenantSession, actor: Actor, remittance_id: UUID, page: PageRequest
) -> Page[ClaimPaymentRecord]:
    """In the order of the file, opened and told."""
    await remittance(db, actor, remittance_id)
    query = select(ClaimPayment).where(
        ClaimPayment.tenant_id == db.tenant_id, ClaimPayment.remittance_id == remittance_id
    )
    if page.after is not None:
        query = query.where(ClaimPayment.id > page.after)
    found = (await db.scalars(query.order_by(ClaimPayment.id).limit(page.limit + 1))).all()
    rows = list(found[: page.limit])
    sight = await visibility.of(db, actor, *_SHOWN)
    records = await _opened(db, rows, sight)
    await trail.record(
        db,
        actor,
        "claim_payment.list",
        object_type="remittance",
        object_id=remittance_id,
        subjects=await _patients(db, rows),
        classes=Classes.DEMOGRAPHIC if rows and _opens(sight) else Classes.NONE,
        detail={"count": len(rows)},
    )
    return Page(records, paging.encode(rows[-1].id) if len(found) > page.limit else None)


# A payment names its patient and what payer and practice call the claim, in one sealed document. Amounts
# are what a remittance is: who may see none may read no remittance (a test holds the tables to that).
_PROCEDURE = ("procedure_code", "modifiers", "submitted_procedure", "units")
_SHOWN = (Field.DEMOGRAPHICS, Field.IDENTIFIERS, Field.PROCEDURES)


def _opens(sight: Sight) -> bool:
    return sight.sees(Field.DEMOGRAPHICS) and sight.sees(Field.IDENTIFIERS)


async def _opened(
    db: TenantSession, rows: Sequence[ClaimPayment], sight: Sight
) -> list[ClaimPaymentRecord]:
    ids = [row.id for row in rows]
    services: dict[UUID, list[ServicePayment]] = {}
    for service in await db.scalars(
        select(ServicePayment)
        .where(ServicePayment.tenant_id == db.tenant_id, ServicePayment.claim_payment_id.in_(ids))
        .order_by(ServicePayment.claim_payment_id, ServicePayment.n)
    ):
        coded = sight.sees(Field.PROCEDURES)
        shown = service if coded else masking.without(service, *_PROCEDURE)
        services.setdefault(service.claim_payment_id, []).append(shown)
    adjustments: dict[UUID, list[Adjustment]] = {}
    for adjustment in await db.scalars(
        select(Adjustment)
        .where(Adjustment.tenant_id == db.tenant_id, Adjustment.claim_payment_id.in_(ids))
        .order_by(Adjustment.claim_payment_id, Adjustment.n)
    ):
        adjustments.setdefault(adjustment.claim_payment_id, []).append(adjustment)
    ring = await keyring.of(db, max((row.key_ver for row in rows), default=0))
    return [
        ClaimPaymentRecord(
            payment=row,
            identity=(
                ring.open(CLAIM_PAYMENT_PHI_DEMO, row.id, row.phi_demo, ClaimPaymentIdentity)
                if _opens(sight)
                else ClaimPaymentIdentity(patient_control_number="")
            ),
            services=services.get(row.id, []),
            adjustments=adjustments.get(row.id, []),
            masked=sight.masked(*_SHOWN),
        )
        for row in rows
    ]


async def _patients(db: TenantSession, rows: Sequence[ClaimPayment]) -> list[UUID]:
    """Whom these payments concern; one that matched no claim concerns no patient of ours yet."""
    claim_ids = {row.claim_id for row in rows if row.claim_id is not None}
    if not claim_ids:
        return []
    return list(
        await db.scalars(
            select(Claim.patient_id).where(Claim.tenant_id == db.tenant_id, Claim.id.in_(claim_ids))
        )
    )
