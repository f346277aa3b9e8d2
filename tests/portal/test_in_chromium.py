"""The way in and paying, in a real browser: looked at by axe, narrow and wide, in both languages, and paid."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # has none
from playwright.sync_api import Browser, Page

from billing_saas.gateways.stripe import StripeProcessor
from billing_saas.kit.db import Database
from billing_saas.links import rules
from billing_saas.portal_looks import settings as looks
from billing_sandbox.stripe.running import Sandbox
from tests.cast import Tenant, enrolled
from tests.cluster import Clone
from tests.console import chromium
from tests.fakes import MemoryKeys
from tests.payments.till import Till
from tests.portal import debts

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not chromium.CHROMIUM, reason="NO CHROMIUM: apt-get install chromium"),
]
_LOCALE = {"en": "en-US", "es": "es-US"}


@dataclass
class Story:
    link: str
    other: str
    code: str


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(daily_payouts=False) as made:
        yield made


@pytest.fixture
async def till(database: Database, elm: Tenant, sandbox: Sandbox) -> Till:
    return await Till.opened(database, elm, sandbox)


@pytest.fixture
async def story(database: Database, elm: Tenant, till: Till, rosa: UUID) -> Story:
    admin = (await enrolled(database, elm, "boss", "practice_admin")).actor
    async with database.tenant(elm.id) as db:
        wanted = looks.Wanted(
            shown_name="Elm Family Medicine and Pediatrics of Springfield",
            accent="#7a1f5c",
            languages=("en", "es"),
        )
        await looks.replace(db, admin, wanted)
    await debts.owes(database, elm, rosa, 23_456)
    bill = await debts.billed(database, elm, rosa, 23_456)
    return Story(
        await debts.linked(database, elm, rosa, bill),
        await debts.linked(database, elm, rosa, bill),
        await debts.coded(database, elm, rosa, bill),
    )


@pytest.fixture
def site(clone: Clone, keys: MemoryKeys, till: Till) -> Iterator[str]:
    def opened(address: str) -> Database:
        processor = StripeProcessor(
            till.sandbox.api_key,
            till.sandbox.webhook_secret,
            address,
            portal_site=address,
            api=till.sandbox.url,
            retries=0,
        )
        return Database(clone.urls, keys, processor=processor, pool_size=4)

    with chromium.served(clone, keys, open_database=opened) as address:
        yield address


def looked_at(page: Page, name: str) -> None:
    """No finding of axe, nothing wider than the screen, narrow and wide."""
    folder: Path | None = chromium.pictures()
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        if width == 320:  # the most of what can go wrong goes wrong here
            found = Axe().run(page)
            assert found.violations_count == 0, (name, found.generate_report())
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, (name, width, over)
        if folder is not None:
            page.screenshot(path=folder / f"{name}-{width}.png", full_page=True)


def born(page: Page, day: str = "9") -> None:
    page.locator("#month").select_option("7")
    page.locator("#day").fill(day)
    page.locator("#year").fill("1984")


async def test_every_page_of_the_way_in_is_looked_at(site: str, story: Story) -> None:
    for language in ("en", "es"):
        await asyncio.to_thread(_walk, site, story, language)


def _walk(site: str, story: Story, language: str) -> None:
    with chromium.opened() as browser:
        page, blocked = _page(browser, language)
        page.goto(f"{site}/portal")
        looked_at(page, f"enter-{language}")
        page.locator("#code").fill("7K4M-Q2XD-9TNB")
        born(page)
        page.locator("main button").click()
        looked_at(page, f"enter-wrong-{language}")
        page.goto(f"{site}{story.link if language == 'en' else story.other}")
        looked_at(page, f"link-{language}")
        page.locator("main button").click()
        looked_at(page, f"birth-date-{language}")
        born(page, "10")
        page.locator("main button").click()
        looked_at(page, f"birth-date-wrong-{language}")
        page.get_by_role("link").last.click()
        looked_at(page, f"new-link-{language}")
        page.locator("main button").click()
        looked_at(page, f"new-link-sent-{language}")
        page.goto(f"{site}/portal/birth-date")
        born(page)
        page.locator("main button").click()
        page.wait_for_url(f"{site}/portal/bill")
        looked_at(page, f"bill-{language}")
        page.locator("#part").fill("a lot")
        page.get_by_role("radio").last.check()
        page.locator("main button").click()
        looked_at(page, f"bill-wrong-{language}")
        page.goto(f"{site}/portal/code")
        looked_at(page, f"code-none-{language}")
        page.goto(f"{site}/portal/code/check")
        looked_at(page, f"code-check-{language}")
        page.goto(f"{site}/portal/nothing-here")
        looked_at(page, f"not-found-{language}")
        assert page.locator("html").get_attribute("lang") == f"{language}-US"
        page.context.clear_cookies()
        page.goto(f"{site}/s/{rules.new_token()}")
        page.locator("main button").click()
        born(page)
        page.locator("main button").click()
        assert page.get_by_role("alert").is_visible()
        assert not blocked


def _page(browser: Browser, language: str) -> tuple[Page, list[str]]:
    page = browser.new_context(locale=_LOCALE[language], java_script_enabled=True).new_page()
    blocked: list[str] = []

    def note(text: str) -> None:
        if "Content Security Policy" in text or "Refused to" in text:
            blocked.append(text)

    page.on("console", lambda said: note(said.text))
    return page, blocked


async def test_a_bill_is_paid_by_the_code_on_paper(site: str, story: Story, till: Till) -> None:
    loop = asyncio.get_running_loop()

    def heard() -> None:
        asyncio.run_coroutine_threadsafe(till.hear(), loop).result(60)

    await asyncio.to_thread(_paid, site, story, till, heard)


def _paid(site: str, story: Story, till: Till, heard: Callable[[], None]) -> None:
    with chromium.opened() as browser:
        page, blocked = _page(browser, "en")
        page.goto(f"{site}/portal")
        page.locator("#code").fill(story.code.lower().replace("-", " "))
        born(page)
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("button", name="Go to payment").click()
        page.wait_for_url(f"{till.sandbox.url}/**")  # our policy let the browser go there
        assert "$234.56" in page.content()
        checkout = page.url
        page.go_back()
        page.goto(f"{site}/portal/bill")
        page.get_by_role("button", name="Go to payment").click()
        page.wait_for_url(f"{till.sandbox.url}/**")
        assert page.url == checkout  # one bill, one page
        page.goto(till.sandbox.pay(checkout))  # nobody has knocked yet: the processor is asked
        assert page.get_by_role("heading", level=1).inner_text() == "Paid. Thank you."
        looked_at(page, "payment-paid-en")
        heard()
        page.reload()
        page.get_by_role("link", name="Receipt").click()
        looked_at(page, "receipt-en")
        page.goto(f"{page.url}?lang=es")
        looked_at(page, "receipt-es")
        page.emulate_media(media="print")
        looked_at(page, "receipt-printed-es")
        page.emulate_media(media="screen")
        page.goto(f"{site}/portal/bill")
        looked_at(page, "bill-paid-es")
        assert not blocked


async def test_it_works_without_scripts_and_by_keyboard(site: str, story: Story) -> None:
    await asyncio.to_thread(_by_keyboard, site, story)


def _by_keyboard(site: str, story: Story) -> None:
    with chromium.opened() as browser:
        page = browser.new_context(java_script_enabled=False).new_page()
        page.goto(f"{site}/portal/enter")
        page.locator("#code").focus()
        page.keyboard.type(story.code)
        page.keyboard.press("Tab")
        page.keyboard.type("July")
        page.keyboard.press("Tab")
        page.keyboard.type("9")
        page.keyboard.press("Tab")
        page.keyboard.type("1984")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{site}/portal/bill")
        assert page.get_by_text("$234.56").first.is_visible()
