"""What was read has a version, and a change may say of which it is made."""

import asyncio

from billing_saas.kit.db import Database
from tests.api.asking import Elm, open_cards, received
from tests.api.walking import Client
from tests.cast import Person, Tenant
from tests.remittances.desk import Desk


async def test_a_version_is_read_once_and_changed_only_when_seen(at_elm: Elm, desk: Desk) -> None:
    remittance = await received(at_elm, desk)
    path = f"/remittances/{remittance['id']}"
    seen = (await at_elm.ask("GET", path)).headers["ETag"]
    for known in (seen, f"W/{seen}", f'"other", {seen}', "*"):
        unchanged = await at_elm.ask("GET", path, headers={"If-None-Match": known})
        assert (unchanged.status_code, unchanged.content) == (304, b"")
        assert unchanged.headers["ETag"] == seen
    for wrong in ('"other"', f"W/{seen}"):
        refused = await at_elm.ask("POST", f"{path}/posting", headers={"If-Match": wrong})
        assert refused.json()["type"] == "/problems/precondition-failed"
    posted = await at_elm.ask("POST", f"{path}/posting", headers={"If-Match": seen})
    assert posted.status_code == 201
    assert (await at_elm.ask("GET", path)).headers["ETag"] != seen
    late = await at_elm.ask("DELETE", f"{path}/posting", headers={"If-Match": seen})
    assert late.status_code == 412
    told_again = await at_elm.ask("GET", f"{path}/posting")
    assert told_again.json() == posted.json()


async def test_of_two_who_saw_the_same_version_one_changes_it(at_elm: Elm, desk: Desk) -> None:
    (card, *_) = await open_cards(at_elm, desk)
    seen = {"If-Match": (await at_elm.ask("GET", f"/cards/{card}")).headers["ETag"]}
    path = f"/cards/{card}/closing"
    answers = await asyncio.gather(
        *(at_elm.ask("POST", path, headers=seen, json={"outcome": o}) for o in ("one", "two"))
    )
    assert sorted(answer.status_code for answer in answers) == [204, 412]


async def test_a_tag_is_of_its_practice(
    client: Client, at_elm: Elm, database: Database, oak: Tenant, mallory: Person
) -> None:
    """Two empty lists are the same bytes, and no practice can tell what another's look like."""
    at_oak = Elm(client, oak, mallory)
    ours, theirs = await at_elm.ask("GET", "/cards"), await at_oak.ask("GET", "/cards")
    assert ours.content == theirs.content
    assert ours.headers["ETag"] != theirs.headers["ETag"]
