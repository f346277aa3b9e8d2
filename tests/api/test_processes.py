"""What is done once and what is limited stay so over processes, and when one of them is killed."""

import asyncio
import time
from pathlib import Path

import httpx
import pytest

from billing_saas.gateways.key_folder import KeyFolder
from billing_saas.kit.ids import new_id
from tests.api.asking import Elm, journalled, received
from tests.api.servers import serving
from tests.cast import Person
from tests.cluster import Clone
from tests.remittances.desk import Desk

pytestmark = pytest.mark.slow

MOST = 100
UNLIMITED = {"BILLING_REQUESTS_PER_ADDRESS": "0", "BILLING_REQUESTS_PER_PRACTICE": "0"}


@pytest.fixture
def key_folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def keys(key_folder: Path) -> KeyFolder:
    """Shared with the servers that a test starts."""
    return KeyFolder(key_folder)


async def test_a_server_killed_before_and_after_the_commit_did_it_once(
    at_elm: Elm, desk: Desk, clone: Clone, key_folder: Path
) -> None:
    remittance = await received(at_elm, desk)
    path = f"/v1/practices/{at_elm.elm.id}/remittances/{remittance['id']}/posting"
    headers = {**at_elm.person.headers, "Idempotency-Key": str(new_id())}
    before = journalled(clone)
    written = []
    for point in ("remittances.posting.journalled", "api.once.committed"):
        with serving(clone, key_folder, BILLING_FAULT_POINT=f"{point}:1") as address:
            async with httpx.AsyncClient(base_url=address, timeout=60) as http:
                with pytest.raises(httpx.TransportError):
                    await http.post(path, headers=headers)
        written.append(journalled(clone) - before)
    in_the_middle, after_the_commit = written
    assert in_the_middle == 0 < after_the_commit
    with serving(clone, key_folder) as address:
        async with httpx.AsyncClient(base_url=address, timeout=60) as http:
            again = await http.post(path, headers=headers)
            assert (again.status_code, again.headers.get("Idempotency-Replayed")) == (201, "true")
            assert again.json()["cash_cents"] == remittance["payment_cents"]
            without = {**at_elm.person.headers, "Idempotency-Key": str(new_id())}
            assert (await http.post(path, headers=without)).status_code == 409
    assert journalled(clone) - before == after_the_commit


async def test_two_servers_do_it_once_and_count_together(
    at_elm: Elm, desk: Desk, clone: Clone, key_folder: Path, alice: Person
) -> None:
    remittance = await received(at_elm, desk)
    limits = {**UNLIMITED, "BILLING_REQUESTS_PER_PERSON": str(MOST)}
    with (
        serving(clone, key_folder, **limits) as first,
        serving(clone, key_folder, **limits) as second,
    ):
        async with (
            httpx.AsyncClient(base_url=first, timeout=60) as one,
            httpx.AsyncClient(base_url=second, timeout=60) as other,
        ):
            servers = (one, other)
            await post_fifty_times(servers, at_elm, remittance["id"], clone)
            await ask_past_the_limit(servers, at_elm, alice)


async def post_fifty_times(
    servers: tuple[httpx.AsyncClient, ...], at_elm: Elm, remittance_id: str, clone: Clone
) -> None:
    path = f"/v1/practices/{at_elm.elm.id}/remittances/{remittance_id}/posting"
    headers = {**at_elm.person.headers, "Idempotency-Key": str(new_id())}
    answers = await asyncio.gather(*(servers[n % 2].post(path, headers=headers) for n in range(50)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    first_time = [a for a in answers if "Idempotency-Replayed" not in a.headers]
    assert len(first_time) == 1
    after = journalled(clone)
    assert (await servers[0].post(path, headers=headers)).status_code == 201
    assert journalled(clone) == after


async def ask_past_the_limit(
    servers: tuple[httpx.AsyncClient, ...], at_elm: Elm, alice: Person
) -> None:
    started = time.monotonic()
    statuses = []
    for n in range(2 * MOST):
        answer = await servers[n % 2].get("/v1/practices", headers=alice.headers)
        statuses.append(answer.status_code)
    refilled = (time.monotonic() - started) * MOST / 60
    assert set(statuses) == {200, 429}
    # A lease of two may lie unspent in each process.
    assert MOST - 4 <= statuses.count(200) <= MOST + refilled + 1
