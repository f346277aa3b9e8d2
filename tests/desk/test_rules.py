"""What lies in a drawer is what was taken; what credit is laid down is what credit is gone."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_saas.desk import rules
from billing_saas.desk.errors import NumberRefused
from billing_saas.desk.rules import Credit, Taken
from billing_saas.payments.rules import Share

METHODS = st.sampled_from(["cash", "cheque", "money_order"])
TAKEN = st.builds(Taken, METHODS, st.integers(1, 1_000_000), st.booleans())
PEOPLE = st.integers(1, 6).map(lambda n: UUID(int=n))
CREDITS = st.lists(st.builds(Credit, st.uuids(), PEOPLE, st.integers(1, 50_000)), max_size=6)
OWED = st.lists(
    st.builds(Share, PEOPLE, st.uuids(), st.uuids(), st.integers(1, 50_000)), max_size=8
)


@given(st.lists(TAKEN, max_size=40), st.dictionaries(METHODS, st.integers(0, 10_000_000)))
def test_a_drawer_holds_what_was_taken_and_not_taken_back(
    taken: list[Taken], counts: dict[str, int]
) -> None:
    found = rules.counted(taken, counts)
    assert {one.method for one in found} == {"cash", "cheque", "money_order"}
    assert sum(one.expected_cents for one in found) == sum(
        one.cents for one in taken if not one.voided
    )
    assert sum(one.takings for one in found) == sum(not one.voided for one in taken)
    for one in found:
        assert one.over_cents == counts.get(one.method, 0) - one.expected_cents


@given(CREDITS, OWED, st.none() | st.integers(0, 120_000))
def test_every_cent_of_credit_lands_once(
    held: list[Credit], owed: list[Share], most: int | None
) -> None:
    laid = rules.laid(held, owed, most)
    have = sum(one.cents for one in held)
    due = sum(item.cents for item in owed)
    used = sum(-s.cents for shares in laid.values() for s in shares if s.unapplied)
    assert used == min(have, due, have if most is None else most)
    for credit in held:
        shares = laid.get(credit.payment_id, [])
        assert sum(share.cents for share in shares) == 0
        gone = -sum(share.cents for share in shares if share.unapplied)
        assert 0 <= gone <= credit.cents
    on_each: dict[object, int] = {}
    for shares in laid.values():
        for share in shares:
            if not share.unapplied:
                assert share.cents > 0
                on_each[share.place] = on_each.get(share.place, 0) + share.cents
    limits: dict[object, int] = {}
    for item in owed:
        limits[item.place] = limits.get(item.place, 0) + item.cents
    assert all(cents <= limits[place] for place, cents in on_each.items())


@pytest.mark.parametrize(
    ("number", "method", "kept"),
    [("1234", "cheque", "1234"), (" 7a ", "money_order", "7A"), ("", "cash", "")],
)
def test_the_last_four_are_kept(number: str, method: str, kept: str) -> None:
    assert rules.last4(number, method) == kept


@pytest.mark.parametrize(
    ("number", "method"),
    [
        ("021000021", "cheque"),
        ("4242424242424242", "money_order"),
        ("12-3", "cheque"),
        ("1234", "cash"),
        ("１２３", "cheque"),
    ],
)
def test_more_is_refused_and_not_cut(number: str, method: str) -> None:
    with pytest.raises(NumberRefused) as refused:
        rules.last4(number, method)
    assert number not in str(refused.value.facts)
