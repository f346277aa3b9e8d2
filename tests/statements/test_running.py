"""A run of statements, from its preview to the mail."""

from datetime import UTC, datetime, timedelta

import pytest

from billing_saas.kit import clock
from billing_saas.kit.ids import new_id
from billing_saas.messages import pausing
from billing_saas.patients import guarantors
from billing_saas.statement_runs import running
from billing_saas.statement_runs.jobs import RunStatements
from billing_saas.workers import running as workers
from tests.api.asking import Elm
from tests.cast import Person, Tenant
from tests.remittances.desk import Desk
from tests.statements.stories import (
    candidates,
    issued_run,
    owed,
    owing_patient,
    pay,
    put_rules,
    statements_of,
    text_of,
)


async def test_a_run_says_who_gets_a_statement_and_who_not_and_why(desk: Desk, at_elm: Elm) -> None:
    await put_rules(at_elm, minimum_cents=1_000)
    dear, cheap = await owing_patient(desk, lines=2), await owing_patient(desk)
    disputed = await owing_patient(desk, lines=2)
    async with desk.database.tenant(desk.tenant.id) as db:
        await pausing.pause(
            db, desk.person.actor, disputed, "dispute", source_type="letter", source_id=new_id()
        )
    run = (await at_elm.ask("POST", "/statement-runs")).json()
    assert (run["state"], run["guarantors"], run["included"]) == ("previewed", 3, 1)
    assert run["total_cents"] == 1_600
    told = await candidates(at_elm, run["id"])
    assert told[str(dear)]["reasons"] == ["first"]
    assert told[str(cheap)]["reasons"] == ["below_minimum"]
    assert told[str(disputed)]["reasons"] == ["dispute"]
    assert all(one["guarantor_last_name"] for one in told.values())
    only = await at_elm.ask("GET", f"/statement-runs/{run['id']}/candidates?included=true")
    assert [one["guarantor_id"] for one in only.json()["rows"]] == [str(dear)]
    assert await statements_of(at_elm, dear) == []  # nothing went out


async def test_what_is_issued_says_what_the_ledger_says_and_can_be_printed(
    desk: Desk, at_elm: Elm
) -> None:
    await put_rules(at_elm)
    guarantor = await owing_patient(desk, lines=2)
    run = await issued_run(at_elm, desk)
    assert (run["issued"], run["total_cents"]) == (1, 1_600)
    (statement,) = await statements_of(at_elm, guarantor)
    assert (statement["state"], statement["stage"]) == ("issued", "first")
    assert statement["total_cents"] == statement["balance_cents"] == 1_600
    assert statement["delivery"] == "print"  # nobody asked the patient about messages
    one = (await at_elm.ask("GET", f"/statements/{statement['id']}")).json()
    assert [line["owed_cents"] for line in one["lines"]] == [800, 800]
    said = await text_of(at_elm, f"/statements/{statement['id']}/content")
    assert "$16.00" in said
    assert statement["number"] in said
    assert "217-555-0100" in said
    itemised = await text_of(at_elm, f"/statements/{statement['id']}/itemization")
    assert "Deductible $5.00" in itemised
    assert itemised.count("Coinsurance $3.00") == 2
    again = await issued_run(at_elm, desk)
    assert again["issued"] == 0
    assert (await candidates(at_elm, again["id"]))[str(guarantor)]["reasons"] == ["not_due"]


async def test_one_statement_for_a_family(desk: Desk, at_elm: Elm) -> None:
    await put_rules(at_elm)
    mother, child = await owing_patient(desk, lines=2), await owing_patient(desk)
    seen = await at_elm.ask("GET", f"/patients/{child}/guarantor")
    assert seen.json()["guarantor_id"] == str(child)
    put = await at_elm.ask(
        "PUT",
        f"/patients/{child}/guarantor",
        json={"guarantor_id": str(mother)},
        headers={"If-Match": seen.headers["ETag"]},
    )
    assert put.json()["guarantor_id"] == str(mother)
    run = await issued_run(at_elm, desk)
    assert run["issued"] == 1
    (statement,) = await statements_of(at_elm, mother)
    assert statement["total_cents"] == 2_400
    one = (await at_elm.ask("GET", f"/statements/{statement['id']}")).json()
    assert {line["patient_id"] for line in one["lines"]} == {str(mother), str(child)}
    assert await statements_of(at_elm, child) == []
    told = (await at_elm.ask("GET", f"/patients/{mother}/explanation")).json()
    assert told["owed_cents"] == 2_400


async def test_who_pays_between_preview_and_issue_gets_none(desk: Desk, at_elm: Elm) -> None:
    await put_rules(at_elm)
    guarantor = await owing_patient(desk)
    run = (await at_elm.ask("POST", "/statement-runs")).json()
    assert run["included"] == 1
    (item,) = await owed(desk.database, desk.tenant.id, guarantor)
    await pay(desk, item, item.cents)
    await at_elm.ask("POST", f"/statement-runs/{run['id']}/issuing")
    await workers.drain(desk.database)
    done = (await at_elm.ask("GET", f"/statement-runs/{run['id']}")).json()
    assert (done["state"], done["issued"], done["included"], done["total_cents"]) == (
        *("issued", 0, 0),
        0,
    )
    told = (await candidates(at_elm, run["id"]))[str(guarantor)]
    assert told["reasons"] == ["nothing_owed"]
    twice = await at_elm.ask("POST", f"/statement-runs/{run['id']}/issuing")
    assert twice.status_code == 409


async def test_a_dropped_run_is_not_issued(desk: Desk, at_elm: Elm) -> None:
    await owing_patient(desk)
    run = (await at_elm.ask("POST", "/statement-runs")).json()
    assert (await at_elm.ask("DELETE", f"/statement-runs/{run['id']}")).status_code == 204
    issuing = await at_elm.ask("POST", f"/statement-runs/{run['id']}/issuing")
    assert issuing.status_code == 409
    assert issuing.json()["type"] == "/problems/run-moved"


@pytest.mark.slow
async def test_the_clock_runs_statements_where_the_practice_says_so(
    desk: Desk, at_elm: Elm, sue: Person
) -> None:
    """Day by day for four months: five statements, and at the last a person is asked to look."""
    guarantor = await owing_patient(desk, lines=2)

    async def daily(days: int) -> None:
        with clock.frozen(datetime(2026, 10, 20, 12, tzinfo=UTC) + timedelta(days=days)):
            async with desk.database.tenant(desk.tenant.id) as db:
                await running.by_clock(db, sue.actor, RunStatements())
            await workers.drain(desk.database)

    await daily(0)
    assert await statements_of(at_elm, guarantor) == []
    await put_rules(at_elm, automatic=True)
    for days in (1, 2, 14, 15, 16, 31, 45, 61, 62, 91, 92, 120):
        await daily(days)
    stages = [one["stage"] for one in reversed(await statements_of(at_elm, guarantor))]
    assert stages == ["first", "reminder", "past_due", "final_notice", "hardship_screen"]
    assert "hardship_screen" in await desk.card_kinds()
    (item, *_) = items = await owed(desk.database, desk.tenant.id, guarantor)
    for item in items:
        await pay(desk, item, item.cents)
    assert "hardship_screen" not in await desk.card_kinds()
    states = {one["state"] for one in await statements_of(at_elm, guarantor)}
    assert states == {"paid"}


@pytest.mark.slow
async def test_a_pause_stops_the_clock_of_dunning(desk: Desk, at_elm: Elm, sue: Person) -> None:
    guarantor = await owing_patient(desk, lines=2)
    await put_rules(at_elm, automatic=True)
    dispute = new_id()

    async def daily(days: int) -> None:
        with clock.frozen(datetime(2026, 10, 20, 12, tzinfo=UTC) + timedelta(days=days)):
            async with desk.database.tenant(desk.tenant.id) as db:
                if days == 10:
                    await pausing.pause(
                        *(db, sue.actor, guarantor, "dispute"),
                        source_type="payment",
                        source_id=dispute,
                    )
                if days == 30:
                    await pausing.lift(db, sue.actor, source_type="payment", source_id=dispute)
                await running.by_clock(db, sue.actor, RunStatements())
            await workers.drain(desk.database)

    for days in (0, 10, 14, 20, 30, 33):
        await daily(days)
        assert [one["stage"] for one in await statements_of(at_elm, guarantor)] == ["first"]
    await daily(34)  # fourteen days without the twenty of the dispute
    stages = [one["stage"] for one in await statements_of(at_elm, guarantor)]
    assert stages == ["reminder", "first"]


async def test_a_print_batch_is_one_file_in_the_order_of_its_manifest(
    desk: Desk, at_elm: Elm
) -> None:
    await put_rules(at_elm)
    for lines in (1, 2, 2):
        await owing_patient(desk, lines=lines)
    run = await issued_run(at_elm, desk)
    made = {
        one["statement_id"]: one["billed_cents"]
        for one in (await candidates(at_elm, run["id"])).values()
    }
    gathered = await at_elm.ask("POST", "/print-batches")
    assert gathered.status_code == 201, gathered.text
    batch_id = gathered.json()["id"]
    early = await at_elm.ask("GET", f"/print-batches/{batch_id}/content")
    assert early.status_code == 409
    voided, *_ = made
    reason = {"reason": "wrong_address"}
    assert (
        await at_elm.ask("POST", f"/statements/{voided}/voiding", json=reason)
    ).status_code == 204
    await workers.drain(desk.database)
    batch = (await at_elm.ask("GET", f"/print-batches/{batch_id}")).json()
    assert (batch["batch"]["state"], batch["batch"]["pages"]) == ("ready", 2)
    printed = [item for item in batch["items"] if item["pages"]]
    assert [item["first_page"] for item in printed] == [1, 2]
    assert {item["statement_id"] for item in batch["items"]} == set(made)
    assert voided not in {item["statement_id"] for item in printed}
    said = await text_of(at_elm, f"/print-batches/{batch_id}/content")
    numbers = [
        (await at_elm.ask("GET", f"/statements/{item['statement_id']}")).json()["statement"][
            "number"
        ]
        for item in printed
    ]
    assert said.index(numbers[0]) < said.index(numbers[1])
    assert (await at_elm.ask("POST", f"/print-batches/{batch_id}/mailing")).status_code == 204
    sent = (await at_elm.ask("GET", f"/statements/{printed[0]['statement_id']}")).json()
    assert sent["statement"]["delivered_at"]
    nothing = await at_elm.ask("POST", "/print-batches")
    assert nothing.status_code == 409


async def test_runs_stay_in_their_practice(
    desk: Desk, at_elm: Elm, oak: Tenant, mallory: Person, client: object
) -> None:
    await owing_patient(desk)
    run = await issued_run(at_elm, desk)
    at_oak = Elm(client, oak, mallory)  # type: ignore[arg-type]
    for path in (f"/statement-runs/{run['id']}", f"/statement-runs/{run['id']}/candidates"):
        assert (await at_oak.ask("GET", path)).status_code == 404
    assert (await at_oak.ask("GET", "/statements")).json()["rows"] == []
    async with desk.database.tenant(oak.id) as db:
        assert await guarantors.guarantor_of(db, [new_id()]) == {}
