"""Writing an 837: hierarchy, numbers, canonical amounts, and what is refused."""

from typing import Any

import msgspec
import pytest

from billing_saas.edi import claim837_writer
from billing_saas.edi.claim837 import VERSIONS, Claim
from billing_saas.edi.claim837_clinical import HealthCode
from billing_saas.edi.claim837_coordination import Adjustment, LineAdjudication, OtherCoverage
from billing_saas.edi.claim837_line_writer import adjustment_segments
from billing_saas.edi.claim837_lines import DentalService, InstitutionalService
from billing_saas.edi.claim837_parties import Patient, Subscriber
from billing_saas.edi.claim837_parts import Insurance, PatientDetails
from billing_saas.edi.delimiters import STANDARD, Delimiters
from billing_saas.edi.envelope import GroupHeader
from billing_saas.edi.parties import Address, AmountValue, Procedure, Reference
from billing_saas.edi.writing import (
    OutgoingGroup,
    OutgoingSet,
    Unwritable,
    pieces,
    write_interchange,
)
from tests.edi.claims837 import HEADER, PROVIDER, SUBSCRIBER, a_claim, a_line, again
from tests.edi.sets import INTERCHANGE

GROUP = GroupHeader(
    functional_id="HC",
    sender="ELM",
    receiver="PAYER",
    date="20260101",
    time="1200",
    control_number="1",
    agency="X",
    version=VERSIONS["837P"],
)
CHILD = Patient(
    entity="QC", entity_type="1", name="OAKLEY", details=PatientDetails(relationship="19")
)
OTHER = msgspec.structs.replace(SUBSCRIBER, name="BIRCHER")


def written(*claims: Claim, kind: str = "837P") -> list[str]:
    header = msgspec.structs.replace(HEADER, kind=kind)
    return ["*".join(segment) for segment in claim837_writer.write(header, claims)]


def levels(*claims: Claim) -> list[str]:
    return [segment for segment in written(*claims) if segment.startswith(("HL*", "CLM*"))]


def named(number: str, **fields: Any) -> Claim:
    return a_claim(number=number, **fields)


def test_levels_are_numbered_from_one_without_gaps() -> None:
    second = msgspec.structs.replace(PROVIDER, name="OAK CLINIC")
    found = levels(
        named("1"),
        named("2", patient=CHILD),
        named("3", subscriber=OTHER),
        named("4", subscriber=OTHER, billing_provider=second),
    )
    assert [segment.removesuffix("*40***11:B:1") for segment in found] == [
        "HL*1**20*1",
        "HL*2*1*22*1",
        "CLM*1",
        "HL*3*2*23*0",
        "CLM*2",
        "HL*4*1*22*0",
        "CLM*3",
        "HL*5**20*1",
        "HL*6*5*22*0",
        "CLM*4",
    ]


def test_equal_parties_are_one_level_whoever_made_them() -> None:
    copy = msgspec.structs.replace(SUBSCRIBER)
    assert copy is not SUBSCRIBER
    assert len(levels(named("1"), named("2", subscriber=copy))) == 4


def test_a_subscribers_own_claim_after_a_dependents_opens_the_level_anew() -> None:
    found = levels(named("1", patient=CHILD), named("2"))
    assert [segment[:4] for segment in found] == [
        "HL*1",
        "HL*2",
        "HL*3",
        "CLM*",
        "HL*4",
        "CLM*",
    ]


def test_in_hierarchy_brings_claims_of_a_party_together() -> None:
    scattered = [
        named("1", patient=CHILD),
        named("2", subscriber=OTHER),
        named("3"),
        named("4", patient=CHILD),
    ]
    ordered = claim837_writer.in_hierarchy(scattered)
    assert [claim.number for claim in ordered] == ["3", "1", "4", "2"]
    assert len([one for one in levels(*ordered) if one.startswith("HL")]) == 4


def test_a_patient_has_at_most_a_hundred_claims_in_a_level() -> None:
    found = levels(*[named(f"C{number}") for number in range(101)])
    assert len([one for one in found if one.startswith("HL")]) == 3


def test_lines_are_numbered_and_amounts_canonical() -> None:
    claim = a_claim(a_line(18750), a_line(5), a_line(0), number="1")
    found = written(claim)
    assert [one for one in found if one.startswith(("LX", "SV1", "CLM"))] == [
        "CLM*1*187.55***11:B:1",
        "LX*1",
        "SV1*HC:G0463*187.5*UN*1***1",
        "LX*2",
        "SV1*HC:G0463*.05*UN*1***1",
        "LX*3",
        "SV1*HC:G0463*0*UN*1***1",
    ]


def test_reasons_of_one_group_share_a_segment_of_six() -> None:
    adjustments = [Adjustment("CO", str(number), number) for number in range(1, 8)]
    adjustments[2] = Adjustment("CO", "3", 3, "2")
    adjustments.append(Adjustment("PR", "1", -250))
    assert ["*".join(one) for one in adjustment_segments(adjustments)] == [
        "CAS*CO*1*.01**2*.02**3*.03*2*4*.04**5*.05**6*.06",
        "CAS*CO*7*.07",
        "CAS*PR*1*-2.5",
    ]


def test_other_delimiters_are_used_throughout() -> None:
    marks = Delimiters(element="|", repetition="!", component="<", segment="'")
    claim = a_claim(a_line(procedure=Procedure("HC", "G0463", ("25", "59"))))
    segments = claim837_writer.write(HEADER, [claim], marks)
    assert ["SV1", "HC<G0463<25<59", "40", "UN", "1", "", "", "1"] in segments


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"number": "A*B"}, "CLM01: claim 1:"),
        ({"number": "A~B"}, "CLM01: claim 1:"),
        ({"number": "A:B"}, "CLM01: claim 1:"),
        ({"number": "A^B"}, "CLM01: claim 1:"),
        ({"number": "A\nB"}, "CLM01: claim 1:"),
        ({"references": (Reference("G1", "X:Y"),)}, "REF02: claim 1:"),
        ({"diagnoses": (HealthCode("ABK", "I:10"),)}, "HI01: claim 1:"),
        ({"facility_code": "1:1"}, "CLM05: claim 1:"),
        (
            {"subscriber": msgspec.structs.replace(SUBSCRIBER, name="A~B")},
            "NM103: parties of claim 1:",
        ),
        (
            {"billing_provider": msgspec.structs.replace(PROVIDER, address=Address(city="A*"))},
            "N401: parties of claim 1:",
        ),
        ({"charge_cents": 10_000_000_000}, "CLM02: claim 1: an amount has at most ten digits"),
        ({"amounts": (AmountValue("F5", 10**10),)}, "AMT02: claim 1:"),
        ({"unread": ((7, ("XX", "1")),)}, "claim 1: the claim holds segments"),
        (
            {"diagnoses": (HealthCode("ABK", "I10"),) * 13},
            "claim 1: a claim of this kind has at most 12 diag",
        ),
        (
            {"admitting_diagnosis": HealthCode("ABJ", "R55")},
            "claim 1: a claim of this kind has at most 0 admitting diagnosis",
        ),
        (
            {"values": (HealthCode("BE", "80"),)},
            "claim 1: a claim of this kind has at most 0 values",
        ),
        (
            {"other_coverages": (OtherCoverage(insurance=Insurance("S")),) * 11},
            "claim 1: a claim names at most 10",
        ),
        ({"lines": (a_line(),) * 51}, "claim 1: the claim has 51 lines, and at most 50"),
        ({"lines": (a_line(), a_line(diagnosis_pointers=(2,)))}, "SV107: claim 1: line 2: a poin"),
        ({"lines": (a_line(diagnosis_pointers=(1,) * 5),)}, "SV107: claim 1: line 1: a line poi"),
        (
            {"lines": (a_line(procedure=Procedure("HC", "G0463", ("1", "2", "3", "4", "5"))),)},
            "SV101: claim 1: line 1: a procedure has at most four modifiers",
        ),
        (
            {
                "lines": (
                    a_line(adjudications=(LineAdjudication(payer_id="1", paid_cents=1),) * 16),
                )
            },
            "claim 1: line 1: a line holds at most 15",
        ),
        (
            {"lines": (a_line(professional=None, dental=DentalService()),)},
            "claim 1: line 1: a professional claim holds a line of another kind",
        ),
        (
            {"lines": (a_line(professional=None, institutional=InstitutionalService()),)},
            "claim 1: line 1: a professional claim holds a line of another kind",
        ),
    ],
)
def test_what_cannot_be_sent_is_refused_at_its_place(fields: dict[str, Any], place: str) -> None:
    with pytest.raises(Unwritable) as refused:
        written(a_claim(**fields))
    assert str(refused.value).startswith(place)


def test_a_delimiter_in_a_line_is_refused_at_its_line() -> None:
    marked = a_line(references=(Reference("6R", "L*2"),))
    with pytest.raises(Unwritable, match="REF02: claim 2: line 2: the value holds a delimiter"):
        written(a_claim(), a_claim(a_line(), marked))


def test_more_causes_than_the_segment_holds_are_refused() -> None:
    with pytest.raises(Unwritable, match="CLM11: claim 1: a claim names at most three"):
        written(a_claim(related_causes=("AA", "EM", "OA", "AB")))


def test_what_is_no_delimiter_here_is_data() -> None:
    marks = Delimiters(element="|", repetition="!", component="<", segment="'")
    provider = msgspec.structs.replace(PROVIDER, name="ELM*CLINIC:A~B^C")
    own = named("A*1", billing_provider=provider)
    child = named("B:2", billing_provider=provider, patient=CHILD)
    segments = claim837_writer.write(HEADER, [own, child], marks)
    assert [segment[:3] for segment in segments if segment[0] in ("HL", "CLM")] == [
        ["HL", "1", ""],
        ["HL", "2", "1"],
        ["CLM", "A*1", "40"],
        ["HL", "3", "2"],
        ["CLM", "B:2", "40"],
    ]
    assert segments[4][:4] == ["NM1", "85", "2", "ELM*CLINIC:A~B^C"]
    with pytest.raises(Unwritable, match="NM103: parties of claim 1"):
        claim837_writer.write(HEADER, [named("1", subscriber=_named("A<B"))], marks)


def _named(name: str) -> Subscriber:
    return msgspec.structs.replace(SUBSCRIBER, name=name)


def test_the_components_of_a_linked_reference_are_no_data() -> None:
    linked = Reference("F8", "1", "", "6R:2")
    assert "REF*F8*1**6R:2" in written(a_claim(references=(linked,)))
    with pytest.raises(Unwritable, match="REF04: claim 1"):
        written(a_claim(references=(Reference("F8", "1", "", "6R*2"),)))


def test_without_a_repetition_separator_its_usual_sign_is_data() -> None:
    old = Delimiters(element="*", repetition=None, component=":", segment="~")
    assert ["CLM", "A^B"] in [one[:2] for one in claim837_writer.write(HEADER, [named("A^B")], old)]


@pytest.mark.parametrize(
    "marks", [STANDARD, Delimiters(element="|", repetition="!", component="<", segment="'")]
)
def test_blocks_are_the_segments_as_text(marks: Delimiters) -> None:
    claims = [
        named(f"C{at}", subscriber=_named(f"OAK{at % 50}"), patient=CHILD if at % 3 else None)
        for at in range(200)
    ]
    segments = claim837_writer.write(HEADER, claims, marks)
    found = list(claim837_writer.blocks(HEADER, claims, marks))
    assert 2 < len(found) < 50
    assert sum(block.segments for block in found) == len(segments)
    assert "".join(block.text for block in found) == "".join(
        marks.element.join(segment) + marks.segment for segment in segments
    )


def test_an_interchange_is_the_same_of_blocks_and_of_segments() -> None:
    claims = [named("1"), named("2", subscriber=OTHER)]
    texts = [
        write_interchange(
            INTERCHANGE,
            [
                OutgoingGroup(
                    header=GROUP,
                    sets=[OutgoingSet(identifier="837", control_number="0001", segments=body)],
                )
            ],
            line_end="\n",
        )
        for body in (claim837_writer.blocks(HEADER, claims), claim837_writer.write(HEADER, claims))
    ]
    assert texts[0] == texts[1]
    assert "~\nCLM*2*" in texts[0]


def test_blocks_go_only_into_an_interchange_with_their_delimiters() -> None:
    marks = Delimiters(element="|", repetition="!", component="<", segment="'")
    blocks = claim837_writer.blocks(HEADER, [named("1")], marks)
    with pytest.raises(ValueError, match="other delimiters"):
        list(pieces(blocks))


def test_the_claim_refused_is_named_by_its_place_in_the_batch() -> None:
    with pytest.raises(Unwritable, match="claim 3: line 1"):
        written(a_claim(), a_claim(), a_claim(a_line(diagnosis_pointers=(9,))))


def test_institutional_claims_may_have_999_lines() -> None:
    service = InstitutionalService(revenue_code="0450")
    line = a_line(professional=None, institutional=service, diagnosis_pointers=())
    assert "LX*999" in written(a_claim(*[line] * 999), kind="837I")
    with pytest.raises(Unwritable, match="at most 999"):
        written(a_claim(*[line] * 1000), kind="837I")


def test_a_set_holds_five_thousand_claims_and_batches_split_the_rest() -> None:
    claims = [a_claim()] * 5001
    with pytest.raises(Unwritable, match="claim 5001: a set holds at most 5000"):
        written(*claims)
    assert [len(batch) for batch in claim837_writer.batches(claims)] == [5000, 1]
    with pytest.raises(ValueError, match="from 1 to 5000"):
        next(claim837_writer.batches(claims, 5001))


def test_claims_can_be_written_as_they_come() -> None:
    taken = []

    def coming() -> Any:
        for number in range(3):
            taken.append(number)
            yield named(
                str(number), subscriber=msgspec.structs.replace(SUBSCRIBER, name=f"N{number}")
            )

    stream = claim837_writer.segments(HEADER, coming(), STANDARD)
    while next(stream)[0] != "CLM":
        pass
    # One claim ahead, to know whether the level has children.
    assert taken == [0, 1]


def test_no_segment_ends_empty() -> None:
    claim = a_claim(
        a_line(unit="", quantity="", diagnosis_pointers=()),
        references=(Reference("G1"),),
        frequency="",
        facility_qualifier="",
    )
    for segment in claim837_writer.write(HEADER, [claim]):
        assert segment[-1] != ""
        assert not segment[-1].endswith(":")


def test_a_party_of_nothing_is_not_written() -> None:
    bare = msgspec.structs.replace(PROVIDER, entity_type="", name="", id_qualifier="", id="")
    assert not any(one.startswith("NM1*85") for one in written(a_claim(billing_provider=bare)))


def test_what_was_written_is_read_again() -> None:
    claim = a_claim(a_line(number=1), a_line(2500, number=2), patient=CHILD)
    header, (found,) = again(HEADER, [claim])
    assert header == HEADER
    assert found.charge_cents == 6500
    assert [line.number for line in found.lines] == [1, 2]
