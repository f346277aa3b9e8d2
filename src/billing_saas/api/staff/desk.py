"""The front desk: cash and cheques, cards on the patient's own phone, receipts, drawers, and credit."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import JSONBody, QueryParameter

from billing_saas.api.declaring import declared
from billing_saas.api.deps import Asked, Db, Id, Who
from billing_saas.api.manners import manners
from billing_saas.api.wire import In, Out, PageOut
from billing_saas.desk import asking, closing, crediting, receipts, taking
from billing_saas.desk.asking import CardAsked
from billing_saas.desk.closing import ClosedDrawer, Drawer
from billing_saas.desk.crediting import CreditShown
from billing_saas.desk.errors import (
    NoPlanToPay,
    NoSuchBill,
    NothingTaken,
    NothingToApply,
    NumberRefused,
    TooLateToVoid,
)
from billing_saas.desk.receipts import ReceiptShown
from billing_saas.desk.rules import Counted, Language
from billing_saas.desk.taking import Taking, VoidReason
from billing_saas.duties.errors import AnotherMust
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.payments.errors import (
    AmountRefused,
    NoProcessor,
    NotTakingPayments,
    NotVoidable,
    PaymentUnderWay,
)
from billing_saas.payments.rules import MOST_CENTS, DeskMethod, Purpose
from billing_saas.plans.errors import NothingOwed

Cents = Annotated[int, msgspec.Meta(ge=1, le=MOST_CENTS)]


class TakingIn(In, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`patient_id` is the patient or who pays for them. A bill's money goes to the oldest debt first, or to
    the bill of `statement_id`; a copay or prepayment is kept as credit for its visit; `plan` is the next
    instalment. `number_last4`: the last four of a cheque's or money order's number, and no more."""

    patient_id: UUID
    cents: Cents
    method: DeskMethod
    purpose: Purpose = "bill"
    statement_id: UUID | None = None
    number_last4: Annotated[str, msgspec.Meta(max_length=4)] = ""

    def taking(self) -> Taking:
        said = {name: getattr(self, name) for name in self.__struct_fields__[1:]}
        return Taking(guarantor_id=self.patient_id, **said)


class ReceiptOut(Out, frozen=True):
    """`applied_cents` lies on what was owed, `credit_cents` is kept; of what was given back, neither."""

    id: UUID
    number: int
    payment_id: UUID
    guarantor_id: UUID
    practice_name: str
    method: str
    paper_number: str
    purpose: str
    state: str
    amount_cents: int
    refunded_cents: int
    applied_cents: int
    credit_cents: int
    received_on: date
    issued_at: datetime

    @classmethod
    def of(cls, shown: ReceiptShown) -> "ReceiptOut":
        return cls(**msgspec.structs.asdict(shown))


class VoidIn(In, frozen=True, forbid_unknown_fields=True):
    reason: VoidReason


class CardAskedIn(In, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An amount to be paid by card on the patient's own phone, or on a screen of the practice. For `plan` the
    amount is the next instalment's, whatever is said here."""

    patient_id: UUID
    cents: Cents
    purpose: Purpose = "copay"
    statement_id: UUID | None = None

    def asked(self) -> CardAsked:
        said = {name: getattr(self, name) for name in self.__struct_fields__[1:]}
        return CardAsked(guarantor_id=self.patient_id, **said)


class CardAskedOut(Out, frozen=True):
    """`url` is a page of the processor: show its code, or open it. Null: the processor did not answer; ask
    again, it is the same payment."""

    payment_id: UUID
    url: str | None


class CountedOut(Out, frozen=True):
    """`over_cents` above zero: more lay in the drawer than was taken."""

    method: str
    takings: int
    expected_cents: int
    counted_cents: int
    over_cents: int

    @classmethod
    def of(cls, counted: Counted) -> "CountedOut":
        return cls(**msgspec.structs.asdict(counted), over_cents=counted.over_cents)


class ExpectedOut(Out, frozen=True):
    method: str
    takings: int
    expected_cents: int

    @classmethod
    def of(cls, counted: Counted) -> "ExpectedOut":
        return cls(**{name: getattr(counted, name) for name in cls.__struct_fields__})


class DrawerOut(Out, frozen=True):
    """What a person took since their drawer was counted last."""

    user_id: UUID
    since: datetime | None
    expected: list[ExpectedOut]
    voided: int

    @classmethod
    def of(cls, drawer: Drawer) -> "DrawerOut":
        values = {name: getattr(drawer, name) for name in ("user_id", "since", "voided")}
        return cls(**values, expected=[ExpectedOut.of(one) for one in drawer.expected])


class DrawersOut(Out, frozen=True):
    drawers: list[DrawerOut]


class DrawerCloseIn(In, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was counted, by method; what is not named was found empty."""

    user_id: UUID
    cash_cents: Annotated[int, msgspec.Meta(ge=0, le=MOST_CENTS)] = 0
    cheque_cents: Annotated[int, msgspec.Meta(ge=0, le=MOST_CENTS)] = 0
    money_order_cents: Annotated[int, msgspec.Meta(ge=0, le=MOST_CENTS)] = 0

    def counts(self) -> dict[str, int]:
        return {
            "cash": self.cash_cents,
            "cheque": self.cheque_cents,
            "money_order": self.money_order_cents,
        }


class DrawerCloseOut(Out, frozen=True):
    id: UUID
    user_id: UUID
    closed_on: date
    closed_by: UUID
    closed_at: datetime
    counts: list[CountedOut]

    @classmethod
    def of(cls, found: ClosedDrawer) -> "DrawerCloseOut":
        values = {name: getattr(found, name) for name in cls.__struct_fields__ if name != "counts"}
        return cls(**values, counts=[CountedOut.of(one) for one in found.counts])


class CreditPaymentOut(Out, frozen=True):
    payment_id: UUID
    cents: int


class CreditOut(Out, frozen=True):
    """`applicable_cents` could be laid on what is owed now; `refundable_cents` is more than all of it, and the
    guarantor's: refund it from `payments`."""

    guarantor_id: UUID
    credit_cents: int
    owed_cents: int
    applicable_cents: int
    refundable_cents: int
    payments: list[CreditPaymentOut]

    @classmethod
    def of(cls, found: CreditShown) -> "CreditOut":
        values = {
            name: getattr(found, name) for name in cls.__struct_fields__ if name != "payments"
        }
        return cls(
            **values,
            payments=[
                CreditPaymentOut(payment_id=one.payment_id, cents=one.cents)
                for one in found.payments
            ],
        )


class ApplicationIn(In, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """So many cents of the credit, or (without a number) all of it."""

    cents: Cents | None = None


_RECEIPT = {"payment_id": "$response.body#/payment_id"}


async def _receipt(db: TenantSession, actor: Actor, payment_id: UUID) -> ReceiptOut:
    return ReceiptOut.of(await receipts.receipt(db, actor, payment_id))


@post(
    "/desk/takings",
    summary="Take cash, a cheque or a money order; the answer is the receipt",
    opt=declared(
        "payments.take",
        "desk.read",
        refusals=[AmountRefused, NumberRefused, NoPlanToPay, NoSuchBill],
        leads_to=dict.fromkeys(("get_receipt", "get_receipt_paper", "void_desk_taking"), _RECEIPT),
    )
    | manners(told_by=_receipt, resource="payment_id"),
)
async def take_at_desk(db: Db, actor: Who, data: JSONBody[TakingIn]) -> ReceiptOut:
    return await _receipt(db, actor, await taking.take(db, actor, data.taking()))


@post(
    "/desk/takings/{payment_id:uuid}/void",
    status_code=204,
    summary="Take back what was entered by mistake, the same day and before the drawer is counted",
    opt=declared("payments.void", refusals=[TooLateToVoid, NotVoidable, AnotherMust]),
)
async def void_desk_taking(db: Db, actor: Who, payment_id: Id, data: JSONBody[VoidIn]) -> None:
    await taking.void(db, actor, payment_id, data.reason)


@post(
    "/desk/card-payments",
    summary="Begin a payment by card that the patient makes on their own phone: no number is typed here",
    opt=declared(
        "payments.take",
        refusals=[
            *(AmountRefused, NotTakingPayments, NoProcessor, PaymentUnderWay),
            *(NoPlanToPay, NothingOwed, NoSuchBill),
        ],
        leads_to={"get_card_payment_code": _RECEIPT},
    )
    | manners(kind="plain"),
)
async def ask_card_payment(
    request: Request[Any, Any, Any], practice_id: Id, actor: Who, data: JSONBody[CardAskedIn]
) -> CardAskedOut:
    started = await asking.ask_card(request.app.state.database, practice_id, actor, data.asked())
    return CardAskedOut(payment_id=started.payment_id, url=started.url)


@get(
    "/desk/card-payments/{payment_id:uuid}/code",
    summary="The code to be photographed from the screen, for as long as the page is open",
    opt=declared("payments.take", download=("image/svg+xml",)),
)
async def get_card_payment_code(db: Db, actor: Who, payment_id: Id) -> Response[bytes]:
    code = asking.code_of(await asking.page_of(db, actor, payment_id))
    return Response(
        code,
        media_type="image/svg+xml",
        headers={"Content-Disposition": f'attachment; filename="pay-{payment_id}.svg"'},
    )


@get(
    "/payments/{payment_id:uuid}/receipt",
    summary="The receipt of a payment, numbered when it is asked for first",
    opt=declared("desk.read"),
)
async def get_receipt(db: Db, actor: Who, payment_id: Id) -> ReceiptOut:
    return await _receipt(db, actor, payment_id)


@get(
    "/payments/{payment_id:uuid}/receipt/paper",
    summary="The receipt on paper",
    opt=declared("desk.read", download=("application/pdf",)),
)
async def get_receipt_paper(
    db: Db,
    actor: Who,
    payment_id: Id,
    language: Annotated[Language, QueryParameter(description="In English or Spanish.")] = "en",
) -> Response[bytes]:
    content = await receipts.paper(db, actor, payment_id, language)
    return Response(
        content,
        media_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="receipt-{payment_id}.pdf"'},
    )


@get(
    "/desk/drawers",
    summary="What each person took since their drawer was counted, by method",
    opt=declared("desk.read"),
)
async def list_drawers(db: Db, actor: Who) -> DrawersOut:
    return DrawersOut(drawers=[DrawerOut.of(one) for one in await closing.drawers(db, actor)])


async def _close(db: TenantSession, actor: Actor, close_id: UUID) -> DrawerCloseOut:
    return DrawerCloseOut.of(await closing.closed(db, actor, close_id))


@post(
    "/desk/drawer-closes",
    summary="Count a drawer: what was found, beside what the books expect",
    opt=declared(
        "desk.close",
        "desk.read",
        refusals=[NothingTaken],
        leads_to={"get_drawer_close": {"drawer_close_id": "$response.body#/id"}},
    )
    | manners(told_by=_close, resource="id"),
)
async def close_drawer(db: Db, actor: Who, data: JSONBody[DrawerCloseIn]) -> DrawerCloseOut:
    return await _close(db, actor, await closing.close(db, actor, data.user_id, data.counts()))


@get(
    "/desk/drawer-closes",
    summary="Drawers that were counted, newest first",
    opt=declared(
        "desk.read",
        leads_to={"get_drawer_close": {"drawer_close_id": "$response.body#/rows/0/id"}},
    ),
)
async def list_drawer_closes(db: Db, actor: Who, page: Asked) -> PageOut[DrawerCloseOut]:
    found = await closing.closes(db, actor, page)
    return PageOut([DrawerCloseOut.of(one) for one in found.rows], found.next_cursor)


@get(
    "/desk/drawer-closes/{drawer_close_id:uuid}",
    summary="One drawer that was counted",
    opt=declared("desk.read"),
)
async def get_drawer_close(db: Db, actor: Who, drawer_close_id: Id) -> DrawerCloseOut:
    return await _close(db, actor, drawer_close_id)


@get(
    "/patients/{patient_id:uuid}/credit",
    summary="A guarantor's money that lies unapplied, and what could become of it",
    opt=declared("desk.read"),
)
async def get_credit(db: Db, actor: Who, patient_id: Id) -> CreditOut:
    return CreditOut.of(await crediting.credit(db, actor, patient_id))


@post(
    "/patients/{patient_id:uuid}/credit-applications",
    status_code=204,
    summary="Lay a guarantor's credit on what is owed, the oldest on the oldest",
    opt=declared("payments.take", refusals=[NothingToApply]),
)
async def apply_credit(db: Db, actor: Who, patient_id: Id, data: JSONBody[ApplicationIn]) -> None:
    await crediting.apply(db, actor, patient_id, data.cents)


HANDLERS = [
    take_at_desk,
    void_desk_taking,
    ask_card_payment,
    get_card_payment_code,
    get_receipt,
    get_receipt_paper,
    list_drawers,
    close_drawer,
    list_drawer_closes,
    get_drawer_close,
    get_credit,
    apply_credit,
]
