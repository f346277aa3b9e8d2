"""Links, sessions and codes that ran out, of all practices: the trail tells of each for as long as it is kept."""

from datetime import timedelta

from sqlalchemy import delete

from billing_saas.kit import clock, logs
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import PlatformSession
from billing_saas.links import rules as link_rules
from billing_saas.links.tables import PortalLink
from billing_saas.portal.tables import PortalCode, PortalSession
from billing_saas.portal_office.jobs import ForgetPortal

_KEPT = timedelta(days=1)
"""So that a clock that steps back makes nothing good again."""


async def forget(db: PlatformSession, _actor: Actor, _job: ForgetPortal) -> None:
    """Codes before the sessions that they hang on; links for as long as a new one may be asked by them."""
    now = clock.now()
    gone = 0
    for table, before in (
        (PortalCode, now - _KEPT),
        (PortalSession, now - _KEPT),
        (PortalLink, now - link_rules.ASKED_ANEW_FOR),
    ):
        removed = await db.execute(delete(table).where(table.expires_at < before))
        gone += int(getattr(removed, "rowcount", 0))
    logs.get().info("portal forgotten", count=gone)
