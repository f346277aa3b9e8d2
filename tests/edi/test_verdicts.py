"""Every public sample has a verdict of its own; what its repository calls it counts for nothing.

`tests/samples/x12/VERDICTS.toml` says of each sample what the readers make of it (clean, findings
or refused), what `checking` says, and why.
"""

import csv
import tomllib
from pathlib import Path
from typing import Any

import pytest

from billing_saas.edi import (
    ack999,
    attachment275,
    authorization278,
    claim837_reader,
    eligibility270,
    era835,
    status276,
    status277ca,
    ta1,
)
from billing_saas.edi.binaries import Lifted
from billing_saas.edi.checking import check
from billing_saas.edi.delimiters import Unreadable
from billing_saas.edi.envelope import TransactionSet, interchanges
from billing_saas.edi.findings import Finding
from billing_saas.edi.layout_reading import UnsupportedSet
from tests.edi.sets import SAMPLES

VERDICTS: dict[str, Any] = tomllib.loads((SAMPLES / "VERDICTS.toml").read_text())
FILES = sorted(
    str(path.relative_to(SAMPLES))
    for path in SAMPLES.rglob("*")
    if path.is_file() and path.parent != SAMPLES
)
READERS = {
    "999": ack999.read,
    "997": ack999.read,
    "270": eligibility270.read,
    "271": eligibility270.read,
    "276": status276.read,
    "277": status276.read,
    "277CA": status277ca.read,
    "278": authorization278.read,
    "835": era835.gather,
}


def read(transaction: TransactionSet, lifted: Lifted, findings: list[Finding]) -> str:
    """Read a set into structs; why that was not done, "" where it was."""
    try:
        if transaction.kind.startswith("837"):
            list(claim837_reader.read(transaction, findings))
        elif transaction.kind == "275":
            attachment275.read(transaction, lifted, findings)
        elif transaction.kind in READERS:
            READERS[transaction.kind](transaction, findings)
        else:
            return "kind_not_read"
    except UnsupportedSet:
        return "version_not_read"
    except ack999.AcknowledgmentUnreadable:
        return "acknowledgment_unreadable"
    return ""


def reader_verdict(path: Path) -> tuple[str, list[str]]:
    findings: list[Finding] = []
    lifted = Lifted([path.read_bytes()])
    refusals: set[str] = set()
    read_count = 0
    try:
        for interchange in interchanges(lifted, findings):
            read_count += len(ta1.read_all(interchange, findings))
            for group in interchange.groups():
                for transaction in group.transactions():
                    refusal = read(transaction, lifted, findings)
                    refusals |= {refusal} - {""}
                    read_count += not refusal
    except Unreadable as unreadable:
        return "refused", [unreadable.code]
    codes = sorted({finding.code for finding in findings} | refusals)
    if refusals and not read_count:
        return "refused", codes
    return ("findings" if codes else "clean"), codes


def check_verdict(path: Path) -> tuple[str, list[str]]:
    result = check(path)
    codes = sorted({finding.code for finding in result.findings})
    return ("clean", "findings", "unreadable")[result.exit_code], codes


def test_every_sample_has_a_verdict_and_every_verdict_a_sample() -> None:
    assert sorted(VERDICTS) == FILES


@pytest.mark.parametrize("name", FILES)
def test_the_readers_agree_with_the_verdict(name: str) -> None:
    verdict = VERDICTS[name]
    assert reader_verdict(SAMPLES / name) == (verdict["reader"], verdict.get("reader_codes", []))


@pytest.mark.parametrize("name", FILES)
def test_the_check_agrees_with_the_verdict(name: str) -> None:
    verdict = VERDICTS[name]
    assert check_verdict(SAMPLES / name) == (verdict["check"], verdict.get("check_codes", []))


@pytest.mark.parametrize("name", FILES)
def test_whatever_is_not_clean_says_why(name: str) -> None:
    verdict = VERDICTS[name]
    if (verdict["reader"], verdict["check"]) != ("clean", "clean"):
        assert verdict["why"].endswith(".")


# The columns of INDEX.tsv were filled by another program, so they judge the verdicts.
_ENVELOPE = {
    "SE01": "segment_count",
    "GE missing": "group_trailer_missing",
    "IEA missing": "interchange_trailer_missing",
    "SE missing": "transaction_trailer_missing",
    "GS06!=GE02": "group_control_number",
    "ISA13!=IEA02": "interchange_control_number",
    "ST02!=SE02": "transaction_control_number",
    "IEA01": "group_count",
    "IEA without ISA": "no_interchange",
}


def index() -> list[dict[str, str]]:
    with (SAMPLES / "INDEX.tsv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


@pytest.mark.parametrize("row", index(), ids=lambda row: row["fixture"])
def test_the_verdict_agrees_with_the_index(row: dict[str, str]) -> None:
    verdict = VERDICTS[row["fixture"]]
    codes = set(verdict.get("reader_codes", []))
    if verdict["reader"] != "refused":
        unbalanced = {code for code in codes if code.endswith("_out_of_balance")}
        assert bool(unbalanced) == ("UNBALANCED" in row["special"])
    if "no-ISA-first" in row["special"] or "ISA-not-106" in row["special"]:
        assert verdict["reader"] == "refused"
    for fault, code in _ENVELOPE.items():
        # A file that is refused at its first byte has no other fault; an unreadable
        # acknowledgment is told as that.
        if fault in (row["envelope_errors"] or "") and codes.isdisjoint(
            {"no_interchange", "acknowledgment_unreadable"}
        ):
            assert code in codes, fault
