"""Dead letters over HTTP: seen by who may, replayed once, discarded, and none of a stranger's business."""

from uuid import UUID

import httpx
import pytest

from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.outbox import queue
from billing_saas.remittances.jobs import TakeInRemittances
from billing_saas.workers import running
from tests.cast import Person, Tenant


@pytest.fixture
async def letter(database: Database, elm: Tenant) -> UUID:
    """A job about an arrival that does not exist: an answer, so it is dead at once."""
    async with database.tenant(elm.id) as db:
        job_id = await queue.add(db, TakeInRemittances(new_id()))
    await running.drain(database)
    return job_id


def path(tenant: Tenant, *rest: object) -> str:
    return "/".join(map(str, ["/v1/practices", tenant.id, "dead-letters", *rest]))


async def test_a_supervisor_reads_replays_and_discards(
    http: httpx.AsyncClient, database: Database, elm: Tenant, sam: Person, letter: UUID
) -> None:
    (shown,) = (await http.get(path(elm), headers=sam.headers)).json()["rows"]
    assert (shown["id"], shown["kind"], shown["state"]) == (
        str(letter),
        "remittances.take_in",
        "dead",
    )
    assert shown["about"] == "Read a remittance file that arrived."
    assert shown["error"] == "arrival-not-found"
    assert shown["explanation"].startswith("What it is about does not exist.")
    replayed = await http.post(path(elm, letter, "replay"), headers=sam.headers)
    assert replayed.status_code == 201
    twice = await http.post(path(elm, letter, "replay"), headers=sam.headers)
    assert (twice.status_code, twice.json()["type"].rpartition("/")[2]) == (409, "job-not-dead")
    await running.drain(database)  # and it is dead again
    again = replayed.json()["job_id"]
    assert (await http.delete(path(elm, again), headers=sam.headers)).status_code == 204
    assert (await http.get(path(elm), headers=sam.headers)).json()["rows"] == []
    gone = await http.get(path(elm, again), headers=sam.headers)
    assert gone.json()["state"] == "discarded"


async def test_who_may_not_is_refused_and_a_stranger_finds_nothing(
    http: httpx.AsyncClient,
    elm: Tenant,
    oak: Tenant,
    alice: Person,
    mallory: Person,
    letter: UUID,
) -> None:
    refused = await http.get(path(elm), headers=alice.headers)
    assert refused.status_code == 403
    for tenant in (elm, oak):
        found = await http.get(path(tenant, letter), headers=mallory.headers)
        assert found.status_code == 404
    assert (await http.get(path(oak), headers=mallory.headers)).json()["rows"] == []
    untouched = await http.post(path(oak, letter, "replay"), headers=mallory.headers)
    assert untouched.status_code in (403, 404)
