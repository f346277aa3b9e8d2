"""What was read has a version, and a change may say of which it is made."""

import asyncio

from billing_saas.identity import enrolling
from billing_saas.kit.db import Database
from tests.api.asking import Elm, open_cards, received
from tests.api.walking import Client, ids_for, walked
from tests.cast import Person, Tenant, enrolled
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


async def test_what_is_replaced_whole_must_say_which_version(
    client: Client, database: Database, elm: Tenant, sue: Person
) -> None:
    """Every PUT and PATCH of the contract but files, which come once and are kept."""
    anna = await enrolled(database, elm, "anna")
    async with database.platform() as db:
        await enrolling.grant_company(db, anna.actor.id, elm.company_id, "company_admin", by=None)
    for route in walked(client):
        if route.method not in ("PUT", "PATCH") or route.is_file:
            continue
        ids = ids_for(route, elm.id, None)
        made = route.request(ids)
        assert made["headers"].pop("If-Match", "") == "*", (
            f"{route}: manners(versioned=… must=True)"
        )
        if of_company := "company_id" in ids:
            ids["company_id"] = elm.company_id
        headers = {**made.pop("headers"), **(anna if of_company else sue).headers}
        blind = await client.http.request(route.method, route.url(ids), headers=headers, **made)
        assert blind.status_code in (428, 403), (str(route), blind.text)


CONNECTION = {
    "name": "Elm's own system",
    "kind": "practice_system",
    "usage": "T",
    "own_qualifier": "ZZ",
    "own_id": "ELM",
    "own_group_id": "ELM",
    "partner_qualifier": "ZZ",
    "partner_id": "PARTNER",
    "partner_group_id": "PARTNER",
}


async def test_of_two_who_rename_a_connection_one_is_told_that_it_changed(at_elm: Elm) -> None:
    made = await at_elm.ask("POST", "/connections", json=CONNECTION)
    assert made.status_code == 201, made.text
    path = f"/connections/{made.json()['id']}"
    seen = {"If-Match": (await at_elm.ask("GET", path)).headers["ETag"]}
    to = {"refuses_repeats": False, "active": True}
    answers = await asyncio.gather(
        *(at_elm.ask("PUT", path, headers=seen, json={"name": n, **to}) for n in ("One", "Two"))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]
