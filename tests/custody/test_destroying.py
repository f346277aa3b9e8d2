"""A practice's key is destroyed: its data is gone from here and from every backup, its trail is not."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_saas.custody import destroying
from billing_saas.custody.destroying import StillReadable
from billing_saas.custody.errors import CertificateMissing, NotConfirmed
from billing_saas.gateways.key_folder import KeyFolder
from billing_saas.kit import clock, points
from billing_saas.kit.actor import NotPermitted
from billing_saas.kit.db import Database
from billing_saas.kit.protocols import KeyProvider, KeyRefused
from billing_saas.phi import keyring
from billing_saas.phi.errors import KeysMissing
from tests import cluster as clusters
from tests.cast import Tenant
from tests.cluster import Clone
from tests.custody import keeping
from tests.custody.keeping import BILLER, KEEPER
from tests.fakes import MemoryKeys

CERTIFICATE = "ab" * 32


@pytest.fixture(params=["key folder", "memory"])
def keys(request: pytest.FixtureRequest, tmp_path: Path) -> KeyProvider:
    """Not of AWS KMS: what stands in for it still decrypts with keys that wait for their deletion."""
    return KeyFolder(tmp_path / "keys") if request.param == "key folder" else MemoryKeys()


async def destroy(database: Database, tenant: Tenant) -> None:
    await destroying.destroy(database, KEEPER, tenant.id, name=tenant.name, certificate=CERTIFICATE)


async def actions(database: Database, tenant: Tenant) -> list[str]:
    query = text("SELECT action FROM audit_event WHERE tenant_id = :id ORDER BY seq")
    async with database.tenant(tenant.id) as db:
        return list(await db.scalars(query, {"id": tenant.id}))


async def test_a_backup_of_before_reads_no_more(
    clone: Clone, database: Database, keys: KeyProvider, elm: Tenant, oak: Tenant
) -> None:
    ids = await keeping.register(database, elm, 3)
    others = await keeping.register(database, oak, 1)
    await database.close()
    backup = clusters.clone(clone.name)  # of all the database, and none of the keys
    try:
        await destroy(database, elm)
        restored = Database(backup.urls, keys, pool_size=2)
        with clock.frozen(clock.now() + keyring.KEPT_FOR):
            with pytest.raises(KeyRefused):
                await keeping.last_names(restored, elm, ids)
            assert await keeping.last_names(restored, oak, others) == ["Garcia0"]
        await restored.close()
    finally:
        clusters.drop(backup)


async def test_live_data_reads_no_more_within_minutes_and_the_trail_stays(
    database: Database, keys: KeyProvider, elm: Tenant, oak: Tenant
) -> None:
    ids = await keeping.register(database, elm, 3)
    before = await actions(database, elm)
    await destroy(database, elm)
    with clock.frozen(clock.now() + keyring.KEPT_FOR):
        with pytest.raises(KeysMissing):
            await keeping.last_names(database, elm, ids)
        with pytest.raises(KeysMissing):
            await keeping.register(database, elm, 1)
        assert await keeping.register(database, oak, 1)
    assert await actions(database, elm) == [*before, "keys.destroy", "keys.destroyed"]
    async with database.tenant(elm.id) as db:
        left = await db.execute(text("SELECT DISTINCT state, wrapped FROM tenant_key"))
        assert left.all() == [("destroyed", b"")]


async def test_a_crash_between_is_finished_by_doing_it_again(
    database: Database, keys: KeyProvider, elm: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Crash(Exception):
        pass

    def strike(name: str) -> None:
        if name == "custody.destroying.destroyed":
            raise Crash

    monkeypatch.setattr(points, "reach", strike)
    with pytest.raises(Crash):
        await destroy(database, elm)
    monkeypatch.undo()
    with clock.frozen(clock.now() + timedelta(minutes=6)):
        await destroy(database, elm)
    assert (await actions(database, elm))[-1] == "keys.destroyed"


async def test_a_provider_that_only_says_so_is_found(database: Database, elm: Tenant) -> None:
    class Lying(MemoryKeys):
        async def destroy(self, name: str) -> None:
            pass

    lying = Lying()
    assert isinstance(database.keys, (KeyFolder, MemoryKeys))
    if isinstance(database.keys, KeyFolder):
        pytest.skip("a folder has no word of its own")
    lying.keys = database.keys.keys
    database.keys = lying
    with pytest.raises(StillReadable):
        await destroy(database, elm)
    assert (await actions(database, elm))[-1] == "keys.destroy"


async def test_it_is_not_done_by_mistake(database: Database, elm: Tenant, oak: Tenant) -> None:
    ids = await keeping.register(database, elm, 1)
    with pytest.raises(NotConfirmed):
        await destroying.destroy(database, KEEPER, elm.id, name=oak.name, certificate=CERTIFICATE)
    with pytest.raises(CertificateMissing):
        await destroying.destroy(database, KEEPER, elm.id, name=elm.name, certificate="")
    with pytest.raises(NotPermitted):
        await destroying.destroy(database, BILLER, elm.id, name=elm.name, certificate=CERTIFICATE)
    with clock.frozen(clock.now() + keyring.KEPT_FOR):
        assert await keeping.last_names(database, elm, ids) == ["Garcia0"]
