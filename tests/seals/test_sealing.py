"""The sealer: one at a time, never ahead of who still writes, loud when it lags."""

import asyncio
import time
from datetime import timedelta
from pathlib import Path

import msgspec
import psycopg
import pytest
from sqlalchemy import select

from billing_saas.gateways.anchors import FileAnchor
from billing_saas.kit import logs
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.seals import sealing, signing
from billing_saas.seals.head_rules import NO_HEAD, SignedHead
from billing_saas.seals.sealing import Sealer
from billing_saas.seals.tables import AuditHead
from billing_saas.workers.sealing import Watch
from tests.cluster import Clone
from tests.seals import logbook
from tests.seals.logbook import tamper


async def test_an_open_transaction_holds_sealing_up_and_leaves_no_gap(
    initialised: Database, clone: Clone
) -> None:
    practice = new_id()
    async with initialised.tenant(practice) as open_one:
        await open_one.execute(select(1))
        with psycopg.connect(clone.url("postgres")) as slow:
            slow.execute("SELECT pg_current_xact_id()")
            (later,) = await logbook.tell(initialised, practice)
            assert await logbook.seal(initialised) is None
            assert await logbook.lag(initialised) > 0
    head = await logbook.seal(initialised)
    assert head is not None
    assert await logbook.lag(initialised) == 0
    verdict = await logbook.verify(initialised, [head])
    assert (verdict.faults, verdict.events) == ([], 1)
    assert later is not None


async def test_two_sealers_never_seal_twice(initialised: Database) -> None:
    practices = [new_id() for _ in range(3)]
    sealers = [Sealer(), Sealer()]
    for round_ in range(6):
        await logbook.tell(initialised, practices[round_ % 3], 3)

        async def seal(sealer: Sealer) -> None:
            async with initialised.sealer() as db:
                await sealer.seal(db)

        await asyncio.gather(*(seal(sealer) for sealer in sealers))
        await logbook.seal(initialised, sealers[round_ % 2])
    verdict = await logbook.verify(initialised)
    assert (verdict.faults, verdict.events, verdict.unsealed) == ([], 18, 0)


async def test_many_events_are_sealed_in_parts_and_a_transaction_whole(
    initialised: Database,
) -> None:
    for count in (3, 5, 1, 2):
        await logbook.tell(initialised, new_id(), count)
    sealer = Sealer()
    rounds = []
    while True:
        async with initialised.sealer() as db:
            sealed = await sealer.seal(db, most=4)
        if sealed is None:
            break
        rounds.append(sealed.events)
        if sealed.is_all:
            break
    assert rounds == [3, 5, 3]
    assert (await logbook.verify(initialised)).faults == []


class BrokenAnchor:
    def __init__(self) -> None:
        self.lines_kept: list[bytes] = []
        self.broken = True

    async def append(self, name: str, line: bytes) -> None:
        if self.broken:
            raise OSError(28, "No space left on device")
        self.lines_kept.append(line)


async def test_heads_are_put_beside_the_database(initialised: Database, tmp_path: Path) -> None:
    path = tmp_path / "heads"
    path.write_bytes(b'{"cut short')  # a crash of before
    path.write_bytes(b"")
    anchor = FileAnchor(path)
    watch = Watch(initialised, anchor)
    practice = new_id()
    for _ in range(2):
        await logbook.tell(initialised, practice)
        await watch.round()
        await watch.anchor()
    await watch.anchor()  # nothing new: nothing is put
    kept = [msgspec.json.decode(line, type=SignedHead) async for line in anchor.lines()]
    assert [signed.head.number for signed in kept] == [1, 2]
    verdict = await logbook.verify(initialised, kept)
    assert (verdict.faults, verdict.anchors) == ([], 2)


async def test_sealing_goes_on_without_its_anchor_and_it_is_put_later(
    initialised: Database,
) -> None:
    anchor = BrokenAnchor()
    watch = Watch(initialised, anchor)  # type: ignore[arg-type]  # it is never read
    await logbook.tell(initialised, new_id())
    await watch.round()
    assert await logbook.lag(initialised) == 0
    assert anchor.lines_kept == []
    anchor.broken = False
    await watch.anchor()
    assert len(anchor.lines_kept) == 1


@pytest.mark.slow
async def test_a_long_transaction_alarms(
    initialised: Database, clone: Clone, capfd: pytest.CaptureFixture[str]
) -> None:
    """After thirty seconds, once in thirty seconds."""
    logs.configure("ERROR")
    watch = Watch(initialised, None)
    with psycopg.connect(clone.url("postgres")) as slow:
        slow.execute("SET idle_in_transaction_session_timeout = 0")  # or the server ends it first
        slow.execute("SELECT pg_current_xact_id()")
        await logbook.tell(initialised, new_id())
        began = time.monotonic()
        while time.monotonic() - began < 32:
            await watch.round()
            await asyncio.sleep(1)
    assert capfd.readouterr().err.count("audit sealing lags") == 1
    await watch.round()
    assert (await logbook.verify(initialised)).faults == []


async def of_another_cluster(database: Database) -> list[SignedHead]:
    """The log as a dump of another cluster brings it: its heads name that one, and are signed."""
    async with database.sealer() as db:
        key = await signing.current(db)
        rows = (await db.scalars(select(AuditHead).order_by(AuditHead.number))).all()
        heads = [sealing.signed_head(row).head for row in rows]
    previous = NO_HEAD
    signed = []
    for head in heads:
        moved = msgspec.structs.replace(head, cluster="1", previous=previous.hex())
        signed.append(key.sign(moved))
        previous = moved.hash()
    return signed


async def test_in_another_cluster_a_new_epoch_goes_on_from_the_old_head(
    initialised: Database, clone: Clone
) -> None:
    book = await logbook.kept(initialised, rounds=2)
    left_over = await logbook.tell(initialised, book.practices[0], 2)
    old = await of_another_cluster(initialised)
    for one in old:
        tamper(
            clone,
            "UPDATE audit_head SET cluster = '1', previous = %(previous)s, signature = %(signature)s"
            " WHERE number = %(number)s",
            previous=bytes.fromhex(one.head.previous),
            signature=bytes.fromhex(one.signature),
            number=one.head.number,
        )
    # In the old cluster, ids had gone much further than here.
    far = "UPDATE audit_event SET xid = (xid::text::bigint + 5000000)::text::xid8 WHERE id = ANY(%(ids)s)"
    tamper(clone, far, ids=left_over)
    deadline = time.monotonic() + 60
    head = None
    while head is None and time.monotonic() < deadline:
        head = await logbook.seal(initialised)  # in a moment when nobody of the cluster writes
        await asyncio.sleep(0.05)
    assert head is not None
    assert (head.head.epoch, head.head.number) == (2, 3)
    assert head.head.previous == old[-1].head.hash().hex()
    await logbook.tell(initialised, book.practices[1], 2)
    last = await logbook.seal(initialised)
    assert last is not None
    assert last.head.epoch == 2
    verdict = await logbook.verify(initialised, [*old, last])
    assert verdict.faults == []
    assert verdict.events == len(book.events) + 4
    tamper(clone, "DELETE FROM audit_event WHERE id = %(id)s", id=left_over[1])
    assert (await logbook.verify(initialised)).faults[0].event == left_over[1]


@pytest.mark.slow
async def test_events_are_sealed_within_seconds(initialised: Database) -> None:
    """Eight writers and the sealer, for a quarter of a minute: the 99th percentile of the lag."""
    watch = Watch(initialised, None)
    ends = time.monotonic() + 15
    lags: list[float] = []

    async def write() -> None:
        practice = new_id()
        while time.monotonic() < ends:
            await logbook.tell(initialised, practice, 2)

    async def seal() -> None:
        while time.monotonic() < ends + 1:
            lags.append(await logbook.lag(initialised))
            await watch.round()
            await asyncio.sleep(1)

    await asyncio.gather(seal(), *(write() for _ in range(8)))
    lags.sort()
    assert lags[int(len(lags) * 0.99)] < timedelta(seconds=5).total_seconds()
    assert (await logbook.verify(initialised)).faults == []
