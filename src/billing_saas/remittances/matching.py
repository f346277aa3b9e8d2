"""Whose claim is being paid: a batch of claim payments against the practice's claims, set by set.

CLP01 is our own random CLM01 and is tried first; a number of the practice's own system is found by
its blind index. A match must agree in amount or in every line: a number alone proves nothing
(x12.md rule 16). What stays in doubt is never guessed: it is reviewed by a person.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from billing_saas.kit.db import TenantSession
from billing_saas.phi import indexing
from billing_saas.phi.keyring import Keyring
from billing_saas.phi.registry import CLAIM_ACCOUNT_NUMBER, CLAIM_PAYMENT_PHI_DEMO
from billing_saas.remittances import matching_rules, rules
from billing_saas.remittances import parts as reading
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
    claims: dict[UUID, "OurClaim"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OurClaim:
    """A submission's claim, as matching and posting need it."""

    id: UUID
    patient_id: UUID
    submission_id: UUID
    sent_as: str
    adjudication: str
    charge_cents: int
    receivable: str
    payers: Mapping[str, UUID]
    spare_patient: bool


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
    claims = await _claims_by_number(db, ring, identities)
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


# --- claims ---

_PAID = text(
    """
    SELECT id, n, status, charge_cents, paid_cents, frequency, posting_number, phi_demo
    FROM claim_payment
    WHERE tenant_id = :tenant_id AND remittance_id = :remittance_id AND n BETWEEN :first AND :last
    ORDER BY n
    """
)
_CLAIM_COLUMNS = """
    s.patient_control_number, s.id AS submission_id, s.sequence, s.adjudication,
    c.id, c.patient_id, c.charge_cents, c.receivable
    """
_BY_NUMBER = text(
    f"""
    SELECT {_CLAIM_COLUMNS}
    FROM unnest(CAST(:numbers AS text[])) AS paid (number)
    JOIN submission s ON s.tenant_id = :tenant_id AND s.patient_control_number = paid.number
    JOIN claim c ON c.tenant_id = :tenant_id AND c.id = s.claim_id
    """  # noqa: S608  # a constant of this file
)
_BY_CLAIM = text(
    f"""
    SELECT DISTINCT ON (c.id) {_CLAIM_COLUMNS}
    FROM unnest(CAST(:claim_ids AS uuid[])) AS found (id)
    JOIN claim c ON c.tenant_id = :tenant_id AND c.id = found.id
    JOIN submission s ON s.tenant_id = :tenant_id AND s.claim_id = c.id
    ORDER BY c.id, s.id DESC
    """  # noqa: S608  # a constant of this file
)
_PAYERS = text(
    """
    SELECT cc.claim_id, cc.sequence, cc.payer_id, coverage.qualified_medicare_beneficiary AS spared
    FROM unnest(CAST(:claim_ids AS uuid[])) AS found (id)
    JOIN claim_coverage cc ON cc.tenant_id = :tenant_id AND cc.claim_id = found.id
    JOIN coverage ON coverage.tenant_id = :tenant_id AND coverage.id = cc.coverage_id
    ORDER BY cc.claim_id, cc.sequence
    """
)


async def _claims_by_number(
    db: TenantSession, ring: Keyring, identities: Mapping[UUID, ClaimPaymentIdentity]
) -> dict[str, OurClaim]:
    """CLP01 to our claim: by our own number, else by the practice's account number."""
    numbers = {identity.patient_control_number for identity in identities.values()}
    rows = (await db.execute(_BY_NUMBER, {**_of(db), "numbers": sorted(numbers)})).all()
    found = {row.patient_control_number: row for row in rows}
    found |= await _by_account_number(db, ring, numbers - found.keys())
    if not found:
        return {}
    claim_ids = {row.id for row in found.values()}
    payers: dict[UUID, dict[str, UUID]] = {}
    spared: set[UUID] = set()
    for row in await db.execute(_PAYERS, {**_of(db), "claim_ids": list(claim_ids)}):
        payers.setdefault(row.claim_id, {})[row.sequence] = row.payer_id
        if row.spared:
            spared.add(row.claim_id)
    return {
        number: OurClaim(
            id=row.id,
            patient_id=row.patient_id,
            submission_id=row.submission_id,
            sent_as=row.sequence,
            adjudication=row.adjudication,
            charge_cents=row.charge_cents,
            receivable=row.receivable,
            payers=payers.get(row.id, {}),
            spare_patient=row.id in spared,
        )
        for number, row in found.items()
    }


async def _by_account_number(
    db: TenantSession, ring: Keyring, numbers: Iterable[str]
) -> dict[str, Row[Any]]:
    """A number that only one claim of the practice bears; one that several bear finds none."""
    tokens = {ring.token(CLAIM_ACCOUNT_NUMBER, number): number for number in numbers if number}
    if not tokens:
        return {}
    claims_of: dict[str, set[UUID]] = {}
    hits = await indexing.find(db, CLAIM_ACCOUNT_NUMBER, list(tokens))
    for token, claim_ids in hits.items():
        claims_of[tokens[token]] = set(claim_ids)
    number_of = {next(iter(ids)): number for number, ids in claims_of.items() if len(ids) == 1}
    if not number_of:
        return {}
    rows = await db.execute(_BY_CLAIM, {**_of(db), "claim_ids": list(number_of)})
    return {number_of[row.id]: row for row in rows}


# --- lines ---


def _payment(
    row: Row[Any],
    claim: OurClaim,
    payer_id: UUID,
    charges: Sequence[ChargeLine],
    parts: Parts,
) -> Payment | Doubtful:
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
    SELECT p.id, p.claim_id, p.submission_id, p.charge_cents, p.paid_cents, p.entry_id
    FROM unnest(CAST(:claim_ids AS uuid[])) AS found (id)
    JOIN claim_payment p ON p.tenant_id = :tenant_id AND p.claim_id = found.id
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
                adjudication=claim.adjudication,
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
