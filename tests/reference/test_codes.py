"""Code sets: good on which day, called what; and what they must not say."""

import gzip
import subprocess
import sys
import time
from datetime import date
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_saas.reference import codes
from billing_saas.reference.sets import SETS

AUTUMN_2026 = date(2026, 11, 20)
DATA = resources.files("billing_saas.reference") / "data"


@pytest.mark.parametrize(
    ("code_set", "code", "day", "good"),
    [
        ("icd10", "E119", AUTUMN_2026, True),
        ("icd10", "E11", AUTUMN_2026, False),  # a heading: E110 to E119 are reported
        ("icd10", "E11.9", AUTUMN_2026, False),  # X12 writes no point
        ("icd10", "D691", date(2026, 9, 30), True),  # split into D6911 and D6919 on 1 October 2026
        ("icd10", "D691", date(2026, 10, 1), False),
        ("icd10", "D6911", date(2026, 9, 30), False),
        ("icd10", "D6911", date(2026, 10, 1), True),
        ("hcpcs", "J3490", AUTUMN_2026, True),
        ("hcpcs", "J0001", AUTUMN_2026, False),
        ("hcpcs", "JXXXX", AUTUMN_2026, False),
        ("place", "11", AUTUMN_2026, True),
        ("place", "111", AUTUMN_2026, False),
        ("place", "10", date(2021, 12, 31), False),  # telehealth at home began in 2022
        ("place", "10", date(2022, 1, 1), True),
        ("taxonomy", "207Q00000X", AUTUMN_2026, True),
        ("taxonomy", "246YC3301X", date(2023, 3, 31), True),  # its last day
        ("taxonomy", "246YC3301X", date(2023, 4, 1), False),
        ("carc", "45", AUTUMN_2026, True),
        ("carc", "XX", date(2006, 1, 1), False),
        ("rarc", "MA130", AUTUMN_2026, True),
        ("status", "20", AUTUMN_2026, True),
        ("status_category", "A2", AUTUMN_2026, True),
    ],
)
def test_a_code_is_good_on_some_days(code_set: str, code: str, day: date, good: bool) -> None:
    assert codes.valid_on(code_set, code, day) is good


@pytest.mark.parametrize("code", ["99213", "0001U", "1000F", "0042T", "D0120"])
def test_codes_of_other_owners_are_not_ours_to_judge(code: str) -> None:
    assert codes.valid_on("hcpcs", code, AUTUMN_2026)
    assert codes.title("hcpcs", code) == ""


def test_of_days_before_its_edition_a_list_says_nothing_of_what_it_does_not_have() -> None:
    assert codes.valid_on("hcpcs", "G0008", date(2012, 1, 1))
    assert codes.valid_on("hcpcs", "G0001", date(2003, 1, 1))  # was a code then, is none now
    assert not codes.valid_on("hcpcs", "G0001", AUTUMN_2026)
    assert not codes.valid_on("hcpcs", "FLU", date(2012, 1, 1))


def test_titles_where_they_may_be_shipped() -> None:
    assert codes.title("icd10", "E119") == "Type 2 diabetes mellitus without complications"
    assert codes.title("icd10", "D691") == "Qualitative platelet defects"
    assert codes.title("place", "11") == "Office"
    assert codes.title("taxonomy", "207Q00000X") == "Family Medicine Physician"
    assert codes.title("carc", "45") == "above the fee schedule"  # ours, not X12's
    assert codes.title("rarc", "MA130") == ""
    assert codes.title("icd10", "nothing") == ""
    assert codes.edition("icd10") == "ICD-10-CM, FY 2027"


def test_a_set_that_is_not_there_is_a_mistake() -> None:
    with pytest.raises(codes.UnknownCodeSet, match="'icd11'"):
        codes.valid_on("icd11", "E119", AUTUMN_2026)


def test_the_checks_that_edi_asks_take_a_day_as_x12_writes_it() -> None:
    checks = codes.checks("icd10", "hcpcs")
    assert set(checks) == {"icd10", "hcpcs"}
    assert checks["icd10"]("D691", "20260930")
    assert not checks["icd10"]("D691", "20261001")
    assert checks["icd10"]("D691", "")  # a file that names no day: it was one once
    assert set(codes.checks()) == set(codes.titles()) == set(SETS)


@pytest.mark.parametrize("name", SETS)
def test_every_line_of_a_file_can_be_found_again(name: str) -> None:
    one = SETS[name]
    text = gzip.decompress((DATA / one.file).read_bytes()).decode()
    if one.file.endswith(".tsv.gz"):
        listed = [line.split("\t") for line in text.splitlines()]
        assert listed == sorted(listed)
        assert {len(row) for row in listed} == {4}
        assert all(one.shape.fullmatch(row[0]) for row in listed)
        assert all(
            day == "" or (len(day) == 8 and day.isdecimal()) for row in listed for day in row[1:3]
        )
        found = [row[0] for row in listed[:: max(1, len(listed) // 500)]]
        assert all(codes.title(name, row[0]) == row[3] for row in listed[:500])
    else:
        found = [line.split(",")[0] for line in text.splitlines()[1:40]]
    assert found
    assert all(codes.checks(name)[name](code, "") for code in found)


@given(code=st.text(max_size=12), day=st.dates(), name=st.sampled_from(sorted(SETS)))
def test_anything_may_be_asked(code: str, day: date, name: str) -> None:
    assert codes.valid_on(name, code, day) in (True, False)
    if "\t" in code or code == "":
        assert not codes.valid_on(name, code, day)
        assert codes.title(name, code) == ""


def test_a_set_is_read_once_and_only_when_it_is_asked_for() -> None:
    """In a process of its own. The limits are several times what it takes (45 ms, 18 MB)."""
    script = (
        "import resource, sys, time\n"
        "from billing_saas.reference import codes\n"
        "assert codes._lines.cache_info().currsize == 0\n"
        "def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024\n"
        "before, began = peak(), time.process_time()\n"
        "codes.title('icd10', 'E119')\n"
        "took, grew = time.process_time() - began, peak() - before\n"
        "assert codes._lines.cache_info().currsize == 1\n"
        "print(int(took * 1000), grew)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout
    milliseconds, megabytes = map(int, said.split())
    assert milliseconds < 150
    assert megabytes < 40


def test_a_look_up_takes_microseconds() -> None:
    ask = codes.checks()["icd10"]
    ask("E119", "20261101")
    began = time.process_time()
    for _ in range(10_000):
        ask("E119", "20261101")
    assert time.process_time() - began < 0.2  # 20 microseconds each, ten times what it takes
