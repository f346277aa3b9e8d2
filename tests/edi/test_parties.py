"""Parts that every transaction shares."""

import datetime

import pytest

from billing_saas.edi.findings import NOWHERE, Finding, Place, mask, without_places
from billing_saas.edi.parties import (
    DateValue,
    Party,
    Procedure,
    day,
    read_contact,
    read_dtm,
    read_dtp,
    read_name,
    read_procedure,
)
from billing_saas.edi.remittance import Adjustment, ClaimPayment, Remittance


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("20260105", datetime.date(2026, 1, 5)),
        ("260105", datetime.date(2026, 1, 5)),
        ("202601051230", datetime.date(2026, 1, 5)),
        ("20260231", None),
        ("", None),
        ("2026", None),
        ("2026010x", None),
        ("٢٠٢٦٠١٠٥", None),
    ],
)
def test_a_day_is_a_date_or_nothing(text: str, date: datetime.date | None) -> None:
    assert day(text) == date


def test_a_range_has_a_start_and_an_end() -> None:
    span = read_dtp(["DTP", "472", "RD8", "20260105-20260107"])
    assert (span.start, span.end) == (datetime.date(2026, 1, 5), datetime.date(2026, 1, 7))
    one = read_dtm(["DTM", "232", "20260105"])
    assert one.start == one.end == datetime.date(2026, 1, 5)
    assert DateValue("472", "soon").start is None


def test_short_segments_leave_the_rest_empty() -> None:
    assert read_name(["NM1", "QC"]) == Party("QC")
    assert read_name(["NM1"]) == Party("")
    assert read_contact(["PER", "IC"]).numbers == ()
    assert read_contact(["PER", "IC", "", "TE"]).numbers == (("TE", ""),)


@pytest.mark.parametrize(
    ("composite", "procedure"),
    [
        ("HC:99213", Procedure("HC", "99213")),
        ("HC:99213:25::59", Procedure("HC", "99213", ("25", "", "59"))),
        ("HC:99213:::::Visit:99215", Procedure("HC", "99213", (), "Visit", "99215")),
        ("HC", Procedure("HC")),
        ("", Procedure()),
    ],
)
def test_procedures_keep_the_place_of_their_modifiers(composite: str, procedure: Procedure) -> None:
    assert read_procedure(composite, ":") == procedure


def test_a_mask_keeps_only_the_shape() -> None:
    assert mask("Doe, Jane 12\x00") == "AAA, AAAA 99<00>"
    assert mask("É" * 30) == "A" * 24 + "... (30 characters)"


def test_places_are_said_in_words() -> None:
    assert str(Place(1, 2, 3, 4)) == "interchange 1, group 2, set 3, segment 4"
    assert str(NOWHERE) == "file"
    finding = Finding(
        severity="error", level="element", code="x", message="Bad.", segment="CLP", element=3
    )
    assert str(finding) == "error at file CLP03: Bad."


def test_structs_compare_without_their_places() -> None:
    claim = ClaimPayment(
        "A", "1", 1, 1, adjustments=(Adjustment("CO", "45", 1, "", 9),), position=8
    )
    remittance = Remittance(claims=(claim,), place=Place(1, 1, 1, 1), unread=((3, ("ZZ",)),))
    blank = ClaimPayment("A", "1", 1, 1, adjustments=(Adjustment("CO", "45", 1),))
    assert without_places(remittance) == Remittance(claims=(blank,), unread=((0, ("ZZ",)),))
