"""What a payer says of a claim, and what it does to the books: worked by hand, to the cent."""

from sqlalchemy import update

from billing_saas.coverage.tables import Coverage
from billing_saas.edi.remittance import ProviderAdjustment
from billing_saas.ledger.rules import Account
from billing_sandbox import payer
from tests.remittances.desk import Desk, paid

CASH = Account.PAYER_CASH
PAYER = Account.PAYER_RECEIVABLE
PATIENT = Account.PATIENT_RECEIVABLE
REDUCED = Account.CONTRACTUAL_ADJUSTMENT


async def test_price_deductible_and_coinsurance(desk: Desk) -> None:
    claim = desk.claim()
    charge = claim.charge_cents
    said = paid(
        claim, (charge - 4_000, [("CO", "45", 1_500), ("PR", "1", 2_000), ("PR", "2", 500)])
    )
    arrival = await desk.remit(desk.remittance(claim, said))
    assert (arrival.state, arrival.errors) == ("handled", 0)
    assert await desk.claim_balances(claim) == {
        Account.GROSS_CHARGES: -charge,
        CASH: charge - 4_000,
        REDUCED: 1_500,
        PATIENT: 2_500,
    }
    record = await desk.record(claim)
    assert (record.claim.receivable, record.claim.next_action_owner) == ("patient", "patient")
    assert [s.adjudication for s in record.submissions] == ["paid"]
    (said_of_line,) = record.adjudications
    assert (said_of_line.allowed_cents, said_of_line.patient_responsibility_cents) == (
        charge - 1_500,
        2_500,
    )
    assert await desk.card_kinds() == []


async def test_a_claim_paid_in_full_is_settled(desk: Desk) -> None:
    claim = desk.claim()
    await desk.remit(desk.remittance(claim, paid(claim, (claim.charge_cents, []))))
    record = await desk.record(claim)
    assert (record.claim.receivable, record.money.state) == ("settled", "paid")


async def test_a_denial_leaves_the_charge_with_the_payer_and_opens_a_card(desk: Desk) -> None:
    claim = desk.claim()
    charge = claim.charge_cents
    said = paid(claim, (0, [("CO", "45", 500), ("CO", "50", charge - 500)]))
    await desk.remit(desk.remittance(claim, said))
    # Not even the contract's part of a fully denied line is written off by itself.
    assert await desk.claim_balances(claim) == {Account.GROSS_CHARGES: -charge, PAYER: charge}
    record = await desk.record(claim)
    assert [s.adjudication for s in record.submissions] == ["denied"]
    assert (record.claim.receivable, record.claim.next_action_owner) == ("primary", "biller")
    (card,) = await desk.cards()
    assert (card.kind, card.worth_cents, card.claim_id) == ("denial", charge, record.claim.id)


async def test_one_denied_line_of_two_makes_it_partial(desk: Desk) -> None:
    claim = desk.claim(lines=2)
    first, second = claim.lines
    said = paid(
        claim,
        (first.charge_cents, []),
        (0, [("CO", "16", second.charge_cents)]),
    )
    await desk.remit(desk.remittance(claim, said))
    balances = await desk.claim_balances(claim)
    assert balances[PAYER] == second.charge_cents
    record = await desk.record(claim)
    assert [s.adjudication for s in record.submissions] == ["partial"]
    assert [said.denied for said in record.adjudications] == [False, True]


async def test_what_is_left_goes_to_the_secondary_before_the_patient(desk: Desk) -> None:
    claim = desk.claim(payers=2)
    charge = claim.charge_cents
    said = paid(claim, (charge - 3_000, [("CO", "45", 1_000), ("PR", "2", 2_000)]))
    await desk.remit(desk.remittance(claim, said))
    balances = await desk.claim_balances(claim)
    assert balances.get(PATIENT) is None
    assert balances[PAYER] == 2_000
    record = await desk.record(claim)
    assert (record.claim.receivable, record.claim.next_action_owner) == ("secondary", "biller")
    second = next(p for p in record.payers if p.sequence == "S")
    owed = await desk.sql(
        "SELECT sum(amount_cents) FROM ledger_line WHERE claim_id = :claim AND party_id = :payer"
        " AND account = 'payer_receivable'",
        claim=record.claim.id,
        payer=second.payer_id,
    )
    assert int(owed[0][0]) == 2_000


async def test_the_secondary_pays_what_the_primary_left(desk: Desk) -> None:
    claim = desk.claim(payers=2, asked="S")
    answers: list[tuple[int, list[tuple[str, str, int]]]] = []
    for line in claim.lines:
        settled = sum(
            said.paid_cents + sum(a.amount_cents for a in said.adjustments if a.group == "CO")
            for said in line.adjudications
        )
        answers.append((line.charge_cents - settled, [("OA", "23", settled)]))
    left, adjustments = answers[0]
    answers[0] = (left - 300, [*adjustments, ("PR", "3", 300)])
    before = await desk.claim_balances(claim)
    assert before[PAYER] == sum(cents for cents, _ in answers) + 300
    await desk.remit(desk.remittance(claim, paid(claim, *answers, status="2")))
    balances = await desk.claim_balances(claim)
    assert balances.get(PAYER) is None
    assert balances[PATIENT] == 300
    assert (await desk.record(claim)).claim.receivable == "patient"


async def test_a_qualified_medicare_beneficiary_is_never_billed(desk: Desk) -> None:
    claim = desk.claim()
    record = await desk.record(claim)
    async with desk.database.tenant(desk.tenant.id) as db:
        await db.execute(
            update(Coverage)
            .where(Coverage.id == record.payers[0].coverage_id)
            .values(qualified_medicare_beneficiary=True)
        )
    charge = claim.charge_cents
    said = paid(claim, (charge - 2_000, [("PR", "2", 2_000)]))
    await desk.remit(desk.remittance(claim, said))
    balances = await desk.claim_balances(claim)
    assert balances.get(PATIENT) is None
    assert balances[REDUCED] == 2_000
    assert (await desk.record(claim)).claim.receivable == "settled"


async def test_a_patient_share_of_another_kind_waits_for_a_person(desk: Desk) -> None:
    claim = desk.claim()
    charge = claim.charge_cents
    said = paid(claim, (charge - 700, [("PR", "204", 700)]))
    await desk.remit(desk.remittance(claim, said))
    assert (await desk.claim_balances(claim))[PAYER] == 700
    assert await desk.card_kinds() == ["patient_share_to_review"]
    assert (await desk.record(claim)).claim.receivable == "primary"


async def test_an_uncontracted_reduction_waits_for_a_person(desk: Desk) -> None:
    claim = desk.claim()
    said = paid(claim, (claim.charge_cents - 700, [("CO", "97", 700)]))
    await desk.remit(desk.remittance(claim, said))
    assert (await desk.claim_balances(claim))[PAYER] == 700
    assert await desk.card_kinds() == ["adjustment_to_review"]


async def test_bundled_lines_move_charge_between_lines_and_nothing_leaves(desk: Desk) -> None:
    """RFI 2009: the paying line is raised by OA*94 negative, its component lowered by CO*97."""
    import msgspec

    claim = desk.claim(lines=2)
    first, second = claim.lines
    said = paid(
        claim,
        (first.charge_cents + second.charge_cents, [("OA", "94", -second.charge_cents)]),
        (0, [("CO", "97", second.charge_cents)]),
    )
    bundle = said.services[0].procedure
    other = msgspec.structs.replace(bundle, code="G9999")
    services = tuple(
        msgspec.structs.replace(one, procedure=other, submitted_procedure=one.procedure)
        for one in said.services
    )
    await desk.remit(desk.remittance(claim, msgspec.structs.replace(said, services=services)))
    balances = await desk.claim_balances(claim)
    assert balances.get(PAYER) is None
    assert balances[CASH] == claim.charge_cents
    assert await desk.card_kinds() == []
    record = await desk.record(claim)
    assert [s.adjudication for s in record.submissions] == ["paid"]


async def test_a_split_claim_is_settled_when_its_last_part_comes(desk: Desk) -> None:
    """RFI 1808: several CLP with one CLP01, each with its own charge."""
    import msgspec

    claim = desk.claim(lines=2)
    whole = paid(claim, *((line.charge_cents, []) for line in claim.lines))
    parts = [
        msgspec.structs.replace(
            whole,
            charge_cents=one.charge_cents,
            paid_cents=one.paid_cents,
            payer_control_number=f"PART{n}",
            services=(one,),
        )
        for n, one in enumerate(whole.services)
    ]
    await desk.remit(desk.remittance(claim, parts[0]))
    assert (await desk.record(claim)).claim.receivable == "primary"
    await desk.remit(desk.remittance(claim, parts[1]))
    record = await desk.record(claim)
    assert (record.claim.receivable, record.money.state) == ("settled", "paid")
    assert await desk.card_kinds() == []


async def test_more_than_was_charged_is_a_credit(desk: Desk) -> None:
    claim = desk.claim()
    for _ in range(2):
        await desk.remit(desk.remittance(claim, paid(claim, (claim.charge_cents, []))))
    record = await desk.record(claim)
    assert record.money.state == "credit"
    assert "credit_balance" in await desk.card_kinds()


async def test_money_outside_claims_is_carried_and_interest_earned(desk: Desk) -> None:
    claim = desk.claim()
    npi = desk.payee.npi
    pairs = [
        ProviderAdjustment(npi, "20261231", "WO", "OLD1", 900),
        ProviderAdjustment(npi, "20261231", "L6", "", -123),
    ]
    file = desk.remittance(claim, paid(claim, (claim.charge_cents, [])), pairs=pairs)
    await desk.remit(file)
    balances = await desk.balances()
    assert balances[Account.PROVIDER_LEVEL_BALANCE] == 900
    assert balances[Account.INTEREST_INCOME] == -123
    (remittance,) = await desk.remittances()
    assert remittance.payment_cents == claim.charge_cents - 900 + 123 == balances[CASH]
    assert await desk.card_kinds() == ["provider_adjustment"]


async def test_a_remittance_of_nothing_but_provider_adjustments(desk: Desk) -> None:
    claim = desk.claim()
    pairs = [ProviderAdjustment(desk.payee.npi, "20261231", "FB", "", -5_000)]
    arrival = await desk.remit(desk.remittance(claim, pairs=pairs))
    assert arrival.state == "handled"
    assert (await desk.balances())[Account.PROVIDER_LEVEL_BALANCE] == -5_000


async def test_money_for_a_claim_nobody_sent_is_unapplied(desk: Desk) -> None:
    file = payer.stray(desk.batch, desk.payee, desk.check(), seed=1)
    await desk.remit(file)
    balances = await desk.balances()
    assert balances[Account.UNAPPLIED_PAYER_CASH] == -balances[CASH] < 0
    (card,) = await desk.cards()
    assert (card.kind, card.worth_cents) == ("unmatched_payment", balances[CASH])


async def test_a_number_alone_proves_nothing(desk: Desk) -> None:
    """x12.md rule 16: a claim of another amount under our number is not posted to the claim."""
    import msgspec

    claim = desk.claim()
    said = paid(claim, (claim.charge_cents, []))
    odd = msgspec.structs.replace(
        said,
        charge_cents=said.charge_cents + 100,
        paid_cents=said.paid_cents + 100,
        services=tuple(
            msgspec.structs.replace(
                one, charge_cents=one.charge_cents + 100, paid_cents=one.paid_cents + 100
            )
            for one in said.services
        ),
    )
    before = await desk.claim_balances(claim)
    await desk.remit(desk.remittance(claim, odd))
    assert await desk.claim_balances(claim) == before
    assert await desk.card_kinds() == ["payment_review"]
    assert (await desk.balances())[Account.UNAPPLIED_PAYER_CASH] == -odd.paid_cents


async def test_the_sandbox_payers_answer_to_everything(desk: Desk) -> None:
    before = await desk.balances()
    file = payer.pay(desk.batch, desk.payee, desk.check(), seed=7)
    arrival = await desk.remit(file)
    assert (arrival.state, arrival.errors) == ("handled", 0)
    remittances = await desk.remittances()
    assert {one.state for one in remittances} == {"posted"}
    balances = await desk.balances()
    assert sum(balances.values()) == 0
    assert balances[CASH] == sum(one.payment_cents for one in remittances)
    assert balances[Account.GROSS_CHARGES] == before[Account.GROSS_CHARGES]
    states = await desk.sql("SELECT DISTINCT state FROM claim_payment")
    assert [state for (state,) in states] == ["auto_posted"]
