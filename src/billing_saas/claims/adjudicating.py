"""What a payer said of a claim's lines: written down here by posting, superseded by a reversal."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import msgspec
from sqlalchemy import text

from billing_saas.claims.tables import LineAdjudication
from billing_saas.kit import bulk, clock
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_ids


class LineVerdict(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One payer's word on one line, in cents. `adjustments` are (group, reason, cents, quantity)."""

    claim_id: UUID
    charge_id: UUID
    payer_id: UUID
    sequence: str
    claim_payment_id: UUID
    charge_cents: int
    allowed_cents: int | None
    paid_cents: int
    patient_responsibility_cents: int
    denied: bool
    adjustments: tuple[tuple[str, str, int, str], ...]
    remarks: str


_TAKE_BACK = text(
    """
    UPDATE line_adjudication AS said SET reversed_by = taken.reversal
    FROM unnest(CAST(:originals AS uuid[]), CAST(:reversals AS uuid[])) AS taken (original, reversal)
    WHERE said.tenant_id = :tenant_id AND said.claim_payment_id = taken.original
      AND said.reversed_by IS NULL
    """
)


_RESTORE = text(
    """
    UPDATE line_adjudication AS said SET reversed_by = NULL
    FROM unnest(CAST(:reversals AS uuid[])) AS undone (reversal)
    WHERE said.tenant_id = :tenant_id AND said.reversed_by = undone.reversal
    """
)


async def record_many(
    db: TenantSession, verdicts: Sequence[LineVerdict], adjudicated_on: date
) -> None:
    """Write verdicts down, set-based."""
    columns: dict[str, Sequence[object]] = {
        "id": new_ids(len(verdicts)),
        "claim_id": [verdict.claim_id for verdict in verdicts],
        "charge_id": [verdict.charge_id for verdict in verdicts],
        "payer_id": [verdict.payer_id for verdict in verdicts],
        "sequence": [verdict.sequence for verdict in verdicts],
        "claim_payment_id": [verdict.claim_payment_id for verdict in verdicts],
        "charge_cents": [verdict.charge_cents for verdict in verdicts],
        "allowed_cents": [verdict.allowed_cents for verdict in verdicts],
        "paid_cents": [verdict.paid_cents for verdict in verdicts],
        "patient_responsibility_cents": [
            verdict.patient_responsibility_cents for verdict in verdicts
        ],
        "denied": [verdict.denied for verdict in verdicts],
        "adjustments": [msgspec.json.encode(verdict.adjustments).decode() for verdict in verdicts],
        "remarks": [verdict.remarks for verdict in verdicts],
    }
    await bulk.insert(
        db,
        bulk.table_of(LineAdjudication),
        columns,
        {
            "tenant_id": db.tenant_id,
            "adjudicated_on": adjudicated_on,
            "created_at": clock.now(),
        },
    )


async def take_back(db: TenantSession, reversed_by: Sequence[tuple[UUID, UUID]]) -> None:
    """Pairs of (claim payment, what took it back): its verdicts no longer count."""
    if reversed_by:
        await db.execute(
            _TAKE_BACK,
            {
                "tenant_id": db.tenant_id,
                "originals": [original for original, _ in reversed_by],
                "reversals": [reversal for _, reversal in reversed_by],
            },
        )


async def restore(db: TenantSession, reversals: Sequence[UUID]) -> None:
    """What these took back counts again: they were taken back themselves."""
    if reversals:
        await db.execute(_RESTORE, {"tenant_id": db.tenant_id, "reversals": list(reversals)})
