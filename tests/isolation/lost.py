"""Take one of the two walls between practices away: what the statements ask for, or what the database holds."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import event

from billing_saas.kit.db import Database
from tests.cluster import Clone
from tests.isolation import rows

# `claim.tenant_id = $1::UUID`, `tenant_id = $3`, `paid.tenant_id = CAST($2 AS uuid)`.
_PREDICATE = re.compile(
    r"((?:\w+\.)?tenant_id)\s*=\s*(CAST\(\$\d+ AS UUID\)|\$\d+(?:::UUID)?)", re.IGNORECASE
)


@contextmanager
def predicates(database: Database) -> Iterator[Counter[str]]:
    """Every statement of the application forgets its practice. What it forgot, by statement."""
    lost: Counter[str] = Counter()
    engine = database.app.sync_engine

    def forget(
        _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
    ) -> tuple[str, Any]:
        # The parameter stays, so that the others keep their numbers.
        forgetful, count = _PREDICATE.subn(r"(\1 = \2 OR true)", statement)
        lost[statement] += count
        return forgetful, parameters

    event.listen(engine, "before_cursor_execute", forget, retval=True)
    try:
        yield lost
    finally:
        event.remove(engine, "before_cursor_execute", forget)


def policies(clone: Clone) -> None:
    """The database holds nothing any more; what the application says is all there is."""
    with psycopg.connect(clone.url("postgres")) as superuser:
        for table in rows.tables(superuser):
            superuser.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY".encode())


def unasked(statements: Iterable[str], practice_tables: Iterable[str]) -> list[str]:
    """Statements that name a practice table more often than they name the practice.

    Rows that are handed in (`INSERT … VALUES`, `unnest`) name their practice as a value.
    """
    named = re.compile(
        rf"\b(?:FROM|JOIN|UPDATE|USING)\s+(?:ONLY\s+)?({'|'.join(sorted(practice_tables))})\b|"
        rf",\s+({'|'.join(sorted(practice_tables))})(?:\s+AS\s+\w+)?\s+(?:WHERE|JOIN)\b",
        re.IGNORECASE,
    )
    return [
        " ".join(statement.split())
        for statement in statements
        if len(_PREDICATE.findall(statement)) + len(_JOINED.findall(statement))
        < len(named.findall(statement))
    ]


# One side of a join may be asked by the other's practice.
_JOINED = re.compile(r"(?:\w+\.)?tenant_id\s*=\s*\w+\.tenant_id", re.IGNORECASE)
