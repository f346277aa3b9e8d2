"""The desk and plans by the served API: once by a key, of the version seen, and for whom it is."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from billing_saas.kit import clock
from billing_saas.kit.db import Database
from tests.api.asking import Elm
from tests.api.walking import knocking
from tests.cast import Person, Tenant, enrolled
from tests.plans.debts import Debts


@pytest.fixture
async def frances(database: Database, elm: Tenant) -> Person:
    return await enrolled(database, elm, "frances", "front_desk")


@pytest.fixture
async def desk(database: Database, elm: Tenant, frances: Person) -> AsyncIterator[Elm]:
    async with knocking(database) as client:
        yield Elm(client, elm, frances)


async def test_a_plan_is_proposed_read_aloud_agreed_to_and_paid_at_the_desk(
    debts: Debts, desk: Elm, frances: Person
) -> None:
    moreno = str(await debts.guarantor(10_001))
    offers = (await desk.ask("GET", f"/patients/{moreno}/plan-offers")).json()
    assert offers["owed_cents"] == 10_001
    assert [(one["count"], one["base_cents"], one["one_more"]) for one in offers["offers"]] == [
        *((2, 5_000, 1), (3, 3_333, 2), (4, 2_500, 1)),
    ]
    first = (clock.today("America/Chicago") + timedelta(days=7)).isoformat()
    wanted = {"guarantor_id": moreno, "instalments": 3, "first_due_on": first}
    once = {"Idempotency-Key": "plan-of-moreno"}
    made = await desk.ask("POST", "/plans", json=wanted, headers=once)
    assert made.status_code == 201, made.text
    plan = made.json()
    told_again = await desk.ask("POST", "/plans", json=wanted, headers=once)
    assert told_again.json()["id"] == plan["id"]
    at = f"/plans/{plan['id']}"
    assert (await desk.ask("GET", at + "/agreement")).status_code == 404
    assert (await desk.ask("POST", at + "/disclosure")).json()["state"] == "disclosed"
    said = (await desk.ask("GET", at + "/disclosure")).json()
    assert "$100.01 ÷ 3 = $33.33" in said["arithmetic"]
    paper = await desk.ask("GET", at + "/agreement")
    assert paper.headers["Content-Type"] == "application/pdf"
    assert paper.content.startswith(b"%PDF-")
    wrong = await desk.ask(
        "POST", at + "/acceptance", json={"digest": "0" * 64, "through": "phone"}
    )
    assert (wrong.status_code, wrong.json()["type"]) == (409, "/problems/terms-changed")
    agreed = await desk.ask(
        "POST", at + "/acceptance", json={"digest": said["digest"], "through": "phone"}
    )
    assert agreed.json()["state"] == "active", agreed.text
    taken = await desk.ask(
        "POST",
        "/desk/takings",
        json={"patient_id": moreno, "cents": 3_334, "method": "cash", "purpose": "plan"},
    )
    assert taken.status_code == 201, taken.text
    shown = (await desk.ask("GET", at)).json()
    assert [one["paid_cents"] for one in shown["instalments"]] == [3_334, 0, 0]
    history = (await desk.ask("GET", at + "/history")).json()
    assert history["consents"][0]["given_through"] == "phone"
    assert history["consents"][0]["given_by"] == str(frances.actor.id)
    assert [one["after"] for one in history["events"]] == ["disclosed", "accepted", "active"]
    assert (await desk.ask("POST", at + "/cancellation")).status_code == 204
    ended = await desk.ask("POST", at + "/cancellation")
    assert (ended.status_code, ended.json()["type"]) == (409, "/problems/illegal-plan-move")


async def test_a_taking_is_one_however_often_it_is_sent(debts: Debts, desk: Elm) -> None:
    moreno = str(await debts.guarantor(5_000))
    body = {"patient_id": moreno, "cents": 2_000, "method": "cheque", "number_last4": "1187"}
    answers = [
        await desk.ask("POST", "/desk/takings", json=body, headers={"Idempotency-Key": "k-1"})
        for _ in range(3)
    ]
    assert {answer.json()["number"] for answer in answers} == {1}
    credit = (await desk.ask("GET", f"/patients/{moreno}/credit")).json()
    assert (credit["credit_cents"], credit["owed_cents"]) == (0, 3_000)
    payment = answers[0].json()["payment_id"]
    refused = await desk.ask("POST", f"/desk/takings/{payment}/void", json={"reason": "mistyped"})
    assert refused.status_code == 403, "front desk takes; a biller takes back"
    paper = await desk.ask("GET", f"/payments/{payment}/receipt/paper?language=es")
    assert paper.content.startswith(b"%PDF-")


async def test_a_whole_number_is_not_taken_in(debts: Debts, desk: Elm) -> None:
    moreno = str(await debts.guarantor(5_000))
    body: dict[str, Any] = {"patient_id": moreno, "cents": 2_000, "method": "cheque"}
    for number, status in (("021000021", 400), ("4242 4242 4242 4242", 400), ("1-2", 422)):
        answer = await desk.ask("POST", "/desk/takings", json=body | {"number_last4": number})
        assert answer.status_code == status, answer.text
        assert number not in answer.text


async def test_a_drawer_is_counted_by_who_holds_it(
    debts: Debts, desk: Elm, frances: Person
) -> None:
    moreno = str(await debts.guarantor(5_000))
    body = {"patient_id": moreno, "cents": 1_250, "method": "cash"}
    await desk.ask("POST", "/desk/takings", json=body)
    (drawer,) = (await desk.ask("GET", "/desk/drawers")).json()["drawers"]
    assert UUID(drawer["user_id"]) == frances.actor.id
    counted = await desk.ask(
        "POST",
        "/desk/drawer-closes",
        json={"user_id": str(frances.actor.id), "cash_cents": 1_200},
    )
    over = {one["method"]: one["over_cents"] for one in counted.json()["counts"]}
    assert over == {"cash": -50, "cheque": 0, "money_order": 0}
    (listed,) = (await desk.ask("GET", "/desk/drawer-closes")).json()["rows"]
    assert listed["id"] == counted.json()["id"]


async def test_what_a_practice_offers_is_its_admins_to_set(
    database: Database, elm: Tenant, desk: Elm
) -> None:
    admin = await enrolled(database, elm, "mona", "practice_admin")
    async with knocking(database) as client:
        mona = Elm(client, elm, admin)
        seen = await mona.ask("GET", "/plan-settings")
        wanted = {**seen.json(), "most_instalments": 12}
        del wanted["version"]
        match = {"If-Match": seen.headers["ETag"]}
        refused = await mona.ask("PUT", "/plan-settings", json=wanted, headers=match)
        assert refused.status_code == 422
        assert "Regulation Z" in refused.text
        wanted["truth_in_lending"] = True
        done = await mona.ask("PUT", "/plan-settings", json=wanted, headers=match)
        assert done.json()["version"] == 1
        stale = await mona.ask("PUT", "/plan-settings", json=wanted, headers=match)
        assert stale.status_code == 412
    any_version = {"If-Match": "*"}
    other = await desk.ask("PUT", "/plan-settings", json=wanted, headers=any_version)
    assert other.status_code == 403
