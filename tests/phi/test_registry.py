"""Numbers that ciphertexts are bound to never change."""

import hashlib
from uuid import UUID

from sqlalchemy import text

from billing_saas.kit.db import Database
from billing_saas.phi import registry

# Add lines to the registry and renew this; if it changes for any other reason, sealed data is lost.
PINNED = "1cce9f5af446a4ff198410b5a0d61da23ff51d73f806ff03ab0360641d051f5d"


def test_the_registry_is_as_it_was() -> None:
    lines = [
        f"cell {c.table}.{c.column} {c.table_number}.{c.column_number} schema {c.schema}"
        for c in registry.CELLS
    ]
    lines += [f"field {f.name} {f.number} {' '.join(f.normals)}" for f in registry.FIELDS]
    assert hashlib.sha256("\n".join(lines).encode()).hexdigest() == PINNED


def test_no_number_is_used_twice() -> None:
    places = {(c.table_number, c.column_number) for c in registry.CELLS}
    tables = {(c.table, c.table_number) for c in registry.CELLS}
    assert len(places) == len({c.place for c in registry.CELLS}) == len(registry.CELLS)
    assert len(tables) == len({c.table for c in registry.CELLS})
    assert len({c.table_number for c in registry.CELLS}) == len(tables)
    assert len({f.number for f in registry.FIELDS}) == len(registry.FIELDS)


async def test_every_cell_is_a_column_of_the_database(database: Database) -> None:
    query = text(
        "SELECT table_name || '.' || column_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND data_type = 'bytea'"
    )
    async with database.tenant(UUID(int=1)) as db:
        columns = set((await db.execute(query)).scalars())
    assert {cell.name for cell in registry.CELLS} <= columns
