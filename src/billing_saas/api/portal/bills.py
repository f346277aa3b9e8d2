"""Home, bills, why anything is owed, payments and receipts: of who showed a code."""

from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath

from billing_saas.api.portal import inside
from billing_saas.api.portal.visiting import Visit, Visitor
from billing_saas.desk import receipts
from billing_saas.portal import bills
from billing_saas.statements import words as statement_words
from billing_saas.statements.words import Language

Id = FromPath[UUID]


@get("/portal/home")
async def show_home(visit: Visitor) -> Response[str]:
    async with inside.practice(visit) as (db, actor):
        home = await bills.home(db, actor)
    return inside.page(visit, "home", "home.title", home=home)


@get("/portal/bills")
async def show_bills(visit: Visitor) -> Response[str]:
    async with inside.practice(visit) as (db, actor):
        found, owed_cents = await bills.bills(db, actor)
    return inside.page(visit, "bills", "bills.title", bills=found, owed_cents=owed_cents)


@get("/portal/bills/{statement_id:uuid}")
async def show_bill(visit: Visitor, statement_id: Id) -> Response[str]:
    async with inside.practice(visit) as (db, actor):
        shown = await bills.bill(db, actor, statement_id)
    return inside.page(visit, "bill_inside", "bill.title", shown=shown, under="/portal/bills")


@get("/portal/bills/{statement_id:uuid}/paper")
async def save_bill(visit: Visitor, statement_id: Id) -> Response[bytes]:
    async with inside.practice(visit) as (db, actor):
        content = await bills.paper(db, actor, statement_id)
    return inside.file(content, "bill")


@get("/portal/why")
async def show_why(visit: Visitor) -> Response[str]:
    async with inside.practice(visit) as (db, actor):
        shown = await bills.why(db, actor)
    return inside.page(
        visit, "why", "why.title", why=shown, said=_words(visit), under="/portal/bills"
    )


@get("/portal/why/{claim_id:uuid}")
async def show_why_claim(visit: Visitor, claim_id: Id) -> Response[str]:
    async with inside.practice(visit) as (db, actor):
        shown = await bills.why_claim(db, actor, claim_id)
    return inside.page(
        visit, "why_claim", "why.title", shown=shown, said=_words(visit), under="/portal/bills"
    )


@get("/portal/payments")
async def show_payments(visit: Visitor) -> Response[str]:
    async with inside.practice(visit) as (db, actor):
        found = await bills.paid(db, actor)
    return inside.page(visit, "payments", "payments.title", payments=found)


@get("/portal/payments/{payment_id:uuid}/paper")
async def save_receipt(visit: Visitor, payment_id: Id) -> Response[bytes]:
    async with inside.practice(visit) as (db, actor):
        content = await receipts.paper(db, actor, payment_id, _language(visit))
    return inside.file(content, "receipt")


class _Words:
    """The words of an explanation in one language: those that bills are printed with."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def label(self, name: str) -> str:
        return statement_words.label(name, self._language)

    def share(self, kind: str) -> str:
        return statement_words.share(kind, self._language)

    def meaning(self, kind: str, reason: str) -> str:
        return statement_words.meaning(kind, reason, self._language)

    def write_off(self, account: str) -> str:
        return statement_words.write_off(account, self._language)


def _words(visit: Visit) -> _Words:
    return _Words(_language(visit))


def _language(visit: Visit) -> Language:
    return "es" if visit.language == "es" else "en"


HANDLERS = [
    *(show_home, show_bills, show_bill, save_bill, show_why, show_why_claim, show_payments),
    save_receipt,
]
