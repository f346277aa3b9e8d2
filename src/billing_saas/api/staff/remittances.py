"""Remittances: what payers paid and why, and posting it."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from litestar import delete, get, post
from litestar.params import QueryParameter

from billing_saas.api.declaring import declared
from billing_saas.api.deps import Asked, Db, Id, Who
from billing_saas.api.manners import Versioned, manners
from billing_saas.api.staff.claims import AdjustmentOut
from billing_saas.api.wire import Out, PageOut
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.ledger.errors import MonthClosed
from billing_saas.remittances import posting, queries, unposting
from billing_saas.remittances.errors import (
    AlreadyPosted,
    IsDuplicate,
    NotPosted,
    NotSound,
    OutOfBalance,
    TakenBackSince,
)
from billing_saas.remittances.posting import Posted
from billing_saas.remittances.queries import ClaimPaymentRecord
from billing_saas.remittances.tables import Adjustment, Remittance, ServicePayment

State = Literal[
    "parsed",
    "balanced",
    "matched",
    "posted",
    "reconciled",
    "closed",
    "duplicate",
    "out_of_balance",
]


class RemittanceOut(Out, frozen=True):
    """One payment of one payer. `difference_cents` is 0 when claims and PLB make the payment."""

    id: UUID
    arrival_id: UUID
    n: int
    payer_id: UUID
    payer_name: str
    trace_number: str
    payment_cents: int
    method: str
    payment_on: date
    claims: int
    claims_paid_cents: int
    provider_adjustment_cents: int
    difference_cents: int
    state: str
    duplicate_of: UUID | None
    received_at: datetime
    posted_at: datetime | None

    @classmethod
    def of(cls, remittance: Remittance) -> "RemittanceOut":
        return cls(
            id=remittance.id,
            arrival_id=remittance.arrival_id,
            n=remittance.n,
            payer_id=remittance.payer_id,
            payer_name=remittance.payer_name,
            trace_number=remittance.trace_number,
            payment_cents=remittance.payment_cents,
            method=remittance.method,
            payment_on=remittance.payment_on,
            claims=remittance.claims,
            claims_paid_cents=remittance.claims_paid_cents,
            provider_adjustment_cents=remittance.provider_adjustment_cents,
            difference_cents=remittance.difference_cents,
            state=remittance.state,
            duplicate_of=remittance.duplicate_of,
            received_at=remittance.received_at,
            posted_at=remittance.posted_at,
        )


def _adjustment(adjustment: Adjustment) -> AdjustmentOut:
    return AdjustmentOut(
        group=adjustment.group_code,
        reason=adjustment.reason_code,
        amount_cents=adjustment.amount_cents,
        quantity=adjustment.quantity,
    )


class ServicePaymentOut(Out, frozen=True):
    """One service line. `submitted_procedure` is told when the payer changed the code."""

    procedure_code: str
    modifiers: str
    submitted_procedure: str
    units: str
    charge_cents: int
    paid_cents: int
    allowed_cents: int | None
    service_from: date | None
    service_to: date | None
    denied: bool
    remarks: str
    adjustments: list[AdjustmentOut]

    @classmethod
    def of(cls, service: ServicePayment, adjustments: list[AdjustmentOut]) -> "ServicePaymentOut":
        return cls(
            procedure_code=service.procedure_code,
            modifiers=service.modifiers,
            submitted_procedure=service.submitted_procedure,
            units=service.units,
            charge_cents=service.charge_cents,
            paid_cents=service.paid_cents,
            allowed_cents=service.allowed_cents,
            service_from=service.service_from,
            service_to=service.service_to,
            denied=service.denied,
            remarks=service.remarks,
            adjustments=adjustments,
        )


class ClaimPaymentOut(Out, frozen=True):
    """One CLP. `state` tells whether it was matched and posted; `claim_id` is ours. What your roles do
    not see is empty, and its class stands in `masked`."""

    id: UUID
    n: int
    claim_id: UUID | None
    state: str
    review_reason: str
    status: str
    patient_control_number: str
    payer_control_number: str
    patient_last_name: str
    patient_first_name: str
    charge_cents: int
    paid_cents: int
    patient_responsibility_cents: int
    reverses: UUID | None
    adjustments: list[AdjustmentOut]
    services: list[ServicePaymentOut]
    masked: list[str]

    @classmethod
    def of(cls, record: ClaimPaymentRecord) -> "ClaimPaymentOut":
        payment, identity = record.payment, record.identity
        by_service: dict[UUID | None, list[AdjustmentOut]] = {}
        for adjustment in record.adjustments:
            shown = by_service.setdefault(adjustment.service_payment_id, [])
            shown.append(_adjustment(adjustment))
        return cls(
            id=payment.id,
            n=payment.n,
            claim_id=payment.claim_id,
            state=payment.state,
            review_reason=payment.review_reason,
            status=payment.status,
            patient_control_number=identity.patient_control_number,
            payer_control_number=identity.payer_control_number,
            patient_last_name=identity.patient_last_name,
            patient_first_name=identity.patient_first_name,
            charge_cents=payment.charge_cents,
            paid_cents=payment.paid_cents,
            patient_responsibility_cents=payment.patient_responsibility_cents,
            reverses=payment.reverses,
            adjustments=by_service.get(None, []),
            services=[
                ServicePaymentOut.of(service, by_service.get(service.id, []))
                for service in record.services
            ],
            masked=list(record.masked),
        )


class PostedOut(Out, frozen=True):
    """What a posting came to. `cash_cents` is the payment; `unapplied_cents` waits for a claim."""

    remittance_id: UUID
    claims: int
    matched: int
    unmatched: int
    reversed: int
    denied_lines: int
    cash_cents: int
    unapplied_cents: int
    cards: int

    @classmethod
    def of(cls, posted: Posted) -> "PostedOut":
        return cls(
            remittance_id=posted.remittance_id,
            claims=posted.claims,
            matched=posted.matched,
            unmatched=posted.unmatched,
            reversed=posted.reversed,
            denied_lines=posted.denied_lines,
            cash_cents=posted.cash_cents,
            unapplied_cents=posted.unapplied_cents,
            cards=posted.cards,
        )


_SHOW_IT = {
    "get_remittance": {"remittance_id": "$request.path.remittance_id"},
    "list_claim_payments": {"remittance_id": "$request.path.remittance_id"},
}


@get(
    "/remittances",
    summary="Payments of payers, newest first",
    opt=declared(
        "remittances.read",
        leads_to={
            name: {"remittance_id": "$response.body#/rows/0/id"}
            for name in ("get_remittance", "post_remittance", "unpost_remittance")
        },
    ),
)
async def list_remittances(
    db: Db,
    actor: Who,
    page: Asked,
    remittance_state: Annotated[
        State | None, QueryParameter(name="state", description="Only those in this state.")
    ] = None,
    payer_id: Annotated[
        UUID | None, QueryParameter(description="Only those of this payer.")
    ] = None,
    payment_from: Annotated[
        date | None, QueryParameter(description="Only those paid on this day or later.")
    ] = None,
    payment_to: Annotated[
        date | None, QueryParameter(description="Only those paid by this day.")
    ] = None,
) -> PageOut[RemittanceOut]:
    found = await queries.remittances(
        db,
        actor,
        page,
        state=remittance_state,
        payer_id=payer_id,
        payment_from=payment_from,
        payment_to=payment_to,
    )
    return PageOut([RemittanceOut.of(row) for row in found.rows], found.next_cursor)


@get(
    "/remittances/{remittance_id:uuid}",
    summary="One payment of a payer",
    opt=declared(
        "remittances.read",
        leads_to={
            "list_claim_payments": {"remittance_id": "$request.path.remittance_id"},
            "get_arrival": {"arrival_id": "$response.body#/arrival_id"},
        },
    ),
)
async def get_remittance(db: Db, actor: Who, remittance_id: Id) -> RemittanceOut:
    return RemittanceOut.of(await queries.remittance(db, actor, remittance_id))


@get(
    "/remittances/{remittance_id:uuid}/claim-payments",
    summary="The claims a payment is for, in the order of the file",
    opt=declared("remittances.read"),
)
async def list_claim_payments(
    db: Db, actor: Who, page: Asked, remittance_id: Id
) -> PageOut[ClaimPaymentOut]:
    found = await queries.claim_payments(db, actor, remittance_id, page)
    return PageOut([ClaimPaymentOut.of(record) for record in found.rows], found.next_cursor)


@get(
    "/remittances/{remittance_id:uuid}/posting",
    summary="What the posting of a remittance came to",
    opt=declared("remittances.read", refusals=[NotPosted], leads_to=_SHOW_IT),
)
async def get_posting(db: Db, actor: Who, remittance_id: Id) -> PostedOut:
    return await _posting(db, actor, remittance_id)


async def _posting(db: TenantSession, actor: Actor, remittance_id: UUID) -> PostedOut:
    return PostedOut.of(await posting.outcome(db, actor, remittance_id))


async def _remittance(db: TenantSession, actor: Actor, remittance_id: UUID) -> RemittanceOut:
    return RemittanceOut.of(await queries.remittance(db, actor, remittance_id))


_VERSIONED = Versioned(lock=queries.locked, show=_remittance)


@post(
    "/remittances/{remittance_id:uuid}/posting",
    status_code=201,
    summary="Post a remittance",
    opt=declared(
        "remittances.post",
        refusals=[AlreadyPosted, IsDuplicate, NotSound, OutOfBalance, MonthClosed],
        leads_to={
            **_SHOW_IT,
            "unpost_remittance": {"remittance_id": "$request.path.remittance_id"},
        },
    )
    | manners(told_by=_posting, versioned=_VERSIONED),
)
async def post_remittance(db: Db, actor: Who, remittance_id: Id) -> PostedOut:
    """The worker posts what is sound by itself; this is for what was held, and for a second try."""
    return PostedOut.of(await posting.post(db, actor, remittance_id))


@delete(
    "/remittances/{remittance_id:uuid}/posting",
    status_code=204,
    summary="Undo a posting by reversing its entries",
    opt=declared(
        "remittances.reverse",
        refusals=[NotPosted, TakenBackSince, MonthClosed],
        leads_to=_SHOW_IT,
    )
    | manners(versioned=_VERSIONED),
)
async def unpost_remittance(db: Db, actor: Who, remittance_id: Id) -> None:
    await unposting.unpost(db, actor, remittance_id)


HANDLERS = [
    list_remittances,
    get_remittance,
    list_claim_payments,
    get_posting,
    post_remittance,
    unpost_remittance,
]
