"""One row in every table of a practice, made from the catalogue: so that no table is ever left untried.

Values are what the types and CHECKs ask for and mean nothing: sealed columns hold noise.
"""

import itertools
import re
import secrets
from collections.abc import Callable
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.types.json import Jsonb

from billing_saas.kit import clock
from billing_saas.kit.ids import new_id
from tests.isolation.catalogue import Connection

Row = dict[str, Any]
World = dict[str, Row]
"""Table to its row."""

_COLUMNS = """
  SELECT a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull,
         a.atthasdef OR a.attidentity <> '' OR a.attgenerated <> ''
  FROM pg_attribute a WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped
  ORDER BY a.attnum
"""
_FOREIGN_KEYS = """
  SELECT k.confrelid::regclass::text,
    (SELECT array_agg(a.attname::text ORDER BY place) FROM unnest(k.conkey) WITH ORDINALITY
     AS key (n, place) JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = key.n),
    (SELECT array_agg(a.attname::text ORDER BY place) FROM unnest(k.confkey) WITH ORDINALITY
     AS key (n, place) JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = key.n),
    k.conname::text
  FROM pg_constraint k WHERE k.conrelid = %s::regclass AND k.contype = 'f' ORDER BY k.conname
"""
_TABLES = """
  SELECT c.oid::regclass::text, EXISTS (SELECT FROM pg_attribute a
    WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'alembic_version'
    AND n.nspname !~ '^(pg_|information_schema$)' ORDER BY 1
"""
_ONE_OF = r"\b{} = (?:ANY \(\(?ARRAY\[)?'([^']+)'"

_NUMBERS = itertools.count(1)

# What a CHECK by pattern asks for, by the column's name.
_PATTERNS: dict[str, Callable[[], str]] = {
    "accent": lambda: "#205781",
    "npi": lambda: str(secrets.randbelow(10**10)).zfill(10),
    "tax_id": lambda: str(secrets.randbelow(10**9)).zfill(9),
    "own_qualifier": lambda: "ZZ",
    "partner_qualifier": lambda: "ZZ",
    "text_number": lambda: f"+1312{secrets.randbelow(10**7):07}",
    "patient_control_number": lambda: secrets.token_hex(8).upper(),
}


# Columns that a CHECK keeps from naming the same parent as another does.
_OF_ANOTHER: dict[str, dict[str, Callable[[], object]]] = {
    # More than four need what Regulation Z asks to be disclosed.
    "plan_setting": {"most_instalments": lambda: 4},
    "factor_reset": {"asked_by": new_id, "confirmed_by": lambda: None},
    "patient_guarantor": {"patient_id": new_id},
}


def tables(c: Connection) -> dict[str, bool]:
    """Every table, and whether its rows belong to practices."""
    return {str(name): bool(of_practice) for name, of_practice in c.execute(_TABLES).fetchall()}


def foreign_keys(c: Connection, table: str) -> list[tuple[str, list[str], list[str], str]]:
    """Parent, columns, the parent's columns, and the constraint's name."""
    found: list[Any] = c.execute(_FOREIGN_KEYS, [table]).fetchall()
    return [(parent, ours, theirs, name) for parent, ours, theirs, name in found]


def fill(c: Connection, tenant_id: UUID | None = None) -> World:
    """A row in every table for one practice: a new one, or one that has been set up already.

    As the cluster's superuser, with triggers and foreign keys at rest; committed.
    """
    world: World = {}
    if tenant_id is not None:
        for table, of_practice in tables(c).items():
            standing = row_of(c, table, tenant_id if of_practice else None)
            if standing is not None:
                world[table] = standing
    c.execute("SET LOCAL session_replication_role = replica")
    for table in tables(c):
        _row(c, world, table, tenant_id or new_id())
        tenant_id = tenant_id or world["practice"]["tenant_id"]
    c.commit()
    return world


def insert(c: Connection, table: str, row: Row) -> None:
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.SQL(table),
        sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join(sql.Placeholder() * len(row)),
    )
    values = [Jsonb(value) if isinstance(value, (dict, list)) else value for value in row.values()]
    c.execute(statement, values)


def row_of(c: Connection, table: str, tenant_id: UUID | None) -> Row | None:
    whose = "WHERE tenant_id = %s" if tenant_id else ""
    if table == "tenant_key" and tenant_id:
        whose += " AND purpose = 'dek'"  # rotations are of these, and hang on them
    query = f"SELECT * FROM {table} {whose} LIMIT 1"
    cursor = c.execute(query.encode(), [tenant_id] if tenant_id else None)
    found = cursor.fetchone()
    if found is None or cursor.description is None:
        return None
    return {column.name: value for column, value in zip(cursor.description, found, strict=True)}


def _row(c: Connection, world: World, table: str, tenant_id: UUID) -> Row:
    if table in world:
        return world[table]
    row = _values(c, table)
    if "tenant_id" in row:
        row["tenant_id"] = tenant_id
    world[table] = row  # before its parents: a row may be its own
    for parent, ours, theirs, _ in foreign_keys(c, table):
        if parent == table:
            continue
        parent_row = _row(c, world, parent, tenant_id)
        row |= {our: parent_row[their] for our, their in zip(ours, theirs, strict=True)}
    row |= {column: make() for column, make in _OF_ANOTHER.get(table, {}).items()}
    try:
        insert(c, table, row)
    except Exception as error:
        error.add_note(f"tests/isolation/rows.py does not know what a row of {table} needs")
        raise
    return row


def _values(c: Connection, table: str) -> Row:
    checks = "\n".join(
        str(definition)
        for (definition,) in c.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conrelid = %s::regclass AND contype = 'c'",
            [table],
        ).fetchall()
    )
    return {
        str(name): _value(str(name), str(kind), checks)
        for name, kind, needed, has_default in c.execute(_COLUMNS, [table]).fetchall()
        if (needed and not has_default) or name == "tenant_id"
    }


def _value(name: str, kind: str, checks: str) -> object:
    if kind == "uuid":
        return new_id()
    if kind == "text":
        allowed = re.search(_ONE_OF.format(name), checks)
        return allowed[1] if allowed else _PATTERNS.get(name, lambda: secrets.token_hex(4))()
    if kind in ("smallint", "integer", "bigint"):
        between = re.search(rf"\({name} >= (\d+)\) AND \({name} <= (\d+)\)", checks)
        least, most = map(int, between.groups()) if between else (0, 10**9)
        return least + next(_NUMBERS) % (most - least)
    if kind == "date":
        return clock.now().date()
    if kind == "timestamp with time zone":
        return clock.now()
    if kind == "bytea":
        length = re.search(rf"\blength\({name}\) [=%] (\d+)", checks)
        return secrets.token_bytes(int(length[1]) if length else 32)
    return {} if kind == "jsonb" else False


def digest(c: Connection, practice_id: UUID, *, without: tuple[str, ...] = ()) -> dict[str, Any]:
    """What stands in every table of a practice: each row by who wrote it last, and where."""
    return {
        table: c.execute(
            f"SELECT count(*), md5(string_agg(concat(tableoid, ctid, xmin), ',' ORDER BY tableoid,"
            f" ctid)) FROM {table} WHERE tenant_id = %s".encode(),
            [practice_id],
        ).fetchone()
        for table, of_practice in tables(c).items()
        if of_practice and table not in without
    }
