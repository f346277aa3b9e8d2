"""The platform's key for requests: wrapped under a key of its own, opened once per process."""

import secrets
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from sqlalchemy import select

from billing_saas.kit import clock
from billing_saas.kit.db import Database, PlatformSession
from billing_saas.kit.protocols import KeyProvider
from billing_saas.requests import rules
from billing_saas.requests.errors import NoRequestKey
from billing_saas.requests.tables import RequestKey

KEK = "p/requests"
_USES = ("done", "buckets", "etags", "cursors")


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """What one version of the platform's key makes: a key per purpose."""

    version: int
    done: bytes
    buckets: bytes
    etags: bytes
    cursors: bytes

    def __repr__(self) -> str:
        return f"<Keys {self.version}>"


@dataclass(frozen=True, slots=True)
class RequestKeys:
    """Every version, by number: what the newest made, and what an older one did."""

    versions: dict[int, Keys]

    @property
    def newest(self) -> Keys:
        return self.versions[max(self.versions)]


_held: WeakKeyDictionary[KeyProvider, RequestKeys] = WeakKeyDictionary()


async def of(database: Database) -> RequestKeys:
    held = _held.get(database.keys)
    return held if held is not None else await reload(database)


async def reload(database: Database) -> RequestKeys:
    """Read again: another process may have made a newer version."""
    async with database.platform() as db:
        rows = (await db.execute(select(RequestKey.version, RequestKey.wrapped))).all()
    versions = {}
    for version, wrapped in rows:
        material = await database.keys.unwrap(KEK, wrapped, _context(version))
        versions[version] = Keys(version, *(rules.subkey(material, use) for use in _USES))
    if not versions:
        raise NoRequestKey("no key for requests: initialise the deployment first")
    _held[database.keys] = RequestKeys(versions)
    return _held[database.keys]


async def make(db: PlatformSession, keys: KeyProvider) -> None:
    """Make the first version, unless there is one."""
    if (await db.execute(select(RequestKey.version).limit(1))).first():
        return
    await keys.create(KEK)
    wrapped = await keys.wrap(KEK, secrets.token_bytes(32), _context(1))
    db.add(RequestKey(version=1, wrapped=wrapped, created_at=clock.now()))
    await db.flush()


def _context(version: int) -> bytes:
    return f"requests|key|{version}".encode()
