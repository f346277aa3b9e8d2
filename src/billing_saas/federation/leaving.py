"""Out at the provider too: it may keep its own session, and would let the next person at this browser in."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from billing_saas.gateways import openid as openid_gateway
from billing_saas.gateways.openid import NotAProvider, OpenIdProviders
from billing_saas.gateways.outward import NotReached
from billing_saas.kit.db import Database

_LINKED = text(
    """
    SELECT p.name, p.issuer, p.client_id
    FROM identity_link l JOIN identity_provider p ON p.id = l.provider_id AND p.active
    WHERE l.user_id = :user ORDER BY p.id LIMIT 5
    """
)


@dataclass(frozen=True, slots=True)
class WayOut:
    name: str
    url: str


async def ways_out(
    database: Database, openid: OpenIdProviders, user_id: UUID, back_to: str
) -> list[WayOut]:
    """Where a person may end the sessions that providers keep; those that say how."""
    async with database.glance() as glance:
        rows = (await glance.execute(_LINKED, {"user": user_id})).all()
    ways = []
    for row in rows:
        try:
            metadata = await openid.metadata(row.issuer)
        except (NotReached, NotAProvider):
            continue
        url = openid_gateway.logout_url(metadata, row.client_id, back_to)
        if url:
            ways.append(WayOut(row.name, url))
    return ways
