"""The class of every column (decision 0004), held against the migrated database and the registry of cells."""

from collections.abc import Iterator

from billing_saas.phi import registry
from tests.isolation.catalogue import Connection
from tests.isolation.record import RECORDS

COLUMNS_AND_CLASSES = RECORDS / "0004-columns-and-their-classes.md"

# The types that a column of a class may have.
CLASSES: dict[str, frozenset[str]] = {
    "id": frozenset({"uuid"}),
    "money": frozenset({"bigint"}),
    "day": frozenset({"date"}),
    "instant": frozenset({"timestamp with time zone"}),
    "count": frozenset({"smallint", "integer", "bigint"}),
    "flag": frozenset({"boolean"}),
    "word": frozenset({"text"}),
    "code": frozenset({"text"}),
    "number": frozenset({"text"}),
    "sentence": frozenset({"text"}),
    "business": frozenset({"text"}),
    "staff": frozenset({"text"}),
    "coarse": frozenset({"text", "smallint"}),
    "carried": frozenset({"jsonb"}),
    "sealed": frozenset({"bytea"}),
    "wrapped": frozenset({"bytea"}),
    "digest": frozenset({"bytea"}),
    "machine": frozenset({"xid8", "dramatiq.state", "character varying(32)"}),
}

# What 45 CFR 164.514(e) leaves in the clear of a patient, and not more of it than reports ask for.
COARSE = {"patient.state", "patient.zip3", "patient.birth_decade"}

_COLUMNS = """
  SELECT c.oid::regclass::text, a.attname, format_type(a.atttypid, a.atttypmod)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
    AND n.nspname !~ '^(pg_|information_schema$)'
  ORDER BY 1, a.attnum
"""


def classes(text: str) -> dict[str, str]:
    """`table.column` to its class, from the rows `| table | class: column, column; class: … |`."""
    return dict(_listed(text))


def _listed(text: str) -> Iterator[tuple[str, str]]:
    _, _, section = text.partition("\n## Columns\n")
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|") or len(cells) != 2 or ":" not in cells[1]:
            continue
        for group in cells[1].split(";"):
            name, _, columns = group.partition(":")
            for column in columns.split(","):
                yield f"{cells[0]}.{column.strip()}", name.strip()


def faults(c: Connection, text: str) -> list[str]:
    listed = classes(text)
    actual = {
        f"{table}.{column}": str(kind)
        for table, column, kind in c.execute(_COLUMNS.encode()).fetchall()
    }
    found = [f"{name} is not listed" for name in actual if name not in listed]
    found += [f"{name} is listed and does not exist" for name in listed if name not in actual]
    names = [name for name, _ in _listed(text)]
    found += [f"{name} is listed twice" for name in sorted(set(names)) if names.count(name) > 1]
    for name, kind in actual.items():
        found += _class_faults(name, kind, listed.get(name, ""))
    return sorted(found) + _unregistered({name for name in actual if listed.get(name) == "sealed"})


def _class_faults(name: str, kind: str, column_class: str) -> Iterator[str]:
    if not column_class:
        return
    if column_class not in CLASSES:
        yield f"{name}: there is no class {column_class}"
    elif kind not in CLASSES[column_class]:
        yield f"{name} is {column_class} in {kind}"
    if (column_class == "money") != name.endswith("_cents"):
        yield f"{name}: money, and only money, is called …_cents"
    if column_class == "coarse" and name not in COARSE:
        yield f"{name} says more of a patient than was agreed to leave in the clear"


def _unregistered(sealed: set[str]) -> list[str]:
    """A sealed column is bound to numbers of the registry, or nobody could open it."""
    registered = {cell.name for cell in registry.CELLS}
    return [f"{name} is sealed and has no cell" for name in sorted(sealed - registered)] + [
        f"{name} has a cell and is not listed as sealed" for name in sorted(registered - sealed)
    ]
