"""What is owed, why, and what was paid: the numbers of the office, and of others no more than paying needs."""

import re
from uuid import UUID

import pytest

from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.statements import explaining
from tests.cast import Person, Tenant, enrolled
from tests.portal.visiting import Phone
from tests.portal_pages.conftest import registered
from tests.portal_pages.going_in import verified
from tests.portal_pages.scene import PAPER, Scene
from tests.portal_pages.test_record import told
from tests.remittances.desk import Desk, opened


@pytest.fixture
def scene(database: Database, elm: Tenant) -> Scene:
    return Scene(database, elm)


@pytest.fixture
async def desk(database: Database, elm: Tenant) -> Desk:
    sue = await enrolled(database, elm, "sue", "supervisor", "practice_admin")
    return await opened(database, elm, sue, 6)


def plain(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


async def test_home_tells_where_one_stands(scene: Scene, inside: Phone, rosa: UUID) -> None:
    await inside.get("/portal/home")
    assert "You owe nothing now." in inside.page
    await scene.owes(rosa, 12_345)
    bill_id = await scene.billed(rosa, 12_345)
    await inside.get("/portal/home")
    assert "Hello, Rosa" in inside.page
    assert "$123.45" in inside.page
    assert f"/portal/bills/{bill_id}" in inside.page
    await inside.get("/portal/home?lang=es")
    assert "Usted debe ahora" in inside.page
    title = re.search(r"<title>(.*?)</title>", inside.page)
    assert title
    assert "Rosa" not in title[1]  # titles stand in histories


async def test_the_menu_is_there_for_who_showed_a_code_alone(inside: Phone, knower: Phone) -> None:
    await inside.get("/portal")
    assert inside.path == "/portal/home"
    for path in ("/portal/home", "/portal/bill"):
        await inside.get(path)
        assert 'class="menu"' in inside.page
    await knower.get("/portal")
    assert knower.path == "/portal/bill"
    assert 'class="menu"' not in knower.page


async def test_a_bill_is_shown_and_saved(
    database: Database, elm: Tenant, scene: Scene, inside: Phone, rosa: UUID
) -> None:
    await scene.owes(rosa, 8_000)
    bill_id = await scene.billed(rosa, 8_000)
    await inside.get("/portal/bills")
    assert "Bill 7QK2M4" in inside.page
    await inside.get(f"/portal/bills/{bill_id}")
    assert "$130.00" in inside.page
    assert "-$20.00" in inside.page
    assert f"/portal/bill?statement={bill_id}" in inside.page
    saved = await inside.get(f"/portal/bills/{bill_id}/paper")
    assert saved.content == PAPER
    assert saved.headers["Content-Type"] == "application/pdf"
    assert saved.headers["Content-Disposition"] == 'attachment; filename="bill.pdf"'
    assert saved.headers["Cache-Control"] == "no-store"
    assert ("patient", "patient_request", 8) in await told(database, elm, "statement.open")
    await scene.paid(rosa, 8_000)
    await inside.get(f"/portal/bills/{bill_id}")
    assert "Nothing of this bill is owed any more." in inside.page


async def test_a_bill_without_paper_has_nothing_to_save(
    scene: Scene, inside: Phone, rosa: UUID
) -> None:
    bill_id = await scene.billed(rosa, 500, paper=b"")
    await inside.get(f"/portal/bills/{bill_id}")
    assert "/paper" not in inside.page
    assert (await inside.get(f"/portal/bills/{bill_id}/paper")).status_code == 404


async def test_why_it_is_owed_has_the_numbers_of_the_office(
    database: Database, elm: Tenant, scene: Scene, desk: Desk, phone: Phone
) -> None:
    who, claim_id, owed = await scene.answered(desk)
    await verified(database, elm, phone, who)
    async with database.tenant(elm.id) as db:
        whole = await explaining.explain_guarantor(db, who)
        sums = (await explaining.explain_claim(db, claim_id)).told.sums
    assert whole.owed_cents == sums.patient_owes_cents == owed
    await phone.get("/portal/why")
    shown = plain(phone.page)
    assert f"What we charged ${sums.charge_cents // 100:,}.{sums.charge_cents % 100:02}" in shown
    assert f"Your plan paid -${sums.plan_paid_cents // 100:,}" in shown
    assert "You owe $16.00" in shown
    assert "Deductible, $10.00." in shown
    assert "Coinsurance, $6.00." in shown
    await phone.get(f"/portal/why/{claim_id}")
    assert "Item by item" in phone.page
    await phone.get(f"/portal/why/{claim_id}?lang=es")
    assert "Deducible, $10.00." in plain(phone.page)


async def test_of_a_dependant_there_is_only_what_paying_needs(
    database: Database, elm: Tenant, scene: Scene, desk: Desk, inside: Phone, rosa: UUID
) -> None:
    child, claim_id, owed = await scene.answered(desk)
    await scene.pays_for(rosa, child)
    await inside.get("/portal/why")
    assert "$16.00" in inside.page
    assert "Deductible" not in inside.page
    await inside.get(f"/portal/why/{claim_id}")
    shown = plain(inside.page)
    assert f"You owe ${owed // 100}.{owed % 100:02}" in shown
    assert "You see the amounts because you pay for this person." in shown
    for told_of_the_visit in ("Item by item", "Deductible", "Coinsurance"):
        assert told_of_the_visit not in inside.page
    async with database.tenant(elm.id) as db:
        explained = await explaining.explain_claim(db, claim_id)
    for charge in explained.charges:
        assert charge.procedure_code not in shown
    # Nor is anything of the child's record here.
    await inside.get("/portal/insurance")
    assert "We have no insurance of yours on file." in inside.page


async def test_payments_and_receipts(
    database: Database, elm: Tenant, scene: Scene, inside: Phone, rosa: UUID
) -> None:
    await inside.get("/portal/payments")
    assert "No payment was made yet." in inside.page
    await scene.owes(rosa, 3_000)
    payment_id = await scene.paid(rosa, 4_000)
    await inside.get("/portal/payments")
    assert "$40.00" in inside.page
    assert "Cash" in inside.page
    saved = await inside.get(f"/portal/payments/{payment_id}/paper")
    assert saved.content.startswith(b"%PDF-")
    assert saved.headers["Content-Disposition"] == 'attachment; filename="receipt.pdf"'
    await inside.get("/portal/home")
    assert "You have $10.00 with us" in inside.page


async def test_others_find_nothing(
    database: Database,
    elm: Tenant,
    scene: Scene,
    desk: Desk,
    inside: Phone,
    rosa: UUID,
    oscars: Phone,
) -> None:
    """Another guarantor of the same practice, by every id that Rosa has."""
    await scene.owes(rosa, 8_000)
    bill_id = await scene.billed(rosa, 8_000)
    payment_id = await scene.paid(rosa, 1_000)
    _, claim_id, _ = await scene.answered(desk)
    for path in (
        f"/portal/bills/{bill_id}",
        f"/portal/bills/{bill_id}/paper",
        f"/portal/payments/{payment_id}/paper",
        f"/portal/why/{claim_id}",
        f"/portal/why/{new_id()}",
    ):
        assert (await oscars.get(path)).status_code == 404, path
    assert (await inside.get(f"/portal/why/{claim_id}")).status_code == 404  # nor Rosa a stranger's
    for path in ("/portal/home", "/portal/bills", "/portal/payments", "/portal/why"):
        await oscars.get(path)
        assert "7QK2M4" not in oscars.page
        assert "$" not in plain(oscars.page)


async def test_markup_in_a_name_is_a_name(
    database: Database, elm: Tenant, alice: Person, phone: Phone
) -> None:
    for name in ('<img src=x onerror="alert(1)">', "{{ 7*7 }}", "O'Brien & <b>Co"):
        odd = await registered(database, elm, alice, "Odd", name)
        await verified(database, elm, phone, odd)
        await phone.get("/portal/home")
        assert "<img src=x" not in phone.page
        assert "<b>" not in phone.page
        assert "49" not in plain(phone.page)
        assert phone.page.count("Hello, ") == 1
