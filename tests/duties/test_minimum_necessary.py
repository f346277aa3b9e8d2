"""X2: what each role makes each route open, by sealed cell, held against a record that a reviewer reads.

`WRITE_RECORDS=1 pytest tests/duties/test_minimum_necessary.py` writes it anew.
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from billing_saas.documents import filing
from billing_saas.documents.filing import Filed
from billing_saas.identity.rules import PERMISSIONS
from billing_saas.kit import clock
from billing_saas.kit.db import Database
from tests.api.walking import Client, ask, knocking, walked
from tests.build import month
from tests.cast import Person, Tenant, actor_with, enrolled
from tests.cluster import Clone
from tests.collections import planted
from tests.duties.opens import counting

RECORD = Path(__file__).parent / "minimum_necessary.txt"


@pytest.fixture
async def client(database: Database) -> Any:
    async with knocking(database) as made:
        yield made


@pytest.fixture
async def world(database: Database, elm: Tenant, alice: Person, clone: Clone) -> Any:
    """The first row of each kind that a route of today shows."""
    await month.work(database, elm, alice.actor, claims=3)
    with psycopg.connect(clone.url("postgres")) as superuser:

        def first(table: str) -> dict[str, UUID]:
            query = f"SELECT id FROM {table} WHERE tenant_id = %s ORDER BY id LIMIT 1".encode()
            (row,) = superuser.execute(query, [elm.id]).fetchall()
            return {"id": row[0]}

        found: dict[str, Any] = {
            table: first(table)
            for table in ("arrival", "card", "claim", "patient", "payer", "remittance")
        }
        async with database.tenant(elm.id) as db:
            for kind in ("insurance_card", "medical_record", "explanation_of_benefits"):
                filed = Filed(kind=kind, title=kind, patient_id=found["patient"]["id"])
                found["document"] = {"id": await filing.announce(db, alice.actor, filed)}
            today = clock.now().date() - timedelta(days=1)
            await planted.work(db, actor_with(PERMISSIONS), found["patient"]["id"], today)
        found |= {table: first(table) for table in ("circumstance", "hardship_application")}
    return found


async def test_what_each_role_opens_is_as_recorded(
    client: Client, database: Database, elm: Tenant, world: Any
) -> None:
    lines = []
    people = {role: await enrolled(database, elm, role, role) for role in sorted(PERMISSIONS)}
    for route in walked(client):
        known = all(name.removesuffix("_id") in world for name in route.row_parameters)
        reads = route.method == "GET" or route.path.endswith("/searches")
        if "practice_id" not in route.path_parameters or not known or not reads:
            continue
        for role, person in people.items():
            # Ids in queries are left out: a filter opens no more than the list it is of.
            rows = {name: world[name.removesuffix("_id")]["id"] for name in route.row_parameters}
            asked = {"practice_id": elm.id, **rows}
            with counting() as opened:
                await ask(client, route, asked, person.headers)
            cells = " ".join(f"{cell}={count}" for cell, count in sorted(opened.items()))
            if cells:
                lines.append(f"{route} | {role} | {cells}")
    found = "\n".join(sorted(lines)) + "\n"
    if os.environ.get("WRITE_RECORDS") and (not RECORD.exists() or RECORD.read_text() != found):
        RECORD.write_text(found)
        pytest.fail("the record was written anew: read the difference")
    assert found == RECORD.read_text()
