"""The way to a provider begins: what the answer will be held against.

Everything that must stay secret comes out of the browser's own cookie, the state and nothing else:
the database keeps two hashes. Whoever brings the right state in another browser has no cookie to go with
it, and could not even show the provider the code's proof.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select

from billing_saas.federation.errors import ProviderNotFound
from billing_saas.federation.tables import IdentityProvider, OidcAttempt
from billing_saas.gateways.openid import NotAProvider, OpenIdProviders, Registration
from billing_saas.gateways.outward import NotReached
from billing_saas.kit import clock
from billing_saas.kit.db import Database, PlatformSession
from billing_saas.signin import rules

GOOD_FOR = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Begun:
    """`browser` goes into a cookie of this one browser, for as long as the attempt is good."""

    url: str
    browser: str = field(repr=False)


class ProviderDown(Exception):
    """The provider cannot be reached now, or is none any more."""


async def start(database: Database, openid: OpenIdProviders, provider_id: UUID, site: str) -> Begun:
    async with database.platform() as db:
        provider = await active(db, provider_id)
    try:
        metadata = await openid.metadata(provider.issuer)
    except (NotReached, NotAProvider) as error:
        raise ProviderDown(error.reason) from None
    state, browser = rules.new_secret(), rules.new_secret()
    async with database.platform() as db:
        now = clock.now()
        await db.execute(delete(OidcAttempt).where(OidcAttempt.expires_at < now))
        db.add(
            OidcAttempt(
                state_hash=rules.secret_hash(state),
                browser_hash=rules.secret_hash(browser),
                provider_id=provider_id,
                begun_at=now,
                expires_at=now + GOOD_FOR,
            )
        )
    us = Registration(provider.client_id, "", redirect_uri(site, provider_id))
    asked = {
        "state": state,
        "nonce": derived("nonce", browser, state),
        "code_verifier": derived("code_verifier", browser, state),
    }
    return Begun(openid.authorization_url(metadata, us, provider.scopes, asked), browser)


async def active(db: PlatformSession, provider_id: UUID) -> IdentityProvider:
    row = await db.scalar(
        select(IdentityProvider).where(
            IdentityProvider.id == provider_id, IdentityProvider.active.is_(True)
        )
    )
    if row is None:
        raise ProviderNotFound("There is no such identity provider.")
    return row


def redirect_uri(site: str, provider_id: UUID) -> str:
    """One for each provider, so that no provider's answer is taken for another's; and by our own name,
    whatever name we were called by."""
    return f"{site}/sign-in/oidc/{provider_id}/callback"


def derived(what: str, browser: str, state: str) -> str:
    """43 letters out of 256 bits that only this browser knows."""
    digest = hmac.digest(browser.encode(), f"{what}|{state}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
