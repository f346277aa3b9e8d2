"""Rosa pays in parts: sees the sums and the terms, agrees, gives a card, pays the rest early; asks for help."""

import asyncio
import re
from collections.abc import Iterator
from datetime import date, timedelta
from html import unescape
from uuid import UUID

import pytest

from billing_saas.hardship import policies
from billing_saas.hardship.policies import NewGuideline
from billing_saas.hardship.rules import Step
from billing_saas.kit import clock
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.plans import watching
from billing_sandbox.stripe.running import Sandbox
from tests.cast import Tenant
from tests.payments.till import OFFICE, Till
from tests.plans.debts import SYSTEM
from tests.portal.visiting import Phone
from tests.portal_pages.scene import Scene


@pytest.fixture
def scene(database: Database, elm: Tenant) -> Scene:
    return Scene(database, elm)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def today() -> date:
    return clock.today("America/Chicago")


def field(phone: Phone, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', phone.page)
    assert found, name
    return unescape(found[1])


async def proposed(phone: Phone, how: str = "self", count: int = 3) -> str:
    await phone.get("/portal/plans")
    await phone.post("/portal/plans", count=str(count), first_day=today().isoformat(), how=how)
    assert phone.heading == "Payment plan", phone.page
    return phone.path


async def test_a_plan_is_chosen_read_agreed_to_and_saved(
    scene: Scene, inside: Phone, oscars: Phone, rosa: UUID
) -> None:
    await scene.owes(rosa, 10_000)
    await inside.get("/portal/plans")
    assert "$100.00 in 4 parts: about $25.00 a month, $100.00 in all" in inside.page
    at = await proposed(inside)
    for said in ("Waiting for your agreement", "$33.34", "$33.33", "There is no interest"):
        assert said in inside.page
    paper = await inside.get(f"{at}/paper")
    assert paper.content.startswith(b"%PDF-")
    assert paper.headers["Content-Disposition"] == 'attachment; filename="agreement.pdf"'
    await inside.get(at)
    digest = field(inside, "digest")
    unmarked = await inside.post(f"{at}/agreement", digest=digest)
    assert unmarked.status_code == 422
    forged = await inside.post(f"{at}/agreement", digest="ab" * 32, agree="yes")
    assert forged.status_code == 422
    for act in ("agreement", "refusal", "payment", "card", "charging-stop"):
        await oscars.get("/portal/plans")
        assert (await oscars.post(f"{at}/{act}", digest=digest, agree="yes")).status_code == 404
    assert (await oscars.get(at)).status_code == 404
    assert (await oscars.get(f"{at}/paper")).status_code == 404
    await inside.post(f"{at}/agreement", digest=digest, agree="yes")
    assert "Running" in inside.page
    await inside.get("/portal/home")
    assert "Your payment plan" in inside.page
    await inside.get("/portal/plans")
    assert "You have a plan now." in inside.page
    second = await inside.post(
        "/portal/plans", count="2", first_day=today().isoformat(), how="self"
    )
    assert second.status_code == 422


async def test_a_plan_is_refused(scene: Scene, inside: Phone, rosa: UUID) -> None:
    await scene.owes(rosa, 10_000)
    at = await proposed(inside)
    await inside.post(f"{at}/refusal")
    assert inside.heading == "Payment plans"
    assert "Ended" in inside.page
    for bad in (
        {"count": "99"},
        {"count": "x"},
        {"first_day": "soon"},
        {"first_day": "1999-01-01"},
    ):
        typed = {"count": "2", "first_day": today().isoformat(), "how": "self"} | bad
        assert (await inside.post("/portal/plans", **typed)).status_code == 422


async def test_in_spanish_the_terms_are_spanish(scene: Scene, inside: Phone, rosa: UUID) -> None:
    await scene.owes(rosa, 10_000)
    await inside.get("/portal/plans?lang=es")
    await inside.post("/portal/plans", count="2", first_day=today().isoformat(), how="card")
    assert inside.heading == "Plan de pagos"
    assert "No hay intereses" in inside.page
    assert "Autorizo a Elm Family Medicine" in inside.page


@pytest.mark.slow
async def test_a_card_is_given_on_the_processors_page_and_the_rest_is_paid_early(
    database: Database, elm: Tenant, sandbox: Sandbox, inside: Phone, oscars: Phone, rosa: UUID
) -> None:
    till = await Till.opened(database, elm, sandbox)
    await till.owes(rosa, 9_000)
    at = await proposed(inside, how="card")
    digest = field(inside, "digest")
    not_allowed = await inside.post(f"{at}/agreement", digest=digest, agree="yes")
    assert not_allowed.status_code == 422
    gone = await inside.post(f"{at}/agreement", digest=digest, agree="yes", future_charges="yes")
    leads_to = gone.headers["Refresh"].partition("url=")[2]
    assert leads_to.startswith(sandbox.url)
    await asyncio.to_thread(sandbox.pay, leads_to)
    await till.hear()
    async with database.tenant(elm.id) as db:
        await watching.look_at(db, SYSTEM, [UUID(at.rpartition("/")[2])])
    await inside.get(at)
    assert "Your saved card is charged on each day." in inside.page
    await inside.get("/portal/cards")
    card = re.search(r"/portal/cards/([0-9a-f-]{36})/removal", inside.page)
    assert card
    assert (await oscars.get(f"/portal/cards/{card[1]}/returned")).status_code == 404
    await oscars.get("/portal/cards")
    assert (await oscars.post(f"/portal/cards/{card[1]}/removal")).status_code == 404
    await inside.get(f"/portal/cards/{card[1]}/returned")
    assert "The card is saved." in inside.page

    await inside.get(at)
    paying = await inside.post(f"{at}/payment", what="all")
    url = paying.headers["Refresh"].partition("url=")[2]
    await asyncio.to_thread(sandbox.pay, url)
    await till.hear()
    await inside.get("/portal/home")
    assert "You owe nothing now." in inside.page
    await inside.get("/portal/cards")
    await inside.post(f"/portal/cards/{card[1]}/removal")
    assert "The card is removed." in inside.page
    assert card[1] not in inside.page


async def test_without_a_processor_nothing_is_begun(
    scene: Scene, inside: Phone, rosa: UUID
) -> None:
    await scene.owes(rosa, 9_000)
    at = await proposed(inside)
    await inside.post(f"{at}/agreement", digest=field(inside, "digest"), agree="yes")
    told = await inside.post(f"{at}/payment", what="all")
    assert told.status_code == 422
    assert "Our payment partner cannot be reached now." in inside.page
    assert (await inside.get(f"/portal/cards/{new_id()}/returned")).status_code == 404


async def test_help_is_asked_for_once_and_told(
    database: Database, elm: Tenant, scene: Scene, inside: Phone, oscars: Phone, rosa: UUID
) -> None:
    await inside.get("/portal/help")
    assert "no help of this kind now" in inside.page
    too_early = {"household": "3", "income": "24000", "true": "yes"}
    assert (await inside.post("/portal/help", **too_early)).status_code == 422
    await with_policy(database, elm)
    await scene.owes(rosa, 9_000)
    await inside.get("/portal/help")
    for bad in ({"household": "0"}, {"income": "-5"}, {"income": "much"}, {"true": ""}):
        assert (await inside.post("/portal/help", **too_early | bad)).status_code == 422
    await inside.post("/portal/help", **too_early, note="<b>Lost my job</b>")
    assert "Your application is with the office." in inside.page
    again = await inside.post("/portal/help", **too_early)
    assert again.status_code == 422
    await oscars.get("/portal/help")
    assert "With the office" not in oscars.page


async def with_policy(database: Database, elm: Tenant) -> None:
    """What a practice says before anybody may ask."""
    async with database.tenant(elm.id) as db:
        await policies.enter_guideline(
            db,
            OFFICE,
            NewGuideline(
                region="contiguous",
                effective_on=today() - timedelta(days=30),
                ends_on=today() + timedelta(days=300),
                one_person_cents=1_565_000,
                each_more_cents=550_000,
                source="90 FR 5917",
            ),
        )
        await policies.change(db, OFFICE, scale())


def scale() -> policies.Policy:
    return policies.Policy(steps=(Step(200, 100), Step(300, 50)))
