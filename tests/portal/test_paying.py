"""Paying with a birth date and no more: what is shown, what is refused, and that nothing is paid twice."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from uuid import UUID

import pytest
from litestar import Litestar
from sqlalchemy import select

from billing_saas.kit.db import Database
from billing_saas.payments.tables import Payment
from billing_saas.portal_looks import settings as looks
from billing_sandbox.stripe.running import Refused, Sandbox
from tests.cast import Tenant, enrolled
from tests.payments.till import Till
from tests.portal import debts
from tests.portal.visiting import Phone


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(daily_payouts=False) as made:
        yield made


@pytest.fixture
async def till(database: Database, elm: Tenant, sandbox: Sandbox) -> AsyncIterator[Till]:
    sandbox.no_more_faults()
    yield await Till.opened(database, elm, sandbox)
    sandbox.no_more_faults()


def led_to(phone: Phone) -> str:
    """Where the page of ours leads on: the processor's."""
    found = re.search(r'<a class="button" href="(http[^"]+)"', phone.page)
    assert found, phone.page
    return found[1].replace("&amp;", "&")


async def made(database: Database, elm: Tenant) -> list[Payment]:
    async with database.tenant(elm.id) as db:
        return list(await db.scalars(select(Payment).order_by(Payment.id)))


async def paid(till: Till, url: str, **how: str) -> str:
    """At the processor's page; where it leads back, on the phone."""
    back = await asyncio.to_thread(till.sandbox.pay, url, **how)
    await till.hear()
    return re.sub(r"^https?://[^/]+", "", back)


async def test_a_bill_is_paid_in_three_pages_by_the_code_on_paper(
    phone: Phone, till: Till, database: Database, elm: Tenant, rosa: UUID
) -> None:
    await debts.owes(database, elm, rosa, 12_345)
    bill = await debts.billed(database, elm, rosa, 12_345)
    await phone.type_code(await debts.coded(database, elm, rosa, bill))
    assert phone.path == "/portal/bill"
    assert "$123.45" in phone.page
    answer = await phone.post("/portal/bill", how="whole", whole="$123.45")
    assert answer.headers["refresh"] == f"0; url={led_to(phone)}"
    back = await paid(till, led_to(phone))
    await phone.get(back)
    assert phone.heading == "Paid. Thank you."
    await phone.get(re.search(r'href="([^"]+/receipt)"', phone.page)[1])  # type: ignore[index]
    assert "$123.45" in phone.page
    assert "Elm Family Medicine" in phone.page
    await phone.get("/portal/bill")
    assert "Nothing is owed now" in phone.page
    assert "<button>Go to payment" not in phone.page


@pytest.mark.slow
async def test_a_browser_that_says_paid_is_not_believed(
    phone: Phone, till: Till, database: Database, elm: Tenant, rosa: UUID
) -> None:
    await debts.owes(database, elm, rosa, 5_000)
    bill = await debts.billed(database, elm, rosa, 5_000)
    await phone.open_link(await debts.linked(database, elm, rosa, bill))
    await phone.post("/portal/bill", how="whole", whole="$50.00")
    (payment,) = await made(database, elm)
    await phone.get(f"/portal/payments/{payment.id}/returned?success=1")
    assert phone.heading == "Not paid yet"
    answer = await phone.get(f"/portal/payments/{payment.id}/receipt")
    assert answer.status_code == 404
    await phone.get(f"/portal/payments/{payment.id}")
    await phone.post(f"/portal/payments/{payment.id}/again")
    await phone.get(await paid(till, led_to(phone)))
    assert phone.heading == "Paid. Thank you."


async def test_who_is_back_before_the_processor_knocked_sees_what_it_says(
    phone: Phone, till: Till, database: Database, elm: Tenant, rosa: UUID
) -> None:
    await debts.owes(database, elm, rosa, 5_000)
    bill = await debts.billed(database, elm, rosa, 5_000)
    await phone.open_link(await debts.linked(database, elm, rosa, bill))
    await phone.post("/portal/bill", how="whole", whole="$50.00")
    back = await asyncio.to_thread(till.sandbox.pay, led_to(phone))
    await phone.get(re.sub(r"^https?://[^/]+", "", back))
    assert phone.heading == "Paid. Thank you."
    await till.hear()
    assert [one.state for one in await made(database, elm)] == ["succeeded"]
    assert "patient_receivable" not in await till.balances()


async def test_two_browsers_on_one_bill_pay_it_once(
    phone: Phone, other_phone: Phone, till: Till, database: Database, elm: Tenant, rosa: UUID
) -> None:
    """Both are led to one page of the processor, which takes one payment."""
    await debts.owes(database, elm, rosa, 8_000)
    bill = await debts.billed(database, elm, rosa, 8_000)
    await phone.open_link(await debts.linked(database, elm, rosa, bill))
    await other_phone.type_code(await debts.coded(database, elm, rosa, bill))
    for one in (phone, other_phone):
        await one.post("/portal/bill", how="whole", whole="$80.00")
    assert led_to(phone) == led_to(other_phone)
    await paid(till, led_to(phone))
    await other_phone.get("/portal/bill")
    answer = await other_phone.post("/portal/bill", how="whole", whole="$80.00")
    assert answer.status_code in (403, 422)  # no form there any more, so no token of it either
    assert [(one.state, one.amount_cents) for one in await made(database, elm)] == [
        ("succeeded", 8_000)
    ]
    assert "patient_receivable" not in await till.balances()


@pytest.mark.slow
async def test_two_browsers_on_all_that_is_owed_pay_it_once(
    phone: Phone, other_phone: Phone, till: Till, database: Database, elm: Tenant, rosa: UUID
) -> None:
    await debts.owes(database, elm, rosa, 8_000)
    for one in (phone, other_phone):
        await one.open_link(await debts.linked(database, elm, rosa))
    await phone.post("/portal/bill", how="whole", whole="$80.00")
    begun = led_to(phone)
    await other_phone.post("/portal/bill", how="part", part="30", whole="$80.00")
    assert "with another amount" in other_phone.page
    await other_phone.post("/portal/bill", how="whole", whole="$80.00")
    assert led_to(other_phone) == begun
    await paid(till, begun)
    await other_phone.get("/portal/bill")
    assert "Nothing is owed now" in other_phone.page


@pytest.mark.slow
async def test_who_comes_while_the_bank_has_not_answered_is_told(
    phone: Phone, other_phone: Phone, till: Till, database: Database, elm: Tenant, rosa: UUID
) -> None:
    await debts.owes(database, elm, rosa, 8_000)
    bill = await debts.billed(database, elm, rosa, 8_000)
    await phone.open_link(await debts.linked(database, elm, rosa, bill))
    await phone.post("/portal/bill", how="whole", whole="$80.00")
    till._offer_debits(led_to(phone))  # as its account at the processor was set up
    await phone.get(await paid(till, led_to(phone), bank="000123456789"))
    assert phone.heading == "Payment on its way"
    await other_phone.open_link(await debts.linked(database, elm, rosa, bill))
    assert "$80.00 is on its way" in other_phone.page
    assert 'name="how"' not in other_phone.page


async def test_an_insurer_pays_while_somebody_is_at_checkout(
    phone: Phone, till: Till, database: Database, elm: Tenant, rosa: UUID
) -> None:
    """The money comes all the same; what is no longer owed is the patient's credit, and is told so."""
    await debts.owes(database, elm, rosa, 8_000)
    bill = await debts.billed(database, elm, rosa, 8_000)
    await phone.open_link(await debts.linked(database, elm, rosa, bill))
    await phone.post("/portal/bill", how="whole", whole="$80.00")
    page = led_to(phone)
    await debts.owes(database, elm, rosa, -6_000)
    await phone.get(await paid(till, page))
    assert phone.heading == "Paid. Thank you."
    await phone.get(f"{phone.path}/receipt")
    assert "$60.00" in phone.page
    balances = await till.balances()
    assert balances["unapplied_patient_cash"] == -6_000
    assert "patient_receivable" not in balances


@pytest.mark.slow
async def test_an_insurer_paid_since_the_page_was_loaded(
    phone: Phone, till: Till, database: Database, elm: Tenant, rosa: UUID
) -> None:
    await debts.owes(database, elm, rosa, 8_000)
    await phone.open_link(await debts.linked(database, elm, rosa))
    await debts.owes(database, elm, rosa, -6_000)
    answer = await phone.post("/portal/bill", how="whole", whole="$80.00")
    assert answer.status_code == 422
    assert "more than is owed now" in phone.page
    assert "$20.00" in phone.page
    assert await made(database, elm) == []


@pytest.mark.slow
@pytest.mark.parametrize("part", ["0.49", "80.01", "1e2", "-5", "", "0x10", "٥"])
async def test_amounts_that_are_none_start_nothing(
    phone: Phone, till: Till, database: Database, elm: Tenant, rosa: UUID, part: str
) -> None:
    await debts.owes(database, elm, rosa, 8_000)
    await phone.open_link(await debts.linked(database, elm, rosa))
    answer = await phone.post("/portal/bill", how="part", part=part, whole="$80.00")
    assert answer.status_code == 422
    assert await made(database, elm) == []


@pytest.mark.slow
async def test_a_part_is_paid_where_the_practice_takes_parts(
    phone: Phone, till: Till, database: Database, elm: Tenant, rosa: UUID
) -> None:
    await debts.owes(database, elm, rosa, 8_000)
    await phone.open_link(await debts.linked(database, elm, rosa))
    await phone.post("/portal/bill", how="part", part="25.50", whole="$80.00")
    await phone.get(await paid(till, led_to(phone)))
    assert (await till.balances())["patient_receivable"] == 5_450
    admin = (await enrolled(database, elm, "boss", "practice_admin")).actor
    async with database.tenant(elm.id) as db:
        wanted = looks.Wanted(
            shown_name="Elm", accent="#0b57a4", languages=("en",), pays_part=False
        )
        await looks.replace(db, admin, wanted)
    await phone.get("/portal/bill")
    assert 'name="part"' not in phone.page
    answer = await phone.post("/portal/bill", how="part", part="10", whole="$54.50")
    assert answer.status_code == 422


@pytest.mark.slow
async def test_a_declined_card_is_told_and_tried_again(
    phone: Phone, till: Till, database: Database, elm: Tenant, rosa: UUID
) -> None:
    await debts.owes(database, elm, rosa, 8_000)
    await phone.open_link(await debts.linked(database, elm, rosa))
    await phone.post("/portal/bill", how="whole", whole="$80.00")
    first = led_to(phone)
    with pytest.raises(Refused, match="declined"):
        await paid(till, first, card="4000000000000002")
    await till.hear()
    (payment,) = await made(database, elm)
    await phone.get(f"/portal/payments/{payment.id}")
    assert phone.heading in ("Not paid yet", "The payment did not go through")
    await phone.post(f"/portal/payments/{payment.id}/again")
    await phone.get(await paid(till, led_to(phone)))
    assert phone.heading == "Paid. Thank you."
    assert len(await made(database, elm)) == 1


@pytest.mark.slow
async def test_a_processor_that_is_silent_charges_nobody_twice(
    phone: Phone, till: Till, database: Database, elm: Tenant, rosa: UUID
) -> None:
    await debts.owes(database, elm, rosa, 8_000)
    bill = await debts.billed(database, elm, rosa, 8_000)
    await phone.open_link(await debts.linked(database, elm, rosa, bill))
    till.sandbox.drop("/v1/checkout/sessions")
    await phone.post("/portal/bill", how="whole", whole="$80.00")
    assert phone.heading in ("We are asking the bank", "Not paid yet")
    till.sandbox.no_more_faults()
    await phone.get("/portal/bill")
    await phone.post("/portal/bill", how="whole", whole="$80.00")
    await phone.get(await paid(till, led_to(phone)))
    assert phone.heading == "Paid. Thank you."
    assert [one.state for one in await made(database, elm)] == ["succeeded"]


@pytest.mark.slow
async def test_a_practice_without_an_account_says_so(
    phone: Phone, database: Database, elm: Tenant, rosa: UUID
) -> None:
    await debts.owes(database, elm, rosa, 8_000)
    await phone.open_link(await debts.linked(database, elm, rosa))
    answer = await phone.post("/portal/bill", how="whole", whole="$80.00")
    assert answer.status_code == 503
    assert "cannot take card payments" in phone.page


@pytest.mark.slow
async def test_back_from_checkout_after_the_session_ended(
    phone: Phone, till: Till, database: Database, elm: Tenant, rosa: UUID
) -> None:
    await debts.owes(database, elm, rosa, 8_000)
    await phone.open_link(await debts.linked(database, elm, rosa))
    await phone.post("/portal/bill", how="whole", whole="$80.00")
    back = await paid(till, led_to(phone))
    phone.http.cookies.clear()
    await phone.get(back)
    assert phone.heading == "Thank you"
    assert "$" not in phone.page
    assert "Elm" not in phone.page


# --- what a birth date opens, and what it does not ---


async def test_a_bill_came_for_is_the_only_one_seen(
    phone: Phone, till: Till, database: Database, elm: Tenant, rosa: UUID
) -> None:
    await debts.owes(database, elm, rosa, 8_000)
    bill = await debts.billed(database, elm, rosa, 8_000)
    other = await debts.billed(database, elm, rosa, 8_000)
    await phone.open_link(await debts.linked(database, elm, rosa, bill))
    assert (await phone.get(f"/portal/bill?statement={other}")).status_code == 404
    assert (await phone.get("/portal/bill?statement=x")).status_code == 404
    await phone.get("/portal/bill")
    answer = await phone.post("/portal/bill", how="whole", whole="$80.00", statement=str(other))
    assert answer.status_code == 404
    assert await made(database, elm) == []


@pytest.mark.slow
async def test_anothers_payment_does_not_exist(
    phone: Phone, till: Till, database: Database, elm: Tenant, rosa: UUID
) -> None:
    stranger = await till.guarantor(9_000)
    theirs = await till.paid(stranger, 9_000)
    older = await till.paid(rosa, 100)  # of no bill: history, when one came for a bill
    await debts.owes(database, elm, rosa, 8_000)
    bill = await debts.billed(database, elm, rosa, 8_000)
    await phone.open_link(await debts.linked(database, elm, rosa, bill))
    for payment_id in (theirs, older):
        for page in ("", "/receipt", "/returned"):
            answer = await phone.get(f"/portal/payments/{payment_id}{page}")
            assert answer.status_code == 404
        await phone.get("/portal/bill")
        answer = await phone.post(f"/portal/payments/{payment_id}/again")
        assert answer.status_code == 404


# Pages that a birth date opens; every other asks for a one-time code first.
OPEN = {
    *("/portal", "/portal/enter", "/portal/birth-date", "/portal/new-link", "/s/{secret}"),
    *("/portal/bill", "/portal/code", "/portal/code/check", "/portal/sign-out"),
    *("/portal/payments/{payment_id}", "/portal/payments/{payment_id}/returned"),
    *("/portal/payments/{payment_id}/again", "/portal/payments/{payment_id}/receipt"),
    *("/portal/style.css", "/portal/inner.css", "/portal/colours.css", "/portal/logo"),
}


def _portal_routes(app: Litestar) -> Iterator[tuple[str, str]]:
    for route in app.routes:
        if not route.path.startswith(("/portal", "/s/")):
            continue
        for method in sorted({"GET", "POST"} & set(getattr(route, "methods", []))):
            yield method, route.path


async def test_a_birth_date_opens_no_other_route(
    phone: Phone, app: Litestar, database: Database, elm: Tenant, rosa: UUID
) -> None:
    """P2. Every route of the portal that there is, asked at the level `knows`."""
    await debts.owes(database, elm, rosa, 8_000)
    await phone.open_link(await debts.linked(database, elm, rosa))
    page = phone.page
    tried = 0
    for method, path in _portal_routes(app):
        template = re.sub(r"{(\w+):\w+}", r"{\1}", path).rstrip("/")
        if template in OPEN:
            continue
        asked = re.sub(r"{\w+(:\w+)?}", str(rosa), template)
        phone.page = page
        answer = await (phone.get(asked) if method == "GET" else phone.post(asked))
        tried += 1
        assert phone.path in ("/portal/code", asked), (method, template, phone.path)
        if phone.path == asked:
            assert answer.status_code in (403, 404, 405), (method, template, answer.status_code)
    assert tried > 10


async def test_a_birth_date_opens_nothing_of_the_staffs(
    phone: Phone, link: str, elm: Tenant
) -> None:
    await phone.open_link(link)
    for path in ("/home", "/account"):
        await phone.get(path)
        assert phone.path == "/sign-in"
    for path in ("/v1/practices", f"/v1/practices/{elm.id}/patients", "/v1/work"):
        assert (await phone.get(path)).status_code == 401
