"""What a visit journals: every entry sums to zero, and says who owes."""

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from billing_saas.encounters import rules
from billing_saas.encounters.rules import NewCharge, Parties, PriorAdjustment
from billing_saas.kit.ids import new_id
from billing_saas.ledger.rules import Account, Entry, check

DAY = date(2026, 9, 1)
BLUE, GREEN = new_id(), new_id()
AMOUNTS = st.integers(0, 10_000_00)


def charge(cents: int) -> NewCharge:
    return NewCharge(
        procedure_qualifier="HC",
        procedure_code="G0463",
        units="1",
        unit_basis="UN",
        charge_cents=cents,
        pointers=(1,),
        service_from=DAY,
        service_to=DAY,
    )


def parties(first: object = BLUE, asked: object = BLUE) -> Parties:
    return Parties(claim_id=new_id(), patient_id=new_id(), first=first, asked=asked)  # type: ignore[arg-type]  # ids or None


def totals(*entries: Entry | None) -> dict[tuple[Account, object], int]:
    """Cents by account and party."""
    found: dict[tuple[Account, object], int] = {}
    for entry in entries:
        for line in entry.lines if entry else ():
            key = line.account, line.party_id
            found[key] = found.get(key, 0) + line.amount_cents
    return {key: cents for key, cents in found.items() if cents}


@settings(max_examples=60)
@given(st.lists(AMOUNTS, min_size=1, max_size=8))
def test_a_charge_is_owed_by_the_payer_billed_first(amounts: list[int]) -> None:
    numbered = [(new_id(), charge(cents)) for cents in amounts]
    entry = rules.charge_entry(new_id(), DAY, parties(), numbered)
    if not any(amounts):
        assert entry is None
        return
    assert entry is not None
    check([entry])
    assert totals(entry) == {
        (Account.PAYER_RECEIVABLE, BLUE): sum(amounts),
        (Account.GROSS_CHARGES, None): -sum(amounts),
    }


def test_who_pays_for_himself_owes_it() -> None:
    alone = parties(None, None)
    entry = rules.charge_entry(new_id(), DAY, alone, [(new_id(), charge(100_00))])
    assert totals(entry)[Account.PATIENT_RECEIVABLE, alone.patient_id] == 100_00


@settings(max_examples=60)
@given(
    st.lists(st.tuples(AMOUNTS, AMOUNTS, AMOUNTS), min_size=1, max_size=6),
    st.integers(-5_00, 5_00),
)
def test_what_the_payer_before_left_is_owed_by_the_next(
    lines: list[tuple[int, int, int]], on_the_claim: int
) -> None:
    numbered = [(new_id(), charge(cents)) for cents, _, _ in lines]
    prior = [PriorAdjustment(0, BLUE, "", "", on_the_claim)]
    for n, (_, paid, taken) in enumerate(lines, 1):
        prior += [
            PriorAdjustment(n, BLUE, "", "", paid),
            PriorAdjustment(n, BLUE, "CO", "45", taken),
        ]
    both = parties(BLUE, GREEN)
    entries = [
        rules.charge_entry(new_id(), DAY, both, numbered),
        rules.prior_entry(new_id(), DAY, both, numbered, prior),
    ]
    check([entry for entry in entries if entry])
    charged = sum(cents for cents, _, _ in lines)
    paid = sum(paid for _, paid, _ in lines) + on_the_claim
    taken = sum(taken for _, _, taken in lines)
    found = totals(*entries)
    assert found.get((Account.PAYER_RECEIVABLE, BLUE), 0) == 0
    assert found.get((Account.PAYER_RECEIVABLE, GREEN), 0) == charged - paid - taken
    assert found.get((Account.BANK, BLUE), 0) == paid
    assert found.get((Account.CONTRACTUAL_ADJUSTMENT, BLUE), 0) == taken


def test_line_numbers_fit_and_differ() -> None:
    numbers = {rules.new_line_number() for _ in range(1000)}
    assert len(numbers) == 1000
    assert all(len(number) <= 30 and number.isalnum() and number.isupper() for number in numbers)
