"""Passwords: set, checked at the same cost for whoever has none, made anew when the parameters change."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy import delete, text
from sqlalchemy.dialects.postgresql import insert

from billing_saas.audit import trail
from billing_saas.audit.rules import PLATFORM_LOG
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import Database, PlatformSession
from billing_saas.signin import breaches, hashing, rules
from billing_saas.signin.errors import WeakPassword
from billing_saas.signin.hashing import Hashed, Parameters
from billing_saas.signin.tables import LocalCredential

_LOOK = text(
    """
    SELECT u.id, u.status = 'active' AS active,
      c.password_hash, c.salt, c.memory_kib, c.iterations, c.lanes
    FROM app_user u LEFT JOIN local_credential c ON c.user_id = u.id
    WHERE lower(u.email) = :email
    """
)


@dataclass(frozen=True, slots=True)
class Account:
    """What stands under an address: perhaps nobody, perhaps somebody without a password."""

    user_id: UUID | None = None
    held: Hashed | None = None


async def set_password(
    db: PlatformSession,
    user_id: UUID,
    password: str,
    *,
    email: str = "",
    breached: Path | None = None,
) -> None:
    """From whoever showed a link or the old password. `WeakPassword` says what is wrong with it.

    Whoever calls it ends the person's sessions: `sessions.end_all_of`.
    """
    check_strength(password, email=email, breached=breached)
    await _keep(db, user_id, await hashing.hashed(password))
    await trail.record_in(
        db,
        PLATFORM_LOG,
        Actor(kind=ActorKind.USER, id=user_id),
        "password.set",
        object_type="user",
        object_id=user_id,
    )


def check_strength(password: str, *, email: str = "", breached: Path | None = None) -> None:
    fault = rules.password_faults(password, email=email)
    if not fault and breaches.is_known(breached, password):
        fault = "This password is known from a breach of another site. Use another one."
    if fault:
        raise WeakPassword(fault, field="password")


async def remove(db: PlatformSession, user_id: UUID) -> None:
    await db.execute(delete(LocalCredential).where(LocalCredential.user_id == user_id))


async def account(database: Database, email: str) -> Account:
    """By its folded address, whether there is one or not."""
    async with database.glance() as glance:
        row = (await glance.execute(_LOOK, {"email": email})).one_or_none()
    if row is None:
        return Account()
    held = None
    if row.active and row.password_hash is not None:
        parameters = Parameters(row.memory_kib, row.iterations, row.lanes)
        held = Hashed(row.password_hash, row.salt, parameters)
    return Account(UUID(str(row.id)), held)


async def fits(database: Database, account: Account, password: str) -> bool:
    """One hash, whoever it is; one more when the right password was kept by older parameters."""
    right = await hashing.fits(password, account.held or hashing.NOBODYS)
    if not right or account.held is None or account.user_id is None:
        return False
    if account.held.parameters != hashing.CURRENT:
        anew = await hashing.hashed(password)
        async with database.platform() as db:
            await _keep(db, account.user_id, anew)
    return True


async def _keep(db: PlatformSession, user_id: UUID, hashed: Hashed) -> None:
    values = {
        "password_hash": hashed.password_hash,
        "salt": hashed.salt,
        "memory_kib": hashed.parameters.memory_kib,
        "iterations": hashed.parameters.iterations,
        "lanes": hashed.parameters.lanes,
        "changed_at": clock.now(),
    }
    await db.execute(
        insert(LocalCredential)
        .values(user_id=user_id, **values)
        .on_conflict_do_update(index_elements=["user_id"], set_=values)
    )
