"""The key of the row MAC: wrapped under the platform's own key, cached per process."""

import secrets
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from sqlalchemy import select

from billing_saas.audit.tables import AuditKey
from billing_saas.kit import clock
from billing_saas.kit.db import PlatformSession, TenantSession
from billing_saas.kit.protocols import KeyProvider

KEK = "p/audit"


class NoAuditKey(Exception):
    """The deployment was never initialised (`billing-saas migrate` does it)."""


@dataclass(frozen=True, slots=True)
class MacKey:
    version: int
    key: bytes

    def __repr__(self) -> str:
        return f"<MacKey {self.version}>"


_cache: WeakKeyDictionary[KeyProvider, dict[bytes, MacKey]] = WeakKeyDictionary()


async def current(db: TenantSession) -> MacKey:
    """The newest key. A process asks the provider once per key it meets."""
    cached = _cache.setdefault(db.keys, {})
    if cached:
        return max(cached.values(), key=lambda mac_key: mac_key.version)
    rows = (await db.execute(select(AuditKey.version, AuditKey.wrapped))).all()
    if not rows:
        raise NoAuditKey("no audit key: initialise the deployment first")
    for version, wrapped in rows:
        key = await db.keys.unwrap(KEK, wrapped, _context(version))
        cached[wrapped] = MacKey(version, key)
    return max(cached.values(), key=lambda mac_key: mac_key.version)


async def make(db: PlatformSession, keys: KeyProvider) -> None:
    """Make the first key, unless there is one."""
    if (await db.execute(select(AuditKey.version).limit(1))).first():
        return
    await keys.create(KEK)
    wrapped = await keys.wrap(KEK, secrets.token_bytes(32), _context(1))
    db.add(AuditKey(version=1, wrapped=wrapped, created_at=clock.now()))
    await db.flush()


def _context(version: int) -> bytes:
    return f"audit|amk|{version}".encode()
