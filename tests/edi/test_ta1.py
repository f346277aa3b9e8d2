"""TA1: what a receiver says of a whole interchange."""

import pytest

from billing_saas.edi import ack999, ta1
from billing_saas.edi.envelope import interchanges
from billing_saas.edi.findings import Finding
from tests.edi.sets import OWN, SAMPLES


def test_an_accepted_interchange() -> None:
    raw = (SAMPLES / "xlate+staedi/wiki/x12_interchange_ack.txt").read_bytes()
    interchange = next(interchanges([raw]))
    [acknowledgment] = ta1.read_all(interchange)
    assert acknowledgment.verdict == "accepted"
    assert acknowledgment.control_number == "000000050"
    assert acknowledgment.meaning == "no error"
    assert ta1.write(acknowledgment) == [["TA1", "000000050", "200229", "1200", "A", "000"]]


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ("A", "accepted"),
        ("E", "accepted_with_errors"),
        ("R", "rejected"),
        ("", "unreadable"),
        ("a", "unreadable"),
        ("X", "unreadable"),
    ],
)
def test_only_a_and_e_accept(status: str, verdict: str) -> None:
    found = ta1.read(["TA1", "000000044", "260309", "1830", status, "000"])
    assert found.verdict == verdict


def test_a_ta1_without_a_number_accepts_nothing() -> None:
    findings: list[Finding] = []
    found = ta1.read(["TA1", "", "260309", "1830", "A", "000"], findings=findings)
    assert found.verdict == "unreadable"
    assert [finding.code for finding in findings] == ["acknowledgment_unreadable"]


def test_a_duplicate_interchange_is_told_in_words() -> None:
    found = ta1.read(["TA1", "000000044", "260309", "1830", "R", "025"])
    assert found.meaning == "the control number was used before"
    assert ta1.read(["TA1", "1", "2", "3", "R", "999"]).meaning.startswith("a note that is not")


def test_a_ta1_before_the_group_of_a_999_is_read_and_so_is_the_999() -> None:
    """Some clearing houses always send both in one interchange (rule 55)."""
    interchange = next(interchanges([(OWN / "ta1-then-999.edi").read_bytes()]))
    acknowledgments = ta1.read_all(interchange)
    sets = [ack999.read(one) for group in interchange.groups() for one in group.transactions()]
    assert [one.verdict for one in acknowledgments] == ["accepted"]
    assert [one.verdict for one in sets] == ["partly_accepted"]


def test_an_answer_names_number_date_and_time() -> None:
    """Control numbers are used again after a while, so the number alone does not name a file."""
    old = ta1.read(["TA1", "000000044", "250309", "1830", "R", "022"])
    new = ta1.read(["TA1", "000000044", "260309", "1830", "A", "000"])
    assert ta1.answer_to([old, new], "000000044", "250309", "1830") == old
    assert ta1.answer_to([old, new], "000000044", "260309", "1830") == new
    assert ta1.answer_to([old, new], "000000045", "260309", "1830") is None
