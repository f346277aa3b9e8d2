"""A practice's keys, unwrapped, in this process.

`await keyring.of(db)` gives them; sealing and opening are then plain calls. They are kept for five
minutes, so destroying a practice's key ends its readability within that time, and for an hour while
the provider is down, after which nothing is served.
"""

import asyncio
import functools
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NoReturn, TypeVar, cast
from uuid import UUID
from weakref import WeakKeyDictionary

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import select

from billing_saas.kit import clock, logs
from billing_saas.kit.db import TenantSession
from billing_saas.kit.protocols import KeyProvider, KeyProviderDown, KeyRefused
from billing_saas.phi import counting, rules, sealing
from billing_saas.phi.errors import KeysMissing, KeyVersionUnknown, SealBroken, WrongKey
from billing_saas.phi.registry import BlindField, Cell, Key
from billing_saas.phi.tables import TenantKey

T = TypeVar("T")

DOCUMENTS = Key.DOCUMENTS.value
RESTRICTED = Key.RESTRICTED.value
BLIND = "bik"
PURPOSES = (DOCUMENTS, RESTRICTED, BLIND)

KEPT_FOR = timedelta(minutes=5)
KEPT_WHILE_DOWN = timedelta(minutes=60)
MOST_TENANTS = 256
CHECK_BYTES = 16
_RETRY_AFTER = timedelta(seconds=10)
_PROVIDER_SECONDS = 2.0

# A session whose open transaction changed the keys reads them itself: what it sees may roll back.
CHANGED = "phi.keys_changed"

_encode = msgspec.json.Encoder().encode


def kek_name(tenant_id: UUID) -> str:
    return f"t/{tenant_id}"


def wrap_context(tenant_id: UUID, purpose: str, version: int) -> bytes:
    """What a wrapped key is bound to, fixed width: domain, tenant, purpose, version."""
    return b"TK\x01" + tenant_id.bytes + purpose.encode().ljust(4, b"\0") + version.to_bytes(4)


def check_value(key: bytes, context: bytes) -> bytes:
    """Tells one key from another and nothing else of it; `WrongKey` when it cannot be a key of ours."""
    if len(key) != sealing.KEY_BYTES:
        raise WrongKey("the key provider answered with something that is no key")
    return rules.mac(key, b"KCV\x01" + context)[:CHECK_BYTES]


@dataclass(slots=True, repr=False, eq=False)
class _Ciphers:
    """The document keys of one purpose."""

    purpose: str
    primary: int
    by_version: dict[int, AESGCM]
    tally: counting.Tally


@dataclass(slots=True, repr=False, eq=False)
class _BlindKeys:
    primary: int
    by_version: dict[int, bytes]


@dataclass(slots=True, repr=False, eq=False)
class Keyring:
    """One practice's keys. Shows nothing, and stays in this process."""

    tenant_id: UUID
    loaded_at: datetime
    _documents: _Ciphers
    _restricted: _Ciphers
    _blind: _BlindKeys
    _wanted: set[tuple[str, int]] = field(default_factory=set)
    _missing: set[tuple[str, int]] = field(default_factory=set)
    _retry_at: datetime | None = None

    def __repr__(self) -> str:
        return "<Keyring>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a keyring does not leave its process")

    @property
    def key_ver(self) -> int:
        """The key version that `seal` uses now: store it in the row's `key_ver`."""
        return self._documents.primary

    @property
    def restricted_key_ver(self) -> int:
        return self._restricted.primary

    @property
    def index_ver(self) -> int:
        """The version of the blind-index key that `token` uses now."""
        return self._blind.primary

    @property
    def due_for_rotation(self) -> bool:
        """A document key has sealed 2^30 messages: time for a new version."""
        return self._documents.tally.due_for_rotation or self._restricted.tally.due_for_rotation

    def seal(self, cell: Cell, row_id: UUID, document: msgspec.Struct | bytes) -> bytes:
        """Ciphertext that opens in this cell of this row only. Structs are sealed as JSON."""
        return self._seal(self._documents, cell, row_id, document)

    def open(self, cell: Cell, row_id: UUID, sealed: bytes, type_: type[T]) -> T:
        """What was sealed, as `type_` (`bytes`: as it is). `SealBroken` when it cannot be."""
        return self._open(self._documents, cell, row_id, sealed, type_)

    def seal_restricted(self, cell: Cell, row_id: UUID, document: msgspec.Struct | bytes) -> bytes:
        """Under the key of Part 2 (42 CFR) and psychotherapy records, which `open` does not use."""
        return self._seal(self._restricted, cell, row_id, document)

    def open_restricted(self, cell: Cell, row_id: UUID, sealed: bytes, type_: type[T]) -> T:
        return self._open(self._restricted, cell, row_id, sealed, type_)

    def token(self, field: BlindField, *values: str | date) -> bytes:
        """The blind-index token (8 bytes) of these values. `NothingToIndex` when one is blank."""
        forms = rules.normal_form(field, values)
        version = self._blind.primary
        return rules.token(self._blind.by_version[version], version, field, forms)

    def _seal(
        self, keys: _Ciphers, cell: Cell, row_id: UUID, document: msgspec.Struct | bytes
    ) -> bytes:
        keys.tally.count()
        plaintext = document if isinstance(document, bytes) else _encode(document)
        aad = sealing.place(self.tenant_id, cell, row_id)
        return sealing.seal(keys.by_version[keys.primary], keys.primary, plaintext, aad)

    def _open(self, keys: _Ciphers, cell: Cell, row_id: UUID, sealed: bytes, type_: type[T]) -> T:
        try:
            cipher = self._cipher(keys, sealing.key_version(sealed))
            aad = sealing.place(self.tenant_id, cell, row_id)
            plaintext = sealing.unseal(cipher, sealed, aad)
        except KeyVersionUnknown:
            raise
        except SealBroken:
            logs.get().error("seal broken", tenant=self.tenant_id, step=cell.name)
            raise
        if type_ is bytes:
            return cast(T, plaintext)
        try:
            return cast(T, _decoder(cast(Hashable, type_)).decode(plaintext))
        except msgspec.DecodeError:
            # The decoder's message may quote a value.
            raise SealBroken(f"{cell.name} does not hold a {type_.__name__}") from None

    def _cipher(self, keys: _Ciphers, version: int) -> AESGCM:
        cipher = keys.by_version.get(version)
        if cipher is not None:
            return cipher
        if version > max(keys.by_version):
            if (keys.purpose, version) not in self._missing:
                self._wanted.add((keys.purpose, version))
            raise KeyVersionUnknown("sealed with a key that this process has not read")
        raise SealBroken("sealed with a key that is no more")

    def _lacks(self, key_ver: int) -> bool:
        return (
            key_ver > max(self._documents.by_version) and (DOCUMENTS, key_ver) not in self._missing
        )

    def _tallies(self) -> tuple[counting.Tally, ...]:
        return self._documents.tally, self._restricted.tally


@functools.cache
def _decoder(type_: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(type_)


async def of(db: TenantSession, key_ver: int = 0) -> Keyring:
    """The keys of the session's practice.

    `key_ver` is the newest `key_ver` among the rows about to be opened: when this process has not
    read that version yet, it reads the keys again, once. `KeyProviderDown` when they cannot be
    unwrapped and none are kept; `KeyRefused` when the practice's key was destroyed.
    """
    rings = _rings.get(db.keys) or _rings.setdefault(db.keys, _Rings())
    if db.info.get(CHANGED):
        return await rings.load(db)
    ring = await rings.of(db, key_ver)
    tallies = ring._tallies()
    if any(tally.pending >= counting.FLUSH_AT for tally in tallies):
        await counting.flush(db, tallies)
    return ring


class _Rings:
    """What one key provider gave this process, by practice: the 256 used last."""

    def __init__(self) -> None:
        self._held: OrderedDict[UUID, Keyring] = OrderedDict()
        self._tallies: dict[tuple[UUID, str, int], counting.Tally] = {}
        # By event loop too: a future belongs to one.
        self._loading: dict[tuple[int, UUID], asyncio.Future[Exception | None]] = {}

    async def of(self, db: TenantSession, key_ver: int) -> Keyring:
        here = (id(asyncio.get_running_loop()), db.tenant_id)
        while True:
            held = self._held.get(db.tenant_id)
            if held is not None and _serves(held, key_ver):
                self._hold(held)
                return held
            loading = self._loading.get(here)
            if loading is None:
                return await self._lead(here, db, key_ver)
            failure = await asyncio.shield(loading)
            if failure is not None:
                raise type(failure)(str(failure))

    async def _lead(self, here: tuple[int, UUID], db: TenantSession, key_ver: int) -> Keyring:
        """Load for everyone who waits. Who waits shares a provider's failure, nothing else."""
        loading = self._loading[here] = asyncio.get_running_loop().create_future()
        failure: Exception | None = None
        try:
            return await self._reload(db, key_ver)
        except (KeyProviderDown, KeyRefused) as error:
            failure = error
            raise
        finally:
            del self._loading[here]
            loading.set_result(failure)

    async def _reload(self, db: TenantSession, key_ver: int) -> Keyring:
        held = self._held.get(db.tenant_id)
        try:
            ring = await self.load(db)
        except KeyProviderDown as error:
            wrong = isinstance(error, WrongKey)
            logs.get().error(
                "key provider answers wrongly" if wrong else "key provider down",
                tenant=db.tenant_id,
                exc_info=error,
            )
            now = clock.now()
            if held is None or now - held.loaded_at >= KEPT_WHILE_DOWN:
                self._held.pop(db.tenant_id, None)
                raise
            held._retry_at = now + _RETRY_AFTER
            return held
        except (KeyRefused, KeysMissing) as error:
            logs.get().error("practice key refused", tenant=db.tenant_id, exc_info=error)
            self._held.pop(db.tenant_id, None)
            raise
        if held is not None:
            await counting.flush(db, held._tallies())
            if ring.loaded_at - held.loaded_at < KEPT_FOR:
                ring._missing |= held._missing
            ring._missing |= held._wanted
        if ring._lacks(key_ver):
            ring._missing.add((DOCUMENTS, key_ver))
        self._hold(ring)
        return ring

    def _hold(self, ring: Keyring) -> None:
        self._held[ring.tenant_id] = ring
        self._held.move_to_end(ring.tenant_id)
        if len(self._held) > MOST_TENANTS:
            self._held.popitem(last=False)

    async def load(self, db: TenantSession) -> Keyring:
        query = select(
            TenantKey.purpose,
            TenantKey.version,
            TenantKey.wrapped,
            TenantKey.kek_name,
            TenantKey.state,
            TenantKey.messages,
            TenantKey.check_value,
        ).where(TenantKey.tenant_id == db.tenant_id, TenantKey.state != "destroyed")
        # Not every call reads the keys, so a call that does must not write the caller's rows.
        rows = (await db.execute(query, execution_options={"autoflush": False})).all()
        primary = {row.purpose: row.version for row in rows if row.state == "primary"}
        if primary.keys() != set(PURPOSES):
            raise KeysMissing("the practice has no keys")
        loaded_at = clock.now()
        contexts = [wrap_context(db.tenant_id, row.purpose, row.version) for row in rows]
        wrapped = [
            (row.kek_name, row.wrapped, context)
            for row, context in zip(rows, contexts, strict=True)
        ]
        unwrapped = await _unwrapped(db.keys, wrapped)
        for row, key, context in zip(rows, unwrapped, contexts, strict=True):
            if check_value(key, context) != (row.check_value or check_value(key, context)):
                raise WrongKey("the key provider answered with another key")
        material = {
            (row.purpose, row.version): key for row, key in zip(rows, unwrapped, strict=True)
        }
        for row in rows:
            self._tally(db.tenant_id, row.purpose, row.version).stored = row.messages
        documents, restricted = (
            _Ciphers(
                purpose,
                primary[purpose],
                {v: sealing.key(key) for (p, v), key in material.items() if p == purpose},
                self._tally(db.tenant_id, purpose, primary[purpose]),
            )
            for purpose in (DOCUMENTS, RESTRICTED)
        )
        blind = {v: key for (p, v), key in material.items() if p == BLIND}
        return Keyring(
            db.tenant_id, loaded_at, documents, restricted, _BlindKeys(primary[BLIND], blind)
        )

    def _tally(self, tenant_id: UUID, purpose: str, version: int) -> counting.Tally:
        """Kept apart from the rings, so that a reload or an eviction loses no count."""
        place = (tenant_id, purpose, version)
        return self._tallies.setdefault(place, counting.Tally(*place))


_rings: WeakKeyDictionary[KeyProvider, _Rings] = WeakKeyDictionary()


def _serves(held: Keyring, key_ver: int) -> bool:
    now = clock.now()
    if held._retry_at is not None and now < held._retry_at:
        return now - held.loaded_at < KEPT_WHILE_DOWN
    return now - held.loaded_at < KEPT_FOR and not held._wanted and not held._lacks(key_ver)


async def _unwrapped(keys: KeyProvider, wrapped: Sequence[tuple[str, bytes, bytes]]) -> list[bytes]:
    try:
        async with asyncio.timeout(_PROVIDER_SECONDS):
            return await asyncio.gather(*(keys.unwrap(*one) for one in wrapped))
    except TimeoutError:
        raise KeyProviderDown("the key provider does not answer") from None
