"""Who may be placed: every reason by name, none forgotten, and the days counted to the day."""

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_saas.collections import money_rules, rules
from billing_saas.collections.rules import Account, Billed, Item, Limits
from billing_saas.ledger import rules as ledger

TODAY = date(2026, 11, 20)
LIMITS = Limits(minimum_cents=5_000, age_days=120, notice_days=30)
HER = uuid4()


def item(cents: int = 10_000, patient: UUID = HER, charge: UUID | None = None) -> Item:
    return Item(patient, None, charge or uuid4(), cents)


def billed(
    cents: int = 10_000,
    *,
    first: int | None = 120,
    notice: int | None = 30,
    finished: bool = True,
) -> Billed:
    def ago(days: int | None) -> date | None:
        return TODAY - timedelta(days=days) if days is not None else None

    return Billed(item(cents), ago(first), ago(notice), ago(notice), finished)


def account(*of: Billed, born: date | None = date(1980, 1, 1), **other: object) -> Account:
    known = {"has_address": True, "pauses": frozenset[str]()} | other
    return Account(guarantor_id=HER, birth_date=born, billed=of or (billed(),), **known)  # type: ignore[arg-type]


def test_an_account_old_enough_and_warned_is_eligible() -> None:
    verdict = rules.judge(account(), LIMITS, TODAY)
    assert (verdict.eligible, verdict.cents) == (True, 10_000)
    assert verdict.first_statement_on == TODAY - timedelta(days=120)


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (billed(first=None), "never_billed"),
        (billed(first=119), "too_young"),
        (billed(notice=None), "no_final_notice"),
        (billed(notice=29), "notice_too_young"),
        (billed(finished=False), "insurance_not_finished"),
    ],
)
def test_an_item_that_is_not_ready_is_left_out_with_its_reason(one: Billed, why: str) -> None:
    alone = rules.judge(account(one), LIMITS, TODAY)
    assert alone.reasons == ("nothing_old_enough",)
    assert alone.left_out[0].reasons == (why,)
    beside = rules.judge(account(billed(), one), LIMITS, TODAY)
    assert beside.eligible
    assert one.item not in beside.items


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"born": TODAY.replace(year=2008) + timedelta(days=1)}, "minor"),
        ({"born": None}, "age_unknown"),
        ({"has_address": False}, "no_address"),
        *(
            ({"pauses": frozenset({kind})}, f"paused_{kind}")
            for kind in (
                *("dispute", "plan", "appeal", "insurer", "bankruptcy", "deceased", "opt_out"),
                *("returned_mail", "hardship"),
            )
        ),
        ({"pauses": frozenset({"something_new"})}, "paused_other"),
    ],
)
def test_what_stops_an_account_is_named(changed: dict[str, object], why: str) -> None:
    verdict = rules.judge(account(**changed), LIMITS, TODAY)  # type: ignore[arg-type]
    assert verdict.reasons == (why,)


def test_who_turns_eighteen_today_is_no_minor() -> None:
    assert rules.judge(account(born=date(2008, 11, 20)), LIMITS, TODAY).eligible
    born_on_a_leap_day = account(born=date(2008, 2, 29))
    assert not rules.judge(born_on_a_leap_day, LIMITS, date(2026, 2, 28)).eligible
    assert "minor" not in rules.judge(born_on_a_leap_day, LIMITS, date(2026, 3, 1)).reasons


def test_all_reasons_are_told_at_once() -> None:
    verdict = rules.judge(
        account(billed(4_999), born=None, has_address=False, pauses=frozenset({"plan", "appeal"})),
        LIMITS,
        TODAY,
    )
    assert set(verdict.reasons) == {
        *("paused_plan", "paused_appeal", "age_unknown", "no_address", "below_minimum"),
    }


def test_no_practice_places_sooner_than_the_law_of_the_house() -> None:
    hasty = Limits(minimum_cents=1, age_days=30, notice_days=1)
    assert not rules.judge(account(billed(first=119)), hasty, TODAY).eligible
    assert not rules.judge(account(billed(notice=13)), hasty, TODAY).eligible


def test_who_owes_nothing_is_told_so() -> None:
    nothing = Account(
        guarantor_id=HER,
        birth_date=date(1980, 1, 1),
        has_address=True,
        pauses=frozenset(),
        billed=(),
    )
    assert rules.judge(nothing, LIMITS, TODAY).reasons == ("nothing_owed",)


def test_more_than_was_proposed_does_not_fit() -> None:
    one = item()
    assert rules.fits([one], [one])
    assert rules.fits([], [one])
    assert not rules.fits([Item(HER, None, one.charge_id, 10_001)], [one])
    assert not rules.fits([one, item(1)], [one])


def test_only_legal_moves_are_in_the_table() -> None:
    states = set(rules.MOVES) - {""}
    assert {to for moves in rules.MOVES.values() for to in moves} == states
    into_placed = {now for now, moves in rules.MOVES.items() if "placed" in moves}
    assert into_placed == {"pre_placement", "settled"}


def test_references_say_nothing_and_differ() -> None:
    made = {rules.new_reference() for _ in range(2_000)}
    assert len(made) == 2_000
    assert all(len(one) == 12 and one.isalnum() and one.isupper() for one in made)


amounts = st.integers(1, 10**7)


@given(st.lists(amounts, min_size=1, max_size=12), amounts)
def test_money_is_laid_oldest_first_and_to_the_cent(owed: list[int], cents: int) -> None:
    items = [item(one) for one in owed]
    laid = money_rules.spread(cents, items)
    assert sum(one.cents for one in laid.items) + laid.rest_cents == cents
    assert laid.rest_cents == max(0, cents - sum(owed))
    left = money_rules.without(items, laid.items)
    assert sum(one.cents for one in left) == max(0, sum(owed) - cents)
    full = [one for one, part in zip(items, laid.items, strict=False) if one.cents == part.cents]
    assert len(full) >= len(laid.items) - 1


@given(st.lists(amounts, min_size=1, max_size=12))
def test_moving_changes_no_total(owed: list[int]) -> None:
    entry = money_rules.moved(
        "placement:x:placed",
        money_rules.PLACED,
        TODAY,
        [item(one) for one in owed],
        out_of=ledger.Account.PATIENT_RECEIVABLE,
        into=ledger.Account.AGENCY,
    )
    ledger.check([entry])
    agency = sum(n.amount_cents for n in entry.lines if n.account is ledger.Account.AGENCY)
    assert agency == sum(owed)
