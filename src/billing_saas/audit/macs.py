"""The key of the row MAC: wrapped under the platform's own key, cached per process."""

import secrets
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from sqlalchemy import select

from billing_saas.audit.tables import AuditKey
from billing_saas.kit import clock
from billing_saas.kit.db import PlatformSession, SealerSession, TenantSession
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


_Session = PlatformSession | SealerSession | TenantSession
_cache: WeakKeyDictionary[KeyProvider, dict[bytes, MacKey]] = WeakKeyDictionary()


async def current(db: _Session) -> MacKey:
    """The newest key that this process has met; it asks the provider once per key."""
    cached = _cache.setdefault(db.keys, {})
    if not cached:
        await _load(db)
    if not cached:
        raise NoAuditKey("no audit key: initialise the deployment first")
    return max(cached.values(), key=lambda mac_key: mac_key.version)


async def by_version(db: _Session) -> dict[int, bytes]:
    """Every key there is, old ones too: a row names the one it was made with."""
    await _load(db)
    return {mac_key.version: mac_key.key for mac_key in _cache[db.keys].values()}


async def _load(db: _Session) -> None:
    cached = _cache.setdefault(db.keys, {})
    for version, wrapped in await db.execute(select(AuditKey.version, AuditKey.wrapped)):
        if wrapped not in cached:
            key = await db.keys.unwrap(KEK, wrapped, _context(version))
            cached[wrapped] = MacKey(version, key)


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
