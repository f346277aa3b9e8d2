"""Tell the claims what a remittance said: per line, and as moves of their states."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from billing_saas.claims import adjudicating as claims
from billing_saas.claims import transitions
from billing_saas.claims.adjudicating import LineVerdict
from billing_saas.claims.transitions import Move
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.ledger import queries as ledger
from billing_saas.remittances import claim_rules
from billing_saas.remittances.claim_rules import Left
from billing_saas.remittances.matching import Matched
from billing_saas.remittances.rules import COST_SHARING, Outcome, Payment, Service
from billing_saas.remittances.tables import Remittance


async def tell(
    db: TenantSession,
    actor: Actor,
    remittance: Remittance,
    matched: Matched,
    outcomes: Sequence[tuple[Payment, Outcome]],
    left: Mapping[UUID, Left],
) -> None:
    """Write the verdicts of a batch down to its claims, and move submissions and receivables."""
    await claims.take_back(db, [(taken.reverses, taken.id) for taken in matched.reversals])
    verdicts = [verdict for payment, outcome in outcomes for verdict in _verdicts(payment, outcome)]
    await claims.record_many(db, verdicts, remittance.payment_on)
    answered = {payment.claim_id for payment, _ in outcomes}
    taken_back = {taken.claim_id for taken in matched.reversals} - answered
    owed = await ledger.owed_by_party(db, taken_back) if taken_back else {}
    standing = {
        claim.id: claim_rules.standing_receivable(
            claim.payers, claim.patient_id, owed.get(claim.id, {})
        )
        for claim in matched.claims.values()
        if claim.id in taken_back
    }
    moves = _moves(remittance.id, matched, outcomes, left, standing)
    await transitions.move_many(db, actor, moves)


def _verdicts(payment: Payment, outcome: Outcome) -> list[LineVerdict]:
    return [
        _verdict(payment, service, position in outcome.denied_services)
        for position, service in enumerate(payment.services)
        if service.charge_id is not None
    ]


def _verdict(payment: Payment, service: Service, denied: bool) -> LineVerdict:
    assert service.charge_id is not None
    shared = sum(
        adjusted.amount_cents for adjusted in service.adjustments if adjusted.group == "PR"
    )
    sharing = sum(
        adjusted.amount_cents
        for adjusted in service.adjustments
        if adjusted.group == "PR" and adjusted.reason in COST_SHARING
    )
    # Where the payer does not say (AMT*B6), what it paid and what it left to the patient is allowed.
    allowed = service.paid_cents + sharing
    return LineVerdict(
        claim_id=payment.claim_id,
        charge_id=service.charge_id,
        payer_id=payment.payer_id,
        sequence=payment.sequence,
        claim_payment_id=payment.id,
        charge_cents=service.charge_cents,
        allowed_cents=service.allowed_cents if service.allowed_cents is not None else allowed,
        paid_cents=service.paid_cents,
        patient_responsibility_cents=shared,
        denied=denied,
        adjustments=tuple(
            [(a.group, a.reason, a.amount_cents, a.quantity) for a in service.adjustments]
        ),
        remarks=service.remarks,
    )


def _moves(
    remittance_id: UUID,
    matched: Matched,
    outcomes: Sequence[tuple[Payment, Outcome]],
    left: Mapping[UUID, Left],
    standing: Mapping[UUID, str],
) -> list[Move]:
    """In the order of events: what was taken back, then what was said anew.

    A submission that several claim payments speak of (a split claim) moves once per change.
    `standing`: who owes a claim of which a payment was taken back, and nothing said anew.
    """
    adjudication = dict(matched.adjudications)
    receivable = {claim.id: claim.receivable for claim in matched.claims.values()}
    moves: list[Move] = []

    def move(field: str, claim_id: UUID, submission_id: UUID | None, now: str, to: str) -> None:
        if now != to:
            moves.append(
                Move(
                    field=field,
                    claim_id=claim_id,
                    submission_id=submission_id,
                    from_state=now,
                    to_state=to,
                    why="remittance",
                    source_type="remittance",
                    source_id=remittance_id,
                )
            )

    for taken in matched.reversals:
        now = adjudication.get(taken.submission_id, taken.adjudication)
        move("adjudication", taken.claim_id, taken.submission_id, now, "reversed")
        adjudication[taken.submission_id] = "reversed"
    for payment, outcome in outcomes:
        now = adjudication[payment.submission_id]
        to = claim_rules.adjudication_of(payment, outcome)
        move("adjudication", payment.claim_id, payment.submission_id, now, to)
        adjudication[payment.submission_id] = to
        owed_by = receivable[payment.claim_id]
        owes = claim_rules.receivable_after(payment, outcome, left[payment.claim_id])
        move("receivable", payment.claim_id, None, owed_by, owes)
        receivable[payment.claim_id] = owes
    for claim_id, owes in standing.items():
        move("receivable", claim_id, None, receivable[claim_id], owes)
    return moves
