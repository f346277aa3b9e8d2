"""Codes of an authenticator app (RFC 6238): each step of 30 seconds counts once, and none before it."""

import hmac
from uuid import UUID

import pyotp
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from billing_saas.kit import clock
from billing_saas.kit.db import PlatformSession
from billing_saas.signin.errors import FactorStands
from billing_saas.signin.tables import TotpFactor
from billing_saas.vault import sealing

STEP_SECONDS = 30
# A clock may be off by one step, and a code may be typed as its step ends (RFC 6238, 5.2).
_DRIFT = 1
_PLACE = "totp_factor.secret"


async def begin(db: PlatformSession, user_id: UUID) -> str:
    """The secret of a new app, which counts once its first code is shown. The one begun but not
    confirmed is shown again, so that a page may be loaded twice."""
    held = await _held(db, user_id)
    if held is not None and held.confirmed_at is not None:
        raise FactorStands("There is an authenticator app already.")
    if held is not None:
        return (await sealing.unseal(db, _PLACE, user_id, held.secret)).decode()
    secret = pyotp.random_base32()
    values = {
        "secret": await sealing.seal(db, _PLACE, user_id, secret.encode()),
        "last_step": 0,
        "created_at": clock.now(),
    }
    await db.execute(insert(TotpFactor).values(user_id=user_id, **values).on_conflict_do_nothing())
    return secret


def uri(secret: str, *, email: str, issuer: str) -> str:
    """What the QR code says."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=issuer)


async def confirm(db: PlatformSession, user_id: UUID, code: str) -> bool:
    """The first code of a new app; from now on it counts."""
    held = await _held(db, user_id)
    if held is None or held.confirmed_at is not None:
        return False
    if not await _spend(db, held, code):
        return False
    await db.execute(
        update(TotpFactor).where(TotpFactor.user_id == user_id).values(confirmed_at=clock.now())
    )
    return True


async def spend(db: PlatformSession, user_id: UUID, code: str) -> bool:
    """Whether the code is good now, and was not taken before. It is taken by this."""
    held = await _held(db, user_id)
    if held is None or held.confirmed_at is None:
        return False
    return await _spend(db, held, code)


async def remove(db: PlatformSession, user_id: UUID) -> None:
    await db.execute(delete(TotpFactor).where(TotpFactor.user_id == user_id))


async def _held(db: PlatformSession, user_id: UUID) -> TotpFactor | None:
    found: TotpFactor | None = await db.scalar(
        select(TotpFactor).where(TotpFactor.user_id == user_id)
    )
    return found


async def _spend(db: PlatformSession, held: TotpFactor, code: str) -> bool:
    typed = code.replace(" ", "")
    if not (typed.isascii() and typed.isdigit() and len(typed) == 6):
        return False
    secret = (await sealing.unseal(db, _PLACE, held.user_id, held.secret)).decode()
    generator = pyotp.TOTP(secret, interval=STEP_SECONDS)
    now = int(clock.now().timestamp()) // STEP_SECONDS
    step = next(
        (
            step
            for step in range(now - _DRIFT, now + _DRIFT + 1)
            if hmac.compare_digest(generator.generate_otp(step), typed)
        ),
        None,
    )
    if step is None:
        return False
    # In one statement, so that of two who show the same code at the same time one is refused.
    taken = await db.scalar(
        update(TotpFactor)
        .where(TotpFactor.user_id == held.user_id, TotpFactor.last_step < step)
        .values(last_step=step)
        .returning(TotpFactor.last_step)
    )
    return taken is not None
