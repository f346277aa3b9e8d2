"""Birch Recovery: what it is told, what it collects and how it writes that down."""

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from billing_saas.agencies import receiving, rules, telling
from billing_saas.collections import placing, proposing, queries
from billing_saas.collections.queries import Shown
from billing_saas.inbox import queries as inbox
from billing_saas.kit.actor import Actor
from billing_saas.kit.paging import PageRequest
from billing_saas.workers import running
from tests.collections.accounts import Books

Row = dict[str, str]


def report(*rows: tuple[object, ...], total: str, fee: str = "0.00") -> bytes:
    """Lines of type, reference, number, paid_on, amount and fee; and the total that was sent."""
    lines = [",".join(map(str, row)) for row in (rules.REPORT_COLUMNS, *rows)]
    return "\r\n".join([*lines, f"total,,,,{total},{fee}", ""]).encode()


@dataclass(frozen=True)
class Birch:
    books: Books
    agency_id: UUID
    proven: Actor

    async def placed(self, guarantor_id: UUID) -> UUID:
        async with self.books.database.tenant(self.books.practice.id) as db:
            placement_id = await proposing.propose(db, self.books.actor, guarantor_id)
            await placing.place(db, self.proven, placement_id)
        return placement_id

    async def shown(self, placement_id: UUID) -> Shown:
        async with self.books.database.tenant(self.books.practice.id) as db:
            return await queries.placement(db, self.books.actor, placement_id)

    async def reference(self, placement_id: UUID) -> str:
        return (await self.shown(placement_id)).row.reference

    async def file(self) -> tuple[UUID, bytes]:
        """The next file, as it is handed over."""
        async with self.books.database.tenant(self.books.practice.id) as db:
            file_id = await telling.make_file(db, self.proven, self.agency_id)
        async with self.books.database.tenant(self.books.practice.id) as db:
            return file_id, await telling.open_file(db, self.proven, file_id)

    async def told(self) -> list[Row]:
        _, content = await self.file()
        return list(csv.DictReader(io.StringIO(content.decode(), newline="")))

    async def report(self, content: bytes) -> UUID:
        """Handed in and worked through; the arrival."""

        async def chunks() -> AsyncIterator[bytes]:
            yield content

        async with self.books.database.tenant(self.books.practice.id) as db:
            received = await receiving.receive_report(
                db, self.books.actor, self.agency_id, "birch.csv", chunks()
            )
        await running.drain(self.books.database)
        return received.arrival_id

    async def findings(self, arrival_id: UUID) -> list[str]:
        async with self.books.database.tenant(self.books.practice.id) as db:
            found = await inbox.findings(db, self.books.actor, arrival_id, PageRequest())
        return [one.code for one in found.rows]

    async def state(self, arrival_id: UUID) -> str:
        async with self.books.database.tenant(self.books.practice.id) as db:
            return (await inbox.arrival(db, self.books.actor, arrival_id)).state
