"""A person at the sandbox's pages: a phone's width, no script, found accessible by axe."""

from collections.abc import Iterator

import pytest
import stripe
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # has none
from playwright.sync_api import Browser, Page

from billing_sandbox.stripe.running import Sandbox
from tests.console import chromium
from tests.sandbox_stripe.asking import checkout, here

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not chromium.CHROMIUM, reason="NO CHROMIUM: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium.opened() as opened:
        yield opened


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    visitor = browser.new_page(viewport={"width": 320, "height": 800})
    yield visitor
    visitor.close()


def _sound(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_paying(sandbox: Sandbox, client: stripe.StripeClient, practice: str, page: Page) -> None:
    session = client.v1.checkout.sessions.create(
        checkout(
            allowed_payment_method_types=["card", "us_bank_account"],
            success_url=f"{sandbox.url}/ok",
        ),
        here(practice),
    )
    page.goto(str(session.url))
    _sound(page)
    page.get_by_label("Email").fill("pat@example.com")
    page.get_by_label("Card number").fill("4000 0000 0000 0002")
    page.get_by_label("Expiration (MM/YY)").fill("12/34")
    page.get_by_label("Security code").fill("123")
    page.get_by_role("button", name="Pay $50.00").click()
    assert page.get_by_role("alert").inner_text() == "Your card was declined."
    assert page.get_by_label("Card number").input_value() == "", "numbers are not shown again"
    _sound(page)
    page.get_by_label("Card number").fill("4000 0000 0000 3220")
    page.get_by_label("Security code").fill("123")
    page.get_by_role("button", name="Pay $50.00").click()
    _sound(page)
    page.get_by_role("button", name="Complete").click()
    assert page.url == f"{sandbox.url}/ok"
    done = client.v1.checkout.sessions.retrieve(session.id, {}, here(practice))
    assert (done.status, done.payment_status) == ("complete", "paid")
    page.goto(f"{sandbox.url}/c/pay/{practice}/{session.id}")
    assert "You're all done here" in page.inner_text("main")


def test_onboarding_and_the_dashboard(
    sandbox: Sandbox, client: stripe.StripeClient, page: Page
) -> None:
    account = client.v1.accounts.create({"type": "standard"})
    link = client.v1.account_links.create(
        {
            "account": account.id,
            "type": "account_onboarding",
            "refresh_url": f"{sandbox.url}/again",
            "return_url": f"{sandbox.url}/back",
        }
    )
    page.goto(link.url)
    _sound(page)
    page.get_by_label("Business name").fill("Elm Clinic")
    page.get_by_role("button", name="Agree and submit").click()
    assert page.url == f"{sandbox.url}/back"
    assert client.v1.accounts.retrieve(account.id).charges_enabled
    session = client.v1.checkout.sessions.create(checkout(), here(account.id))
    sandbox.pay(str(session.url))
    page.goto(sandbox.url)
    _sound(page)
    page.get_by_role("button", name="Dispute").click()
    page.get_by_role("button", name="The practice wins").click()
    assert "Done: won" in page.inner_text("[role=status]")
    _sound(page)
    if folder := chromium.pictures():
        page.screenshot(path=folder / "sandbox-stripe.png", full_page=True)
