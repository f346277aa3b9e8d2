"""Every page behind the code in a real browser without JavaScript: looked at by axe, in English and Spanish,
on a narrow and a wide screen, on paper; and a request made by its buttons."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # has none
from playwright.sync_api import Page

from billing_saas.coverage import enrolling
from billing_saas.coverage.rules import Policy, SeenCoverage
from billing_saas.hardship import applying
from billing_saas.hardship.rules import Answers
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor, ActorKind, AuthLevel, Purpose
from billing_saas.kit.db import Database
from billing_saas.messages import consents, contacts, threads
from billing_saas.messages.contacts import Wanted
from billing_saas.patient_requests import answering, asking
from billing_saas.patient_requests.rules import Asked
from billing_saas.payers.tables import Payer
from billing_saas.plans import proposing
from billing_saas.plans.proposing import Proposal
from billing_saas.portal import rules
from tests.cast import Person, Tenant, enrolled
from tests.cluster import Clone
from tests.console import chromium
from tests.documents import paper
from tests.documents.test_documents import Desk as Files
from tests.fakes import MemoryKeys
from tests.portal.visiting import Phone
from tests.portal_pages.going_in import COOKIE, secret_of
from tests.portal_pages.scene import Scene
from tests.portal_pages.test_plans import today, with_policy
from tests.remittances.desk import opened

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not chromium.CHROMIUM, reason="NO CHROMIUM: apt-get install chromium"),
]

LONG = "Hernández-Villavicencio de la Concepción <b>bold</b>"


@dataclass
class Story:
    """Rosa and all that the pages can show of her. `pages`: a name for its picture, and its path."""

    secret: str
    pages: dict[str, str]


@pytest.fixture
async def story(database: Database, elm: Tenant, mona: Person, phone: Phone, rosa: UUID) -> Story:
    scene = Scene(database, elm)
    sue = await enrolled(database, elm, "sue", "supervisor", "practice_admin")
    child, claim_id, owed = await scene.answered(await opened(database, elm, sue, 6))
    await scene.pays_for(rosa, child)
    await scene.owes(rosa, 24_800)
    bill_id = await scene.billed(rosa, 24_800 + owed, patient_id=child, claim_id=claim_id)
    await scene.paid(rosa, 5_000)
    acting = Actor(
        kind=ActorKind.PATIENT,
        id=rosa,
        permissions=rules.PERMISSIONS[rules.Level.VERIFIED],
        purpose=Purpose.PATIENT_REQUEST,
        auth_level=AuthLevel.ONE_FACTOR,
    )
    await with_policy(database, elm)
    files = Files(phone.http, elm, mona)
    announced = await files.announce(
        kind="medical_record", title=f"Visits of 2025, {LONG}", patient_id=str(rosa)
    )
    document = announced.json()["id"]
    await files.send(document, paper.pdf())
    async with database.tenant(elm.id) as db:
        payer = Payer(
            tenant_id=elm.id, id=rosa, edi_payer_id="12345", name=LONG, created_at=clock.now()
        )
        db.add(payer)
        await db.flush()
        policy = Policy(member_id="W00123456789012345", group_number="GRP-77")
        seen = SeenCoverage(
            patient_id=rosa, payer_id=rosa, sequence="P", relationship="18", policy=policy
        )
        await enrolling.enroll_many(db, mona.actor, [seen])
        reached = Wanted(email="rosa.hernandez@example.test", phone="217-555-0148")
        await contacts.put(db, acting, rosa, reached)
        await contacts.verify(db, acting, rosa, "email", how="code")
        await consents.give(db, acting, rosa, "email", "billing", source="portal")
        records = await asking.ask(db, acting, rosa, Asked(kind="records", words="Of 2025."))
        await answering.attach(db, mona.actor, records, UUID(document))
        await answering.answer(db, mona.actor, records, "fulfilled", "All of it.")
        amendment = await asking.ask(
            db, acting, rosa, Asked(kind="amendment", words=f"I do not smoke. {LONG * 3}")
        )
        await answering.answer(db, mona.actor, amendment, "declined", "The note is accurate.")
        waiting = await asking.ask(db, acting, rosa, Asked(kind="accounting"))
        await answering.extend(db, mona.actor, waiting, "The records are in storage.")
        thread = await threads.begin(db, acting, rosa, "bill", LONG, f"Why is this? {LONG}")
        await threads.write(db, mona.actor, thread, "It is your deductible.")
        plan_id = await proposing.propose_and_disclose(
            db,
            acting,
            Proposal(
                guarantor_id=rosa, instalments=4, first_due_on=today() + timedelta(9), autopay=True
            ),
        )
        await applying.apply(db, acting, rosa, Answers(household=3, yearly_income_cents=2_400_000))
    return Story(
        secret=await secret_of(database, elm, rosa),
        pages={
            "home": "/portal/home",
            "bills": "/portal/bills",
            "bill": f"/portal/bills/{bill_id}",
            "why": "/portal/why",
            "why-claim": f"/portal/why/{claim_id}",
            "payments": "/portal/payments",
            "plans": "/portal/plans",
            "plan": f"/portal/plans/{plan_id}",
            "cards": "/portal/cards",
            "help": "/portal/help",
            "messages": "/portal/messages",
            "message-new": "/portal/messages/new",
            "message": f"/portal/messages/{thread}",
            "record": "/portal/record",
            "request-records-new": "/portal/record/new/records",
            "request-correction-new": "/portal/record/new/correction",
            "request-fulfilled": f"/portal/record/{records}",
            "request-declined": f"/portal/record/{amendment}",
            "request-extended": f"/portal/record/{waiting}",
            "access": "/portal/access",
            "insurance": "/portal/insurance",
            "contact": "/portal/contact",
            "contact-code": "/portal/contact/text/code",
            "consents": "/portal/consents",
        },
    )


@pytest.fixture
def site(clone: Clone, keys: MemoryKeys, story: Story) -> Iterator[str]:
    with chromium.served(clone, keys) as address:
        yield address


def looked_at(page: Page, name: str, language: str) -> None:
    """No finding of axe, and nothing wider than the screen. Spanish, whose words are longer, is looked at on
    the narrow screen, English on the wide one; what is wider than either is found in both."""
    folder: Path | None = chromium.pictures()
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, (name, language, width, over)
        if (width, language) in ((320, "es"), (1280, "en")):
            found = Axe().run(page)
            assert found.violations_count == 0, (name, language, width, found.generate_report())
        if folder is not None:
            page.screenshot(path=folder / f"{name}-{language}-{width}.png", full_page=True)


def test_every_page_can_be_read_by_anybody(site: str, story: Story) -> None:
    with chromium.opened() as browser:
        cookie: Any = {"name": COOKIE, "value": story.secret, "url": site}
        # Axe is a script, and so needs a browser that runs some; the pages have none.
        context = browser.new_context()
        context.add_cookies([cookie])
        page = context.new_page()
        for language in ("en", "es"):
            for name, path in story.pages.items():
                answer = page.goto(f"{site}{path}?lang={language}")
                assert answer is not None
                assert answer.status == 200, (name, answer.status)
                assert page.locator("html").get_attribute("lang") == f"{language}-US"
                looked_at(page, name, language)
        small = page.locator("main a.button, main button, .menu a")
        for place in range(small.count()):
            box = small.nth(place).bounding_box()
            assert box is None or box["height"] >= 44  # WCAG 2.2, 2.5.5
        # On paper there is what was read, and nothing to press.
        page.goto(f"{site}{story.pages['bill']}?lang=en")
        page.emulate_media(media="print")
        assert not page.locator(".menu").is_visible()
        assert page.locator("dl.sum").first.is_visible()
        page.emulate_media(media="screen")
        assert page.locator("script").count() == 0
        without = browser.new_context(java_script_enabled=False)
        without.add_cookies([cookie])
        other = without.new_page()
        by_the_buttons(other, site, story)
        page.goto(other.url)
        looked_at(page, "plan-active", "en")
        out_again(other, site)


def by_the_buttons(page: Page, site: str, story: Story) -> None:
    """Without a script: a correction is asked for, a consent taken back, a plan agreed to."""
    page.goto(f"{site}/portal/home?lang=en")
    page.get_by_role("link", name="Insurance on file").click()
    page.get_by_role("link", name="Ask the office to correct it").click()
    page.get_by_label("What is wrong").fill("The number is W999.")
    page.get_by_role("button", name="Send the request").click()
    assert page.locator("h1").inner_text() == "Your request"
    assert page.get_by_text("The number is W999.").is_visible()
    page.goto(f"{site}/portal/consents")
    page.get_by_role("button", name="Stop: Bills and payment plans, By e-mail").click()
    assert page.get_by_text("You said yes on").count() == 0
    page.goto(f"{site}{story.pages['plan']}")
    page.get_by_role("button", name="No, I do not want this plan").click()
    page.get_by_label("I pay each part myself").check()
    page.get_by_role("button", name="See the terms first").click()
    page.get_by_label("I have read these terms").check()
    page.get_by_role("button", name="Accept the plan").click()
    assert page.get_by_text("Running").is_visible()


def out_again(page: Page, site: str) -> None:
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{site}/portal/home")
    assert page.locator("h1").inner_text() == "See and pay your bill"
