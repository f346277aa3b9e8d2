"""Many rows in one statement: `INSERT … SELECT … FROM unnest(…)`, a column at a time.

`COPY FROM` does not work under row-level security, and a statement per row does not scale; this
reaches the same order of speed as COPY.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Table, TextClause, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession

from billing_saas.kit.db import Row, TenantSession

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # untyped in SQLAlchemy


async def insert(
    db: AsyncSession,
    table: Table,
    columns: Mapping[str, Sequence[Any]],
    same: Mapping[str, Any] | None = None,
) -> None:
    """Insert rows given as columns of one length; `same` holds the columns alike in every row."""
    if not columns or not len(next(iter(columns.values()))):
        return
    same = same or {}
    statement = _statement(table, tuple(columns), tuple(same))
    await db.execute(statement, {**columns, **same})


@lru_cache(maxsize=256)
def _statement(table: Table, varying: tuple[str, ...], same: tuple[str, ...]) -> TextClause:
    types = {column.name: column.type.compile(dialect=_DIALECT) for column in table.columns}
    # A jsonb array would be quoted twice by the driver: text travels, and is cast row by row.
    travels = {name: "text" if types[name] == "JSONB" else types[name] for name in varying}
    arrays = ", ".join(f"CAST(:{name} AS {travels[name]}[])" for name in varying)
    chosen = [f"CAST({name} AS jsonb)" if types[name] == "JSONB" else name for name in varying]
    chosen += [f"CAST(:{name} AS {types[name]})" for name in same]
    return text(
        f"INSERT INTO {table.name} ({', '.join((*varying, *same))})"  # noqa: S608  # names of ours
        f" SELECT {', '.join(chosen)} FROM unnest({arrays}) AS new ({', '.join(varying)})"
    )


async def insert_rows(
    db: TenantSession, table: type[Row], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert rows of the session's practice, all with the columns of the first."""
    await insert(db, table_of(table), _columns(rows), {"tenant_id": db.tenant_id})


async def update_rows(
    db: TenantSession, table: type[Row], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Set the other columns of the rows of the session's practice that `id` names."""
    columns = _columns(rows)
    if columns:
        statement = _update(table_of(table), tuple(columns))
        await db.execute(statement, {**columns, "tenant_id": db.tenant_id})


def table_of(table: type[Row]) -> Table:
    found = table.__table__
    if not isinstance(found, Table):
        raise TypeError(f"{table.__name__} is not a table")
    return found


def _columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in rows[0]} if rows else {}


@lru_cache(maxsize=256)
def _update(table: Table, columns: tuple[str, ...]) -> TextClause:
    types = {column.name: column.type.compile(dialect=_DIALECT) for column in table.columns}
    arrays = ", ".join(f"CAST(:{name} AS {types[name]}[])" for name in columns)
    changes = ", ".join(f"{name} = new.{name}" for name in columns if name != "id")
    return text(
        f"UPDATE {table.name} AS standing SET {changes}"  # noqa: S608  # names of ours
        f" FROM unnest({arrays}) AS new ({', '.join(columns)})"
        " WHERE standing.tenant_id = :tenant_id AND standing.id = new.id"
    )
