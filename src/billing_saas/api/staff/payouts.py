"""What the processor paid out, movement by movement, and whether the books agree with it."""

from datetime import date, datetime
from uuid import UUID

import msgspec
from litestar import get

from billing_saas.api.declaring import declared
from billing_saas.api.deps import Asked, Db, Id, Who
from billing_saas.api.wire import Out, PageOut
from billing_saas.payments import queries
from billing_saas.payments.tables import BalanceTransaction, Payout
from billing_saas.settlements import reconciliation


class PayoutOut(Out, frozen=True):
    """`ours_cents` is of payments kept here, `other_cents` of other business on the practice's account.
    `reconciled`: balanced, with_others, by_hand (the processor does not say of what); empty until told."""

    id: UUID
    amount_cents: int
    state: str
    arrival_on: date
    automatic: bool
    ours_cents: int
    other_cents: int
    reconciled: str
    created_at: datetime

    @classmethod
    def of(cls, row: Payout) -> "PayoutOut":
        return cls(**{name: getattr(row, name) for name in cls.__struct_fields__})


class MovementOut(Out, frozen=True):
    """`matched`: payment, refund, dispute, fee, payout (an earlier one that failed) or other."""

    id: UUID
    kind: str
    matched: str
    object_id: UUID | None
    amount_cents: int
    fee_cents: int
    net_cents: int
    at: datetime

    @classmethod
    def of(cls, row: BalanceTransaction) -> "MovementOut":
        return cls(**{name: getattr(row, name) for name in cls.__struct_fields__})


class PayoutInFullOut(Out, frozen=True):
    payout: PayoutOut
    movements: list[MovementOut]


class ReconciliationOut(Out, frozen=True):
    """`clearing_cents`, what the journal says the processor holds, is `waiting_cents` (movements to be paid
    out) and `untold_cents` (movements not told yet), less `by_hand_cents`. `difference_cents` is zero, or
    a matter for a person."""

    clearing_cents: int
    waiting_cents: int
    untold_cents: int
    by_hand_cents: int
    difference_cents: int
    other_cents: int
    fees_cents: int
    dispute_losses_cents: int
    paid_out_cents: int


@get(
    "/payouts",
    summary="Payouts to the practice's bank, newest first",
    opt=declared(
        "payments.read", leads_to={"get_payout": {"payout_id": "$response.body#/rows/0/id"}}
    ),
)
async def list_payouts(db: Db, actor: Who, page: Asked) -> PageOut[PayoutOut]:
    found = await queries.payouts(db, actor, page)
    return PageOut([PayoutOut.of(row) for row in found.rows], found.next_cursor)


@get(
    "/payouts/{payout_id:uuid}",
    summary="One payout, and the movements it is made of",
    opt=declared("payments.read"),
)
async def get_payout(db: Db, actor: Who, payout_id: Id) -> PayoutInFullOut:
    payout, lines = await queries.payout(db, actor, payout_id)
    return PayoutInFullOut(
        payout=PayoutOut.of(payout), movements=[MovementOut.of(line) for line in lines]
    )


@get(
    "/payment-reconciliation",
    summary="Whether the books agree with the payment processor",
    opt=declared("payments.read"),
)
async def get_payment_reconciliation(db: Db, actor: Who) -> ReconciliationOut:
    found = await reconciliation.of_now(db, actor)
    return ReconciliationOut(**msgspec.structs.asdict(found))


HANDLERS = [list_payouts, get_payout, get_payment_reconciliation]
