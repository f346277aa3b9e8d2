"""The key that signs heads: Ed25519, its private half wrapped under the platform's own key."""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from billing_saas.kit import clock
from billing_saas.kit.db import PlatformSession, SealerSession
from billing_saas.kit.protocols import KeyProvider
from billing_saas.seals.head_rules import Head, SignedHead
from billing_saas.seals.tables import AuditSealKey

# Another one than the row MAC's: whoever may write events must not be able to sign heads.
KEK = "p/audit-seal"


class NoSealKey(Exception):
    """The deployment was never initialised (`billing-saas migrate` does it)."""


@dataclass(frozen=True, slots=True)
class SealKey:
    version: int
    private: Ed25519PrivateKey

    def __repr__(self) -> str:
        return f"<SealKey {self.version}>"

    def sign(self, head: Head) -> SignedHead:
        return SignedHead(head, self.private.sign(head.body()).hex())


_cache: WeakKeyDictionary[KeyProvider, dict[bytes, SealKey]] = WeakKeyDictionary()


async def current(db: SealerSession) -> SealKey:
    """The newest key; the provider is asked once per key and process."""
    newest = (
        await db.execute(
            select(AuditSealKey.version, AuditSealKey.wrapped)
            .order_by(AuditSealKey.version.desc())
            .limit(1)
        )
    ).one_or_none()
    if newest is None:
        raise NoSealKey("no key to seal the audit trail with: initialise the deployment first")
    cached = _cache.setdefault(db.keys, {})
    if newest.wrapped not in cached:
        seed = await db.keys.unwrap(KEK, newest.wrapped, _context(newest.version))
        private = Ed25519PrivateKey.from_private_bytes(seed)
        cached[newest.wrapped] = SealKey(newest.version, private)
    return cached[newest.wrapped]


async def public_keys(db: SealerSession) -> dict[int, bytes]:
    """Each key by its version, old ones too: a head names the one it was signed with."""
    found = await db.execute(select(AuditSealKey.version, AuditSealKey.public_key))
    return {row.version: row.public_key for row in found}


async def make(db: PlatformSession, keys: KeyProvider) -> None:
    """Make the first key, unless there is one."""
    if (await db.execute(select(AuditSealKey.version).limit(1))).first():
        return
    private = Ed25519PrivateKey.generate()
    await keys.create(KEK)
    db.add(
        AuditSealKey(
            version=1,
            public_key=private.public_key().public_bytes_raw(),
            wrapped=await keys.wrap(KEK, private.private_bytes_raw(), _context(1)),
            created_at=clock.now(),
        )
    )
    await db.flush()


def _context(version: int) -> bytes:
    return f"audit|seal|{version}".encode()
