"""Arithmetic of payments: to the cent, whatever the amounts."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_saas.kit.ids import new_id
from billing_saas.kit.processing import BalanceLine
from billing_saas.ledger.rules import Account, Entry
from billing_saas.payments import rules
from billing_saas.payments.rules import Share

GUARANTOR, CHILD = UUID(int=1), UUID(int=2)
DAY = date(2026, 11, 3)
CENTS = st.integers(1, 10_000_000)
OWED = st.lists(
    st.builds(
        Share,
        st.sampled_from([GUARANTOR, CHILD]),
        st.one_of(st.none(), st.uuids()),
        st.uuids(),
        CENTS,
    ),
    max_size=8,
)


@given(OWED, CENTS)
def test_all_of_it_goes_somewhere_and_nothing_gets_more_than_is_owed(
    owed: list[Share], cents: int
) -> None:
    shares = rules.allocate(owed, cents, GUARANTOR)
    assert sum(share.cents for share in shares) == cents
    assert all(share.cents > 0 for share in shares)
    laid = [share for share in shares if not share.unapplied]
    for item, share in zip(owed, laid, strict=False):
        assert share.place == item.place  # the oldest first, none skipped
        assert share.cents <= item.cents
    if len(shares) > len(laid):
        assert sum(share.cents for share in laid) == sum(item.cents for item in owed)


def test_the_bill_that_is_paid_comes_first() -> None:
    owed = [Share(GUARANTOR, new_id(), new_id(), cents) for cents in (100, 200, 300)]
    last = owed[2].charge_id
    assert last is not None
    shares = rules.allocate(owed, 350, GUARANTOR, first={last})
    assert [(share.charge_id, share.cents) for share in shares] == [
        (owed[2].charge_id, 300),
        (owed[0].charge_id, 50),
    ]


@given(OWED, CENTS, st.lists(CENTS, max_size=5))
def test_what_goes_back_is_taken_from_where_it_went(
    owed: list[Share], cents: int, refunds: list[int]
) -> None:
    shares = rules.allocate(owed, cents, GUARANTOR)
    for refund in refunds:
        back = rules.taken_back(shares, refund, GUARANTOR)
        assert sum(share.cents for share in back) == -refund
        shares += back
    left = cents - sum(refunds)
    assert sum(share.cents for share in rules.standing(shares)) == left
    if left >= 0:
        assert all(share.cents > 0 for share in rules.standing(shares))


def test_a_refund_takes_credit_first_and_then_what_was_paid_last() -> None:
    owed = [Share(GUARANTOR, new_id(), new_id(), cents) for cents in (100, 200)]
    shares = rules.allocate(owed, 350, GUARANTOR)
    back = rules.taken_back(shares, 120, GUARANTOR)
    assert [(share.charge_id, share.cents) for share in back] == [
        (None, -50),
        (owed[1].charge_id, -70),
    ]


@given(OWED, CENTS, st.sampled_from(["checkout", "cash", "cheque"]))
def test_every_entry_sums_to_zero(owed: list[Share], cents: int, method: str) -> None:
    shares = rules.allocate(owed, cents, GUARANTOR)
    back = rules.taken_back(shares, cents, GUARANTOR)
    entries: list[Entry | None] = [
        rules.desk_entry(GUARANTOR, method, DAY, shares),
        rules.charge_entry("ch_1", DAY, shares),
        rules.refund_entry("stripe:re_1", DAY, back, Account.PROCESSOR_CLEARING),
        rules.refund_failed_entry("re_1", DAY, cents, GUARANTOR),
        rules.repaid_entry(GUARANTOR, DAY, cents, GUARANTOR),
        rules.payout_entry("po_1", DAY, cents),
        rules.dispute_entry(_line(-cents, 1_500), DAY),
        rules.fee_entry(_line(cents, 320), DAY),
        rules.own_fee_entry(_line(-cents, 0), DAY),
    ]
    for entry in entries:
        assert entry is not None
        assert entry.balanced


def _line(cents: int, fee: int) -> BalanceLine:
    at = datetime(2026, 11, 3, tzinfo=UTC)
    return BalanceLine("txn_1", "dispute", "du_1", cents, fee, cents - fee, at)


def test_what_moves_nothing_is_no_entry() -> None:
    assert rules.fee_entry(_line(100, 0), DAY) is None
    assert rules.dispute_entry(_line(0, 0), DAY) is None
    assert rules.payout_entry("po_1", DAY, 0) is None


@pytest.mark.parametrize(
    ("before", "told", "then"),
    [
        ("asked", "open", "open"),
        ("unknown", "open", "open"),
        ("processing", "open", "processing"),
        ("failed", "processing", "failed"),
        ("failed", "succeeded", "succeeded"),
        ("expired", "succeeded", "succeeded"),
        ("succeeded", "failed", "succeeded"),
    ],
)
def test_an_attempt_goes_forward_only(before: str, told: str, then: str) -> None:
    assert rules.attempt_state(before, told) == then


@pytest.mark.parametrize(
    ("before", "told", "then"),
    [
        ("approved", "pending", "pending"),
        ("succeeded", "pending", "succeeded"),
        ("succeeded", "failed", "failed"),
        ("failed", "succeeded", "failed"),
        ("repaid", "failed", "repaid"),
    ],
)
def test_a_refund_may_still_fail_and_never_comes_back_from_that(
    before: str, told: str, then: str
) -> None:
    assert rules.refund_state(before, told) == then


@pytest.mark.parametrize(
    ("states", "word"),
    [
        ([], ""),
        (["won"], "won"),
        (["won", "lost"], "lost"),
        (["lost", "needs_response"], "open"),
        (["inquiry"], "open"),
        (["inquiry_closed"], ""),
    ],
)
def test_what_all_disputes_of_a_payment_come_to(states: list[str], word: str) -> None:
    assert rules.disputed_word(states) == word
