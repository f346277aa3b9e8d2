"""Sealed cells against what the trail says was written in them: an older ciphertext put back is found.

A seal binds a ciphertext to its place, not to its time. The trail remembers the hash of every sealed
cell that an act wrote (`audit_content`), bound by its event; `audit verify` watches the events.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from billing_saas.kit.db import TenantSession
from billing_saas.phi.registry import CELLS, Cell, Key

# The last event that wrote a cell is the last in the database's order: clocks of processes differ.
_LAST = """
    SELECT DISTINCT ON (content.row_id, content.column_number)
      content.row_id, content.column_number, content.hash
    FROM audit_content AS content
    JOIN audit_event AS event ON event.tenant_id = content.tenant_id AND event.at = content.at
      AND event.id = content.event_id
    WHERE content.tenant_id = :tenant_id AND content.table_number = :table_number {only}
    ORDER BY content.row_id, content.column_number, event.seq DESC"""
_LAST_OF_ROWS = text(_LAST.format(only="AND content.row_id = ANY (CAST(:rows AS uuid[]))"))
# By its columns' places: the order that `contents.digest` sorts in.
_UNFAITHFUL = text(
    """
    SELECT event.id FROM audit_event AS event
    LEFT JOIN (
      SELECT at, event_id, sha256(string_agg(
               int2send(table_number) || int2send(column_number) || uuid_send(row_id) || hash,
               ''::bytea ORDER BY table_number, column_number, row_id)) AS digest
      FROM audit_content WHERE tenant_id = :tenant_id GROUP BY at, event_id
    ) AS written ON written.at = event.at AND written.event_id = event.id
    WHERE event.tenant_id = :tenant_id
      AND (length(event.content_hash) = 33 OR written.digest IS NOT NULL)
      AND event.content_hash IS DISTINCT FROM '\\x01'::bytea || written.digest
    ORDER BY event.seq"""
)


@dataclass(frozen=True, slots=True)
class CellsChecked:
    """One sealed column of a practice. `changed` are rows whose cell is not what was written last."""

    cell: Cell
    cells: int
    unattested: int
    changed: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`unfaithful` are events whose remembered hashes are not those they were recorded with."""

    checked: tuple[CellsChecked, ...]
    unfaithful: tuple[UUID, ...]

    @property
    def clean(self) -> bool:
        return not self.unfaithful and not any(checked.changed for checked in self.checked)

    @property
    def unattested(self) -> int:
        """Cells that no event tells of: written before the trail remembered cells one by one."""
        return sum(checked.unattested for checked in self.checked)


async def verify(db: TenantSession, cells: Sequence[Cell] = CELLS) -> Verdict:
    """Every sealed cell of the practice, one statement per column; nothing is opened."""
    # Chunks of a file are under the file's own key, written once: its cell attests for them.
    checked = [await _check(db, cell) for cell in cells if cell.key is not Key.FILE]
    unfaithful = (await db.scalars(_UNFAITHFUL, {"tenant_id": db.tenant_id})).all()
    return Verdict(tuple(checked), tuple(unfaithful))


async def last_hashes(
    db: TenantSession, table_number: int, rows: Sequence[UUID]
) -> dict[tuple[UUID, int], bytes]:
    """By row and column number, what each cell of these rows must be; what nobody told of is absent."""
    found = await db.execute(
        _LAST_OF_ROWS,
        {"tenant_id": db.tenant_id, "table_number": table_number, "rows": list(rows)},
    )
    return {(row_id, column): last for row_id, column, last in found}


async def _check(db: TenantSession, cell: Cell) -> CellsChecked:
    last = _LAST.format(only="AND content.column_number = :column_number")
    query = text(
        f"WITH last AS ({last})"  # noqa: S608  # names of the registry
        " SELECT count(*) AS cells, count(*) FILTER (WHERE last.hash IS NULL) AS unattested,"
        f" array_agg(cell.id ORDER BY cell.id) FILTER (WHERE last.hash <> sha256(cell.{cell.column}))"
        f" AS changed FROM {cell.table} AS cell LEFT JOIN last ON last.row_id = cell.id"
        f" WHERE cell.tenant_id = :tenant_id AND cell.{cell.column} IS NOT NULL"
    )
    found = (
        await db.execute(
            query,
            {
                "tenant_id": db.tenant_id,
                "table_number": cell.table_number,
                "column_number": cell.column_number,
            },
        )
    ).one()
    return CellsChecked(cell, found.cells, found.unattested, tuple(found.changed or ()))
