"""Seal again, under a practice's newest key, what lies in any room's tables: by set, a batch at a time.

The registry says where sealed cells are, so a room that seals is covered by having registered.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from billing_saas.kit.db import TenantSession
from billing_saas.phi.errors import KeyVersionUnknown, SealBroken
from billing_saas.phi.keyring import Keyring
from billing_saas.phi.registry import CELLS, Cell, Key

BATCH = 500


@dataclass(frozen=True, slots=True)
class Sheet:
    """The cells of one table that are under one key."""

    table: str
    number: int
    key: Key
    cells: tuple[Cell, ...]

    @property
    def version_column(self) -> str:
        return self.cells[0].version_column


@dataclass(frozen=True, slots=True)
class Old:
    """A row under an older key: its ciphertexts, in the order of the sheet's cells."""

    row_id: UUID
    sealed: tuple[bytes | None, ...]


def sheets(purpose: str, cells: Sequence[Cell] = CELLS) -> list[Sheet]:
    """What is under the key of this purpose, by number of the table."""
    tables: dict[tuple[int, str], list[Cell]] = {}
    for cell in cells:
        if cell.key == purpose:
            tables.setdefault((cell.table_number, cell.table), []).append(cell)
    return [
        Sheet(name, number, Key(purpose), tuple(found))
        for (number, name), found in sorted(tables.items())
    ]


async def old(
    db: TenantSession, sheet: Sheet, version: int, after: UUID, limit: int = BATCH
) -> list[Old]:
    """Rows under a key older than `version`, locked, by id. A row that somebody writes is passed by:
    waiting for it could deadlock, and whoever writes it seals it anew."""
    columns = ", ".join(cell.column for cell in sheet.cells)
    found = await db.execute(
        text(
            f"SELECT id, {columns} FROM {sheet.table}"  # noqa: S608  # names of the registry
            f" WHERE tenant_id = :tenant_id AND id > :after AND {sheet.version_column} < :version"
            " ORDER BY id LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED"
        ),
        {"tenant_id": db.tenant_id, "after": after, "version": version, "limit": limit},
    )
    return [Old(row[0], tuple(row[1:])) for row in found]


def sealed_again(ring: Keyring, sheet: Sheet, row: Old) -> tuple[bytes | None, ...] | None:
    """The row's cells under the newest key; None when one of them does not open."""
    restricted = sheet.key is Key.RESTRICTED
    open_, seal = (
        (ring.open_restricted, ring.seal_restricted) if restricted else (ring.open, ring.seal)
    )
    again: list[bytes | None] = []
    for cell, sealed in zip(sheet.cells, row.sealed, strict=True):
        if sealed is None:
            again.append(None)
            continue
        try:
            plaintext = open_(cell, row.row_id, sealed, bytes)
        except KeyVersionUnknown:
            raise
        except SealBroken:
            return None
        again.append(seal(cell, row.row_id, plaintext))
    return tuple(again)


async def write(
    db: TenantSession,
    sheet: Sheet,
    version: int,
    rows: Mapping[UUID, tuple[bytes | None, ...]],
) -> None:
    """The new ciphertexts of rows that `old` locked."""
    if not rows:
        return
    names = [cell.column for cell in sheet.cells]
    changes = ", ".join(f"{name} = new.{name}" for name in names)
    arrays = ", ".join(f"CAST(:{name} AS bytea[])" for name in names)
    statement = text(
        f"UPDATE {sheet.table} AS standing"  # noqa: S608  # names of the registry
        f" SET {changes}, {sheet.version_column} = :version"
        f" FROM unnest(CAST(:ids AS uuid[]), {arrays}) AS new (id, {', '.join(names)})"
        " WHERE standing.tenant_id = :tenant_id AND standing.id = new.id"
    )
    values = {name: [row[at] for row in rows.values()] for at, name in enumerate(names)}
    await db.execute(
        statement, {"tenant_id": db.tenant_id, "version": version, "ids": list(rows), **values}
    )


async def is_left(db: TenantSession, sheet: Sheet, version: int) -> bool:
    """Is any row under a key older than `version`?"""
    query = text(
        f"SELECT EXISTS (SELECT FROM {sheet.table}"  # noqa: S608  # names of the registry
        f" WHERE tenant_id = :tenant_id AND {sheet.version_column} < :version)"
    )
    found = await db.scalar(query, {"tenant_id": db.tenant_id, "version": version})
    return bool(found)


async def rows_by_version(db: TenantSession, sheet: Sheet) -> dict[int, int]:
    query = text(
        f"SELECT {sheet.version_column}, count(*) FROM {sheet.table}"  # noqa: S608  # as above
        f" WHERE tenant_id = :tenant_id AND {sheet.version_column} IS NOT NULL GROUP BY 1 ORDER BY 1"
    )
    found = await db.execute(query, {"tenant_id": db.tenant_id})
    return {row[0]: row[1] for row in found}
