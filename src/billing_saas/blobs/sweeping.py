"""Objects that no file names: their transaction was rolled back after the object was put."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from billing_saas.blobs.storing import object_key
from billing_saas.blobs.tables import Blob
from billing_saas.kit import clock, ids
from billing_saas.kit.db import TenantSession
from billing_saas.kit.protocols import ObjectStore

# Longer than any transaction: what is younger may yet be committed.
OLD_ENOUGH = timedelta(days=1)
_AT_ONCE = 1_000


async def sweep(db: TenantSession, *, older_than: timedelta = OLD_ENOUGH) -> int:
    """Delete the practice's orphaned objects; returns how many there were."""
    if db.objects is None:
        return 0
    swept = 0
    async for stored in _stored(db.objects, db.tenant_id, clock.now() - older_than):
        query = select(Blob.id).where(Blob.tenant_id == db.tenant_id, Blob.id.in_(stored))
        named = set(await db.scalars(query))
        for orphan in stored:
            if orphan not in named:
                await db.objects.delete(object_key(db.tenant_id, orphan))
                swept += 1
    return swept


async def _stored(
    objects: ObjectStore, tenant_id: UUID, before: datetime
) -> AsyncIterator[list[UUID]]:
    """The files of the practice that were put before, a thousand at a time."""
    batch: list[UUID] = []
    async for key in objects.keys(f"{tenant_id}/"):
        blob_id = UUID(key.rpartition("/")[2])
        if ids.made_at(blob_id) < before:
            batch.append(blob_id)
        if len(batch) == _AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch
