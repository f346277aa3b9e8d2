"""What is owed, and paying it: for who showed a birth date. Checkout is the processor's own page."""

from http import HTTPStatus
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from billing_saas.api.portal import frame
from billing_saas.api.portal.visiting import Asked, Visit, Visitor
from billing_saas.payments.errors import (
    AmountRefused,
    NoPaymentAccount,
    NoProcessor,
    NotTakingPayments,
    PaymentUnderWay,
)
from billing_saas.payments.starting import Started
from billing_saas.portal import paying
from billing_saas.statements.errors import StatementNotFound

_CANNOT = (NoPaymentAccount, NoProcessor, NotTakingPayments)


@get("/portal/bill")
async def show_bill(visit: Visitor, request: Asked) -> Response[str]:
    return await _bill(visit, _named(request.query_params.get("statement", "")))


@post("/portal/bill")
async def pay_bill(visit: Visitor) -> Response[str]:
    named = _named(visit.form.get("statement", ""))
    cents = _cents(visit)
    if cents is None:
        return await _bill(visit, named, "owed.no_amount")
    try:
        started = await paying.pay(visit.database, visit.actor, visit.entered, cents, named)
    except AmountRefused:
        return await _bill(visit, named, "owed.bad_amount")
    except PaymentUnderWay:
        return await _bill(visit, named, "owed.begun")
    except _CANNOT:
        return await _bill(visit, named, "owed.cannot", status=HTTPStatus.SERVICE_UNAVAILABLE)
    return _to_processor(visit, started)


@get("/portal/payments/{payment_id:uuid}")
async def show_payment(visit: Visitor, payment_id: FromPath[UUID]) -> Response[str]:
    visitor = visit.entered
    async with visit.practice() as db:
        found = await paying.payment(db, visit.actor, visitor, payment_id)
    return frame.page(visit, "payment", f"paid.{found.state}", payment=found)


@get("/portal/payments/{payment_id:uuid}/returned")
async def returned(visit: Visitor, payment_id: FromPath[UUID]) -> Response[str]:
    """The way back from the processor. That somebody comes this way says nothing of money."""
    if visit.visitor is None:
        return frame.page(visit, "returned_late", "paid.late")
    await paying.returned(visit.database, visit.tries, visit.actor, visit.visitor, payment_id)
    return frame.go(f"/portal/payments/{payment_id}")


@post("/portal/payments/{payment_id:uuid}/again")
async def pay_again(visit: Visitor, payment_id: FromPath[UUID]) -> Response[str]:
    try:
        started = await paying.again(visit.database, visit.actor, visit.entered, payment_id)
    except PaymentUnderWay:
        return frame.go(f"/portal/payments/{payment_id}")
    return _to_processor(visit, started)


@get("/portal/payments/{payment_id:uuid}/receipt")
async def show_receipt(visit: Visitor, payment_id: FromPath[UUID]) -> Response[str]:
    visitor = visit.entered
    async with visit.practice() as db:
        found = await paying.receipt(db, visit.actor, visitor, payment_id)
    return frame.page(visit, "receipt", "receipt.title", receipt=found)


def _named(typed: str) -> UUID | None:
    """A bill by its id; who names something else named nothing that is theirs."""
    if not typed:
        return None
    try:
        return UUID(typed)
    except ValueError:
        raise StatementNotFound("There is no such statement.") from None


def _cents(visit: Visit) -> int | None:
    """The whole, as the page showed it, or a part that was typed."""
    typed = visit.form.get("part" if visit.form.get("how") == "part" else "whole", "")
    return paying.typed_cents(typed)


async def _bill(
    visit: Visit, named: UUID | None, fault: str = "", *, status: int = HTTPStatus.OK
) -> Response[str]:
    visitor, look = visit.entered, visit.style
    async with visit.practice() as db:
        due = await paying.due(db, visit.actor, visitor, named)
    if fault and status == HTTPStatus.OK:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    return frame.page(
        visit,
        "owed",
        "owed.title",
        status=status,
        due=due,
        named=named,
        fault=fault,
        pays_part=look.pays_part,
        part=visit.form.get("part", "")[:20],
        how=visit.form.get("how", "whole"),
        may_see_more=look.opens_record and not visitor.is_verified,
    )


def _to_processor(visit: Visit, started: Started) -> Response[str]:
    """On to the processor by a page of ours that leads there at once, and has the same as a link: what a
    form leads to is held to `form-action`, and no policy of ours has to name the processor."""
    if started.url is None:
        return frame.go(f"/portal/payments/{started.payment_id}")
    return frame.page(
        visit,
        "to_processor",
        "pay.title",
        headers={"Refresh": f"0; url={started.url}"},
        url=started.url,
    )


HANDLERS = [show_bill, pay_bill, show_payment, returned, pay_again, show_receipt]
