"""Requests are remembered for two days: a client that retries does it within one."""

from datetime import timedelta

from sqlalchemy import delete

from billing_saas.kit import clock, logs
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import PlatformSession
from billing_saas.requests import buckets
from billing_saas.requests.jobs import ForgetRequests
from billing_saas.requests.tables import DoneRequest

PROMISED = timedelta(hours=24)
KEPT_FOR = 2 * PROMISED


async def forget(db: PlatformSession, _actor: Actor, _job: ForgetRequests) -> None:
    old = DoneRequest.done_at < clock.now() - KEPT_FOR
    gone = (await db.execute(delete(DoneRequest).where(old).returning(DoneRequest.status))).all()
    full = await buckets.forget_full(db)
    logs.get().info("requests forgotten", count=len(gone), rows=full)
