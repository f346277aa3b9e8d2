"""The money rules hold for any payment, not only for those we thought of."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from billing_saas.ledger.rules import Account
from billing_saas.remittances import claim_rules, matching_rules, rules
from billing_saas.remittances.claim_rules import Left
from billing_saas.remittances.rules import Adjusted, Outcome, Payment, Service

PAYERS = {"P": UUID(int=1), "S": UUID(int=2), "T": UUID(int=3)}
PATIENT = UUID(int=9)
CLAIM, SUBMISSION, PAYMENT = UUID(int=20), UUID(int=21), UUID(int=22)
DAY = date(2026, 9, 1)

cents = st.integers(0, 50_000)
adjusted = st.builds(
    Adjusted,
    group=st.sampled_from(["CO", "PR", "OA", "PI", "CR"]),
    reason=st.sampled_from(["1", "2", "3", "16", "23", "45", "50", "94", "97", "204", "253", "ZZ"]),
    amount_cents=st.integers(-20_000, 50_000),
)
adjustments = st.lists(adjusted, max_size=5).map(tuple)


@st.composite
def services(draw: st.DrawFn) -> tuple[Service, ...]:
    """Lines that balance: what is charged less what is adjusted is what is paid."""
    made = []
    for n in range(draw(st.integers(0, 4))):
        taken = draw(adjustments)
        paid = draw(st.one_of(st.just(0), cents))
        made.append(
            Service(
                id=UUID(int=100 + n),
                charge_id=UUID(int=200 + n),
                charge_cents=paid + sum(one.amount_cents for one in taken),
                paid_cents=paid,
                allowed_cents=None,
                adjustments=taken,
                bundled=draw(st.booleans()),
            )
        )
    return tuple(made)


@st.composite
def payments(draw: st.DrawFn) -> Payment:
    lines, own = draw(services()), draw(adjustments)
    whole = draw(cents) if not lines else 0
    payers = {sequence: PAYERS[sequence] for sequence in "PST"[: draw(st.integers(1, 3))]}
    paid = whole + sum(line.paid_cents for line in lines)
    charged = sum(line.charge_cents for line in lines)
    return Payment(
        id=PAYMENT,
        status=draw(st.sampled_from(["1", "2", "3", "4", "19", "23"])),
        charge_cents=charged + whole + sum(one.amount_cents for one in own),
        paid_cents=paid,
        adjustments=own,
        services=lines,
        claim_id=CLAIM,
        patient_id=PATIENT,
        submission_id=SUBMISSION,
        payers=payers,
        sequence=draw(st.sampled_from(sorted(payers))),
        spare_patient=draw(st.booleans()),
    )


def payment_of(*lines: Service, **changes: object) -> Payment:
    plain = Payment(
        id=PAYMENT,
        status="1",
        charge_cents=sum(line.charge_cents for line in lines),
        paid_cents=sum(line.paid_cents for line in lines),
        adjustments=(),
        services=lines,
        claim_id=CLAIM,
        patient_id=PATIENT,
        submission_id=SUBMISSION,
        payers={"P": PAYERS["P"]},
        sequence="P",
    )
    return replace(plain, **changes)


def line(charge: int, paid: int, *taken: tuple[str, str, int], n: int = 0) -> Service:
    return Service(
        id=UUID(int=100 + n),
        charge_id=UUID(int=200 + n),
        charge_cents=charge,
        paid_cents=paid,
        allowed_cents=None,
        adjustments=tuple(Adjusted(*one) for one in taken),
    )


def of(outcome: Outcome, account: Account) -> int:
    return sum(one.amount_cents for one in outcome.lines if one.account is account)


# --- what the books do ---


@given(payments())
def test_the_lines_sum_to_zero_and_the_cash_is_what_was_paid(payment: Payment) -> None:
    outcome = rules.outcome_of(payment)
    assert sum(one.amount_cents for one in outcome.lines) == 0
    assert outcome.cash_cents == payment.paid_cents
    assert all(one.amount_cents for one in outcome.lines)
    assert len(outcome.lines) != 1


@given(payments())
def test_a_contractual_amount_never_reaches_the_patient(payment: Payment) -> None:
    outcome = rules.outcome_of(payment)
    patient = [one for one in outcome.lines if one.account is Account.PATIENT_RECEIVABLE]
    assert all(
        (one.group_code, one.reason_code in rules.COST_SHARING) == ("PR", True) for one in patient
    )
    if payment.next_sequence is not None or payment.spare_patient:
        assert patient == []
    shares = [
        one.amount_cents
        for of_one in (payment.adjustments, *(service.adjustments for service in payment.services))
        for one in of_one
        if one.group == "PR" and one.reason in rules.COST_SHARING
    ]
    if payment.next_sequence is None and not payment.spare_patient:
        assert sum(one.amount_cents for one in patient) == sum(shares) == outcome.patient_cents


@given(payments())
def test_only_the_contracts_reasons_and_a_spared_patients_share_are_written_off(
    payment: Payment,
) -> None:
    for one in rules.outcome_of(payment).lines:
        if one.account is Account.CONTRACTUAL_ADJUSTMENT:
            by_contract = one.group_code == "CO" and one.reason_code in rules.CONTRACTUAL
            spared = payment.spare_patient and one.group_code == "PR"
            assert by_contract or spared


@given(payments())
def test_a_denied_line_stays_with_the_payer_but_for_the_patients_share(payment: Payment) -> None:
    outcome = rules.outcome_of(payment)
    for position in outcome.denied_services:
        service = payment.services[position]
        share = sum(
            one.amount_cents
            for one in service.adjustments
            if one.group == "PR" and one.reason in rules.COST_SHARING
        )
        left_payer = sum(
            one.amount_cents
            for one in outcome.lines
            if one.account is Account.PAYER_RECEIVABLE
            and one.charge_id == service.charge_id
            and one.party_id == payment.payer_id
        )
        assert service.paid_cents == 0
        assert left_payer == -share
    if not payment.services and rules.is_denied_whole(payment):
        written_off = [one for one in outcome.lines if one.group_code == "CO"]
        assert written_off == []


@given(payments(), adjusted.filter(lambda one: one.amount_cents != 0))
def test_a_payment_with_every_sign_turned_takes_it_back_and_no_other_does(
    payment: Payment, more: Adjusted
) -> None:
    taken = payment_turned(payment)
    there = (payment.charge_cents, payment.paid_cents, all_adjustments(payment))
    back = all_adjustments(taken)
    assert matching_rules.is_opposite(taken.charge_cents, taken.paid_cents, back, *there)
    assert not matching_rules.is_opposite(
        taken.charge_cents, taken.paid_cents, [*back, more], *there
    )
    assert not matching_rules.is_opposite(taken.charge_cents, taken.paid_cents - 1, back, *there)


def payment_turned(payment: Payment) -> Payment:
    return replace(
        payment,
        status="22",
        charge_cents=-payment.charge_cents,
        paid_cents=-payment.paid_cents,
        adjustments=turned(payment.adjustments),
        services=tuple(
            replace(
                service,
                charge_cents=-service.charge_cents,
                paid_cents=-service.paid_cents,
                adjustments=turned(service.adjustments),
            )
            for service in payment.services
        ),
    )


def turned(taken: tuple[Adjusted, ...]) -> tuple[Adjusted, ...]:
    return tuple(replace(one, amount_cents=-one.amount_cents) for one in taken)


def all_adjustments(payment: Payment) -> list[Adjusted]:
    return [
        *payment.adjustments,
        *(one for service in payment.services for one in service.adjustments),
    ]


@pytest.mark.slow
@given(payments())
@settings(max_examples=3_000, deadline=None)
def test_whatever_comes_nothing_is_lost_or_made(payment: Payment) -> None:
    """What leaves the payer's receivable is paid, written off, or owed by the next."""
    outcome = rules.outcome_of(payment)
    left = -sum(
        one.amount_cents
        for one in outcome.lines
        if one.account is Account.PAYER_RECEIVABLE and one.party_id == payment.payer_id
    )
    following = payment.payers.get(payment.next_sequence or "")
    passed = sum(
        one.amount_cents
        for one in outcome.lines
        if one.account is Account.PAYER_RECEIVABLE and one.party_id == following
    )
    others = of(outcome, Account.CONTRACTUAL_ADJUSTMENT) + of(outcome, Account.PATIENT_RECEIVABLE)
    assert left == outcome.cash_cents + others + passed
    charged = payment.charge_cents - left
    explained = outcome.denied_cents + outcome.review_cents
    if all(one.group in ("CO", "PR") for one in all_adjustments(payment)) and not any(
        service.bundled for service in payment.services
    ):
        prior = sum(one.amount_cents for one in all_adjustments(payment) if one.reason == "23")
        if not explained and not outcome.denied_services:
            assert charged == prior


# --- a claim answered as a whole ---


def test_a_whole_claim_denied_writes_nothing_off() -> None:
    taken = (Adjusted("CO", "45", 300), Adjusted("CO", "50", 700))
    whole = payment_of(charge_cents=1_000, paid_cents=0, adjustments=taken)
    outcome = rules.outcome_of(whole)
    assert (outcome.lines, outcome.denied_cents) == ((), 1_000)
    assert claim_rules.adjudication_of(whole, outcome) == "denied"


def test_a_whole_claim_paid_in_part_is_reviewed_not_denied() -> None:
    taken = (Adjusted("CO", "45", 300), Adjusted("CO", "97", 100))
    outcome = rules.outcome_of(payment_of(charge_cents=1_000, paid_cents=600, adjustments=taken))
    assert (outcome.denied_cents, outcome.review_cents) == (0, 100)
    assert outcome.review_reasons == ("adjustment_to_review",)
    assert of(outcome, Account.PAYER_RECEIVABLE) == -900


# --- what is denied ---


@pytest.mark.parametrize(
    ("service", "status", "denied"),
    [
        (line(100, 0, ("CO", "50", 100)), "1", True),
        (line(100, 0, ("CO", "45", 100)), "1", False),
        (line(100, 0, ("PR", "1", 100)), "1", False),
        (line(100, 0, ("PR", "204", 100)), "1", True),
        (line(100, 0, ("OA", "23", 100)), "2", False),
        (line(100, 0, ("OA", "18", 100)), "1", True),
        (line(100, 1, ("CO", "50", 99)), "1", False),
        (line(100, 0, ("CO", "45", 100)), "4", True),
        (line(0, 0), "4", False),
        (replace(line(100, 0, ("CO", "97", 100)), bundled=True), "1", False),
    ],
)
def test_denied_is_what_was_refused_and_not_what_was_priced(
    service: Service, status: str, denied: bool
) -> None:
    assert rules.is_denied(status, service) is denied


# --- what it means for the claim ---


@pytest.mark.parametrize(
    ("payment", "adjudication"),
    [
        (payment_of(line(100, 100)), "paid"),
        (payment_of(line(100, 0, ("PR", "1", 100))), "patient_responsibility"),
        (payment_of(line(100, 0, ("CO", "16", 100))), "denied"),
        (payment_of(line(100, 100), line(50, 0, ("CO", "16", 50), n=1)), "partial"),
        (payment_of(line(100, 80, ("PR", "2", 20)), status="19", payers=PAYERS), "forwarded"),
        (payment_of(line(100, 80, ("PR", "2", 20)), status="19"), "paid"),
        (payment_of(line(100, 0, ("OA", "23", 100)), status="23", payers=PAYERS), "forwarded"),
        (payment_of(line(100, 0, ("CO", "16", 100)), status="19", payers=PAYERS), "denied"),
    ],
)
def test_how_a_submission_was_adjudicated(payment: Payment, adjudication: str) -> None:
    assert claim_rules.adjudication_of(payment, rules.outcome_of(payment)) == adjudication


@pytest.mark.parametrize(
    ("payment", "left", "owes"),
    [
        (payment_of(line(100, 100)), Left(0, 0), "settled"),
        (payment_of(line(100, 80, ("PR", "2", 20))), Left(0, 20), "patient"),
        (payment_of(line(100, 80, ("PR", "2", 20)), payers=PAYERS), Left(20, 0), "secondary"),
        (
            payment_of(line(100, 80, ("PR", "2", 20)), payers=PAYERS, sequence="S"),
            Left(20, 0),
            "tertiary",
        ),
        (payment_of(line(100, 0, ("CO", "16", 100))), Left(100, 0), "primary"),
        (payment_of(line(50, 50)), Left(50, 0), "primary"),
        (payment_of(line(50, 50)), Left(-50, 0), "settled"),
    ],
)
def test_who_owes_a_claim_next(payment: Payment, left: Left, owes: str) -> None:
    assert claim_rules.receivable_after(payment, rules.outcome_of(payment), left) == owes


@pytest.mark.parametrize(
    ("owed", "owes"),
    [
        ({PAYERS["P"]: 5, PAYERS["S"]: 5, PATIENT: 5}, "primary"),
        ({PAYERS["P"]: -5, PAYERS["S"]: 5}, "secondary"),
        ({PAYERS["T"]: 1, PATIENT: 5}, "tertiary"),
        ({PATIENT: 5}, "patient"),
        ({PATIENT: -5}, "settled"),
        ({}, "settled"),
    ],
)
def test_who_owes_a_claim_after_a_payment_was_taken_back(owed: dict[UUID, int], owes: str) -> None:
    assert claim_rules.standing_receivable(PAYERS, PATIENT, owed) == owes


def test_what_nobody_explains_is_a_balance_to_review() -> None:
    payment = payment_of(line(100, 60, ("CO", "45", 40)))
    outcome = rules.outcome_of(payment)
    assert claim_rules.remainder(payment, outcome, Left(0, 0), 100) is None
    assert claim_rules.remainder(payment, outcome, Left(10, 0), 100) == "balance_to_review"
    assert claim_rules.remainder(payment, outcome, Left(10, 0), 200) is None  # a split claim
    assert claim_rules.remainder(payment, outcome, Left(-1, 0), 100) == "credit_balance"
    assert claim_rules.remainder(payment, outcome, Left(0, -1), 100) == "credit_balance"
