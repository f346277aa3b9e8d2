"""Sealed cells against the trail: what was put back, and who tried to hide it."""

from uuid import UUID

from sqlalchemy import text

from billing_saas.audit import attesting, contents
from billing_saas.audit.attesting import Verdict
from billing_saas.kit.db import Database
from billing_saas.patients import registering
from billing_saas.patients.finding import Known
from billing_saas.phi.registry import CELLS
from tests import cluster as clusters
from tests.cast import Tenant
from tests.cluster import Clone
from tests.custody import keeping
from tests.phi.tampering import as_owner

CHANGE = "UPDATE patient SET phi_demo = :cell WHERE id = :id"
UNLOCK = "ALTER TABLE audit_content DISABLE TRIGGER USER"


async def verdict(database: Database, tenant: Tenant) -> Verdict:
    async with database.tenant(tenant.id) as db:
        return await attesting.verify(db)


def changed(found: Verdict) -> dict[str, tuple[UUID, ...]]:
    return {checked.cell.name: checked.changed for checked in found.checked if checked.changed}


async def amend(database: Database, tenant: Tenant, patient_id: UUID, number: int) -> None:
    known = Known(patient_id, 1, keeping.person(number))
    async with database.tenant(tenant.id) as db:
        await registering._write_changed(db, keeping.BILLER, {patient_id: known})


async def cell_of(database: Database, tenant: Tenant, patient_id: UUID) -> bytes:
    async with database.tenant(tenant.id) as db:
        found = await db.scalar(
            text("SELECT phi_demo FROM patient WHERE id = :id"), {"id": patient_id}
        )
    assert isinstance(found, bytes)
    return found


async def test_an_older_ciphertext_put_back_is_found_by_its_row(
    clone: Clone, database: Database, elm: Tenant, oak: Tenant
) -> None:
    ids = await keeping.register(database, elm, 20)
    await keeping.register(database, oak, 2)
    old = await cell_of(database, elm, ids[7])
    await amend(database, elm, ids[7], 70)
    assert (await verdict(database, elm)).clean
    as_owner(clone, [CHANGE], cell=old, id=ids[7])
    # It opens as if nothing had happened.
    assert await keeping.last_names(database, elm, [ids[7]]) == ["Garcia7"]
    assert changed(await verdict(database, elm)) == {"patient.phi_demo": (ids[7],)}
    assert (await verdict(database, oak)).clean


async def test_hiding_it_in_the_trail_is_found(
    clone: Clone, database: Database, elm: Tenant
) -> None:
    """With all rights over the database; that events themselves are whole, their seal says."""
    (patient_id,) = await keeping.register(database, elm, 1)
    old = await cell_of(database, elm, patient_id)
    await amend(database, elm, patient_id, 70)
    newest = "(SELECT max(at) FROM audit_content WHERE row_id = :id)"
    written = contents.of(CELLS[0], patient_id, old).hash
    await database.close()
    for hiding in (
        f"DELETE FROM audit_content WHERE row_id = :id AND at = {newest}",
        f"DELETE FROM audit_content WHERE row_id = :id AND column_number = 1 AND at = {newest}",
        f"UPDATE audit_content SET hash = :hash WHERE row_id = :id AND at = {newest}"
        " AND column_number = 1",
        "UPDATE audit_content SET row_id = gen_random_uuid() WHERE row_id = :id",
    ):
        copy = clusters.clone(clone.name)
        as_owner(copy, [UNLOCK, CHANGE, hiding], cell=old, id=patient_id, hash=written)
        other = Database(copy.urls, database.keys, pool_size=1)
        found = await verdict(other, elm)
        await other.close()
        clusters.drop(copy)
        assert found.unfaithful, hiding
        assert not found.clean


async def test_what_no_event_tells_of_is_unattested_and_not_called_changed(
    clone: Clone, database: Database, elm: Tenant
) -> None:
    """Rows of before the trail remembered cells one by one."""
    await keeping.register(database, elm, 3)
    as_owner(
        clone,
        [
            UNLOCK,
            "DELETE FROM audit_content",
            "ALTER TABLE audit_event DISABLE TRIGGER USER",
            "UPDATE audit_event SET content_hash = sha256('before') WHERE content_hash IS NOT NULL",
        ],
    )
    found = await verdict(database, elm)
    assert found.clean
    assert found.unattested == 6
