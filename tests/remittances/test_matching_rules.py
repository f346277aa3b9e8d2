"""As which payer, as whose opposite and for which line a payment speaks."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_saas.remittances import matching_rules
from billing_saas.remittances.matching_rules import ChargeLine, PaidLine
from billing_saas.remittances.rules import Adjusted
from tests.remittances.test_rules import PAYERS, turned

DAY = date(2026, 9, 1)

# --- as which payer ---

ONE = PAYERS["P"]


@pytest.mark.parametrize(
    ("status", "payers", "payer", "sent_as", "sequence"),
    [
        ("1", PAYERS, PAYERS["S"], "P", "S"),  # our own order, whatever CLP02 says
        ("3", PAYERS, PAYERS["P"], "P", "P"),  # RFI 546: a Medicaid that sends 3 on everything
        ("2", PAYERS, UUID(int=77), "P", "S"),  # a payer known by another id: CLP02
        ("3", {"P": ONE}, UUID(int=77), "P", "P"),
        ("4", PAYERS, UUID(int=77), "S", "S"),  # CLP02 says nothing of the order
        ("20", PAYERS, UUID(int=77), "P", "S"),
        ("1", {"S": ONE}, UUID(int=77), "P", None),
        ("1", {}, UUID(int=77), "P", None),
        # The same payer holds both policies.
        ("1", {"P": ONE, "S": ONE}, ONE, "P", "P"),
        ("2", {"P": ONE, "S": ONE}, ONE, "S", "S"),
        ("2", {"P": ONE, "S": ONE}, ONE, "P", "S"),
        ("3", {"P": ONE, "S": ONE}, ONE, "S", "S"),
        ("4", {"S": ONE, "T": ONE}, ONE, "P", "S"),
    ],
)
def test_as_which_payer_it_spoke(
    status: str, payers: dict[str, UUID], payer: UUID, sent_as: str, sequence: str | None
) -> None:
    assert matching_rules.sequence_of(status, payers, payer, sent_as) == sequence


# --- is it the opposite ---

A, B = Adjusted("CO", "45", 10), Adjusted("PR", "1", 5)


@pytest.mark.parametrize(
    ("reversal", "original", "opposite"),
    [
        ((-100, -85, turned((A, B))), (100, 85, (A, B)), True),
        ((-100, -85, turned((B, A))), (100, 85, (A, B)), True),
        ((100, -85, turned((A, B))), (100, 85, (A, B)), True),  # some send the charge unsigned
        ((-100, 85, turned((A, B))), (100, 85, (A, B)), False),
        ((-100, -85, (A, B)), (100, 85, (A, B)), False),
        ((-100, -85, turned((A,))), (100, 85, (A, B)), False),  # RFI 1429: a bare CLP is not enough
        ((-100, -85, ()), (100, 85, (A, B)), False),
        ((-90, -85, turned((A, B))), (100, 85, (A, B)), False),
        # The same reason in two CAS, taken back in one.
        ((-100, -80, (Adjusted("CO", "45", -20),)), (100, 80, (A, A)), True),
    ],
)
def test_a_reversal_gives_back_every_amount_and_code(
    reversal: tuple[int, int, tuple[Adjusted, ...]],
    original: tuple[int, int, tuple[Adjusted, ...]],
    opposite: bool,
) -> None:
    assert matching_rules.is_opposite(*reversal, *original) is opposite


# --- which line ---


def charge(n: int, procedure: str, price: int, day: date = DAY) -> ChargeLine:
    return ChargeLine(UUID(int=n), procedure, price, day, f"L{n}")


def paid_line(
    position: int,
    procedure: str,
    price: int,
    *,
    submitted: str = "",
    day: date | None = DAY,
    number: str = "",
) -> PaidLine:
    return PaidLine(position, procedure, submitted, price, day, number)


VISIT, VISIT_25, SHOT = (
    charge(1, "99213", 9_000),
    charge(2, "99213 25", 9_000),
    charge(3, "90471", 2_500),
)
NEXT_DAY = date(2026, 9, 2)
LATER = charge(4, "99213", 9_000, NEXT_DAY)


@pytest.mark.parametrize(
    ("paid", "found"),
    [
        ([paid_line(1, "99213", 9_000, number="L2")], {1: 2}),  # our own number wins
        ([paid_line(1, "99213 25", 9_000)], {1: 2}),
        ([paid_line(1, "99213", 9_000, day=NEXT_DAY)], {1: 4}),
        ([paid_line(1, "99213 59", 9_000)], {1: 1}),  # a modifier we did not send
        ([paid_line(1, "G0000", 2_500, submitted="90471")], {1: 3}),  # SVC06 says what was billed
        ([paid_line(1, "99213", 9_001)], None),
        ([paid_line(1, "G0000", 2_500)], None),
        ([paid_line(1, "90471", 2_500), paid_line(2, "90471", 2_500)], None),  # paid twice
        (
            [paid_line(1, "90471", 1_500, number="L3"), paid_line(2, "90471", 1_000, number="L3")],
            {1: 3, 2: 3},  # split by the payer, which says so by our number
        ),
        ([paid_line(1, "90471", 2_500, number="UNKNOWN")], {1: 3}),
        ([paid_line(1, "99213", 9_000), paid_line(2, "99213", 9_000, number="L1")], {2: 1, 1: 4}),
        ([], {}),
    ],
)
def test_which_charge_a_paid_line_is(paid: list[PaidLine], found: dict[int, int] | None) -> None:
    told = matching_rules.match_lines([VISIT, VISIT_25, SHOT, LATER], paid)
    assert told == (None if found is None else {at: UUID(int=n) for at, n in found.items()})


@given(
    st.lists(
        st.tuples(st.sampled_from(["99213", "99213 25", "90471"]), st.integers(0, 50_000)),
        max_size=6,
    ),
    st.data(),
)
def test_every_line_of_a_claim_is_found_in_any_order(
    charged: list[tuple[str, int]], data: st.DataObject
) -> None:
    charges = [charge(n, procedure, price) for n, (procedure, price) in enumerate(charged, 1)]
    shuffled = data.draw(st.permutations(charges))
    by_number = data.draw(st.booleans())
    paid = [
        paid_line(
            position,
            one.procedure,
            one.charge_cents,
            number=one.line_control_number if by_number else "",
        )
        for position, one in enumerate(shuffled, 1)
    ]
    found = matching_rules.match_lines(charges, paid)
    assert found is not None
    assert sorted(found.values()) == sorted(one.id for one in charges)
    for one, line_ in zip(shuffled, paid, strict=True):
        matched = next(c for c in charges if c.id == found[line_.position])
        assert (matched.charge_cents, matched.procedure) == (one.charge_cents, one.procedure)
