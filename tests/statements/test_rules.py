"""Open items are netted within their claim, and statements move as the money does."""

from datetime import date, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from billing_saas.statements import rules
from billing_saas.statements.rules import OpenItem

CLAIMS = [UUID(int=n) for n in range(1, 4)]
CHARGES = [None, *(UUID(int=n) for n in range(11, 15))]
PATIENT = UUID(int=99)


@st.composite
def books(draw: st.DrawFn) -> list[OpenItem]:
    places = draw(st.sets(st.tuples(st.sampled_from(CLAIMS), st.sampled_from(CHARGES))))
    return [
        OpenItem(
            PATIENT,
            claim,
            charge,
            draw(st.integers(-500, 500)),
            date(2026, 1, 1) + timedelta(days=draw(st.integers(0, 30))),
        )
        for claim, charge in sorted(places, key=str)
    ]


@given(books())
def test_what_is_owed_is_what_each_claim_comes_to_if_anything(book: list[OpenItem]) -> None:
    owed = rules.netted(book)
    assert all(item.cents > 0 for item in owed)
    for claim in CLAIMS:
        of_claim = sum(item.cents for item in book if item.claim_id == claim)
        assert sum(item.cents for item in owed if item.claim_id == claim) == max(of_claim, 0)
    days = [item.service_on for item in owed]
    assert days == sorted(days)
    assert rules.netted(reversed(book)) == owed


def test_a_statement_is_where_its_money_is() -> None:
    def state(balance: int, *, viewed: bool = False, now: str = "issued") -> str:
        return rules.state_of(now, total_cents=100, balance_cents=balance, viewed=viewed)

    assert state(100) == "issued"
    assert state(100, viewed=True) == "viewed"
    assert state(40) == "part_paid"
    assert state(0) == "paid"
    assert state(-5) == "paid"
    # An insurer took money back: more is owed than was asked for.
    assert state(140) == "issued"
    assert state(100, now="paid") == "issued"
    assert state(0, now="void") == "void"
    assert state(0, now="draft") == "draft"


def test_every_move_by_money_is_legal() -> None:
    for now in ("issued", "viewed", "part_paid", "paid"):
        for balance in (0, 40, 100):
            for viewed in (False, True):
                if now == "issued" and viewed and balance == 100:
                    continue
                to = rules.state_of(now, total_cents=100, balance_cents=balance, viewed=viewed)
                if now == "viewed" and not viewed:
                    continue  # it was seen
                assert to == now or rules.is_legal(now, to), (now, to)
    assert not rules.is_legal("void", "issued")
    assert not rules.is_legal("paid", "draft")
