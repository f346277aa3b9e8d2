"""The vault's key: opened once per process, and from it a key of its own for each purpose."""

import hmac
import secrets
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from billing_saas.kit import clock
from billing_saas.kit.db import Database, PlatformSession
from billing_saas.kit.protocols import KeyProvider
from billing_saas.vault.tables import VaultKey

KEK = "p/vault"


class NoVaultKey(Exception):
    """The deployment was never initialised (`billing-saas migrate` does it)."""


@dataclass(frozen=True, slots=True)
class VaultKeys:
    """Every version, by number: what the newest seals, and what an older one did."""

    versions: dict[int, bytes]

    @property
    def newest(self) -> int:
        return max(self.versions)

    def of(self, purpose: str, version: int) -> bytes:
        """The key for one purpose, so that nothing of one is ever good for another."""
        label = b"billing-saas|vault|" + purpose.encode()
        return hmac.digest(self.versions[version], label, "sha256")

    def __repr__(self) -> str:
        return f"<VaultKeys {sorted(self.versions)}>"


_held: WeakKeyDictionary[KeyProvider, VaultKeys] = WeakKeyDictionary()


async def of(database: Database) -> VaultKeys:
    """For who has no session open."""
    held = _held.get(database.keys)
    if held is not None:
        return held
    async with database.glance() as glance:
        return await _read(glance, database.keys)


async def held_by(db: PlatformSession) -> VaultKeys:
    held = _held.get(db.keys)
    return held if held is not None else await reload(db)


async def reload(db: PlatformSession) -> VaultKeys:
    """Read again: another process may have made a newer version."""
    return await _read(db, db.keys)


async def make(db: PlatformSession, keys: KeyProvider) -> None:
    """Make the first version, unless there is one."""
    if (await db.execute(select(VaultKey.version).limit(1))).first():
        return
    await keys.create(KEK)
    wrapped = await keys.wrap(KEK, secrets.token_bytes(32), _context(1))
    db.add(VaultKey(version=1, wrapped=wrapped, created_at=clock.now()))
    await db.flush()


async def _read(db: AsyncConnection | PlatformSession, keys: KeyProvider) -> VaultKeys:
    rows = (await db.execute(select(VaultKey.version, VaultKey.wrapped))).all()
    if not rows:
        raise NoVaultKey("no key for the vault: initialise the deployment first")
    opened = {
        version: await keys.unwrap(KEK, wrapped, _context(version)) for version, wrapped in rows
    }
    _held[keys] = VaultKeys(opened)
    return _held[keys]


def _context(version: int) -> bytes:
    return f"vault|key|{version}".encode()
