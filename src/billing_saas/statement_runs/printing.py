"""Print batches: one file of many statements, in the order of a manifest, for whoever prints and mails."""

import asyncio
import io
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import bindparam, exists, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from billing_saas.audit import contents, trail
from billing_saas.audit.rules import Classes
from billing_saas.blobs import storing
from billing_saas.kit import bulk, clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.outbox import queue
from billing_saas.phi.registry import BLOB_SEALED_KEY
from billing_saas.statement_runs.errors import BatchNotReady, NothingToPrint, PrintBatchNotFound
from billing_saas.statement_runs.jobs import GatherPrintBatch
from billing_saas.statement_runs.tables import PrintBatch, PrintBatchItem
from billing_saas.statements.tables import Statement

WRITE = "statements.write"
# A file that a printer takes and a worker holds in memory.
MOST_STATEMENTS = 1_000
_LIVE = ("issued", "viewed", "part_paid")

_PAGES = text(
    """
    UPDATE print_batch_item AS item SET first_page = new.first_page, pages = new.pages
    FROM unnest(CAST(:ns AS integer[]), CAST(:firsts AS integer[]), CAST(:pages AS integer[]))
      AS new (n, first_page, pages)
    WHERE item.tenant_id = :tenant_id AND item.batch_id = :batch_id AND item.n = new.n
    """
)


async def gather(db: TenantSession, actor: Actor) -> UUID:
    """Every statement that waits to be printed, the oldest first, a thousand at most. The worker puts
    the file together."""
    actor.must(WRITE)
    actor.must("statements.read")  # whose statements they are, and how many, is told at once
    waiting = list(
        await db.scalars(
            select(Statement.id)
            .where(
                Statement.tenant_id == db.tenant_id,
                Statement.delivery == "print",
                Statement.state.in_(_LIVE),
                ~exists().where(
                    PrintBatchItem.tenant_id == db.tenant_id,
                    PrintBatchItem.statement_id == Statement.id,
                ),
            )
            .order_by(Statement.id)
            .limit(MOST_STATEMENTS)
            .with_for_update()
        )
    )
    if not waiting:
        raise NothingToPrint("No statement waits to be printed.")
    batch_id = new_id()
    row = {
        "id": batch_id,
        "state": "gathering",
        "statements": len(waiting),
        "created_by": actor.id,
        "created_at": clock.now(),
    }
    await bulk.insert_rows(db, PrintBatch, [row])
    await bulk.insert_rows(
        db,
        PrintBatchItem,
        [
            {"batch_id": batch_id, "n": n, "statement_id": statement_id}
            for n, statement_id in enumerate(waiting, 1)
        ],
    )
    await queue.add(db, GatherPrintBatch(batch_id), request_id=actor.request_id)
    await _tell(db, actor, "print_batch.gather", batch_id, count=len(waiting))
    return batch_id


async def put_together(db: TenantSession, actor: Actor, job: GatherPrintBatch) -> None:
    """What was made void or paid meanwhile is left out: it has no pages in the manifest."""
    batch = await lock(db, job.print_batch_id)
    if batch.state != "gathering":
        return
    items = await items_of(db, batch.id)
    live = await _live(db, [item.statement_id for item in items])
    files = [
        (item.n, await _whole(db, live[item.statement_id]))
        for item in items
        if item.statement_id in live
    ]
    content, pages = await asyncio.to_thread(_merged, [file for _, file in files])
    (stored,) = await storing.store_many(db, [content])
    firsts = [1 + sum(pages[:place]) for place in range(len(pages))]
    await db.execute(
        _PAGES,
        {
            "tenant_id": db.tenant_id,
            "batch_id": batch.id,
            "ns": [n for n, _ in files],
            "firsts": firsts,
            "pages": pages,
        },
    )
    await _set(
        db, batch.id, state="ready", blob_id=stored.id, pages=sum(pages), statements=len(files)
    )
    await trail.record(
        db,
        actor,
        "print_batch.ready",
        object_type="print_batch",
        object_id=batch.id,
        subjects=await _guarantors(db, list(live)),
        classes=Classes.FILE,
        sealed=[contents.of(BLOB_SEALED_KEY, stored.id, stored.sealed_key)],
        detail={"count": len(files)},
    )


async def mailed(db: TenantSession, actor: Actor, batch_id: UUID) -> None:
    """A person says that the whole batch is in the mail."""
    actor.must(WRITE)
    batch = await lock(db, batch_id)
    if batch.state == "gathering":
        raise BatchNotReady("The file of this batch is still being put together.")
    if batch.state == "mailed":
        return
    now = clock.now()
    await _set(db, batch_id, state="mailed", mailed_at=now)
    sent = [item.statement_id for item in await items_of(db, batch_id) if item.pages]
    await db.execute(
        update(Statement)
        .where(
            Statement.tenant_id == db.tenant_id,
            Statement.id == bindparam("ids", sent, ARRAY(Uuid)).any_(),
        )
        .values(delivered_at=now, updated_at=now, version=Statement.version + 1)
        .execution_options(synchronize_session=False)
    )
    await _tell(db, actor, "print_batch.mailed", batch_id, count=len(sent))


async def content(db: TenantSession, actor: Actor, batch_id: UUID) -> bytes:
    """The file: names and addresses of many, so each of them is told on the trail."""
    actor.must(WRITE)
    batch = await batch_of(db, batch_id)
    if batch.blob_id is None:
        raise BatchNotReady("The file of this batch is still being put together.")
    items = await items_of(db, batch_id)
    await trail.record(
        db,
        actor,
        "print_batch.open",
        object_type="print_batch",
        object_id=batch_id,
        subjects=await _guarantors(db, [item.statement_id for item in items]),
        classes=Classes.FILE,
        detail={"count": len(items)},
    )
    return await _whole(db, batch.blob_id)


async def lock(db: TenantSession, batch_id: UUID) -> PrintBatch:
    """For an act that changes it."""
    return await batch_of(db, batch_id, lock=True)


async def batch_of(db: TenantSession, batch_id: UUID, *, lock: bool = False) -> PrintBatch:
    query = select(PrintBatch).where(
        PrintBatch.tenant_id == db.tenant_id, PrintBatch.id == batch_id
    )
    found = await db.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise PrintBatchNotFound("There is no such print batch.")
    return found


async def items_of(db: TenantSession, batch_id: UUID) -> Sequence[PrintBatchItem]:
    """In the order of the file."""
    return (
        await db.scalars(
            select(PrintBatchItem)
            .where(PrintBatchItem.tenant_id == db.tenant_id, PrintBatchItem.batch_id == batch_id)
            .order_by(PrintBatchItem.n)
        )
    ).all()


def _merged(files: Sequence[bytes]) -> tuple[bytes, list[int]]:
    """One file, and how many pages each had."""
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter()
    pages = []
    for file in files:
        reader = PdfReader(io.BytesIO(file))
        pages.append(len(reader.pages))
        for page in reader.pages:
            writer.add_page(page)
    writer.metadata = {"/Title": "Statements"}
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue(), pages


async def _live(db: TenantSession, statement_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Statement to its file."""
    rows = await db.execute(
        select(Statement.id, Statement.blob_id).where(
            Statement.tenant_id == db.tenant_id,
            Statement.id == bindparam("ids", list(statement_ids), ARRAY(Uuid)).any_(),
            Statement.state.in_(_LIVE),
            Statement.blob_id.is_not(None),
        )
    )
    return {row.id: row.blob_id for row in rows}


async def _guarantors(db: TenantSession, statement_ids: Sequence[UUID]) -> list[UUID]:
    return list(
        await db.scalars(
            select(Statement.guarantor_id).where(
                Statement.tenant_id == db.tenant_id,
                Statement.id == bindparam("ids", list(statement_ids), ARRAY(Uuid)).any_(),
            )
        )
    )


async def _whole(db: TenantSession, blob_id: UUID) -> bytes:
    return b"".join([chunk async for chunk in storing.read(db, blob_id)])


async def _set(db: TenantSession, batch_id: UUID, **changed: object) -> None:
    await db.execute(
        update(PrintBatch)
        .where(PrintBatch.tenant_id == db.tenant_id, PrintBatch.id == batch_id)
        .values(**changed, version=PrintBatch.version + 1)
    )


async def _tell(
    db: TenantSession, actor: Actor, action: str, batch_id: UUID, *, count: int
) -> None:
    await trail.record(
        db,
        actor,
        action,
        object_type="print_batch",
        object_id=batch_id,
        detail={"count": count},
    )
