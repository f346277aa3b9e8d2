"""Many rows by one statement: `INSERT … SELECT unnest(…)`, made from the table itself.

One array per column, so the statement is the same for ten rows and for ten thousand: the driver
prepares it once, and PostgreSQL's limit of 32,767 parameters is never met.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import Table, TextClause, text
from sqlalchemy.dialects import postgresql

from billing_saas.kit.db import Row, TenantSession

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped


async def insert_rows(
    db: TenantSession,
    table: type[Row],
    rows: Sequence[Mapping[str, Any]],
    *,
    or_skip: Sequence[str] = (),
) -> None:
    """Insert `rows`, all with the columns of the first; `tenant_id` is the session's.

    `or_skip` names the columns of a unique constraint: a row that meets it is left out.
    """
    if not rows:
        return
    columns = tuple(rows[0])
    statement = _statement(_table(table), columns, tuple(or_skip))
    await db.execute(statement, {"tenant_id": db.tenant_id, **_arrays(table, columns, rows)})


async def update_rows(
    db: TenantSession, table: type[Row], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Set the columns of `rows` (all but `id`, which says where) by one statement."""
    if not rows:
        return
    columns = tuple(rows[0])
    statement = _update(_table(table), columns)
    await db.execute(statement, {"tenant_id": db.tenant_id, **_arrays(table, columns, rows)})


def _table(table: type[Row]) -> Table:
    found = table.__table__
    if not isinstance(found, Table):
        raise TypeError(f"{table.__name__} is not a table")
    return found


def _arrays(
    table: type[Row], columns: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> dict[str, list[Any]]:
    names = _table(table).c
    arrays: dict[str, list[Any]] = {}
    for column in columns:
        values = [row[column] for row in rows]
        if _is_json(names[column].type):
            values = [msgspec.json.encode(value).decode() for value in values]
        arrays[column] = values
    return arrays


@lru_cache(maxsize=256)
def _statement(table: Table, columns: tuple[str, ...], or_skip: tuple[str, ...]) -> TextClause:
    names = ", ".join(columns)
    conflict = f" ON CONFLICT ({', '.join(or_skip)}) DO NOTHING" if or_skip else ""
    return text(
        f"INSERT INTO {table.name} (tenant_id, {names})"  # noqa: S608  # names, no values
        f" SELECT :tenant_id, {_selected(table, columns)}"
        f" FROM unnest({_parameters(table, columns)}) AS new ({names}){conflict}"
    )


@lru_cache(maxsize=256)
def _update(table: Table, columns: tuple[str, ...]) -> TextClause:
    names = ", ".join(columns)
    changes = ", ".join(f"{column} = {_one(table, column)}" for column in columns if column != "id")
    return text(
        f"UPDATE {table.name} AS standing SET {changes}"  # noqa: S608  # names, no values
        f" FROM unnest({_parameters(table, columns)}) AS new ({names})"
        " WHERE standing.tenant_id = :tenant_id AND standing.id = new.id"
    )


def _parameters(table: Table, columns: tuple[str, ...]) -> str:
    return ", ".join(f"cast(:{column} AS {_type(table, column)}[])" for column in columns)


def _selected(table: Table, columns: tuple[str, ...]) -> str:
    return ", ".join(_one(table, column) for column in columns)


def _one(table: Table, column: str) -> str:
    is_json = _is_json(table.c[column].type)
    return f"cast(new.{column} AS jsonb)" if is_json else f"new.{column}"


def _type(table: Table, column: str) -> str:
    kind = table.c[column].type
    return "text" if _is_json(kind) else kind.compile(dialect=_DIALECT)


def _is_json(kind: object) -> bool:
    return isinstance(kind, postgresql.JSONB)
