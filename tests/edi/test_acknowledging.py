"""TA1 and 999: who gets which answer, and that our own reader and guide take them."""

import pytest

from billing_saas.edi import ack999, ta1
from billing_saas.edi.acknowledging import acknowledge
from billing_saas.edi.delimiters import Unreadable
from billing_saas.edi.envelope import interchanges
from billing_saas.edi.findings import Finding
from billing_saas.edi.validation import validate
from billing_saas.edi.validation_envelope import Agreement
from tests.edi.drafts import NOW, PROFESSIONAL, Draft, Numbers, answer


def professional() -> Draft:
    return Draft(PROFESSIONAL)


def test_the_answer_goes_back_where_the_file_came_from() -> None:
    written = acknowledge([professional().bytes()], now=NOW, control_numbers=Numbers())
    interchange = next(interchanges([written]))
    header = interchange.header
    assert (header.sender, header.receiver) == ("CLEARINGHOUSE", "ELMSTREET")
    assert (header.date, header.time, header.usage) == ("240116", "0830", "P")
    group = next(interchange.groups())
    assert (group.header.functional_id, group.header.sender) == ("FA", "CLEAR")
    assert group.header.version == "005010X231A1"


def test_our_999_fits_its_own_guide_and_reader() -> None:
    spoilt = (
        professional()
        .change("11:B:1", "11:B:7")
        .change("SV1*HC:99213*40*UN", "SV1*HX:99213*40*UN")
        .change("NM1*IL", "NM31*IL")
    )
    written = acknowledge([spoilt.bytes()], now=NOW, control_numbers=Numbers())
    envelope: list[object] = []
    for interchange in interchanges([written], envelope):  # type: ignore[arg-type]  # only counted
        for group in interchange.groups():
            for transaction in group.transactions():
                assert validate(transaction) == []
    assert envelope == []
    for interchange in interchanges([written]):
        for group in interchange.groups():
            for transaction in group.transactions():
                read = ack999.read(transaction)
                assert read.verdict == "rejected"
                assert ack999.verdict_of(read, "0001") == "rejected"


def test_a_ta1_is_sent_where_it_is_asked_for() -> None:
    asked = professional().change("*0*P*:", "*1*P*:")
    assert answer(asked.bytes())[0] == "TA1*000000905*240115*1253*A*000"
    assert answer(asked.bytes())[-1] == "AK9*A*1*1*1"
    written = acknowledge([asked.bytes()], now=NOW, control_numbers=Numbers())
    interchange = next(interchanges([written]))
    assert [one.verdict for one in ta1.read_all(interchange)] == ["accepted"]


def test_one_bad_set_of_two_makes_the_group_partly_accepted() -> None:
    draft = professional()
    st = next(at for at, line in enumerate(draft.lines) if line.startswith("ST*"))
    se = next(at for at, line in enumerate(draft.lines) if line.startswith("SE*"))
    second = (
        "\n".join(draft.lines[st : se + 1]).replace("*0001", "*0002").replace("11:B:1", "11::1")
    )
    draft.lines[se + 1 : se + 1] = second.split("\n")
    draft.replace("GE*", "GE*2*17")
    assert answer(draft.bytes()) == [
        "AK1*HC*17*005010X222A1",
        "AK2*837*0001*005010X222A1",
        "IK5*A",
        "AK2*837*0002*005010X222A1",
        "IK3*CLM*19*2300*8",
        "IK4*5:2*1332*1",
        "IK5*R*5",
        "AK9*P*2*2*1",
    ]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("*ZZ*ELMSTREET ", "*XX*ELMSTREET ", "005"),
        ("*ZZ*CLEARINGHOUSE ", "*XX*CLEARINGHOUSE ", "007"),
        ("*240115*1253*^", "*241315*1253*^", "014"),
        ("*00501*000000905*", "*00201*000000905*", "017"),
        ("*00501*000000905*", "*00501*00000090X*", "018"),
        ("*00501*000000905*", "*00501*000000000*", "018"),
        ("*0*P*:", "*2*P*:", "019"),
        ("*0*P*:", "*0*X*:", "020"),
    ],
)
def test_what_the_isa_must_hold(old: str, new: str, code: str) -> None:
    draft = professional().change(old, new)
    number = draft.lines[0].split("*")[13]
    draft.replace("IEA*", f"IEA*1*{number}")
    assert [line[-5:] for line in answer(draft.bytes())] == [f"R*{code}"]


def test_a_test_file_does_not_go_into_production() -> None:
    production = Agreement(usage="P")
    assert answer(professional().bytes(), agreement=production)[-1] == "AK9*A*1*1*1"
    test = professional().change("*0*P*:", "*0*T*:")
    assert answer(test.bytes(), agreement=production)[0].endswith("*R*020")


def test_a_repeated_isa13_is_refused_only_where_that_was_agreed() -> None:
    twice = professional().bytes() * 2
    assert [line for line in answer(twice) if line.startswith("AK9")] == ["AK9*A*1*1*1"] * 2
    lines = answer(twice, agreement=Agreement(refuses_repeats=True))
    assert lines[-1] == "TA1*000000905*240115*1253*R*025"
    assert "AK9*A*1*1*1" in lines
    known = Agreement(
        refuses_repeats=True, came_before=lambda header: header.control_number == "000000905"
    )
    assert answer(professional().bytes(), agreement=known)[0].endswith("*R*025")


def test_a_repeated_gs06_is_19() -> None:
    draft = professional()
    draft.lines[-1:-1] = draft.lines[1:-1]
    draft.replace("IEA*", "IEA*2*000000905")
    assert [line for line in answer(draft.bytes()) if line.startswith("AK9")] == [
        "AK9*A*1*1*1",
        "AK9*R*1*1*1*19",
    ]


def test_a_segment_without_end_is_refused_in_flat_memory() -> None:
    def endless() -> list[bytes]:
        head = professional().text().encode()[:300]
        return [head, *([b"X" * 100_000] * 30)]

    written = acknowledge(endless(), now=NOW, control_numbers=Numbers())
    assert b"TA1*000000905*240115*1253*R*022" in written


def test_nothing_is_said_twice_of_patients() -> None:
    draft = professional().change("SMITH*JANE****MI*JS00111223333", "SMITH*JANE****ZZ*" + "9" * 90)
    text = "\n".join(answer(draft.bytes()))
    assert "IK4*8*66*7*ZZ" in text
    assert "999999" not in text
    assert "SMITH" not in text


def test_what_cannot_be_sent_back_is_not() -> None:
    damaged = professional().change("ST*837*0001", "ST*8:7*00~01".replace("~", "^"))
    assert answer(damaged.bytes())[1].startswith("AK2*8?7*00?01*")


@pytest.mark.parametrize("mark", ["*", "^", ":", "~", ">", "\x1d", "\u00e9"])
@pytest.mark.parametrize(
    "old",
    ["ELMSTREET  ", "CLEARINGHOUSE  ", "240115*", "1253*", "000000905*0", "ZZ*ELM", "0*P*:"],
)
def test_a_broken_isa_with_separators_in_its_data_is_answered(old: str, mark: str) -> None:
    """One character of an element is a separator of ours (or of nobody): a TA1, or no answer."""
    for at in range(len(old)):
        isa, rest = professional().bytes().decode("latin-1").split("GS*", 1)
        raw = (isa.replace(old, old[:at] + mark + old[at + 1 :]) + "GS*" + rest).encode("latin-1")
        try:
            written = acknowledge([raw], now=NOW, control_numbers=Numbers())
        except Unreadable:
            continue  # the separators themselves were hit: nobody can be answered
        faults: list[Finding] = []
        read = [
            one.verdict
            for interchange in interchanges([written], faults)
            for one in ta1.read_all(interchange)
        ]
        assert faults == []
        # A TA1 that has lost the number it answers says R all the same, and to nobody.
        assert set(read) <= {"rejected", "unreadable"}


def test_a_separator_in_the_senders_id_is_not_sent_back() -> None:
    raw = professional().bytes().replace(b"ELMSTREET      ", b"ELM*STR^ET:    ", 1)
    written = acknowledge([raw], now=NOW, control_numbers=Numbers())
    interchange = next(interchanges([written]))
    assert [one.verdict for one in ta1.read_all(interchange)] == ["rejected"]
    assert [one.note for one in ta1.read_all(interchange)] == ["022"]
