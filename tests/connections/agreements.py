"""Elm's connections: with its own system, and with the payer of the sandbox."""

from typing import Any
from uuid import UUID

from billing_saas.connections import making
from billing_saas.connections.rules import NewConnection, Side
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import Database
from tests.cast import Tenant, actor_with

BOSS = actor_with(["supervisor"])
OWN = Side(qualifier="ZZ", id="BILLINGSAAS", group_id="BILLINGSAAS")
PRACTICE_SYSTEM = Side(qualifier="ZZ", id="ELMSYSTEM", group_id="ELMSYSTEM")


def agreement(**changes: Any) -> NewConnection:
    plain: dict[str, Any] = {
        "name": "Elm's own system",
        "kind": "practice_system",
        "usage": "P",
        "own": OWN,
        "partner": PRACTICE_SYSTEM,
        "refuses_repeats": True,
    }
    return NewConnection(**{**plain, **changes})


def with_payer(tenant: Tenant, **changes: Any) -> NewConnection:
    """As the sandbox's payer names itself and the practice."""
    own = Side(qualifier="ZZ", id=tenant.new.npi, group_id=tenant.new.npi)
    partner = Side(qualifier="ZZ", id="SANDBOXPAYER", group_id="SANDBOXPAYER")
    plain = {"name": "Payer", "kind": "clearinghouse", "own": own, "partner": partner}
    return agreement(**{**plain, "refuses_repeats": False, **changes})


async def made(database: Database, tenant: Tenant, new: NewConnection, actor: Actor = BOSS) -> UUID:
    async with database.tenant(tenant.id) as db:
        return await making.make(db, actor, new)
