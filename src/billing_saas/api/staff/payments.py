"""Patients' payments and what comes of them: refunds and disputes."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import JSONBody, QueryParameter

from billing_saas.api.declaring import declared
from billing_saas.api.deps import Asked, Db, Id, Who
from billing_saas.api.manners import manners
from billing_saas.api.wire import In, Out, PageOut
from billing_saas.duties.errors import AnotherMust
from billing_saas.kit.actor import Actor, StepUpRequired
from billing_saas.kit.db import TenantSession
from billing_saas.payments import queries, recording
from billing_saas.payments.errors import (
    MoreThanPaid,
    NothingToAnswer,
    NotRefundable,
    NotVoidable,
    RefundNotFailed,
    RefundNotWaiting,
)
from billing_saas.payments.queries import PaymentShown, Receipt
from billing_saas.payments.rules import RefundReason
from billing_saas.payments.tables import Dispute, Refund
from billing_saas.settlements import disputing, refunding

State = Literal["started", "processing", "unknown", "succeeded", "failed", "expired"]
_Last4 = Annotated[str, msgspec.Meta(pattern="^[0-9]{0,4}$", max_length=4)]


class PatientPaymentOut(Out, frozen=True):
    """`method`: checkout, saved_card, cash, cheque, money_order. `state`: started, processing (a bank debit
    takes days), unknown (the processor is being asked), succeeded, part_refunded, refunded, disputed,
    failed, expired, voided."""

    id: UUID
    guarantor_id: UUID
    statement_id: UUID | None
    plan_instalment_id: UUID | None
    method: str
    purpose: str
    state: str
    amount_cents: int
    refunded_cents: int
    disputed: str
    attempts: int
    failure_code: str
    paper_number: str
    received_on: date
    created_at: datetime
    updated_at: datetime
    succeeded_at: datetime | None

    @classmethod
    def of(cls, shown: PaymentShown) -> "PatientPaymentOut":
        return cls(**msgspec.structs.asdict(shown))


class PaymentShareOut(Out, frozen=True):
    """What of a payment stands on a charge."""

    patient_id: UUID
    claim_id: UUID | None
    charge_id: UUID | None
    cents: int


class PaymentInFullOut(Out, frozen=True):
    """`shares` is where the money stands now; `unapplied_cents` is still the guarantor's credit."""

    payment: PatientPaymentOut
    shares: list[PaymentShareOut]
    unapplied_cents: int

    @classmethod
    def of(cls, found: Receipt) -> "PaymentInFullOut":
        return cls(
            payment=PatientPaymentOut.of(found.payment),
            shares=[
                PaymentShareOut(
                    patient_id=share.patient_id,
                    claim_id=share.claim_id,
                    charge_id=share.charge_id,
                    cents=share.cents,
                )
                for share in found.shares
            ],
            unapplied_cents=found.unapplied_cents,
        )


class RefundIn(In, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All or a part. `number_last4` is of the cheque it is given by, where no card takes it back."""

    amount_cents: Annotated[int, msgspec.Meta(ge=1, le=99_999_999)]
    reason: RefundReason
    number_last4: _Last4 = ""


class RepaymentIn(In, frozen=True, forbid_unknown_fields=True):
    """By which cheque the patient got what the card did not take back."""

    number_last4: _Last4 = ""


class RefundOut(Out, frozen=True):
    """`state`: awaiting_approval, approved, unknown, pending, succeeded, failed (the card did not take it:
    it is owed to the patient), repaid, refused."""

    id: UUID
    payment_id: UUID
    amount_cents: int
    reason: str
    method: str
    state: str
    failure_code: str
    asked_by: UUID
    asked_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    updated_at: datetime

    @classmethod
    def of(cls, row: Refund) -> "RefundOut":
        return cls(**{name: getattr(row, name) for name in cls.__struct_fields__})


class DisputeOut(Out, frozen=True):
    """`state`: inquiry (no money moved yet), needs_response, under_review, won, lost, inquiry_closed.
    `evidence_state` is empty until somebody answered: asked, sent, refused."""

    id: UUID
    payment_id: UUID
    amount_cents: int
    reason: str
    state: str
    evidence_due_at: datetime | None
    evidence_state: str
    evidence_by: UUID | None
    opened_at: datetime
    closed_at: datetime | None
    updated_at: datetime

    @classmethod
    def of(cls, row: Dispute) -> "DisputeOut":
        return cls(**{name: getattr(row, name) for name in cls.__struct_fields__})


@get(
    "/payments",
    summary="Payments of patients, newest first",
    opt=declared(
        "payments.read",
        leads_to={"get_payment": {"payment_id": "$response.body#/rows/0/id"}},
    ),
)
async def list_payments(
    db: Db,
    actor: Who,
    page: Asked,
    patient_id: Annotated[UUID | None, QueryParameter(description="Paid by this one.")] = None,
    stands: Annotated[State | None, QueryParameter(name="state", description="Those.")] = None,
) -> PageOut[PatientPaymentOut]:
    found = await queries.payments(db, actor, page, guarantor_id=patient_id, state=stands)
    return PageOut([PatientPaymentOut.of(one) for one in found.rows], found.next_cursor)


@get(
    "/payments/{payment_id:uuid}",
    summary="One payment, and what it went to",
    opt=declared("payments.read"),
)
async def get_payment(db: Db, actor: Who, payment_id: Id) -> PaymentInFullOut:
    return PaymentInFullOut.of(await queries.payment(db, actor, payment_id))


@post(
    "/payments/{payment_id:uuid}/bounce",
    status_code=204,
    summary="A cheque came back from the bank: it never was money",
    opt=declared("payments.void", refusals=[NotVoidable]),
)
async def bounce_payment(db: Db, actor: Who, payment_id: Id) -> None:
    await recording.void(db, actor, payment_id, "bounced")


async def _refund(db: TenantSession, actor: Actor, refund_id: UUID) -> RefundOut:
    return RefundOut.of(await queries.refund(db, actor, refund_id))


_ONE_REFUND = {"refund_id": "$response.body#/id"}


@post(
    "/payments/{payment_id:uuid}/refunds",
    summary="Give a payment back, or a part; above the practice's limit a second person approves",
    opt=declared(
        "refunds.ask",
        "payments.read",
        refusals=[NotRefundable, MoreThanPaid, AnotherMust, StepUpRequired],
        leads_to=dict.fromkeys(("get_refund", "approve_refund", "refuse_refund"), _ONE_REFUND),
    )
    | manners(told_by=_refund, resource="id"),
)
async def ask_refund(db: Db, actor: Who, payment_id: Id, data: JSONBody[RefundIn]) -> RefundOut:
    refund_id = await refunding.ask(
        db, actor, payment_id, data.amount_cents, data.reason, paper_number=data.number_last4
    )
    return await _refund(db, actor, refund_id)


@get(
    "/refunds",
    summary="Refunds, newest first",
    opt=declared(
        "payments.read", leads_to={"get_refund": {"refund_id": "$response.body#/rows/0/id"}}
    ),
)
async def list_refunds(
    db: Db,
    actor: Who,
    page: Asked,
    payment_id: Annotated[UUID | None, QueryParameter(description="Of this payment.")] = None,
) -> PageOut[RefundOut]:
    found = await queries.refunds(db, actor, page, payment_id=payment_id)
    return PageOut([RefundOut.of(row) for row in found.rows], found.next_cursor)


@get("/refunds/{refund_id:uuid}", summary="One refund", opt=declared("payments.read"))
async def get_refund(db: Db, actor: Who, refund_id: Id) -> RefundOut:
    return await _refund(db, actor, refund_id)


@post(
    "/refunds/{refund_id:uuid}/approval",
    status_code=204,
    summary="Approve a refund that somebody else asked for",
    opt=declared(
        "refunds.approve",
        refusals=[RefundNotWaiting, NotRefundable, AnotherMust, StepUpRequired],
    ),
)
async def approve_refund(db: Db, actor: Who, refund_id: Id) -> None:
    await refunding.approve(db, actor, refund_id)


@post(
    "/refunds/{refund_id:uuid}/refusal",
    status_code=204,
    summary="Do not give it back",
    opt=declared("refunds.approve", refusals=[RefundNotWaiting]),
)
async def refuse_refund(db: Db, actor: Who, refund_id: Id) -> None:
    await refunding.refuse(db, actor, refund_id)


@post(
    "/refunds/{refund_id:uuid}/repayment",
    status_code=204,
    summary="A refund that the card did not take was paid by cheque",
    opt=declared("refunds.approve", refusals=[RefundNotFailed, StepUpRequired]),
)
async def repay_refund(db: Db, actor: Who, refund_id: Id, data: JSONBody[RepaymentIn]) -> None:
    await refunding.repay(db, actor, refund_id, data.number_last4)


@get(
    "/disputes",
    summary="Disputes of payments, newest first",
    opt=declared(
        "payments.read", leads_to={"get_dispute": {"dispute_id": "$response.body#/rows/0/id"}}
    ),
)
async def list_disputes(db: Db, actor: Who, page: Asked) -> PageOut[DisputeOut]:
    found = await queries.disputes(db, actor, page)
    return PageOut([DisputeOut.of(row) for row in found.rows], found.next_cursor)


@get("/disputes/{dispute_id:uuid}", summary="One dispute", opt=declared("payments.read"))
async def get_dispute(db: Db, actor: Who, dispute_id: Id) -> DisputeOut:
    return DisputeOut.of(await queries.dispute(db, actor, dispute_id))


@post(
    "/disputes/{dispute_id:uuid}/answer",
    status_code=204,
    summary="Answer the patient's bank, in fixed words without anything medical",
    opt=declared("disputes.answer", refusals=[NothingToAnswer]),
)
async def answer_dispute(db: Db, actor: Who, dispute_id: Id) -> None:
    await disputing.answer(db, actor, dispute_id)


HANDLERS = [
    list_payments,
    get_payment,
    bounce_payment,
    ask_refund,
    list_refunds,
    get_refund,
    approve_refund,
    refuse_refund,
    repay_refund,
    list_disputes,
    get_dispute,
    answer_dispute,
]
