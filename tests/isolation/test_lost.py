"""T3 and T4: either wall between practices holds alone; with neither, the same stories fail.

Next door to Elm is her twin: the same practice at another billing company, with the same files, payers,
trace numbers and names. Whatever reaches across a wall finds its like there.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import psycopg
import pytest

from billing_saas.identity.rules import PERMISSIONS
from billing_saas.kit.db import Database
from billing_saas.kit.protocols import KeyRefused
from billing_saas.ledger import journal
from billing_saas.tenants import provisioning
from tests.api.inhabited import inhabit
from tests.api.routes import Route
from tests.api.test_strangers import FOR_SOMEBODY_ELSE, dead_letter
from tests.api.walking import Client, ask, ids_for, knocking, told, walked
from tests.build import month
from tests.cast import ELM, OPERATOR, Person, Tenant, enrolled
from tests.cluster import Clone
from tests.isolation import columns, lost, rows
from tests.isolation.catalogue import Connection
from tests.isolation.rows import World

CLAIMS = 4
# Opened only by who showed a second factor just now, and while an agreement with the agency is good.
ASKS_FOR_MORE = "GET /v1/practices/{practice_id}/agency-files/{agency_file_id}/content"


@pytest.fixture
async def twin(database: Database, elm: Tenant) -> Tenant:
    """Made after Elm, and at work before her."""
    company = await provisioning.add_company(database, "Birch Billing")
    practice_id = await provisioning.add_practice(
        database, OPERATOR, company, ELM, journal.open_book
    )
    made = Tenant(practice_id, company, ELM)
    worker = await enrolled(database, made, "worker", *PERMISSIONS)
    await month.work(database, made, worker.actor, claims=CLAIMS)
    return made


@pytest.fixture
async def boss(database: Database, elm: Tenant) -> Person:
    return await enrolled(database, elm, "boss", *PERMISSIONS)


# --- reading ---


async def answers(client: Client, elm: Tenant, boss: Person, world: World) -> dict[str, Any]:
    """What every route that only reads tells someone of Elm."""
    found = {}
    for route in walked(client):
        if not route.path.startswith("/v1/practices/{practice_id}"):
            continue  # companies and people: tests/members and tests/isolation/test_companies.py
        if str(route) in (*FOR_SOMEBODY_ELSE, ASKS_FOR_MORE):
            continue
        if route.method == "GET" or route.path.endswith("/searches"):
            answer = await ask(client, route, _asked(route, elm, world), boss.headers)
            assert answer.status_code < 400, (str(route), answer.text)
            found[str(route)] = _told_before(route, told(answer))
    return found


def _asked(route: Route, elm: Tenant, world: World) -> Mapping[str, UUID]:
    """Without the optional filters, which would narrow what could be seen."""
    ids = ids_for(route, elm.id, world)
    must = [one["name"] for one in route.operation.get("parameters", []) if one.get("required")]
    return {name: ids[name] for name in {*route.path_parameters, *must} if name in ids}


def _told_before(route: Route, body: Any) -> Any:
    """Reading is told in the trail as well: there, only what was not asked for over HTTP. A paper that is
    made when it is asked for carries the second."""
    if isinstance(body, bytes) and body.startswith(b"%PDF-"):
        return len(body)
    if not route.path.endswith(("/audit-events", "/access")):
        return body
    # The trail grows by each reading, so its pages differ; `books` below compares the table itself.
    return all(isinstance(row, dict) for row in body["rows"])


async def test_reading_needs_but_one_wall(
    database: Database, elm: Tenant, twin: Tenant, boss: Person, clone: Clone
) -> None:
    filled = await inhabit(database, clone, elm, boss, claims=CLAIMS)
    letter = await dead_letter(database, elm)
    world = filled | {"letter": {"id": letter}, "member": {"id": boss.actor.id}}
    async with knocking(database) as client:
        before = await answers(client, elm, boss, world)
        with lost.predicates(database) as forgotten:
            assert await answers(client, elm, boss, world) == before
        assert sum(forgotten.values()) > 30
        assert lost.unasked(forgotten, _practice_tables(clone)) == []
        lost.policies(clone)
        assert await answers(client, elm, boss, world) == before
        own = await _remittances(client, elm, boss)
        with lost.predicates(database):
            assert await _remittances(client, elm, boss) == own * 2 > 0


async def _remittances(client: Client, elm: Tenant, boss: Person) -> int:
    path = f"/v1/practices/{elm.id}/remittances"
    answer = await client.http.get(path, headers=boss.headers)
    return len(answer.json()["rows"])


def _practice_tables(clone: Clone) -> list[str]:
    with psycopg.connect(clone.url("postgres")) as superuser:
        return [table for table, of_practice in rows.tables(superuser).items() if of_practice]


# --- a month of work ---


# All practices number their events by one sequence, which no answer tells.
_SHARED = "audit_event.seq"


def books(c: Connection, practice_id: UUID) -> dict[str, Counter[tuple[Any, ...]]]:
    """Every table of a practice by what twins have alike: amounts, days, states; no ids, no instants."""
    listed = columns.classes(columns.COLUMNS_AND_CLASSES.read_text())
    alike = {"money", "day", "count", "flag", "word", "code", "sentence", "coarse", "business"}
    found = {}
    for table, of_practice in rows.tables(c).items():
        kept = [
            name.rpartition(".")[2]
            for name, column_class in listed.items()
            if name.rpartition(".")[0] == table and column_class in alike and name != _SHARED
        ]
        if of_practice and kept:
            query = f"SELECT {', '.join(kept)} FROM {table} WHERE tenant_id = %s"
            found[table] = Counter(c.execute(query.encode(), [practice_id]).fetchall())
    return found


async def test_a_month_without_predicates_is_as_any_other(
    database: Database, elm: Tenant, twin: Tenant, boss: Person, clone: Clone
) -> None:
    with psycopg.connect(clone.url("postgres"), autocommit=True) as above:
        before = rows.digest(above, twin.id)
        with lost.predicates(database) as forgotten:
            await month.work(database, elm, boss.actor, claims=CLAIMS)
        assert books(above, elm.id) == books(above, twin.id)
        assert rows.digest(above, twin.id) == before
    assert sum(forgotten.values()) > 100
    assert lost.unasked(forgotten, _practice_tables(clone)) == []


async def test_a_month_without_policies_is_as_any_other(
    database: Database, elm: Tenant, twin: Tenant, boss: Person, clone: Clone
) -> None:
    lost.policies(clone)
    with psycopg.connect(clone.url("postgres"), autocommit=True) as above:
        before = rows.digest(above, twin.id)
        await month.work(database, elm, boss.actor, claims=CLAIMS)
        assert books(above, elm.id) == books(above, twin.id)
        assert rows.digest(above, twin.id) == before


async def test_without_either_the_month_does_not_come_to_pass(
    database: Database, elm: Tenant, twin: Tenant, boss: Person, clone: Clone
) -> None:
    """The control; and a third wall: the twin's keys do not open for Elm."""
    lost.policies(clone)
    with lost.predicates(database), pytest.raises(KeyRefused):
        await month.work(database, elm, boss.actor, claims=CLAIMS)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT name FROM payer WHERE id = $1",
        "SELECT count(*) FROM claim JOIN patient ON patient.id = claim.patient_id"
        " WHERE claim.tenant_id = $1",
        "UPDATE card SET state = 'done' WHERE id = $2",
        "INSERT INTO card (tenant_id, id) SELECT $1, claim.id FROM claim",
        "DELETE FROM blind_index WHERE row_id = $1",
    ],
)
def test_a_statement_that_names_no_practice_is_found(statement: str) -> None:
    tables = ["payer", "claim", "patient", "card", "blind_index"]
    assert lost.unasked([statement], tables) == [statement]
