"""How much each key has sealed is known, and the bound of the method holds."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from billing_saas.kit import clock
from billing_saas.kit.db import Database
from billing_saas.phi import keyring, registry
from billing_saas.phi.errors import KeyWorn
from billing_saas.phi.keyring import Keyring
from tests.cast import Tenant
from tests.cluster import Clone
from tests.phi.tampering import as_owner
from tests.phi.test_keyring import ROW, ring_of

CELL = registry.CLAIM_PHI_DEMO


def seal(ring: Keyring, times: int) -> None:
    for _ in range(times):
        ring.seal(CELL, ROW, b"")


async def messages(database: Database, tenant: Tenant, purpose: str = "dek") -> int:
    query = text("SELECT messages FROM tenant_key WHERE purpose = :purpose")
    async with database.tenant(tenant.id) as db:
        return int((await db.execute(query, {"purpose": purpose})).scalar_one())


async def test_messages_are_written_down_by_the_thousand(database: Database, elm: Tenant) -> None:
    before = await messages(database, elm)
    ring = await ring_of(database, elm)
    seal(ring, 999 - ring._documents.tally.pending)
    await ring_of(database, elm)
    assert await messages(database, elm) == before
    seal(ring, 1)
    await ring_of(database, elm)
    assert await messages(database, elm) == before + 1000
    ring.seal_restricted(CELL, ROW, b"")
    assert ring._restricted.tally.pending == 1


async def test_a_few_are_written_down_when_keys_are_read_again(
    database: Database, elm: Tenant
) -> None:
    ring = await ring_of(database, elm)
    seal(ring, 7 - ring._documents.tally.pending)
    with clock.frozen(clock.now() + timedelta(minutes=6)):
        await ring_of(database, elm)
    assert await messages(database, elm) == 7


async def test_a_rolled_back_count_is_not_lost(database: Database, elm: Tenant) -> None:
    ring = await ring_of(database, elm)
    seal(ring, 1500 - ring._documents.tally.pending)

    async def interrupted() -> None:
        async with database.tenant(elm.id) as db:
            await keyring.of(db)
            assert ring._documents.tally.messages == 1500
            raise InterruptedError

    with pytest.raises(InterruptedError):
        await interrupted()
    assert await messages(database, elm) == 0
    assert ring._documents.tally.pending == 1500
    await ring_of(database, elm)
    assert await messages(database, elm) == 1500
    assert (ring._documents.tally.stored, ring._documents.tally.pending) == (1500, 0)


async def test_a_count_waits_for_no_other_transaction(database: Database, elm: Tenant) -> None:
    ring = await ring_of(database, elm)
    lock = text("SELECT 1 FROM tenant_key WHERE purpose = 'dek' FOR NO KEY UPDATE")
    async with database.tenant(elm.id) as holder:
        await holder.execute(lock)
        seal(ring, 1000)
        async with asyncio.timeout(5):
            await ring_of(database, elm)
        assert ring._documents.tally.pending >= 1000
    await ring_of(database, elm)
    assert ring._documents.tally.pending == 0
    assert await messages(database, elm) >= 1000


async def test_a_worn_key_is_flagged_and_at_the_bound_seals_no_more(
    clone: Clone, database: Database, elm: Tenant
) -> None:
    set_messages = "UPDATE tenant_key SET messages = :messages WHERE purpose = 'dek'"
    assert not (await ring_of(database, elm)).due_for_rotation
    as_owner(clone, [set_messages], messages=2**30)
    with clock.frozen(clock.now() + timedelta(minutes=6)):
        ring = await ring_of(database, elm)
        assert ring.due_for_rotation
        sealed = ring.seal(CELL, ROW, b"plain")
    as_owner(clone, [set_messages], messages=2**32 - 1)
    with clock.frozen(clock.now() + timedelta(minutes=12)):
        ring = await ring_of(database, elm)
        seal(ring, 2**32 - ring._documents.tally.messages)
        with pytest.raises(KeyWorn):
            ring.seal(CELL, ROW, b"")
        ring.seal_restricted(CELL, ROW, b"")
        assert ring.open(CELL, ROW, sealed, bytes) == b"plain"
