"""Whether the tables that the rooms map are the tables that the migrations make."""

from sqlalchemy import BigInteger, Column, MetaData, Table, UniqueConstraint, create_engine

from tests.isolation.catalogue import Connection

# The database's own: no room maps them.
UNMAPPED = {"alembic_version", "dramatiq.queue", "dramatiq.worker", "dramatiq.result"}
# `xid8` has no type in SQLAlchemy; nothing reads these but the database.
_OTHER_TYPE = {"audit_event.xid": "xid8", "ledger_entry.xid": "xid8"}

_DIALECT = create_engine("postgresql+psycopg://").dialect

_COLUMNS = """
  SELECT c.oid::regclass::text, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND n.nspname !~ '^(pg_|information_schema$)'
"""
_KEYS = """
  SELECT c.oid::regclass::text, k.contype::text,
    (SELECT array_agg(a.attname::text ORDER BY place)
     FROM unnest(k.conkey) WITH ORDINALITY AS key (n, place)
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = key.n),
    coalesce(f.oid::regclass::text, ''),
    coalesce((SELECT array_agg(a.attname::text ORDER BY place)
     FROM unnest(k.confkey) WITH ORDINALITY AS key (n, place)
     JOIN pg_attribute a ON a.attrelid = f.oid AND a.attnum = key.n), '{}')
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid LEFT JOIN pg_class f ON f.oid = k.confrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE k.contype IN ('p', 'u', 'f') AND NOT c.relispartition AND k.conparentid = 0
    AND n.nspname !~ '^(pg_|information_schema$)'
"""


def differences(c: Connection, metadata: MetaData) -> list[str]:
    """What a room maps otherwise than it was migrated: tables, columns, types, nullability, keys."""
    tables: dict[str, dict[str, tuple[str, bool]]] = {}
    for table, column, kind, not_null in c.execute(_COLUMNS.encode()).fetchall():
        tables.setdefault(str(table), {})[str(column)] = (str(kind), bool(not_null))
    mapped = {table.fullname: table for table in metadata.tables.values()}
    found = [f"{name} is not mapped" for name in tables.keys() - mapped.keys() - UNMAPPED]
    found += [f"{name} is mapped and was not migrated" for name in mapped.keys() - tables.keys()]
    for name in mapped.keys() & tables.keys():
        found += _column_differences(mapped[name], tables[name])
    return sorted(found + _key_differences(c, list(mapped.values()), set(tables)))


def _column_differences(table: Table, migrated: dict[str, tuple[str, bool]]) -> list[str]:
    mapped = {column.name: (_type(table, column), not column.nullable) for column in table.columns}
    found = [f"{table.name}.{name} is not mapped" for name in migrated.keys() - mapped.keys()]
    for name, (kind, not_null) in mapped.items():
        if name not in migrated:
            found.append(f"{table.name}.{name} is mapped and was not migrated")
            continue
        if kind != migrated[name][0]:
            found.append(
                f"{table.name}.{name} is mapped as {kind}, migrated as {migrated[name][0]}"
            )
        if not_null != migrated[name][1]:
            found.append(f"{table.name}.{name} differs in whether it may be empty")
    return found


def _type(table: Table, column: Column[object]) -> str:
    name = f"{table.name}.{column.name}"
    if name in _OTHER_TYPE and isinstance(column.type, BigInteger):
        return _OTHER_TYPE[name]
    kind = column.type.compile(dialect=_DIALECT).lower()
    return "text" if kind == "varchar" else kind


def _key_differences(c: Connection, mapped: list[Table], migrated: set[str]) -> list[str]:
    """Keys as columns, whatever their names: primary, unique and foreign."""
    ours = {key for table in mapped if table.fullname in migrated for key in _keys_of(table)}
    theirs = {
        f"{table} {_SORTS[str(sort)]} ({', '.join(columns)})"  # type: ignore[arg-type]  # text[]
        + (f" → {other} ({', '.join(others)})" if other else "")  # type: ignore[arg-type]  # text[]
        for table, sort, columns, other, others in c.execute(_KEYS.encode()).fetchall()
        if table not in UNMAPPED
    }
    return [f"not mapped: {key}" for key in theirs - ours] + [
        f"mapped and not migrated: {key}" for key in ours - theirs
    ]


_SORTS = {"p": "primary", "u": "unique", "f": "foreign"}


def _keys_of(table: Table) -> set[str]:
    primary = ", ".join(column.name for column in table.primary_key)
    found = {f"{table.name} primary ({primary})"} if primary else set()
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            found.add(f"{table.name} unique ({', '.join(c.name for c in constraint.columns)})")
    for foreign in table.foreign_key_constraints:
        targets = [element.target_fullname.rpartition(".") for element in foreign.elements]
        found.add(
            f"{table.name} foreign ({', '.join(foreign.column_keys)})"
            f" → {targets[0][0]} ({', '.join(target[2] for target in targets)})"
        )
    return found
