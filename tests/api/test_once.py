"""Asked again under the same key, a request is not done again."""

import asyncio

import psycopg
import pytest
from sqlalchemy import text

from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from tests.api.asking import Elm, journalled, open_cards, received
from tests.api.walking import Client
from tests.cast import Person, Tenant, enrolled
from tests.cluster import Clone
from tests.remittances.desk import Desk


async def test_fifty_equal_posts_have_one_effect_and_one_answer(
    at_elm: Elm, desk: Desk, clone: Clone
) -> None:
    remittance = await received(at_elm, desk)
    path = f"/remittances/{remittance['id']}/posting"
    before = journalled(clone)
    key = {"Idempotency-Key": str(new_id())}
    answers = await asyncio.gather(*(at_elm.ask("POST", path, headers=key) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert answers[0].json()["cash_cents"] == remittance["payment_cents"]
    first_time = [a for a in answers if "Idempotency-Replayed" not in a.headers]
    assert len(first_time) == 1
    after = journalled(clone)
    assert after > before
    again = await at_elm.ask("POST", path)
    assert again.json()["type"] == "/problems/already-posted"
    assert journalled(clone) == after


async def test_a_key_is_of_one_request_one_person_and_one_practice(
    client: Client, at_elm: Elm, desk: Desk, database: Database, elm: Tenant, mallory: Person
) -> None:
    cards = await open_cards(at_elm, desk)
    key = {"Idempotency-Key": "closing-1"}
    body = {"outcome": "payer_called"}
    first = await at_elm.ask("POST", f"/cards/{cards[0]}/closing", headers=key, json=body)
    same = await at_elm.ask("POST", f"/cards/{cards[0]}/closing", headers=key, json=body)
    assert (first.status_code, same.status_code) == (204, 204)
    assert "Idempotency-Replayed" in same.headers
    for path, other in (
        (f"/cards/{cards[0]}/closing", {"outcome": "written_off"}),
        (f"/cards/{cards[1]}/closing", body),
        (f"/cards/{cards[0]}/closing?", {"outcome": "payer_called "}),
    ):
        answer = await at_elm.ask("POST", path, headers=key, json=other)
        assert answer.status_code in (422, 400)
    other_body = await at_elm.ask(
        "POST", f"/cards/{cards[0]}/closing", headers=key, json={"outcome": "written_off"}
    )
    assert other_body.json()["type"] == "/problems/idempotency-key-reused"
    sid = Elm(client, elm, await enrolled(database, elm, "sid", "supervisor"))
    own = await sid.ask("POST", f"/cards/{cards[1]}/closing", headers=key, json=body)
    assert (own.status_code, "Idempotency-Replayed" in own.headers) == (204, False)
    stranger = await client.http.post(
        f"/v1/practices/{elm.id}/cards/{cards[0]}/closing",
        headers={**mallory.headers, **key},
        json=body,
    )
    assert stranger.status_code == 404


async def test_a_key_is_not_used_up_by_what_was_refused(at_elm: Elm, desk: Desk) -> None:
    remittance = await received(at_elm, desk)
    path = f"/remittances/{remittance['id']}/posting"
    key = {"Idempotency-Key": str(new_id())}
    assert (await at_elm.ask("POST", path, headers=key)).status_code == 201
    other = {"Idempotency-Key": str(new_id())}
    assert (await at_elm.ask("POST", path, headers=other)).status_code == 409
    assert (await at_elm.ask("DELETE", path, headers=other)).status_code == 204
    assert (await at_elm.ask("POST", path, headers=other)).status_code == 422


async def test_neither_key_nor_body_is_kept(at_elm: Elm, desk: Desk, clone: Clone) -> None:
    (card, *_) = await open_cards(at_elm, desk)
    key = {"Idempotency-Key": "canary-key-7f3a"}
    await at_elm.ask("POST", f"/cards/{card}/closing", headers=key, json={"outcome": "canary_word"})
    with psycopg.connect(clone.url("postgres")) as c:
        (row,) = c.execute(
            "SELECT done_request::text, encode(key_digest, 'escape') FROM done_request"
        )
    assert "canary" not in " ".join(map(str, row))


@pytest.mark.parametrize("key", ["", " ", "ä", "x" * 256, "two words"])
async def test_a_key_that_is_none_is_refused(at_elm: Elm, key: str) -> None:
    headers = {"Idempotency-Key": key.encode()}
    answer = await at_elm.ask("DELETE", f"/remittances/{new_id()}/posting", headers=headers)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["path"] == "Idempotency-Key"


async def test_a_commit_that_fails_leaves_the_key_free(
    at_elm: Elm, desk: Desk, clone: Clone, database: Database
) -> None:
    remittance = await received(at_elm, desk)
    path = f"/remittances/{remittance['id']}/posting"
    key = {"Idempotency-Key": str(new_id())}
    with psycopg.connect(clone.url("postgres"), autocommit=True) as above:
        above.execute(
            "ALTER TABLE audit_event ADD CONSTRAINT none CHECK (action <> 'remittance.post') NOT VALID"
        )
        failed = await at_elm.ask("POST", path, headers=key)
        assert failed.status_code >= 500
        above.execute("ALTER TABLE audit_event DROP CONSTRAINT none")
    done = await at_elm.ask("POST", path, headers=key)
    assert (done.status_code, "Idempotency-Replayed" in done.headers) == (201, False)
    async with database.tenant(at_elm.elm.id) as db:
        kept = (await db.execute(text("SELECT count(*) FROM done_request"))).scalar_one()
    assert kept == 1


async def test_every_change_takes_a_key_and_says_when_it_told_again(client: Client) -> None:
    """By the contract: a route that changes something takes a key, and can tell its answer again."""
    from billing_saas.api import declaring, manners, once

    without = []
    for route in client.app.routes:
        for method, (handler, _) in getattr(route, "route_handler_map", {}).items():
            if method in ("GET", "OPTIONS", "HEAD") or not route.path_format.startswith("/v1"):
                continue
            declared, mannered = declaring.of(handler), manners.of(handler)
            if mannered.kind != "act" or (declared and declared.upload):
                continue
            if handler.status_code != 204 and mannered.told_by is None:
                without.append(f"{method} {route.path_format}")
            takes_part = "db" in handler.parsed_fn_signature.parameters
            if once.counts(handler) and not takes_part:
                without.append(f"{method} {route.path_format}: its transaction keeps no key")
    assert without == [], (
        'say who tells the answer again: manners(told_by=…), or why none is needed: kind="plain"'
    )
