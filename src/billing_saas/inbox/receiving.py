"""Take in what arrives: sealed, once, with the job that will handle it, in the caller's transaction."""

from collections.abc import AsyncIterable, Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from billing_saas.audit import contents, trail
from billing_saas.blobs import storing
from billing_saas.inbox import rules
from billing_saas.inbox.tables import Arrival
from billing_saas.kit import clock, points
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.outbox import queue
from billing_saas.outbox.jobs import Job
from billing_saas.phi import keyring
from billing_saas.phi.registry import ARRIVAL_PHI_DEMO, BLOB_SEALED_KEY

RECEIVE = "arrivals.receive"


@dataclass(frozen=True, slots=True)
class Received:
    arrival_id: UUID
    repeated: bool
    """The same bytes came from this source before: `arrival_id` is that first arrival's."""


class _Repeated(Exception):
    """Rolls back what was stored of a file that is here already."""


async def receive(
    db: TenantSession,
    actor: Actor,
    *,
    source: str,
    kind: str,
    name: str,
    chunks: AsyncIterable[bytes],
    job_for: Callable[[UUID], Job],
) -> Received:
    """Store a file as an arrival and owe `job_for(arrival_id)`.

    A file is known by its SHA-256, per practice and source. A repeat leaves nothing behind, also
    when both come at once: the second waits for the first to commit, then answers with it.
    """
    actor.must(RECEIVE)
    arrival_id = new_id()
    external_id = ""
    try:
        async with db.begin_nested():
            stored = await storing.store(db, chunks)
            external_id = stored.sha256_hex
            points.reach("inbox.receiving.stored")
            await _write(db, actor, arrival_id, stored, source=source, kind=kind, name=name)
    except _Repeated:
        return Received(await _first(db, source, external_id), repeated=True)
    await queue.add(db, job_for(arrival_id), request_id=actor.request_id)
    return Received(arrival_id, repeated=False)


async def _write(
    db: TenantSession,
    actor: Actor,
    arrival_id: UUID,
    stored: storing.StoredBlob,
    *,
    source: str,
    kind: str,
    name: str,
) -> None:
    ring = await keyring.of(db)
    sealed = ring.seal(ARRIVAL_PHI_DEMO, arrival_id, rules.name_of(name))
    written = await db.scalar(
        insert(Arrival)
        .values(
            tenant_id=db.tenant_id,
            id=arrival_id,
            source=source,
            external_id=stored.sha256_hex,
            kind=kind,
            state="received",
            blob_id=stored.id,
            bytes=stored.bytes,
            received_at=clock.now(),
            received_by_kind=actor.kind.value,
            received_by=actor.id,
            phi_demo=sealed,
            key_ver=ring.key_ver,
        )
        .on_conflict_do_nothing(index_elements=["tenant_id", "source", "external_id"])
        .returning(Arrival.id)
    )
    if written is None:
        raise _Repeated
    await trail.record(
        db,
        actor,
        "arrival.receive",
        object_type="arrival",
        object_id=arrival_id,
        sealed=[
            contents.of(ARRIVAL_PHI_DEMO, arrival_id, sealed),
            contents.of(BLOB_SEALED_KEY, stored.id, stored.sealed_key),
        ],
        detail={"source": source, "kind": kind},
    )


async def _first(db: TenantSession, source: str, external_id: str) -> UUID:
    found = select(Arrival.id).where(
        Arrival.tenant_id == db.tenant_id,
        Arrival.source == source,
        Arrival.external_id == external_id,
    )
    return (await db.scalars(found)).one()
