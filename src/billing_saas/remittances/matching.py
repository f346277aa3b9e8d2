"""Whose claim is being paid: a batch of claim payments against the practice's claims, set by set.

A match must agree in amount or in every line: a number alone proves nothing (x12.md rule 16). What
stays in doubt is never guessed: it is reviewed by a person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from billing_saas.kit.db import TenantSession
from billing_saas.phi.keyring import Keyring
from billing_saas.phi.registry import CLAIM_PAYMENT_PHI_DEMO
from billing_saas.remittances import finding, matching_rules, rules
from billing_saas.remittances import parts as reading
from billing_saas.remittances.finding import OurClaim
from billing_saas.remittances.matching_rules import ChargeLine, PaidLine
from billing_saas.remittances.parts import Parts
from billing_saas.remittances.rules import (
    ClaimPaymentIdentity,
    Payment,
    Service,
)


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A claim payment without a claim, or with one that contradicts it."""

    id: UUID
    paid_cents: int
    reason: str
    posting_number: int
    claim_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Reversal:
    """CLP02 = 22: takes back a claim payment that was posted before."""

    id: UUID
    paid_cents: int
    posting_number: int
    reverses: UUID
    entry_id: UUID | None
    claim_id: UUID
    submission_id: UUID
    adjudication: str


@dataclass(slots=True)
class Matched:
    payments: list[Payment] = field(default_factory=list)
    reversals: list[Reversal] = field(default_factory=list)
    doubtful: list[Doubtful] = field(default_factory=list)
    posting_numbers: dict[UUID, int] = field(default_factory=dict)
    adjudications: dict[UUID, str] = field(default_factory=dict)
    """Submission to the state its adjudication is in before this posting."""
    claims: dict[UUID, OurClaim] = field(default_factory=dict)


async def match(
    db: TenantSession, ring: Keyring, remittance_id: UUID, payer_id: UUID, first: int, last: int
) -> Matched:
    """Match the claim payments numbered `first` to `last` of a remittance."""
    paid = (
        await db.execute(
            _PAID, {**_of(db), "remittance_id": remittance_id, "first": first, "last": last}
        )
    ).all()
    identities = {
        row.id: ring.open(CLAIM_PAYMENT_PHI_DEMO, row.id, row.phi_demo, ClaimPaymentIdentity)
        for row in paid
    }
    numbers = {identity.patient_control_number for identity in identities.values()}
    claims = await finding.claims_by_number(db, payer_id, numbers)
    charges = await reading.charges_of(db, {claim.id for claim in claims.values()})
    parts = await reading.parts_of(db, [row.id for row in paid])
    matched = Matched()
    reversing = []
    for row in paid:
        matched.posting_numbers[row.id] = row.posting_number + 1
        claim = claims.get(identities[row.id].patient_control_number)
        if claim is None:
            matched.doubtful.append(_doubtful(row, "no_claim"))
            continue
        matched.adjudications[claim.submission_id] = claim.adjudication
        matched.claims[claim.id] = claim
        if row.status == rules.REVERSAL_STATUS:
            reversing.append((row, claim))
            continue
        payment = _payment(row, claim, payer_id, charges.get(claim.id, []), parts)
        if isinstance(payment, Doubtful):
            matched.doubtful.append(payment)
        else:
            matched.payments.append(payment)
    await _match_reversals(db, reversing, parts, matched)
    return matched


def _of(db: TenantSession) -> dict[str, Any]:
    return {"tenant_id": db.tenant_id}


def _doubtful(row: Row[Any], reason: str, claim_id: UUID | None = None) -> Doubtful:
    return Doubtful(row.id, row.paid_cents, reason, row.posting_number + 1, claim_id)


_PAID = text(
    """
    SELECT id, n, status, charge_cents, paid_cents, frequency, posting_number, phi_demo
    FROM claim_payment
    WHERE tenant_id = :tenant_id AND remittance_id = :remittance_id AND n BETWEEN :first AND :last
    ORDER BY n
    """
)
# --- lines ---


def _payment(
    row: Row[Any],
    claim: OurClaim,
    payer_id: UUID,
    charges: Sequence[ChargeLine],
    parts: Parts,
) -> Payment | Doubtful:
    if row.status == rules.PREDETERMINATION_STATUS:
        return _doubtful(row, "predetermination", claim.id)
    sequence = matching_rules.sequence_of(row.status, claim.payers, payer_id, claim.sent_as)
    if sequence is None:
        return _doubtful(row, "payer_not_of_claim", claim.id)
    services = parts.services.get(row.id, [])
    lines = matching_rules.match_lines(charges, [_paid_line(service) for service in services])
    if lines is None:
        return _doubtful(row, "line_not_of_claim", claim.id)
    if row.charge_cents != claim.charge_cents and not _lines_agree(services, lines, charges):
        return _doubtful(row, "charge_differs", claim.id)
    return Payment(
        id=row.id,
        status=row.status,
        charge_cents=row.charge_cents,
        paid_cents=row.paid_cents,
        adjustments=tuple(parts.of_claims.get(row.id, ())),
        services=tuple([_service(service, lines[service.n], parts) for service in services]),
        claim_id=claim.id,
        patient_id=claim.patient_id,
        submission_id=claim.submission_id,
        payers=claim.payers,
        sequence=sequence,
        spare_patient=claim.spare_patient,
    )


def _paid_line(service: Row[Any]) -> PaidLine:
    return PaidLine(
        service.n,
        f"{service.procedure_code} {service.modifiers}".strip(),
        service.submitted_procedure,
        service.charge_cents,
        service.service_from,
        service.line_control_number,
    )


def _lines_agree(
    services: Sequence[Row[Any]], lines: Mapping[int, UUID], charges: Sequence[ChargeLine]
) -> bool:
    """A split claim shows only some of the lines, each with its own charge (RFI 1808)."""
    charged = {charge.id: charge.charge_cents for charge in charges}
    return bool(services) and all(
        charged[lines[service.n]] == service.charge_cents for service in services
    )


def _service(service: Row[Any], charge_id: UUID, parts: Parts) -> Service:
    code = service.submitted_procedure.partition(" ")[0]
    return Service(
        id=service.id,
        charge_id=charge_id,
        charge_cents=service.charge_cents,
        paid_cents=service.paid_cents,
        allowed_cents=service.allowed_cents,
        adjustments=tuple(parts.of_services.get(service.id, ())),
        bundled=bool(code) and code != service.procedure_code,
        remarks=service.remarks,
    )


# --- reversals ---

_POSTED = text(
    """
    SELECT p.id, p.claim_id, p.submission_id, p.charge_cents, p.paid_cents, p.entry_id,
      s.adjudication
    FROM unnest(CAST(:claim_ids AS uuid[])) AS found (id)
    JOIN claim_payment p ON p.tenant_id = :tenant_id AND p.claim_id = found.id
    JOIN submission s ON s.tenant_id = :tenant_id AND s.id = p.submission_id
    WHERE p.state IN ('auto_posted', 'posted') AND p.reverses IS NULL
    ORDER BY p.claim_id, p.id DESC
    """
)


async def _match_reversals(
    db: TenantSession,
    reversing: Sequence[tuple[Row[Any], OurClaim]],
    parts: Parts,
    matched: Matched,
) -> None:
    """Each reversal to the newest posted claim payment of its claim that it undoes exactly."""
    if not reversing:
        return
    claim_ids = list({claim.id for _, claim in reversing})
    posted: dict[UUID, list[Row[Any]]] = {}
    for row in await db.execute(_POSTED, {**_of(db), "claim_ids": claim_ids}):
        posted.setdefault(row.claim_id, []).append(row)
    originals = await reading.parts_of(db, [row.id for rows in posted.values() for row in rows])
    for row, claim in reversing:
        candidates = posted.get(claim.id, [])
        original = next((c for c in candidates if _undoes(row, parts, c, originals)), None)
        if original is None:
            matched.doubtful.append(_doubtful(row, "nothing_to_reverse", claim.id))
            continue
        candidates.remove(original)
        matched.reversals.append(
            Reversal(
                id=row.id,
                paid_cents=row.paid_cents,
                posting_number=row.posting_number + 1,
                reverses=original.id,
                entry_id=original.entry_id,
                claim_id=claim.id,
                submission_id=original.submission_id,
                adjudication=original.adjudication,
            )
        )


def _undoes(row: Row[Any], parts: Parts, original: Row[Any], originals: Parts) -> bool:
    return matching_rules.is_opposite(
        row.charge_cents,
        row.paid_cents,
        parts.all_adjustments(row.id),
        original.charge_cents,
        original.paid_cents,
        originals.all_adjustments(original.id),
    )
