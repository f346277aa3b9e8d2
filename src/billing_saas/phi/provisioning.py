"""A practice gets its keys, and new versions of them."""

import secrets
from dataclasses import dataclass

from sqlalchemy import insert, select, update

from billing_saas.kit import clock
from billing_saas.kit.db import TenantSession
from billing_saas.phi import keyring, sealing
from billing_saas.phi.errors import KeyNotReady, WrongKey
from billing_saas.phi.tables import TenantKey


async def make_keys(db: TenantSession) -> None:
    """The practice's key in the provider, and the first version of each key it wraps.

    Safe to repeat: keys that exist are left as they are, because others could not open what these
    sealed. When the transaction does not commit, the provider's key stays and serves the next try.
    """
    made = select(TenantKey.version).where(TenantKey.tenant_id == db.tenant_id).limit(1)
    if (await db.execute(made)).scalar_one_or_none() is not None:
        return
    await db.keys.create(keyring.kek_name(db.tenant_id))
    for purpose in keyring.PURPOSES:
        await _add(db, purpose, 1, "primary")


async def add_version(db: TenantSession, purpose: str) -> int:
    """A new version of a document key, `pending`: processes read it, none seals with it yet."""
    if purpose not in (keyring.DOCUMENTS, keyring.RESTRICTED):
        raise ValueError("a blind-index key changes only with a rebuild of its indexes")
    newest = (
        select(TenantKey.version)
        .where(TenantKey.tenant_id == db.tenant_id, TenantKey.purpose == purpose)
        .order_by(TenantKey.version.desc())
        .limit(1)
    )
    version = (await db.execute(newest)).scalar_one() + 1
    await _add(db, purpose, version, "pending")
    return version


async def promote(db: TenantSession, purpose: str, version: int) -> None:
    """From now on `version` seals; the one before it only opens.

    Refused (`KeyNotReady`) until every process has had the time to read the new version.
    """
    this = (TenantKey.tenant_id == db.tenant_id, TenantKey.purpose == purpose)
    pending = select(TenantKey.created_at).where(
        *this, TenantKey.version == version, TenantKey.state == "pending"
    )
    created_at = (await db.execute(pending.with_for_update())).scalar_one_or_none()
    if created_at is None:
        raise KeyNotReady("There is no such pending version.", version=version)
    if clock.now() - created_at < 2 * keyring.KEPT_FOR:
        raise KeyNotReady("Other processes may not have read this version yet.", version=version)
    primary = update(TenantKey).where(*this, TenantKey.state == "primary")
    await db.execute(primary.values(state="decrypt_only"))
    await db.execute(
        update(TenantKey).where(*this, TenantKey.version == version).values(state="primary")
    )
    db.info[keyring.CHANGED] = True


@dataclass(frozen=True, slots=True)
class WrappedKey:
    kek_name: str
    wrapped: bytes
    context: bytes


async def wrapped_keys(db: TenantSession) -> list[WrappedKey]:
    """What the practice's key in the provider wrapped, and was not destroyed since."""
    standing = select(TenantKey).where(
        TenantKey.tenant_id == db.tenant_id, TenantKey.state != "destroyed"
    )
    return [
        WrappedKey(
            row.kek_name,
            row.wrapped,
            keyring.wrap_context(db.tenant_id, row.purpose, row.version),
        )
        for row in await db.scalars(standing)
    ]


async def rewrap(db: TenantSession) -> int:
    """Wrap the practice's keys again under the newest version of its key in the provider; how many."""
    standing = select(TenantKey).where(
        TenantKey.tenant_id == db.tenant_id, TenantKey.state != "destroyed"
    )
    rows = (await db.scalars(standing.with_for_update())).all()
    for row in rows:
        context = keyring.wrap_context(db.tenant_id, row.purpose, row.version)
        rewrapped = await db.keys.rewrap(row.kek_name, row.wrapped, context)
        # What was wrapped again must be what was wrapped, or the practice is lost.
        found = keyring.check_value(await db.keys.unwrap(row.kek_name, rewrapped, context), context)
        if row.check_value is None:
            before = await db.keys.unwrap(row.kek_name, row.wrapped, context)
            row.check_value = keyring.check_value(before, context)
        if found != row.check_value:
            raise WrongKey("the key provider wrapped another key")
        row.wrapped = rewrapped
    await db.flush()
    return len(rows)


async def retire(db: TenantSession, purpose: str, before: int) -> None:
    """Destroy the versions before `before`: the caller made sure that no cell needs them."""
    await db.execute(
        update(TenantKey)
        .where(
            TenantKey.tenant_id == db.tenant_id,
            TenantKey.purpose == purpose,
            TenantKey.version < before,
            TenantKey.state == "decrypt_only",
        )
        .values(state="destroyed", wrapped=b"")
    )
    db.info[keyring.CHANGED] = True


async def abandon(db: TenantSession) -> None:
    """After the practice's key was destroyed in the provider: nothing unwraps these any more."""
    await db.execute(
        update(TenantKey)
        .where(TenantKey.tenant_id == db.tenant_id)
        .values(state="destroyed", wrapped=b"")
    )
    db.info[keyring.CHANGED] = True


async def _add(db: TenantSession, purpose: str, version: int, state: str) -> None:
    name = keyring.kek_name(db.tenant_id)
    context = keyring.wrap_context(db.tenant_id, purpose, version)
    key = secrets.token_bytes(sealing.KEY_BYTES)
    wrapped = await db.keys.wrap(name, key, context)
    row = {
        "tenant_id": db.tenant_id,
        "purpose": purpose,
        "version": version,
        "wrapped": wrapped,
        "kek_name": name,
        "state": state,
        "messages": 0,
        "created_at": clock.now(),
        "check_value": keyring.check_value(key, context),
    }
    await db.execute(insert(TenantKey), row)
    db.info[keyring.CHANGED] = True
