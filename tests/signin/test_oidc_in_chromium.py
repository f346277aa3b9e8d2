"""A real provider, a real browser: password and code at Canaille, then home."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from playwright.sync_api import Page

from billing_saas.federation import providers
from billing_saas.federation.providers import ProviderSettings
from billing_saas.federation.starting import redirect_uri
from billing_saas.gateways.outward import Outward
from billing_saas.kit.db import Database
from tests.cast import Person, Tenant
from tests.cluster import Clone
from tests.console import chromium
from tests.fakes import MemoryKeys
from tests.signin import federated, real_provider
from tests.signin.real_provider import Canaille

pytestmark = [
    pytest.mark.slow,
    # In CI nothing is skipped: what is missing there is a failure.
    pytest.mark.skipif(not chromium.CHROMIUM and not real_provider.IN_CI, reason="NO CHROMIUM"),
    pytest.mark.skipif(
        not real_provider.is_there() and not real_provider.IN_CI, reason=real_provider.MISSING
    ),
]


@pytest.fixture
async def ash(database: Database, alice: Person) -> AsyncIterator[Canaille]:
    email = await federated.email_of(database, alice)
    with real_provider.running(email) as made:
        yield made


@pytest.fixture
def site(clone: Clone, keys: MemoryKeys, ash: Canaille) -> Iterator[str]:
    outward = Outward(frozenset({urlsplit(ash.issuer).netloc}), plain=True)
    with chromium.served(clone, keys, outward) as address:
        yield address


async def _set_up(database: Database, ash: Canaille, elm: Tenant, site: str) -> UUID:
    """Its admin enters each side at the other: Canaille says nothing of verified addresses."""
    admin = federated.admin_with()
    first = ProviderSettings(name="Ash", issuer=ash.issuer, client_id="not known yet")
    async with database.narrowed(elm.company_id) as db:
        provider_id = await providers.add(db, admin, first)
    client_id, client_secret = ash.register(redirect_uri(site, provider_id))
    whole = ProviderSettings(
        name="Ash",
        issuer=ash.issuer,
        client_id=client_id,
        client_secret=client_secret,
        email_domains=("example.test",),
        vouches_for_domains=True,
    )
    async with database.narrowed(elm.company_id) as db:
        await providers.change(db, admin, provider_id, whole)
    return provider_id


async def test_alice_signs_in_by_her_company(
    site: str, database: Database, elm: Tenant, ash: Canaille
) -> None:
    await _set_up(database, ash, elm, site)
    await asyncio.to_thread(_walk, site, ash)
    assert await federated.reasons(database) == []
    async with database.platform() as db:
        from sqlalchemy import text

        methods = (await db.execute(text("SELECT methods, end_reason FROM user_session"))).all()
    assert [tuple(row) for row in methods] == [("fed mfa", "signed_out"), ("fed mfa", "")]


def _walk(site: str, ash: Canaille) -> None:
    with chromium.opened() as browser:
        page = browser.new_page()
        page.goto(site)
        page.get_by_role("link", name="Sign in with your organization").click()
        page.get_by_label("E-mail address at work").fill(ash.email)
        _look(page, "organization")
        page.get_by_role("button", name="Continue").click()
        _look(page, "organization-found")
        page.get_by_role("link", name="Continue to Ash").click()
        _at_the_provider(page, ash)
        page.wait_for_url(f"{site}/home")
        _look(page, "home-by-organization")
        page.get_by_role("button", name="Sign out").click()
        _look(page, "signed-out")
        # Canaille still knows the browser: back in at once, in a new session.
        page.get_by_role("link", name="Sign in again").click()
        page.get_by_role("link", name="Sign in with your organization").click()
        page.get_by_label("E-mail address at work").fill(ash.email)
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("link", name="Continue to Ash").click()
        page.wait_for_url(f"{site}/home")
        answered = page.evaluate("performance.getEntriesByType('navigation')[0].name")
        assert "code=" not in answered


def _at_the_provider(page: Page, ash: Canaille) -> None:
    page.locator("input[name=login]").fill(ash.login)
    page.locator("button.primary").click()
    page.locator("input[name=password]").fill(ash.password)
    _look(page, "provider-password")
    page.locator("button.primary").click()
    page.locator("input[name=otp]").fill(ash.code())
    _look(page, "provider-code")
    page.locator("button.primary").click()
    page.locator("#accept").click()


def _look(page: Page, name: str) -> None:
    folder = chromium.pictures()
    if folder is not None:
        page.screenshot(path=folder / f"oidc-{name}.png", full_page=True)
