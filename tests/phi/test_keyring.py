"""A practice's keys in a process: read once, kept for a while, never made up."""

import asyncio
import pickle
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from billing_saas.kit import clock
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.kit.protocols import KeyProviderDown, KeyRefused
from billing_saas.phi import keyring, provisioning, registry
from billing_saas.phi.errors import KeyNotReady, KeysMissing, KeyVersionUnknown, SealBroken
from billing_saas.phi.keyring import Keyring
from billing_saas.phi.sealing import Document
from tests.cast import Tenant
from tests.cluster import Clone
from tests.fakes import MemoryKeys
from tests.phi.tampering import as_owner

CELL = registry.PATIENT_PHI_DEMO
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
ROW = UUID(int=7)


class Demo(Document):
    last: str
    born: str


class Other(Document):
    age: int


GARCIA = Demo("Garcia", "1980-01-31")


async def ring_of(database: Database, tenant: Tenant, key_ver: int = 0) -> Keyring:
    async with database.tenant(tenant.id) as db:
        return await keyring.of(db, key_ver)


def unwraps(keys: MemoryKeys) -> int:
    count = keys.calls.count("unwrap")
    keys.calls.clear()
    return count


class OtherProcess:
    """The same keys and database, seen by a process that has read nothing yet."""

    def __init__(self, clone: Clone, keys: MemoryKeys) -> None:
        self.keys = MemoryKeys()
        self.keys.keys = keys.keys
        self.database = Database(clone.urls, self.keys, pool_size=4)

    async def __aenter__(self) -> "OtherProcess":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.database.close()


async def rotate(database: Database, tenant: Tenant, purpose: str = keyring.DOCUMENTS) -> None:
    with clock.frozen(NOON):
        async with database.tenant(tenant.id) as db:
            version = await provisioning.add_version(db, purpose)
    with clock.frozen(NOON + timedelta(minutes=11)):
        async with database.tenant(tenant.id) as db:
            await provisioning.promote(db, purpose, version)


async def test_a_document_opens_in_its_place_and_no_other(
    database: Database, elm: Tenant, oak: Tenant
) -> None:
    ring = await ring_of(database, elm)
    sealed = ring.seal(CELL, ROW, GARCIA)
    assert b"Garcia" not in sealed
    assert ring.open(CELL, ROW, sealed, Demo) == GARCIA
    assert ring.key_ver == 1
    for cell, row_id in (
        (registry.PATIENT_NAME_CT, ROW),
        (registry.COVERAGE_PHI_DEMO, ROW),
        (CELL, new_id()),
    ):
        with pytest.raises(SealBroken):
            ring.open(cell, row_id, sealed, Demo)
    strangers = await ring_of(database, oak)
    with pytest.raises(SealBroken):
        strangers.open(CELL, ROW, sealed, Demo)


async def test_each_changed_byte_is_found(database: Database, elm: Tenant) -> None:
    await rotate(database, elm)
    ring = await ring_of(database, elm)
    sealed = ring.seal(CELL, ROW, b"plain")
    for at in range(len(sealed)):
        for change in (1, 3, 0x80):
            changed = bytearray(sealed)
            changed[at] ^= change
            with pytest.raises(SealBroken):
                ring.open(CELL, ROW, bytes(changed), bytes)


async def test_a_document_of_another_type_is_found_and_not_quoted(
    database: Database, elm: Tenant
) -> None:
    ring = await ring_of(database, elm)
    for content in (GARCIA, b'{"age": "Garcia"}', b"Garcia", b"\xff"):
        with pytest.raises(SealBroken) as broken:
            ring.open(CELL, ROW, ring.seal(CELL, ROW, content), Other)
        assert "Garcia" not in str(broken.value)
        assert broken.value.__suppress_context__


async def test_restricted_documents_are_under_a_key_of_their_own(
    database: Database, elm: Tenant
) -> None:
    ring = await ring_of(database, elm)
    sealed = ring.seal_restricted(CELL, ROW, GARCIA)
    assert ring.open_restricted(CELL, ROW, sealed, Demo) == GARCIA
    with pytest.raises(SealBroken):
        ring.open(CELL, ROW, sealed, Demo)
    with pytest.raises(SealBroken):
        ring.open_restricted(CELL, ROW, ring.seal(CELL, ROW, GARCIA), Demo)


async def test_a_keyring_shows_nothing_and_stays(database: Database, elm: Tenant) -> None:
    ring = await ring_of(database, elm)
    assert repr(ring) == "<Keyring>"
    with pytest.raises(TypeError):
        pickle.dumps(ring)


async def test_a_hundred_who_ask_at_once_unwrap_once(
    clone: Clone, keys: MemoryKeys, elm: Tenant
) -> None:
    async with OtherProcess(clone, keys) as process:
        rings = await asyncio.gather(*(ring_of(process.database, elm) for _ in range(100)))
        assert process.keys.calls == ["unwrap"] * len(keyring.PURPOSES)
        assert len({id(ring) for ring in rings}) == 1


async def test_keys_are_kept_for_five_minutes(
    database: Database, elm: Tenant, keys: MemoryKeys
) -> None:
    with clock.frozen(NOON):
        await ring_of(database, elm)
    unwraps(keys)
    with clock.frozen(NOON + timedelta(minutes=4, seconds=59)):
        await ring_of(database, elm)
    assert unwraps(keys) == 0
    with clock.frozen(NOON + timedelta(minutes=5)):
        await ring_of(database, elm)
        await ring_of(database, elm)
    assert unwraps(keys) == 3


async def test_while_the_provider_is_down_kept_keys_serve_for_an_hour(
    database: Database, elm: Tenant, oak: Tenant, keys: MemoryKeys
) -> None:
    with clock.frozen(NOON):
        sealed = (await ring_of(database, elm)).seal(CELL, ROW, GARCIA)
    keys.down = True
    for minutes in (1, 6, 30, 59):
        with clock.frozen(NOON + timedelta(minutes=minutes)):
            ring = await ring_of(database, elm)
            assert ring.open(CELL, ROW, sealed, Demo) == GARCIA
            with pytest.raises(KeyProviderDown):
                await ring_of(database, oak)
    with clock.frozen(NOON + timedelta(minutes=60)):
        with pytest.raises(KeyProviderDown):
            await ring_of(database, elm)
        keys.down = False
        ring = await ring_of(database, elm)
    assert ring.open(CELL, ROW, sealed, Demo) == GARCIA


async def test_a_provider_that_is_down_is_not_asked_by_each(
    database: Database, elm: Tenant, keys: MemoryKeys
) -> None:
    asked = 0

    class Down(MemoryKeys):
        async def unwrap(self, name: str, wrapped: bytes, context: bytes) -> bytes:
            nonlocal asked
            asked += self.down
            return await super().unwrap(name, wrapped, context)

    down = Down()
    down.keys = keys.keys
    process = Database(database.urls, down, pool_size=4)
    with clock.frozen(NOON):
        await ring_of(process, elm)
    down.down = True
    with clock.frozen(NOON + timedelta(minutes=6)):
        await asyncio.gather(*(ring_of(process, elm) for _ in range(50)))
        await ring_of(process, elm)
        assert asked == 3
    with clock.frozen(NOON + timedelta(minutes=7)):
        await ring_of(process, elm)
        assert asked == 6
    await process.close()


async def test_a_provider_that_hangs_is_down_soon(
    database: Database, elm: Tenant, keys: MemoryKeys
) -> None:
    class Slow(MemoryKeys):
        async def unwrap(self, name: str, wrapped: bytes, context: bytes) -> bytes:
            await asyncio.sleep(30)
            raise AssertionError("nobody waits this long")

    process = Database(database.urls, Slow(), pool_size=4)
    started = asyncio.get_running_loop().time()
    answers = await asyncio.gather(
        *(ring_of(process, elm) for _ in range(20)), return_exceptions=True
    )
    assert asyncio.get_running_loop().time() - started < 4
    assert {type(answer) for answer in answers} == {KeyProviderDown}
    await process.close()


async def test_who_waits_goes_on_when_the_one_who_loads_gives_up(
    database: Database, elm: Tenant, keys: MemoryKeys
) -> None:
    started = asyncio.Event()

    class Stuck(MemoryKeys):
        async def unwrap(self, name: str, wrapped: bytes, context: bytes) -> bytes:
            if not started.is_set():
                started.set()
                await asyncio.sleep(30)
            return await super().unwrap(name, wrapped, context)

    stuck = Stuck()
    stuck.keys = keys.keys
    process = Database(database.urls, stuck, pool_size=4)
    leader = asyncio.create_task(ring_of(process, elm))
    await started.wait()
    waiters = [asyncio.create_task(ring_of(process, elm)) for _ in range(5)]
    await asyncio.sleep(0.05)
    waiters.pop().cancel()
    leader.cancel()
    rings = await asyncio.gather(*waiters)
    assert len({id(ring) for ring in rings}) == 1
    await process.close()


async def test_a_destroyed_key_ends_reading_within_minutes(
    database: Database, elm: Tenant, keys: MemoryKeys
) -> None:
    with clock.frozen(NOON):
        await ring_of(database, elm)
    await keys.destroy(keyring.kek_name(elm.id))
    with clock.frozen(NOON + timedelta(minutes=5)), pytest.raises(KeyRefused):
        await ring_of(database, elm)
    keys.down = True
    with clock.frozen(NOON + timedelta(minutes=6)), pytest.raises(KeyProviderDown):
        await ring_of(database, elm)


async def test_a_practice_without_keys_has_none_made_up(database: Database) -> None:
    async with database.tenant(new_id()) as db:
        with pytest.raises(KeysMissing):
            await keyring.of(db)


async def test_a_wrapped_key_of_another_practice_is_refused(
    clone: Clone, keys: MemoryKeys, elm: Tenant, oak: Tenant
) -> None:
    as_owner(
        clone,
        [
            "UPDATE tenant_key SET wrapped = other.wrapped, kek_name = other.kek_name"
            " FROM tenant_key AS other WHERE tenant_key.tenant_id = :oak AND other.tenant_id = :elm"
            " AND other.purpose = tenant_key.purpose"
        ],
        elm=elm.id,
        oak=oak.id,
    )
    async with OtherProcess(clone, keys) as process:
        with pytest.raises(KeyRefused):
            await ring_of(process.database, oak)


async def test_making_keys_again_changes_nothing(database: Database, elm: Tenant) -> None:
    sealed = (await ring_of(database, elm)).seal(CELL, ROW, GARCIA)
    async with database.tenant(elm.id) as db:
        await provisioning.make_keys(db)
        assert (await keyring.of(db)).open(CELL, ROW, sealed, Demo) == GARCIA
        count = await db.execute(text("SELECT count(*) FROM tenant_key"))
        assert count.scalar_one() == 3


async def test_keys_that_were_rolled_back_are_not_kept(
    clone: Clone, database: Database, elm: Tenant
) -> None:
    """Sealing with them would seal for nobody: the next try makes others."""
    as_owner(clone, ["DELETE FROM tenant_key WHERE tenant_id = :elm"], elm=elm.id)

    async def interrupted() -> None:
        async with database.tenant(elm.id) as db:
            await provisioning.make_keys(db)
            assert (await keyring.of(db)).key_ver == 1
            raise InterruptedError

    with clock.frozen(clock.now() + timedelta(minutes=10)):
        with pytest.raises(InterruptedError):
            await interrupted()
        with pytest.raises(KeysMissing):
            await ring_of(database, elm)
        async with database.tenant(elm.id) as db:
            await provisioning.make_keys(db)
            sealed = (await keyring.of(db)).seal(CELL, ROW, GARCIA)
        assert (await ring_of(database, elm)).open(CELL, ROW, sealed, Demo) == GARCIA


async def test_a_rotated_key_seals_and_the_old_one_still_opens(
    database: Database, elm: Tenant
) -> None:
    old = (await ring_of(database, elm)).seal(CELL, ROW, GARCIA)
    await rotate(database, elm)
    with clock.frozen(clock.now() + timedelta(minutes=10)):
        ring = await ring_of(database, elm)
        new = ring.seal(CELL, ROW, GARCIA)
        assert (ring.key_ver, ring.restricted_key_ver) == (2, 1)
    assert ring.open(CELL, ROW, old, Demo) == ring.open(CELL, ROW, new, Demo) == GARCIA
    for sealed, other in ((old, 2), (new, 1)):
        with pytest.raises(SealBroken):
            ring.open(CELL, ROW, sealed[:1] + other.to_bytes(4) + sealed[5:], Demo)


async def test_a_new_version_waits_until_all_have_read_it(database: Database, elm: Tenant) -> None:
    with clock.frozen(NOON):
        async with database.tenant(elm.id) as db:
            version = await provisioning.add_version(db, keyring.RESTRICTED)
    for minutes, tried in ((9, version), (11, version + 1)):
        with clock.frozen(NOON + timedelta(minutes=minutes)), pytest.raises(KeyNotReady):
            async with database.tenant(elm.id) as db:
                await provisioning.promote(db, keyring.RESTRICTED, tried)


async def test_who_has_not_read_a_new_version_reads_it_once(
    clone: Clone, database: Database, keys: MemoryKeys, elm: Tenant
) -> None:
    async with OtherProcess(clone, keys) as stale:
        with clock.frozen(NOON):
            ring = await ring_of(stale.database, elm)
        await rotate(database, elm)
        with clock.frozen(clock.now() + timedelta(minutes=20)):
            sealed = (await ring_of(database, elm)).seal(CELL, ROW, GARCIA)
        unwraps(stale.keys)
        with clock.frozen(NOON + timedelta(minutes=1)):
            with pytest.raises(KeyVersionUnknown):
                ring.open(CELL, ROW, sealed, Demo)
            rings = await asyncio.gather(*(ring_of(stale.database, elm) for _ in range(100)))
            assert unwraps(stale.keys) == 4
            assert all(ring.open(CELL, ROW, sealed, Demo) == GARCIA for ring in rings)


async def test_who_names_the_version_of_its_rows_need_not_fail_first(
    clone: Clone, database: Database, keys: MemoryKeys, elm: Tenant
) -> None:
    async with OtherProcess(clone, keys) as stale:
        with clock.frozen(NOON):
            await ring_of(stale.database, elm)
        await rotate(database, elm)
        unwraps(stale.keys)
        with clock.frozen(NOON + timedelta(minutes=1)):
            rings = await asyncio.gather(*(ring_of(stale.database, elm, 2) for _ in range(100)))
        assert unwraps(stale.keys) == 4
        assert {ring.key_ver for ring in rings} == {2}


async def test_a_version_that_nobody_made_is_looked_for_once(
    database: Database, elm: Tenant, keys: MemoryKeys
) -> None:
    with clock.frozen(NOON):
        ring = await ring_of(database, elm)
        unwraps(keys)
        forged = b"\x01" + (99).to_bytes(4) + bytes(40)
        for _ in range(5):
            with pytest.raises(SealBroken):
                ring.open(CELL, ROW, forged, Demo)
            ring = await ring_of(database, elm)
            ring = await ring_of(database, elm, 77)
        assert unwraps(keys) == 6


async def test_only_so_many_practices_are_held(database: Database, elm: Tenant) -> None:
    ring = await ring_of(database, elm)
    rings = keyring._Rings()
    for number in range(keyring.MOST_TENANTS + 10):
        rings._hold(
            Keyring(
                UUID(int=number), ring.loaded_at, ring._documents, ring._restricted, ring._blind
            )
        )
        rings._hold(next(iter(rings._held.values())))
    assert len(rings._held) == keyring.MOST_TENANTS


async def test_reading_keys_writes_none_of_the_callers_rows(
    clone: Clone, keys: MemoryKeys, elm: Tenant
) -> None:
    """A caller that adds its row first and seals later must not depend on a warm cache."""
    from billing_saas.phi.tables import BlindIndex

    async with OtherProcess(clone, keys) as process, process.database.tenant(elm.id) as db:
        unfinished = BlindIndex(tenant_id=elm.id, field=1, version=1, row_id=ROW)
        db.add(unfinished)
        await keyring.of(db)
        unfinished.token = b"12345678"
