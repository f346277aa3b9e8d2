"""The pages in a real browser: looked at by axe in light and dark, wide and narrow; and a passkey."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pyotp
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # has none
from playwright.sync_api import Page

from billing_saas.identity import enrolling
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import Database
from billing_saas.reports import receivables
from billing_saas.reports.jobs import CountReceivables
from tests.build import month
from tests.cast import Person, Tenant, enrolled
from tests.cluster import Clone
from tests.console import chromium
from tests.fakes import MemoryKeys
from tests.signin import people
from tests.signin.people import PASSWORD, Account

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not chromium.CHROMIUM, reason="NO CHROMIUM: apt-get install chromium"),
]

SYSTEM = Actor(kind=ActorKind.SYSTEM, id=UUID(int=3), permissions=frozenset({"ledger.read"}))


@pytest.fixture
async def sams(database: Database, elm: Tenant, oak: Tenant, sam: Person) -> Account:
    """Sam supervises Elm, which has worked a month, and sees Oak."""
    boss = (await enrolled(database, elm, "boss", "biller", "supervisor")).actor
    await month.work(database, elm, boss, claims=3)
    async with database.tenant(elm.id) as db:
        await receivables.count(db, SYSTEM, CountReceivables())
    async with database.platform() as db:
        await enrolling.grant(db, sam.actor.id, oak.id, ["biller"], by=None)
    return await people.with_password(database, sam)


@pytest.fixture
def site(clone: Clone, keys: MemoryKeys, sams: Account) -> Iterator[str]:
    with chromium.served(clone, keys) as address:
        yield address


def looked_at(page: Page, name: str) -> None:
    """No finding of axe, nothing wider than the screen, in light and dark, wide and narrow."""
    folder: Path | None = chromium.pictures()
    for scheme in ("light", "dark"):
        for width in (320, 1200):
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 800})
            found = Axe().run(page)
            assert found.violations_count == 0, (name, scheme, width, found.generate_report())
            over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert over <= 0, (name, width, over)
            if folder is not None:
                page.screenshot(path=folder / f"{name}-{scheme}-{width}.png", full_page=True)


def authenticator(page: Page) -> Any:
    """Chromium's own, for tests: it verifies its user by itself."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    made = session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    return session, made["authenticatorId"]


def first_factor(page: Page, site: str, account: Account) -> None:
    page.goto(site)
    page.get_by_label("E-mail address").fill(account.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


async def test_every_page_is_looked_at(site: str, sams: Account) -> None:
    await asyncio.to_thread(_walk, site, sams)


def _walk(site: str, account: Account) -> None:
    with chromium.opened() as browser:
        page = browser.new_page()
        blocked: list[str] = []
        page.on("console", lambda said: blocked.append(said.text) if said.type == "error" else None)
        page.goto(site)
        looked_at(page, "sign-in")
        page.get_by_role("link", name="forgot").click()
        looked_at(page, "forgotten")
        page.get_by_label("E-mail address").fill(account.email)
        page.get_by_role("button", name="Send").click()
        looked_at(page, "forgotten-asked")
        first_factor(page, site, account)
        looked_at(page, "enrollment")
        page.get_by_role("link", name="Set up an app").click()
        looked_at(page, "enrollment-app")
        secret = page.locator(".secret").inner_text().replace(" ", "")
        page.get_by_label("six digits").fill(pyotp.TOTP(secret).now())
        page.get_by_role("button", name="Continue").click()
        looked_at(page, "recovery-codes")
        code = page.locator(".codes code").first.inner_text()
        page.get_by_role("link", name="kept").click()
        looked_at(page, "home")
        page.get_by_role("link", name="Account").click()
        looked_at(page, "account")
        page.get_by_role("button", name="Sign out").click()
        first_factor(page, site, account)
        looked_at(page, "second-factor")
        page.get_by_label("Code of").fill(code)
        page.get_by_role("button", name="Continue").click()
        assert page.get_by_role("heading", level=1).inner_text().startswith("Good to see you")
        page.goto(f"{site}/step-up")
        looked_at(page, "step-up")
        page.goto(f"{site}/password/{'x' * 43}")
        looked_at(page, "link-not-good")
        assert not [text for text in blocked if "Content Security Policy" in text]


async def test_a_passkey_is_both_factors(site: str, sams: Account, database: Database) -> None:
    await asyncio.to_thread(_passkey, site, sams)


def _passkey(site: str, account: Account) -> None:
    with chromium.opened() as browser:
        page = browser.new_page()
        session, key = authenticator(page)
        first_factor(page, site, account)
        page.get_by_label("Name of the passkey").fill("Test laptop")
        page.get_by_role("button", name="Make a passkey").click()
        page.get_by_role("link", name="kept").click()
        page.get_by_role("link", name="Account").click()
        assert page.get_by_text("Passkey: Test laptop").is_visible()
        page.get_by_role("button", name="Sign out").click()
        by_passkey = page.get_by_role("button", name="Sign in with a passkey")
        by_passkey.click()
        page.wait_for_url(f"{site}/home")
        page.get_by_role("button", name="Sign out").click()
        _refused_without_verification(page, session, key, by_passkey)
        _refused_with_an_older_counter(page, session, key, by_passkey)


def _refused_without_verification(page: Page, session: Any, key: str, by_passkey: Any) -> None:
    session.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": False})
    by_passkey.click()
    page.get_by_text("The passkey was not used").wait_for()
    session.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": True})


def _refused_with_an_older_counter(page: Page, session: Any, key: str, by_passkey: Any) -> None:
    """A copy of the key, which was used less often."""
    held = session.send("WebAuthn.getCredentials", {"authenticatorId": key})["credentials"]
    copy = held[0] | {"signCount": 0}
    session.send("WebAuthn.clearCredentials", {"authenticatorId": key})
    session.send("WebAuthn.addCredential", {"authenticatorId": key, "credential": copy})
    by_passkey.click()
    page.get_by_text("That passkey is not good here").wait_for()
