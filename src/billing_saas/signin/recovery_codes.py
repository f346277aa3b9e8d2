"""Ten codes on paper for the day the telephone is gone: each is good once, and only its digest is kept."""

from uuid import UUID

from sqlalchemy import delete, func, select, update

from billing_saas.kit import clock
from billing_saas.kit.db import PlatformSession
from billing_saas.requests import rules as request_rules
from billing_saas.signin import rules
from billing_saas.signin.tables import RecoveryCode
from billing_saas.vault import keys as vault_keys

_PURPOSE = "recovery codes"


async def make(db: PlatformSession, user_id: UUID) -> list[str]:
    """Ten new ones, shown this once. Those before are worth nothing from now on."""
    codes = [rules.new_recovery_code() for _ in range(rules.RECOVERY_CODES)]
    held = await vault_keys.held_by(db)
    key = held.of(_PURPOSE, held.newest)
    await remove(db, user_id)
    now = clock.now()
    db.add_all(
        RecoveryCode(
            user_id=user_id, code_hash=_digest(key, user_id, code), created_at=now, used_at=None
        )
        for code in codes
    )
    await db.flush()
    return codes


async def spend(db: PlatformSession, user_id: UUID, code: str) -> bool:
    """Whether it is one of the person's that was not used. It is used by this."""
    held = await vault_keys.held_by(db)
    digests = [_digest(held.of(_PURPOSE, version), user_id, code) for version in held.versions]
    used = await db.scalar(
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user_id,
            RecoveryCode.code_hash.in_(digests),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=clock.now())
        .returning(RecoveryCode.user_id)
    )
    return used is not None


async def left(db: PlatformSession, user_id: UUID) -> int:
    count: int | None = await db.scalar(
        select(func.count()).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    )
    return count or 0


async def remove(db: PlatformSession, user_id: UUID) -> None:
    await db.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))


def _digest(key: bytes, user_id: UUID, code: str) -> bytes:
    """Under a key: fifty bits alone could be tried through by who has a dump."""
    return request_rules.digest(key, [user_id.bytes, rules.plain_code(code).encode()])
