"""A practice's key is replaced under the hands of those who work with it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text

from billing_saas.audit import attesting
from billing_saas.blobs import storing
from billing_saas.custody import rotating
from billing_saas.custody.jobs import FindWornKeys, RotateKeys
from billing_saas.custody.tables import KeyRotation
from billing_saas.kit import clock
from billing_saas.kit.actor import NotPermitted
from billing_saas.kit.db import Database, TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.outbox import queue
from billing_saas.patients import registering
from billing_saas.patients.finding import Known
from billing_saas.phi import keyring, registry, resealing
from billing_saas.phi.registry import Cell, Key
from billing_saas.phi.tables import TenantKey
from billing_saas.workers import running, schedule
from tests.cast import Tenant
from tests.cluster import Clone
from tests.custody import keeping
from tests.custody.keeping import BILLER, KEEPER, NOON, PROMOTED, RESEALED, SETTLED
from tests.fakes import MemoryKeys
from tests.phi.tampering import as_owner


async def versions(database: Database, tenant: Tenant, table: str = "patient") -> dict[int, int]:
    (sheet,) = (s for s in resealing.sheets("dek") if s.table == table)
    async with database.tenant(tenant.id) as db:
        return await resealing.rows_by_version(db, sheet)


async def states(database: Database, tenant: Tenant, purpose: str = "dek") -> list[str]:
    async with database.tenant(tenant.id) as db:
        query = select(TenantKey.state).where(
            TenantKey.tenant_id == tenant.id, TenantKey.purpose == purpose
        )
        return list(await db.scalars(query.order_by(TenantKey.version)))


async def rotation_of(database: Database, tenant: Tenant) -> KeyRotation:
    async with database.tenant(tenant.id) as db:
        query = select(KeyRotation).where(KeyRotation.tenant_id == tenant.id)
        return (await db.scalars(query)).one()


async def test_every_row_comes_under_the_new_key_and_the_old_one_is_destroyed(
    database: Database, elm: Tenant, oak: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resealing.old, "__defaults__", (7,))
    with clock.frozen(NOON - timedelta(hours=1)):
        ids = await keeping.register(database, elm, 30)
        await keeping.register(database, oak, 3)
    names = await keeping.last_names(database, elm, ids)
    await keeping.rotate(database, elm)
    assert await versions(database, elm) == {2: 30}
    assert await versions(database, oak) == {1: 3}
    assert await states(database, elm) == ["destroyed", "primary"]
    assert (await rotation_of(database, elm)).resealed == 30
    with clock.frozen(SETTLED + timedelta(minutes=10)):
        assert await keeping.last_names(database, elm, ids) == names
        async with database.tenant(elm.id) as db:
            verdict = await attesting.verify(db)
            assert verdict.clean
            assert verdict.unattested == 0


async def test_each_step_waits_until_every_process_has_read_the_one_before(
    database: Database, elm: Tenant
) -> None:
    with clock.frozen(NOON):
        await keeping.register(database, elm, 2)
        await keeping.begin(database, elm)
    for instant, keys, state in (
        (NOON + timedelta(minutes=9), ["primary", "pending"], "pending"),
        (PROMOTED, ["decrypt_only", "primary"], "resealing"),
        (PROMOTED + timedelta(minutes=4), ["decrypt_only", "primary"], "resealing"),
        (RESEALED, ["decrypt_only", "primary"], "settling"),
        (NOON + timedelta(minutes=100), ["decrypt_only", "primary"], "settling"),
        (SETTLED, ["destroyed", "primary"], "done"),
    ):
        await keeping.work_at(database, instant)
        assert await states(database, elm) == keys
        assert (await rotation_of(database, elm)).state == state


async def test_what_was_sealed_late_with_the_old_key_is_found_by_another_pass(
    database: Database, elm: Tenant, keys: MemoryKeys
) -> None:
    """A process whose provider is down goes on with the keys it has."""
    stale = Database(database.urls, MemoryKeys(), pool_size=2)
    assert isinstance(stale.keys, MemoryKeys)
    stale.keys.keys = keys.keys
    with clock.frozen(NOON):
        await keeping.register(stale, elm, 1)
    with clock.frozen(NOON):
        await keeping.begin(database, elm)
    await keeping.work_at(database, PROMOTED, RESEALED)
    assert await versions(database, elm) == {2: 1}
    stale.keys.down = True
    with clock.frozen(NOON + timedelta(minutes=55)):
        (late,) = await keeping.register(stale, elm, 1, first=50)
    await stale.close()
    assert await versions(database, elm) == {1: 1, 2: 1}
    await keeping.work_at(database, SETTLED)
    assert await versions(database, elm) == {2: 2}
    assert await states(database, elm) == ["destroyed", "primary"]
    assert await keeping.last_names(database, elm, [late]) == ["Garcia50"]


async def test_a_file_keeps_its_key_which_is_wrapped_again(database: Database, elm: Tenant) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"a" * storing.CHUNK_BYTES
        yield b"the end"

    with clock.frozen(NOON):
        async with database.tenant(elm.id) as db:
            stored = await storing.store(db, chunks())
            before = (await db.execute(text("SELECT sealed FROM blob_chunk ORDER BY n"))).all()
    await keeping.rotate(database, elm)
    assert await versions(database, elm, "blob") == {2: 1}
    async with database.tenant(elm.id) as db:
        assert (await db.execute(text("SELECT sealed FROM blob_chunk ORDER BY n"))).all() == before
        read = b"".join([chunk async for chunk in storing.read(db, stored.id)])
    assert read.endswith(b"athe end")


async def test_the_application_may_seal_every_cell_again(clone: Clone, database: Database) -> None:
    """A new cell needs its grant, or its practice's keys can never be rotated."""
    missing = []
    async with database.tenant(UUID(int=1)) as db:
        for purpose in (Key.DOCUMENTS, Key.RESTRICTED):
            for sheet in resealing.sheets(purpose):
                for column in (*(cell.column for cell in sheet.cells), sheet.version_column):
                    may = await db.scalar(
                        text("SELECT has_column_privilege(:table, :column, 'UPDATE')"),
                        {"table": sheet.table, "column": column},
                    )
                    if not may:
                        missing.append(f"{sheet.table}.{column}")
    assert missing == []


async def test_restricted_records_are_rotated_alone(
    clone: Clone, database: Database, elm: Tenant
) -> None:
    as_owner(
        clone,
        [
            "CREATE TABLE part2_note (tenant_id uuid, id uuid, phi_restricted bytea,"
            " restricted_key_ver int)",
            "GRANT SELECT, INSERT, UPDATE ON part2_note TO billing_app",
        ],
    )
    note = Cell("part2_note", "phi_restricted", 900, 1, key=Key.RESTRICTED)
    row = new_id()
    with clock.frozen(NOON):
        ids = await keeping.register(database, elm, 1)
        async with database.tenant(elm.id) as db:
            sealed = (await keyring.of(db)).seal_restricted(note, row, b"a session's notes")
            await db.execute(
                text("INSERT INTO part2_note VALUES (:tenant, :row, :sealed, 1)"),
                {"tenant": elm.id, "row": row, "sealed": sealed},
            )
        rotation_id = await keeping.begin(database, elm, keyring.RESTRICTED)
    cells = [*registry.CELLS, note]
    for instant in (PROMOTED, RESEALED, RESEALED, SETTLED):
        with clock.frozen(instant):
            async with database.tenant(elm.id) as db:
                step = (await db.scalars(select(KeyRotation.step))).one()
                await rotating.step_over(db, KEEPER, RotateKeys(rotation_id, step), cells)
    assert await states(database, elm, keyring.RESTRICTED) == ["destroyed", "primary"]
    assert await versions(database, elm) == {1: 1}
    async with database.tenant(elm.id) as db:
        (again, version) = (
            await db.execute(text("SELECT phi_restricted, restricted_key_ver FROM part2_note"))
        ).one()
        ring = await keyring.of(db)
        assert version == ring.restricted_key_ver == 2
        assert ring.open_restricted(note, row, again, bytes) == b"a session's notes"
    assert await keeping.last_names(database, elm, ids) == ["Garcia0"]


async def test_an_old_ciphertext_put_back_is_not_made_new_and_holds_the_rotation_up(
    clone: Clone, database: Database, elm: Tenant
) -> None:
    with clock.frozen(NOON):
        put_back, broken, _sound = await keeping.register(database, elm, 3)
        old = await _cell(database, elm, put_back)
        async with database.tenant(elm.id) as db:
            await _amend(db, put_back)
        new = await _cell(database, elm, put_back)
        whole = await _cell(database, elm, broken)
        await keeping.begin(database, elm)
    as_owner(clone, ["UPDATE patient SET phi_demo = :c WHERE id = :id"], c=old, id=put_back)
    damaged = whole[:-1] + bytes([whole[-1] ^ 1])
    as_owner(clone, ["UPDATE patient SET phi_demo = :c WHERE id = :id"], c=damaged, id=broken)
    await keeping.work_at(database, PROMOTED, RESEALED, SETTLED)
    assert await versions(database, elm) == {1: 2, 2: 1}
    assert await states(database, elm) == ["decrypt_only", "primary"]
    assert (await rotation_of(database, elm)).held == 2
    assert await _cell(database, elm, put_back) == old
    as_owner(clone, ["UPDATE patient SET phi_demo = :c WHERE id = :id"], c=new, id=put_back)
    as_owner(clone, ["UPDATE patient SET phi_demo = :c WHERE id = :id"], c=whole, id=broken)
    await keeping.work_at(database, SETTLED + timedelta(days=2))
    assert await versions(database, elm) == {2: 3}
    assert await states(database, elm) == ["destroyed", "primary"]


async def _cell(database: Database, tenant: Tenant, patient_id: UUID) -> bytes:
    async with database.tenant(tenant.id) as db:
        found = await db.scalar(
            text("SELECT phi_demo FROM patient WHERE id = :id"), {"id": patient_id}
        )
    assert isinstance(found, bytes)
    return found


async def _amend(db: TenantSession, patient_id: UUID) -> None:
    known = Known(patient_id, 1, keeping.person(77))
    await registering._write_changed(db, BILLER, {patient_id: known})


async def test_of_two_jobs_one_takes_the_step(database: Database, elm: Tenant) -> None:
    with clock.frozen(NOON):
        first = await keeping.begin(database, elm)
        again = await keeping.begin(database, elm)
    assert first == again
    await keeping.work_at(database, PROMOTED, RESEALED, SETTLED)
    assert (await rotation_of(database, elm)).state == "done"
    assert await states(database, elm) == ["destroyed", "primary"]


async def test_worn_and_aged_keys_start_their_rotation(
    clone: Clone, database: Database, elm: Tenant, oak: Tenant
) -> None:
    as_owner(
        clone,
        ["UPDATE tenant_key SET messages = 1 << 30 WHERE tenant_id = :elm AND purpose = 'dekr'"],
        elm=elm.id,
    )
    assert any(isinstance(daily.job, FindWornKeys) for daily in schedule.SCHEDULES)
    await _ask_for_worn_keys(database)
    assert set(await running.drain(database)) == {running.Outcome.DONE}
    assert await states(database, elm, keyring.RESTRICTED) == ["primary", "pending"]
    assert await states(database, elm) == ["primary"]
    assert await states(database, oak) == ["primary"]
    with clock.frozen(clock.now() + timedelta(days=366)):
        await _ask_for_worn_keys(database)
        await running.drain(database)
    assert await states(database, oak) == ["primary", "pending"]


async def _ask_for_worn_keys(database: Database) -> None:
    async with database.platform() as db:
        await queue.add_for_platform(db, FindWornKeys())


async def test_only_who_keeps_the_keys_may_rotate_them(database: Database, elm: Tenant) -> None:
    async with database.tenant(elm.id) as db:
        with pytest.raises(NotPermitted):
            await rotating.start(db, BILLER)
