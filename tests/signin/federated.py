"""A company with a provider of its own, and the browser of one of its people."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from sqlalchemy import text

from billing_saas.federation import answering, providers, starting
from billing_saas.federation.answering import ProviderAnswer
from billing_saas.federation.providers import ProviderSettings
from billing_saas.gateways.openid import OpenIdProviders
from billing_saas.gateways.outward import Outward
from billing_saas.identity import rules as identity_rules
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.signin.entering import Entered
from billing_saas.signin.errors import WrongCredential
from billing_saas.signin.trying import Tries
from tests.cast import Person, Tenant
from tests.signin.people import HOME, Clock, tries_by
from tests.signin.provider import CLIENT_ID, CLIENT_SECRET, Provider

SITE = "https://billing.example.test"


def admin_with(roles: Iterable[str] = ("company_admin",)) -> Actor:
    held = frozenset(roles)
    return Actor(
        kind=ActorKind.USER,
        id=new_id(),
        permissions=identity_rules.company_permissions_of(held),
        roles=held,
        stepped_up_at=clock.now(),
    )


def settings_of(provider: Provider, **changed: object) -> ProviderSettings:
    made = ProviderSettings(
        name="Ash", issuer=provider.issuer, client_id=CLIENT_ID, client_secret=CLIENT_SECRET
    )
    return replace(made, **changed)  # type: ignore[arg-type]  # a test names fields that there are


async def email_of(database: Database, person: Person) -> str:
    asking = text("SELECT email FROM app_user WHERE id = :id")
    async with database.platform() as db:
        return str((await db.execute(asking, {"id": person.actor.id})).scalar_one())


@dataclass
class Door:
    """The company's provider, and a browser that goes there and comes back."""

    database: Database
    provider: Provider
    provider_id: UUID
    openid: OpenIdProviders
    tries: Tries = field(default_factory=lambda: tries_by(Clock()))
    browser: str = ""

    async def leave(self) -> dict[str, str]:
        """To the provider; what it sends the browser back with."""
        begun = await starting.start(self.database, self.openid, self.provider_id, SITE)
        self.browser = begun.browser
        self.sent = {
            name: values[0] for name, values in parse_qs(urlsplit(begun.url).query).items()
        }
        return self.provider.visited(begun.url)

    async def come_back(self, brought: dict[str, str], *, browser: str | None = None) -> Entered:
        answer = ProviderAnswer(
            provider_id=self.provider_id,
            state=brought.get("state", ""),
            code=brought.get("code", ""),
            issuer=brought.get("iss", ""),
            error=brought.get("error", ""),
            browser=self.browser if browser is None else browser,
        )
        return await answering.by_provider(
            self.database, self.openid, self.tries, answer, SITE, HOME
        )

    async def through(self) -> Entered:
        return await self.come_back(await self.leave())


async def door(database: Database, provider: Provider, company: UUID, **changed: object) -> Door:
    host = urlsplit(provider.issuer).netloc
    openid = OpenIdProviders(Outward(frozenset({host}), plain=True))
    async with database.narrowed(company) as db:
        added = await providers.add(db, admin_with(), settings_of(provider, **changed))
    return Door(database, provider, added, openid)


async def of_practice(
    database: Database, provider: Provider, practice: Tenant, admin: Actor
) -> Door:
    host = urlsplit(provider.issuer).netloc
    openid = OpenIdProviders(Outward(frozenset({host}), plain=True))
    async with database.narrowed(practice.company_id, practice.id) as db:
        added = await providers.add(db, admin, settings_of(provider))
    return Door(database, provider, added, openid)


async def sessions_open(database: Database) -> int:
    async with database.platform() as db:
        return int((await db.execute(text("SELECT count(*) FROM user_session"))).scalar_one())


async def reasons(database: Database) -> list[str]:
    """Why somebody was refused, as the trail has it."""
    asking = text(
        "SELECT detail->>'reason' FROM audit_event WHERE action = 'sign_in.refuse' ORDER BY id"
    )
    async with database.sealer() as db:
        return [str(row[0]) for row in await db.execute(asking)]


async def refused(door: Door, reason: str, brought: dict[str, str] | None = None) -> None:
    """The same words, no session, and the reason in the trail."""
    with pytest.raises(WrongCredential) as told:
        await door.come_back(await door.leave() if brought is None else brought)
    assert str(told.value) == ""
    assert await sessions_open(door.database) == 0
    assert await reasons(door.database) == [reason]
