"""The files: no cell that a spreadsheet runs, nothing of a report believed that is not right to the letter."""

import csv
import io
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_saas.agencies import rules
from billing_saas.agencies.rules import Debtor, Told
from tests.agencies.birch import report

REF = "K7QX2M9TB4WZ"
DAY = date(2026, 10, 5)
GOOD = ("payment", REF, "P-1", DAY, "40.00", "12.00")


def file_of(*told: Told, creditor: str = "Elm Family Medicine") -> list[dict[str, str]]:
    content = rules.written(told, creditor)
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


@pytest.mark.parametrize(
    "name",
    [
        '=HYPERLINK("http://evil.test","x")',
        "+1+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(1)",
        "\t=1+1",
        "\r=1+1",
        "\n=1+1",
        "  =1+1",
        "\x00=1+1",
        "＝1+1",
        " \t@x",
    ],
)
def test_no_cell_begins_like_a_formula(name: str) -> None:
    (row,) = file_of(
        Told(action="place", reference=REF, cents=100, day=DAY, debtor=Debtor(last_name=name)),
        creditor=name,
    )
    for cell in (row["last_name"], row["creditor"]):
        assert cell[0] == "'", cell
        assert not set(cell) & set("\x00\t\r\n")
    assert row["amount"] == "1.00"


@given(st.text(max_size=60))
def test_whatever_a_name_holds_it_stays_one_harmless_cell(name: str) -> None:
    cell = rules.safe(name)
    assert not cell.lstrip().startswith(("=", "+", "-", "@", "\t", "\r"))
    try:
        name.encode()
    except UnicodeEncodeError:
        return  # half a character is refused at the door
    (row,) = file_of(
        Told(action="place", reference=REF, cents=1, day=DAY, debtor=Debtor(last_name=name))
    )
    assert row["last_name"] == cell


def test_the_columns_are_those_that_were_agreed() -> None:
    """One more is a decision about what may be disclosed: 45 CFR 164.502(b)."""
    assert (
        *("action", "reference", "amount", "day", "reason", "creditor"),
        *("last_name", "first_name", "suffix", "address_1", "address_2", "city", "state"),
        *("postal_code", "phone", "first_billed_on", "last_billed_on"),
    ) == rules.COLUMNS
    assert set(Debtor.__struct_fields__) == set(rules.COLUMNS[6:15])


def test_a_report_that_is_right_is_read_to_the_cent() -> None:
    content = report(
        GOOD,
        ("payment", REF, "P-2", DAY, "0.05", "0.00"),
        ("direct", REF, "D-1", DAY, "10.00", "3.00"),
        ("reversal", REF, "P-0", DAY, "5.00", "1.50"),
        total="21.55",
        fee="13.50",
    )
    found = rules.read(content)
    assert found.wrong == ()
    assert (found.collected_cents, found.direct_cents, found.fee_cents) == (3_505, 1_000, 1_350)
    assert rules.remitted(found, "net") == found.remitted_cents == 2_155
    assert rules.remitted(found, "gross") == 3_505
    assert rules.read(b"\xef\xbb\xbf" + content) == found


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({0: "Payment"}, "type"),
        ({1: "K7QX2M9TB4W"}, "reference"),
        ({1: "=cmd|'/C calc'"}, "reference"),
        ({2: ""}, "number"),
        ({2: "x" * 41}, "number"),
        ({3: "2026-02-30"}, "paid_on"),
        ({3: "20261005"}, "paid_on"),
        *(
            ({4: amount}, "amount")
            for amount in (
                *("", "0.00", "1", "1.0", "1.000", "-1.00", "+1.00", "1e3", "NaN", ".50", "5."),
                *("1,000.00", "$5.00", " 5.00", "\u0661.\u0660\u0660", "1" * 10 + ".00", "0x1.00"),
            )
        ),
        ({5: "-0.01"}, "fee"),
        ({5: "40.01"}, "fee"),
    ],
)
def test_a_line_that_is_not_right_is_named(changed: dict[int, str], code: str) -> None:
    cells = [str(cell) for cell in GOOD]
    for at, value in changed.items():
        cells[at] = f'"{value}"'
    found = rules.read(report(tuple(cells), total="28.00"))
    assert [(one.n, one.code) for one in found.wrong] == [(2, code)]
    assert not any("cmd" in one.message for one in found.wrong)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "columns"),
        (b"\xff\xfe", "encoding"),
        (b"type\x00", "encoding"),
        (b"reference,type\r\n", "columns"),
        (",".join(rules.REPORT_COLUMNS).encode() + b"\r\n", "no_total"),
        (report(GOOD, GOOD, total="56.00"), "number_twice"),
        (report(GOOD, total="x"), "amount"),
        (report(GOOD, total="28.00") + b"payment,,,,,\r\n", "after_total"),
        (report(GOOD[:5], total="28.00"), "cells"),
        (
            report(
                *[("payment", REF, n, DAY, "1.00", "0.00") for n in range(20_001)], total="1.00"
            ),
            "too_long",
        ),
        (b'type,reference,number,paid_on,amount,fee\r\n"unclosed', "csv"),
    ],
)
def test_a_file_that_is_not_right_is_named(content: bytes, code: str) -> None:
    assert code in {one.code for one in rules.read(content).wrong}


@given(st.binary(max_size=400))
def test_no_file_breaks_the_reader(content: bytes) -> None:
    found = rules.read(content)
    assert found.wrong or found.paid == () or found.collected_cents


@pytest.mark.parametrize(
    ("cents", "rate", "fee"),
    [
        (4_000, 3_000, 1_200),
        (1, 5_000, 1),
        (1, 4_999, 0),
        (333, 3_333, 111),
        (5, 0, 0),
        (7, 10_000, 7),
    ],
)
def test_a_fee_is_rounded_as_an_invoice_is(cents: int, rate: int, fee: int) -> None:
    assert rules.fee_by_contract(cents, rate) == fee


def test_a_debtor_shows_nothing_of_itself() -> None:
    shown = repr(
        Told(action="place", reference=REF, cents=1, day=DAY, debtor=Debtor(last_name="Garcia"))
    )
    assert "Garcia" not in shown
