"""Tokens and assertions that ran out, of all practices: the trail tells of each for as long as it is kept."""

from datetime import timedelta

from sqlalchemy import delete

from billing_saas.clients.jobs import ForgetTokens
from billing_saas.clients.tables import ClientAssertion, ClientToken
from billing_saas.kit import clock, logs
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import PlatformSession

_KEPT = timedelta(days=1)
"""So that a clock that steps back makes nothing good again."""


async def forget(db: PlatformSession, _actor: Actor, _job: ForgetTokens) -> None:
    before = clock.now() - _KEPT
    gone = 0
    for table in (ClientToken, ClientAssertion):
        removed = await db.execute(delete(table).where(table.expires_at < before))
        gone += int(getattr(removed, "rowcount", 0))
    logs.get().info("tokens forgotten", count=gone)
