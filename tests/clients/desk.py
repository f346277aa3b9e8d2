"""A practice's admin who showed a second factor just now, and a machine of the practice."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from billing_saas.clients import making, rotating
from billing_saas.clients.rotating import NewSecret
from billing_saas.clients.rules import NewClient
from billing_saas.identity import rules as roles
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import Database
from tests.api.walking import Client
from tests.cast import Tenant, actor_with

SCOPES = ("claims.read", "patients.read")


def admin(*also: str) -> Actor:
    """Of the practice, with all that a biller holds as well, unless it is said."""
    actor = actor_with(["practice_admin", *(also or ("biller",))])
    return replace(actor, stepped_up_at=clock.now())


def everything() -> Actor:
    return replace(actor_with(list(roles.PERMISSIONS)), stepped_up_at=clock.now())


def wanted(
    scopes: Sequence[str] = SCOPES,
    *,
    networks: Sequence[str] = (),
    public_keys: Sequence[dict[str, Any]] = (),
    days: int = 90,
) -> NewClient:
    return NewClient(
        name="Elm's own system",
        scopes=scopes,
        expires_at=clock.now() + timedelta(days=days),
        networks=networks,
        public_keys=public_keys,
    )


async def client_of(
    database: Database, practice: Tenant, new: NewClient | None = None, by: Actor | None = None
) -> UUID:
    async with database.tenant(practice.id) as db:
        return await making.make(db, by or admin(), new or wanted())


async def secret_of(
    database: Database, practice: Tenant, client_id: UUID, *, hours: int = 24
) -> NewSecret:
    async with database.tenant(practice.id) as db:
        return await rotating.add(db, admin(), client_id, overlap=timedelta(hours=hours))


@dataclass(frozen=True)
class Machine:
    """A client with one secret, and whoever speaks for it over HTTP."""

    http: Any
    client_id: UUID
    secret: str

    async def ask(self, **form: str) -> Any:
        body = {"grant_type": "client_credentials", **form}
        return await self.http.post(
            "/oauth/token", data=body, auth=(str(self.client_id), self.secret)
        )

    async def token(self, **form: str) -> str:
        answer = await self.ask(**form)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    async def headers(self, **form: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {await self.token(**form)}"}


async def machine_of(
    database: Database,
    client: Client,
    practice: Tenant,
    new: NewClient | None = None,
    by: Actor | None = None,
) -> Machine:
    client_id = await client_of(database, practice, new, by)
    made = await secret_of(database, practice, client_id)
    return Machine(client.http, client_id, made.secret)
