"""What a claim's payers said and did is told to staff, to the cent of the ledger."""

from uuid import UUID

from billing_saas.ledger.rules import Account
from billing_saas.statements import explaining, owing
from tests.api.asking import Elm
from tests.api.walking import Client
from tests.cast import Person, Tenant, enrolled
from tests.remittances.books import answer, remit, unpost
from tests.remittances.desk import Desk, paid


async def test_a_claim_is_explained_as_its_payers_answered(desk: Desk, at_elm: Elm) -> None:
    """On each line a price, a deductible and a coinsurance."""
    claim = desk.claim(lines=2)
    await remit(desk, claim, answer(claim))
    record = await desk.record(claim)
    asked = await at_elm.ask("GET", f"/claims/{record.claim.id}/explanation")
    assert asked.status_code == 200
    told = asked.json()
    assert told["told"]["sums"] == {
        "charge_cents": claim.charge_cents,
        "contract_cents": 2_000,
        "plan_paid_cents": claim.charge_cents - 3_600,
        "write_off_cents": 0,
        "patient_paid_cents": 0,
        "balance_cents": 1_600,
        "insurer_owes_cents": 0,
        "patient_owes_cents": 1_600,
        "other_owes_cents": 0,
        "agency_cents": 0,
    }
    (plan,) = told["told"]["plans"]
    assert (plan["sequence"], plan["paid_cents"]) == ("P", claim.charge_cents - 3_600)
    assert plan["payer_name"]
    shares = {share["kind"]: share["cents"] for share in told["told"]["shares"]}
    assert shares == {"coinsurance": 600, "deductible": 1_000}
    assert [line["told"]["sums"]["patient_owes_cents"] for line in told["charges"]] == [800, 800]
    spanish = await at_elm.ask("GET", f"/claims/{record.claim.id}/explanation?language=es")
    (first, *_) = spanish.json()["told"]["shares"]
    assert first["name"] == "Coseguro"


async def test_a_posting_taken_back_leaves_the_charge_and_nothing_said(desk: Desk) -> None:
    claim = desk.claim(lines=2)
    remittance = await remit(desk, claim, answer(claim))
    record = await desk.record(claim)
    async with desk.database.tenant(desk.tenant.id) as db:
        before = await owing.owed_by(db, record.claim.patient_id)
    assert sum(item.cents for item in before) == 1_600
    await unpost(desk, remittance.id)
    async with desk.database.tenant(desk.tenant.id) as db:
        told = (await explaining.explain_claim(db, record.claim.id)).told
        assert await owing.owed_by(db, record.claim.patient_id) == []
    assert told.sums.adds_up
    assert told.sums.insurer_owes_cents == told.sums.charge_cents == claim.charge_cents
    assert not told.plans
    assert not told.shares


async def test_a_second_plan_pays_what_the_first_one_left(desk: Desk) -> None:
    claim = desk.claim(lines=2, payers=2)
    first = paid(
        claim,
        (claim.lines[0].charge_cents - 5_000, [("CO", "45", 3_000), ("PR", "1", 2_000)]),
        (claim.lines[1].charge_cents, []),
    )
    await remit(desk, claim, first)
    record = await desk.record(claim)
    async with desk.database.tenant(desk.tenant.id) as db:
        told = await explaining.explain_claim(db, record.claim.id)
    # The deductible went on to the second plan: the patient owes nothing yet.
    assert told.told.sums.patient_owes_cents == 0
    assert told.told.sums.insurer_owes_cents == 2_000
    assert not told.told.shares
    (plan,) = told.told.plans
    assert [(share.kind, share.cents) for share in plan.shares] == [("deductible", 2_000)]


async def test_all_of_a_guarantor_is_what_the_ledger_says(desk: Desk, at_elm: Elm) -> None:
    owed: dict[UUID, int] = {}
    for claim in (desk.claim(lines=2), desk.claim(lines=1)):
        await remit(desk, claim, answer(claim))
        patient_id = (await desk.record(claim)).claim.patient_id
        balances = await desk.claim_balances(claim)
        owed[patient_id] = owed.get(patient_id, 0) + balances[Account.PATIENT_RECEIVABLE]
    for patient_id, cents in owed.items():
        told = (await at_elm.ask("GET", f"/patients/{patient_id}/explanation")).json()
        assert told["owed_cents"] == told["sums"]["patient_owes_cents"] == cents
        assert told["claims"]
        assert all(one["patient_last_name"] for one in told["claims"])


async def test_who_sees_no_amounts_or_no_procedures_is_told_so(
    desk: Desk, client: Client, elm: Tenant
) -> None:
    claim = desk.claim(lines=1)
    await remit(desk, claim, answer(claim))
    claim_id = (await desk.record(claim)).claim.id
    frank = Elm(client, elm, await enrolled(desk.database, elm, "frank", "front_desk"))
    shown = (await frank.ask("GET", f"/claims/{claim_id}/explanation")).json()
    assert shown["masked"] == ["procedures"]
    assert {line["procedure_code"] for line in shown["charges"]} == {""}
    assert shown["told"]["sums"]["patient_owes_cents"] == 800
    coder = Elm(client, elm, await enrolled(desk.database, elm, "cora", "coder"))
    assert (await coder.ask("GET", f"/claims/{claim_id}/explanation")).status_code == 403


async def test_reading_an_explanation_is_on_the_trail(desk: Desk, at_elm: Elm, sue: Person) -> None:
    claim = desk.claim(lines=1)
    record = await desk.record(claim)
    await at_elm.ask("GET", f"/claims/{record.claim.id}/explanation")
    await at_elm.ask("GET", f"/patients/{record.claim.patient_id}/explanation")
    rows = await desk.sql(
        "SELECT action FROM audit_event event JOIN audit_subject subject"
        " ON subject.event_id = event.id WHERE subject.patient_id = :patient"
        " AND event.action LIKE '%.explanation' ORDER BY event.id",
        patient=record.claim.patient_id,
    )
    assert [row.action for row in rows] == ["claim.explanation", "patient.explanation"]


async def test_a_stranger_finds_no_explanation(
    desk: Desk, client: Client, oak: Tenant, mallory: Person
) -> None:
    record = await desk.record(desk.claim(lines=1))
    at_oak = Elm(client, oak, mallory)
    for path in (
        f"/claims/{record.claim.id}/explanation",
        f"/patients/{record.claim.patient_id}/explanation",
    ):
        assert (await at_oak.ask("GET", path)).status_code == 404
