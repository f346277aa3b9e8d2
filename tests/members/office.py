"""Ash and Birch, two billing companies with their people, each person with a session that has just
shown a second factor: what changes who may enter asks for one."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import msgspec
from sqlalchemy import select

from billing_saas.identity import enrolling, rules
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.mail import posting
from billing_saas.mail.tables import Letter
from billing_saas.vault import sealing
from tests.api.browsing import at_browser
from tests.cast import Person, Tenant


@dataclass(frozen=True)
class Colleague:
    """A person at a browser."""

    id: UUID
    email: str
    headers: dict[str, str]
    token: str

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


async def colleague(
    database: Database,
    name: str,
    *,
    company: UUID | None = None,
    company_roles: Iterable[str] = (),
    practice: Tenant | None = None,
    roles: Iterable[str] = (),
    side: enrolling.Side = "company",
) -> Colleague:
    email = f"{name}.{new_id().hex}@example.test"
    async with database.platform() as platform:
        user_id = await enrolling.add_user(platform, email=email, display_name=name.title())
        if practice is not None:
            await enrolling.grant(platform, user_id, practice.id, roles, by=None, side=side)
        for role in company_roles:
            assert company is not None
            await enrolling.grant_company(platform, user_id, company, role, by=None)
        token = await enrolling.issue_token(platform, user_id, name="tests")
    actor = Actor(kind=ActorKind.USER, id=user_id, permissions=rules.permissions_of(roles))
    person = await at_browser(database, Person(actor, token))
    return Colleague(user_id, email, person.headers, token)


async def link_in_letter(database: Database, email: str) -> str:
    """The token that the last letter to this address brings."""
    async with database.platform() as platform:
        letter = (
            await platform.scalars(
                select(Letter).where(Letter.to_address == email).order_by(Letter.id.desc()).limit(1)
            )
        ).one()
        assert letter.words is not None
        words = await sealing.unseal(platform, posting.PLACE, letter.id, letter.words)
    link: str = msgspec.json.decode(words)["link"]
    return link.rpartition("/")[2]


async def accepted(
    http: httpx.AsyncClient, database: Database, email: str, name: str = "New"
) -> httpx.Response:
    token = await link_in_letter(database, email)
    return await http.post("/v1/invitation-acceptances", json={"token": token, "name": name})


def gives(practice: Tenant, *roles: str) -> dict[str, Any]:
    return {"practices": [{"practice_id": str(practice.id), "roles": list(roles)}]}
