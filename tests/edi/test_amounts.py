"""Amounts are read exactly or refused; they are written in X12's one canonical form."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_saas.edi.amounts import AmountError, cents, format_cents, quantity

ANY_CENTS = st.integers(-(10**16), 10**16)
CANONICAL = re.compile(r"0|-?(?:[1-9][0-9]*|(?:[1-9][0-9]*)?\.[0-9]*[1-9])", re.ASCII)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("100", 10000),
        ("187.5", 18750),
        ("187.50", 18750),
        ("-12.34", -1234),
        ("-12", -1200),
        (".5", 50),
        ("-.05", -5),
        ("5.", 500),
        ("007.10", 710),
        ("1.2300", 123),
        ("-0", 0),
        ("9999999999999999.99", 999999999999999999),
    ],
)
def test_amounts_that_payers_send_are_read_exactly(text: str, value: int) -> None:
    assert cents(text) == value
    assert cents(text) == value  # a second look-up answers the same


@pytest.mark.parametrize(
    "text",
    [
        "", "-", ".", "-.", "+1", "1,000.00", "1e3", "1.234", "1_000", " 1", "1 ", "--1", "1.-5",
        "-1.-5", "1.2.3", "NaN", "inf", "١٢", "²", "0x10", "1" * 19, "1" * 5000, "-1 2", "1.2\n",
    ],
)  # fmt: skip
def test_anything_else_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(AmountError) as refused:
        cents(text)
    assert text not in str(refused.value) or len(text) <= 1
    with pytest.raises(AmountError):
        quantity(text) if text != "1.234" else cents(text)


@pytest.mark.parametrize("text", ["1.50", "01", ".50", "5.", "-0", "0.0", "00", "0.5", "1.0"])
def test_zeros_that_payers_add_change_nothing(text: str) -> None:
    assert cents(text) == int(Decimal(text) * 100)
    assert CANONICAL.fullmatch(format_cents(cents(text)))


@given(ANY_CENTS)
def test_written_amounts_are_canonical_and_read_back(value: int) -> None:
    text = format_cents(value)
    assert cents(text) == value
    assert CANONICAL.fullmatch(text)


@given(st.from_regex(r"\A-?[0-9]{1,9}(\.[0-9]{0,2})?\Z"))
def test_reading_agrees_with_decimal_arithmetic(text: str) -> None:
    assert cents(text) == int(Decimal(text) * 100)


@given(st.text(max_size=12))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    for read in (cents, quantity):
        try:
            read(text)
        except AmountError:
            continue


@pytest.mark.parametrize(
    ("text", "canonical"),
    [("1", "1"), ("01.50", "1.5"), ("-0", "0"), ("0.0", "0"), (".25", ".25"), ("-3", "-3"),
     ("10", "10"), ("100.0", "100"), ("0012", "12")],
)  # fmt: skip
def test_quantities_keep_every_decimal_in_one_form(text: str, canonical: str) -> None:
    assert quantity(text) == canonical
    assert quantity(canonical) == canonical
    assert CANONICAL.fullmatch(canonical)
