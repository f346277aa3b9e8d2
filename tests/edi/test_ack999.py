"""999 and 997: which of our sets were taken, and when an acknowledgment may not be believed."""

import pytest

from billing_saas.edi import ack999
from billing_saas.edi.ack999 import AcknowledgmentUnreadable
from billing_saas.edi.findings import Finding
from billing_saas.edi.writing import Pen
from tests.edi.sets import SAMPLES, copied, file_of, own, sample, segments_of, set_of, sets_in

TAKEN = """
    AK1*HC*44*005010X222A1
    AK2*837*0001*005010X222A1
    IK5*A
    AK2*837*0002*005010X222A1
    IK5*A
    AK9*A*2*2*2
"""


def read(text: str, findings: list[Finding] | None = None) -> ack999.Acknowledgment:
    return ack999.read(set_of("999", "005010X231A1", segments_of(text)), findings)


def verdicts(acknowledgment: ack999.Acknowledgment) -> list[str]:
    return [one.verdict for one in ack999.set_verdicts(acknowledgment)]


def test_a_group_with_an_accepted_a_noted_and_a_rejected_set() -> None:
    found = ack999.read(next(own("ta1-then-999.edi")))
    assert (found.functional_id, found.control_number, found.version) == (
        "HC",
        "44",
        "005010X222A1",
    )
    assert found.verdict == "partly_accepted"
    assert verdicts(found) == ["accepted", "accepted_with_errors", "rejected"]
    assert [one.is_accepted for one in ack999.set_verdicts(found)] == [True, True, False]
    assert found.sets[2].notes == ("5", "I5")


def test_what_was_wrong_is_read_with_its_context() -> None:
    found = ack999.read(next(own("ta1-then-999.edi")))
    [error] = found.sets[1].errors
    assert (error.segment, error.position, error.loop, error.code) == ("CLM", 27, "2300", "8")
    assert error.contexts[0].names[0].name == "CLM01"
    [element] = error.elements
    assert element.where == ack999.ElementPlace(element="5", component="3")
    assert (element.reference, element.code, element.value) == ("1325", "7", "9")
    missing, wrong = found.sets[2].errors
    assert missing.contexts[0].position == 11
    assert wrong.elements[0].contexts[0].where == ack999.ElementPlace(element="8")
    assert found.sets[2].place.segment == 10


@pytest.mark.parametrize(
    "path",
    [
        "x12/simple999.edi",
        "x12/simple997.edi",
        "response-to-functional-group-containing-3-837s.edi",
        "response-to-functional-group-containing-837s.edi",
        "x12testdata/elements.expected.997",
        "x12testdata/834_eol_in_element.expected.999",
    ],
)
def test_a_public_acknowledgment_is_written_as_it_was_read(path: str) -> None:
    original = copied(next(sample(path)))
    transaction = next(sample(path))
    found = ack999.read(transaction)
    assert ack999.write(found, Pen(transaction.delimiters)) == original


def test_an_unlisted_set_follows_its_group() -> None:
    found = read("AK1*HC*44\nAK9*A*3*3*3")
    assert ack999.verdict_of(found, "0003") == "accepted"
    assert ack999.verdict_of(read("AK1*HC*44\nAK9*R*3*3*0*1"), "0003") == "rejected"


def test_an_unlisted_set_of_a_partly_accepted_group_is_unknown() -> None:
    found = read("AK1*HC*44\nAK2*837*0001\nIK5*R*5\nAK9*P*3*3*2")
    assert ack999.verdict_of(found, "0001") == "rejected"
    assert ack999.verdict_of(found, "0002") == "unknown"


def test_a_rejected_group_rejects_its_accepted_sets() -> None:
    """pyx12 lists a set as accepted inside a group it rejects for its trailer."""
    found = ack999.read(next(sample("x12testdata/trailer_errors.expected.997")))
    assert found.sets[1].status == "A"
    assert verdicts(found) == ["rejected", "rejected"]


def test_the_worst_of_two_verdicts_on_one_set_counts() -> None:
    found = read("AK1*HC*44\nAK2*837*0001\nIK5*A\nAK2*837*0001\nIK5*R*23\nAK9*P*2*2*1")
    assert ack999.verdict_of(found, "0001") == "rejected"


@pytest.mark.parametrize("status", ["R", "M", "W", "X"])
def test_every_kind_of_rejection_rejects(status: str) -> None:
    found = read(f"AK1*HC*44\nAK2*837*0001\nIK5*{status}*5\nAK9*{status}*1*1*0")
    assert (found.verdict, verdicts(found)) == ("rejected", ["rejected"])


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("x12/invalid999.edi", "SE01 is not the number of segments"),
        ("x12/invalid997.edi", "AK101 names no kind of group"),
        ("x12/invalid997_min.edi", "AK101 names no kind of group"),
        ("x12/extraDelimiter997.edi", "AK302 is not a number"),
        ("x12/empty997.edi", "AK101 names no kind of group"),
    ],
)
def test_a_public_acknowledgment_that_may_not_be_believed(path: str, reason: str) -> None:
    with pytest.raises(AcknowledgmentUnreadable) as caught:
        ack999.read(next(sample(path)))
    assert caught.value.reason == reason
    assert "unreadable" in str(caught.value)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("IK5*A\n    AK2", "AK2"), "IK501 does not say accepted or rejected"),
        (("IK5*A\n    AK9", "IK5*Q\n    AK9"), "IK501 does not say accepted or rejected"),
        (("IK5*A\n    AK9", "IK5*A\n    IK5*R*5\n    AK9"), "IK5 stands where it may not"),
        (("AK2*837*0001", "IK5*R*5\n    AK2*837*0001"), "IK5 stands where it may not"),
        (("AK9*A*2*2*2", "AK9**2*2*2"), "AK901 does not say accepted or rejected"),
        (("AK9*A*2*2*2", "AK9*B*2*2*2"), "AK901 does not say accepted or rejected"),
        (("    AK9*A*2*2*2\n", ""), "AK901 does not say accepted or rejected"),
        (("AK9*A*2*2*2", "AK9*A*2*2"), "AK9 does not say how many sets there were"),
        (("AK9*A*2*2*2", "AK9*A*2*two*2"), "AK903 is not a number"),
        (("AK9*A*2*2*2", "AK9*A*2*2*2\n    AK9*R*2*2*0"), "AK9 stands where it may not"),
        (("AK1*HC*44*", "AK1*HC**"), "AK102 names no group"),
        (("AK1*HC*44*", "AK1*hc*44*"), "AK101 names no kind of group"),
        (("AK2*837*0001*", "AK2*837**"), "AK202 names no set"),
    ],
)
def test_doubt_is_never_acceptance(change: tuple[str, str], reason: str) -> None:
    text = TAKEN.replace(*change)
    assert text != TAKEN
    with pytest.raises(AcknowledgmentUnreadable) as caught:
        read(text)
    assert caught.value.reason == reason


def test_a_cut_acknowledgment_is_not_believed() -> None:
    whole = file_of("999", "005010X231A1", segments_of(TAKEN))
    transaction = next(sets_in(whole[: whole.index(b"SE*")]))
    with pytest.raises(AcknowledgmentUnreadable, match="ends before its SE"):
        ack999.read(transaction)


def test_every_acknowledgment_of_a_file() -> None:
    raw = (SAMPLES / "xlate+staedi/x12/simple997-multiple-interchanges.edi").read_bytes()
    assert [one.verdict for one in ack999.read_file([raw])] == ["rejected"] * 3


@pytest.mark.parametrize(
    "change", [(b"GE*1*1", b"GE*2*1"), (b"IEA*1*", b"IEA*2*"), (b"GE*1*1~\n", b"")]
)
def test_a_fault_of_the_envelope_puts_the_whole_file_in_doubt(change: tuple[bytes, bytes]) -> None:
    raw = file_of("999", "005010X231A1", segments_of(TAKEN)).replace(b"~", b"~\n")
    assert [one.verdict for one in ack999.read_file([raw])] == ["accepted"]
    with pytest.raises(AcknowledgmentUnreadable):
        ack999.read_file([raw.replace(*change)])


def test_a_late_ta1_is_told_and_no_doubt() -> None:
    path = "azoner+pyx12/x12testdata/simple_837p.expected.997"
    findings: list[Finding] = []
    assert len(ack999.read_file([(SAMPLES / path).read_bytes()], findings)) == 1
    assert [one.code for one in findings] == ["late_ta1"]


def test_another_kind_of_set_is_not_an_acknowledgment() -> None:
    with pytest.raises(AcknowledgmentUnreadable, match="neither a 999 nor a 997"):
        ack999.read(set_of("271", "005010X279A1", segments_of(TAKEN)))


@pytest.mark.parametrize(
    ("change", "element"),
    [
        (("AK9*A*2*2*2", "AK9*A*2*1*1"), 3),
        (("AK9*A*2*2*2", "AK9*A*2*2*1"), 4),
        (("IK5*A\n    AK9*A", "IK5*R*5\n    AK9*A"), 1),
    ],
)
def test_a_contradiction_is_told_and_the_worse_side_counts(
    change: tuple[str, str], element: int
) -> None:
    findings: list[Finding] = []
    read(TAKEN.replace(*change), findings)
    assert findings[0].code == "acknowledgment_contradicts_itself"
    assert (findings[0].segment, findings[0].element) == ("AK9", element)


def test_a_segment_nobody_knows_is_kept() -> None:
    findings: list[Finding] = []
    found = read(TAKEN.replace("IK5*A\n    AK9", "ZZZ*1\n    IK5*A\n    AK9"), findings)
    assert found.unread == ((6, ("ZZZ", "1")),)
    assert [finding.code for finding in findings] == ["unknown_segment"]


def test_an_acknowledgment_shows_no_data_in_its_repr() -> None:
    assert repr(read(TAKEN)) == "<Acknowledgment at interchange 1, group 1, set 1, segment 1>"
