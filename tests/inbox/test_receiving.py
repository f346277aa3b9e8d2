"""A file is stored sealed, once, with the job that will handle it; a repeat leaves nothing behind."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import func, select

from billing_saas.audit.tables import AuditEvent
from billing_saas.blobs import storing
from billing_saas.blobs.tables import Blob, BlobChunk
from billing_saas.inbox import queries, receiving
from billing_saas.inbox.errors import ArrivalNotFound
from billing_saas.inbox.receiving import Received
from billing_saas.inbox.tables import Arrival
from billing_saas.kit.actor import Actor, ActorKind, NotPermitted
from billing_saas.kit.db import Database, Row, TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.kit.paging import PageRequest
from billing_saas.outbox.tables import JobRow
from tests.cast import Person, Tenant
from tests.inbox.notes import HandleArrival, chunks

FILE = b"ISA*00*" + bytes(range(256)) * 20_000  # five chunks of a blob
NAME = "remit MULLIGAN JANE 1957-03-02.835"


async def received(
    db: TenantSession, actor: Actor, content: bytes = FILE, **changes: Any
) -> Received:
    known = {"source": "upload", "kind": "835", "name": NAME, "chunks": chunks(content, 65_536)}
    return await receiving.receive(db, actor, **{**known, "job_for": HandleArrival, **changes})


async def counts(database: Database, tenant: Tenant) -> dict[str, int]:
    tables: list[type[Row]] = [Arrival, Blob, BlobChunk, JobRow]
    async with database.tenant(tenant.id) as db:
        return {
            table.__tablename__: (await db.scalar(select(func.count()).select_from(table))) or 0
            for table in tables
        }


ONE = {"arrival": 1, "blob": 1, "blob_chunk": 5, "job": 1}


async def test_a_file_arrives_sealed_with_its_job(
    database: Database, elm: Tenant, alice: Person
) -> None:
    async with database.tenant(elm.id) as db:
        first = await received(db, alice.actor)
    assert not first.repeated
    async with database.tenant(elm.id) as db:
        shown = await queries.arrival(db, alice.actor, first.arrival_id)
        content = b"".join([chunk async for chunk in storing.read(db, shown.blob_id)])
        (job,) = await db.scalars(select(JobRow))
        (row,) = await db.scalars(select(Arrival))
        told = (
            await db.scalars(select(AuditEvent).where(AuditEvent.object_id == first.arrival_id))
        ).all()
    assert content == FILE
    assert (shown.name, shown.kind, shown.state) == (NAME, "835", "received")
    assert (shown.external_id, shown.bytes) == (hashlib.sha256(FILE).hexdigest(), len(FILE))
    assert (shown.received_by_kind, shown.received_by) == ("user", alice.actor.id)
    assert job.arguments == {"arrival_id": str(first.arrival_id)}
    assert row.phi_demo is not None
    assert b"MULLIGAN" not in row.phi_demo
    assert "MULLIGAN" not in repr(shown)
    assert sorted(event.action for event in told) == ["arrival.read", "arrival.receive"]
    assert await counts(database, elm) == ONE


async def test_a_repeat_answers_with_the_first_and_leaves_nothing(
    database: Database, elm: Tenant, alice: Person
) -> None:
    async with database.tenant(elm.id) as db:
        first = await received(db, alice.actor)
    async with database.tenant(elm.id) as db:
        again = await received(db, alice.actor, name="another name.txt", kind="unknown")
    assert again == Received(first.arrival_id, repeated=True)
    async with database.tenant(elm.id) as db:
        in_one = [await received(db, alice.actor, b"twice in one") for _ in range(2)]
    assert [one.repeated for one in in_one] == [False, True]
    assert await counts(database, elm) == {"arrival": 2, "blob": 2, "blob_chunk": 6, "job": 2}


async def test_eight_at_once_are_one(database: Database, elm: Tenant, alice: Person) -> None:
    async def upload() -> Received:
        async with database.tenant(elm.id) as db:
            return await received(db, alice.actor)

    answers = await asyncio.gather(*(upload() for _ in range(8)))
    assert len({answer.arrival_id for answer in answers}) == 1
    assert sorted(answer.repeated for answer in answers) == [False] + [True] * 7
    assert await counts(database, elm) == ONE


async def test_when_the_first_of_two_fails_the_second_is_the_first(
    database: Database, elm: Tenant, alice: Person
) -> None:
    stored = asyncio.Event()

    async def fail_at_the_end() -> None:
        async with database.tenant(elm.id) as db:
            await received(db, alice.actor)
            stored.set()
            await asyncio.sleep(0.3)
            raise RuntimeError("no commit")

    async def upload() -> Received:
        await stored.wait()
        async with database.tenant(elm.id) as db:
            return await received(db, alice.actor)

    failed, answer = await asyncio.gather(fail_at_the_end(), upload(), return_exceptions=True)
    assert isinstance(failed, RuntimeError)
    assert isinstance(answer, Received)
    assert not answer.repeated
    assert await counts(database, elm) == ONE


async def test_a_stream_that_breaks_off_leaves_nothing(
    database: Database, elm: Tenant, alice: Person
) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield FILE[:2_000_000]
        raise ConnectionResetError

    async def upload() -> None:
        async with database.tenant(elm.id) as db:
            await received(db, alice.actor, chunks=broken())

    with pytest.raises(ConnectionResetError):
        await upload()
    assert await counts(database, elm) == dict.fromkeys(ONE, 0)


async def test_the_same_bytes_elsewhere_are_another_arrival(
    database: Database, elm: Tenant, oak: Tenant, alice: Person, mallory: Person
) -> None:
    async with database.tenant(elm.id) as db:
        first = await received(db, alice.actor)
        other_source = await received(db, alice.actor, source="sftp")
    async with database.tenant(oak.id) as db:
        other_practice = await received(
            db,
            Actor(ActorKind.SYSTEM, new_id(), frozenset({receiving.RECEIVE})),
        )
    ids = {first.arrival_id, other_source.arrival_id, other_practice.arrival_id}
    assert len(ids) == 3
    assert not other_source.repeated
    assert not other_practice.repeated


async def test_a_stranger_finds_nothing(
    database: Database, elm: Tenant, oak: Tenant, alice: Person, mallory: Person
) -> None:
    async with database.tenant(elm.id) as db:
        first = await received(db, alice.actor)
    async with database.tenant(oak.id) as db:
        assert (await queries.arrivals(db, mallory.actor, PageRequest())).rows == []
        for ask in (
            queries.arrival(db, mallory.actor, first.arrival_id),
            queries.findings(db, mallory.actor, first.arrival_id, PageRequest()),
        ):
            with pytest.raises(ArrivalNotFound):
                await ask


async def test_without_the_right_nothing_is_taken_or_shown(
    database: Database, elm: Tenant, ada: Person
) -> None:
    async with database.tenant(elm.id) as db:
        with pytest.raises(NotPermitted):
            await received(db, ada.actor)
        with pytest.raises(NotPermitted):
            await queries.arrivals(db, ada.actor, PageRequest())


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "CON", "a\0b", "\u202egpj.exe", "x" * 70_000, "\ud800", ""]
)
async def test_a_name_is_only_data(
    database: Database, elm: Tenant, alice: Person, name: str
) -> None:
    async with database.tenant(elm.id) as db:
        first = await received(db, alice.actor, b"any", name=name)
        shown = await queries.arrival(db, alice.actor, first.arrival_id)
    assert shown.name == name[:1000].encode("utf-8", "replace").decode()


async def test_arrivals_come_in_pages_newest_first(
    database: Database, elm: Tenant, alice: Person
) -> None:
    async with database.tenant(elm.id) as db:
        ids = [(await received(db, alice.actor, bytes([n]))).arrival_id for n in range(3)]
        first = await queries.arrivals(db, alice.actor, PageRequest(limit=2))
        rest = await queries.arrivals(db, alice.actor, PageRequest(2, first.rows[-1].id))
        none = await queries.arrivals(db, alice.actor, PageRequest(), state="held")
    assert [row.id for row in (*first.rows, *rest.rows)] == ids[::-1]
    assert first.next_cursor is not None
    assert rest.next_cursor is None
    assert none.rows == []
