"""What was needed for a while only. The trail tells of every sign-in for as long as it is kept."""

from datetime import timedelta

from sqlalchemy import delete, or_

from billing_saas.kit import clock, logs
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import PlatformSession
from billing_saas.mail import sending
from billing_saas.signin.jobs import ForgetSignIns
from billing_saas.signin.tables import PasskeyChallenge, PasswordAsk, UserSession

_KEPT = timedelta(days=90)
_LONGEST = timedelta(days=2)
"""No session is good for longer, seen or not."""


async def forget(db: PlatformSession, _actor: Actor, _job: ForgetSignIns) -> None:
    now = clock.now()
    old = or_(
        UserSession.ended_at < now - _KEPT,
        UserSession.seen_at < now - _KEPT - _LONGEST,
    )
    gone = list(await db.scalars(delete(UserSession).where(old).returning(UserSession.id)))
    await db.execute(delete(PasskeyChallenge).where(PasskeyChallenge.expires_at < now))
    await db.execute(delete(PasswordAsk).where(PasswordAsk.asked_at < now - _LONGEST))
    await sending.forget(db, now - _KEPT)
    logs.get().info("sign-ins forgotten", count=len(gone))
