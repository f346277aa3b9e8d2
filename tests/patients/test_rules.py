"""When two records are of one person: the rule that decides whose bill someone sees."""

from datetime import date

import msgspec
import pytest

from billing_saas.edi.parties import Address
from billing_saas.patients import rules
from billing_saas.patients.rules import Demographics

ANA = Demographics(
    last_name="Okonkwo-Reyes",
    first_name="Ana",
    birth_date=date(1961, 4, 2),
    sex="F",
    address=Address(line1="1 Elm St", city="Springfield", state="IL", postal_code="62701-0001"),
    phones=("2175550111",),
    medical_record_number="MR-1",
)


def but(**changes: object) -> Demographics:
    return msgspec.structs.replace(ANA, **changes)


ELSEWHERE = Address(line1="9 Oak Ave", city="Reno", state="NV", postal_code="89501")


@pytest.mark.parametrize(
    ("seen", "shares_policy", "same"),
    [
        (but(last_name="OKONKWO REYES"), True, True),
        (but(), False, True),
        (but(address=ELSEWHERE), True, True),
        (but(address=ELSEWHERE), False, True),  # the record number agrees
        (but(address=ELSEWHERE, medical_record_number=""), False, False),
        (but(address=None, medical_record_number="", ssn="123456789"), False, False),
        (but(birth_date=date(1961, 4, 3)), True, False),
        (but(birth_date=None), True, False),
        (but(first_name="Anna"), True, False),
        (but(sex="M"), True, False),
        (but(sex="U"), True, True),
        (but(sex=""), True, True),
    ],
)
def test_same_person(seen: Demographics, shares_policy: bool, same: bool) -> None:
    assert rules.is_same_person(ANA, seen, shares_policy=shares_policy) is same


def test_two_social_security_numbers_are_two_people() -> None:
    known = but(ssn="123-45-6789")
    assert rules.is_same_person(known, but(ssn="123456789"), shares_policy=False)
    assert not rules.is_same_person(known, but(ssn="987654321"), shares_policy=True)


def test_the_later_word_counts_and_silence_changes_nothing() -> None:
    moved = rules.amended(ANA, but(address=ELSEWHERE, phones=(), medical_record_number=""))
    assert moved.address == ELSEWHERE
    assert moved.phones == ANA.phones
    assert moved.medical_record_number == "MR-1"


def test_another_spelling_is_no_news() -> None:
    assert rules.amended(ANA, but(last_name="OKONKWO REYES", first_name="ANA")) is ANA
    assert rules.amended(ANA, but(sex="U")) is ANA


@pytest.mark.parametrize(
    ("address", "state", "zip3"),
    [
        (None, "", ""),
        (Address(state="IL", postal_code="627010001"), "IL", "627"),
        (Address(state="il", postal_code="62701-0001"), "IL", "627"),
        (Address(state="JOHN SMITH", postal_code="JOHN"), "", ""),
        (Address(state="Q", postal_code="62"), "", ""),
    ],
)
def test_plain_columns_hold_no_more_than_a_limited_data_set(
    address: Address | None, state: str, zip3: str
) -> None:
    coarse = rules.coarse(but(address=address))
    assert (coarse.state, coarse.zip3, coarse.birth_decade) == (state, zip3, 1960)


def test_nothing_shows_itself() -> None:
    assert repr(ANA) == "<sealed Demographics>"
    assert "Ana" not in repr(rules.name_only(ANA))


def test_what_is_wrong_is_named() -> None:
    bad = but(last_name=" - ", sex="X", birth_date=date(2030, 1, 1))
    assert set(rules.faults(bad, date(2026, 1, 1))) == {"last_name", "sex", "birth_date"}
    assert rules.faults(ANA, date(2026, 1, 1)) == {}
