"""The arithmetic of the journal, without a database."""

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_saas.kit import money
from billing_saas.kit.ids import new_id
from billing_saas.ledger import rules
from billing_saas.ledger.errors import AmountOutOfRange, Unbalanced
from billing_saas.ledger.rules import MOST_CENTS, Account, Entry
from tests.ledger.entries import Visit, any_entry

WEIGHTS = st.lists(st.integers(0, 10**9), min_size=1, max_size=40).filter(any)


@given(any_entry())
def test_an_entry_of_balanced_lines_is_accepted(entry: Entry) -> None:
    rules.check([entry])
    assert entry.balanced


@given(any_entry(), st.data())
def test_one_cent_more_on_any_line_is_refused(entry: Entry, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(entry.lines) - 1))
    lines = list(entry.lines)
    more = 2 if lines[place].amount_cents == -1 else 1
    lines[place] = msgspec.structs.replace(
        lines[place], amount_cents=lines[place].amount_cents + more
    )
    with pytest.raises(Unbalanced) as refusal:
        rules.check([msgspec.structs.replace(entry, lines=tuple(lines))])
    assert refusal.value.facts == {
        "source": entry.source,
        "lines": len(lines),
        "total_cents": more,
    }


@given(any_entry())
def test_an_entry_and_its_reversal_cancel_line_by_line(entry: Entry) -> None:
    reversal = rules.reversal_of(
        entry, new_id(), source="reversal:x", effective_on=date(2026, 6, 1)
    )
    rules.check([reversal])
    for line, opposite in zip(entry.lines, reversal.lines, strict=True):
        assert line.amount_cents + opposite.amount_cents == 0
        assert msgspec.structs.replace(opposite, amount_cents=line.amount_cents) == line


@pytest.mark.parametrize(
    "cents", [2**63 - 1, -(2**63), 2**63, -(2**63) - 1, MOST_CENTS + 1, -MOST_CENTS - 1, 10**30]
)
def test_an_amount_beyond_the_journal_names_its_source_and_line(cents: int) -> None:
    visit = Visit()
    lines = (visit.line(Account.BANK, 5), visit.line(Account.PAYER_CASH, cents))
    entry = msgspec.structs.replace(visit.charged(1), lines=lines)
    with pytest.raises(AmountOutOfRange) as refusal:
        rules.check([entry])
    assert refusal.value.facts == {"source": entry.source, "line": 2}


@pytest.mark.parametrize("cents", [0, True, 1.0, 10.5, None, "100"])
def test_only_whole_cents_other_than_zero_are_an_amount(cents: object) -> None:
    visit = Visit()
    wrong = visit.line(Account.BANK, cents)  # type: ignore[arg-type]  # what is tested
    entry = msgspec.structs.replace(visit.charged(1), lines=(wrong, *visit.charged(1).lines))
    with pytest.raises(Unbalanced) as refusal:
        rules.check([entry])
    assert refusal.value.facts == {"source": entry.source, "line": 1}


def test_no_lines_one_line_and_no_source_are_refused() -> None:
    entry = Visit().charged(100)
    for wrong in (
        msgspec.structs.replace(entry, lines=()),
        msgspec.structs.replace(entry, lines=entry.lines[:1]),
        msgspec.structs.replace(entry, source=""),
        msgspec.structs.replace(entry, lines=entry.lines * 20_000),
    ):
        with pytest.raises(Unbalanced):
            rules.check([wrong])


def test_every_account_stands_on_one_side() -> None:
    assert set(Account) == rules.DEBIT_NORMAL | rules.CREDIT_NORMAL
    assert not rules.DEBIT_NORMAL & rules.CREDIT_NORMAL
    assert set(rules.RECEIVABLES) | set(rules.WRITE_OFFS) <= rules.DEBIT_NORMAL
    assert Account.BAD_DEBT not in rules.WRITE_OFFS
    assert len(rules.WRITE_OFFS) == 9


def test_sources_are_spelled_as_the_data_has_them() -> None:
    some_id = new_id()
    assert rules.source_charge(some_id) == f"charge:{some_id}"
    assert rules.source_claim_payment(some_id, 2) == f"claim-payment:{some_id}:2"
    assert rules.source_plb(some_id, 3) == f"remittance-plb:{some_id}:3"
    assert rules.source_plb(some_id, 3, 2) == f"remittance-plb:{some_id}:3:2"
    assert rules.source_stripe("txn_1") == "stripe:txn_1"
    assert rules.source_payment(some_id) == f"payment:{some_id}"
    assert rules.source_reversal(some_id) == f"reversal:{some_id}"


@given(st.integers(-MOST_CENTS, MOST_CENTS), WEIGHTS)
def test_what_is_split_adds_up_and_no_share_is_a_cent_off(cents: int, weights: list[int]) -> None:
    parts = money.split(cents, weights)
    total = sum(weights)
    assert sum(parts) == cents
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * total - cents * weight) < total
        assert part == 0 or (part < 0) == (cents < 0)
        assert weight or not part


@given(st.integers(-MOST_CENTS, MOST_CENTS), WEIGHTS)
def test_a_negative_amount_splits_as_its_opposite(cents: int, weights: list[int]) -> None:
    assert money.split(-cents, weights) == [-part for part in money.split(cents, weights)]
