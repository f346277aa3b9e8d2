"""Whatever claim can be written is read back the same; whatever bytes come, nothing breaks."""

import contextlib
import datetime
from pathlib import Path
from typing import NoReturn
from unittest import mock

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from billing_saas.edi import claim837_rules, claim837_writer
from billing_saas.edi.claim837 import VERSIONS, Claim
from billing_saas.edi.claim837_parties import Patient
from billing_saas.edi.delimiters import STANDARD, Delimiters
from billing_saas.edi.envelope import Unreadable
from billing_saas.edi.findings import Finding
from billing_saas.edi.parties import Address, DateValue, Procedure, Reference
from billing_saas.edi.writing import Unwritable
from billing_sandbox.practice_people import npi
from billing_sandbox.practice_system import PracticeIdentity, month_of_claims
from tests.edi import claims837, claims837_strategies
from tests.edi.claims837 import HEADER, again, envelope, without_places

SAMPLES = Path(__file__).parents[1] / "samples" / "x12"
SEEDS = [
    SAMPLES / "jaymd96+pyedi/data/test_edi/837P-all-fields.dat",
    SAMPLES / "azoner+pyx12/x12testdata/simple_837i.edi",
    SAMPLES / "moov-io+x12/examples/example_5010_837d/sample.txt",
    SAMPLES / "moov-io+x12/examples/example_5010_837p/sample.txt",
]
# Whole claims are large things to draw; shrinking one takes long and tells little more.
LARGE = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
PHASES = (Phase.explicit, Phase.generate)


def looked_closely(text: str, marks: Delimiters) -> NoReturn:
    raise AssertionError("the separators of a claim that holds none in its values are miscounted")


def check_round_trip(kind: str, claim: Claim) -> None:
    header = msgspec.structs.replace(HEADER, kind=kind, version=VERSIONS[kind])
    with mock.patch.object(claim837_writer, "StandIns", looked_closely):
        read_header, read_claims = again(header, [claim])
    assert read_header == header
    assert without_places(read_claims) == [claim]


@pytest.mark.parametrize("kind", sorted(VERSIONS))
@settings(max_examples=15, deadline=None, suppress_health_check=LARGE, phases=PHASES)
@given(data=st.data())
def test_a_claim_comes_back_as_it_was_written(kind: str, data: st.DataObject) -> None:
    check_round_trip(kind, data.draw(claims837_strategies.claims(kind)))


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(VERSIONS))
@settings(max_examples=60, deadline=None, suppress_health_check=LARGE, phases=PHASES)
@given(data=st.data())
def test_many_claims_come_back_as_they_were_written(kind: str, data: st.DataObject) -> None:
    check_round_trip(kind, data.draw(claims837_strategies.claims(kind)))


MARKED = st.text(alphabet="A1*:~^|\n\x7f\u0085Ñ", max_size=4)
PIPES = Delimiters(element="|", repetition="^", component=":", segment="~")


@settings(max_examples=80, deadline=None)
@given(values=st.lists(MARKED, min_size=6, max_size=6), marks=st.sampled_from([STANDARD, PIPES]))
def test_what_holds_a_delimiter_is_refused_and_nothing_else(
    values: list[str], marks: Delimiters
) -> None:
    number, name, code, reference, source, date = values
    claim = claims837.a_claim(
        claims837.a_line(procedure=Procedure("HC", code), dates=(DateValue("472", date, "D8"),)),
        number=number,
        subscriber=msgspec.structs.replace(claims837.SUBSCRIBER, name=name),
        references=(Reference("G1", reference),),
        patient_signature_source=source,
    )
    refused = set(marks.element + marks.component + marks.segment + "^\n\x7f\u0085")
    if any(refused.intersection(value) for value in values):
        with pytest.raises(Unwritable, match="a delimiter or a control character"):
            claim837_writer.write(HEADER, [claim], marks)
        return
    segments = claim837_writer.write(HEADER, [claim], marks)
    clm = next(one for one in segments if one[0] == "CLM")
    assert [clm[1], "".join(clm[10:])] == [number, source]
    assert [one[3:] for one in segments if one[:2] == ["NM1", "IL"]] == [[name] if name else []]
    assert [one[2:] for one in segments if one[0] == "REF"] == [[reference] if reference else []]
    assert [one[3:] for one in segments if one[0] == "DTP"] == [[date] if date else []]
    assert [one[1] for one in segments if one[0] == "SV1"] == [f"HC:{code}" if code else "HC"]


@settings(max_examples=20, deadline=None)
@given(
    order=st.permutations(range(6)),
    owners=st.lists(st.integers(0, 2), min_size=6, max_size=6),
    dependents=st.lists(st.booleans(), min_size=6, max_size=6),
)
def test_claims_of_any_order_keep_their_parties(
    order: list[int], owners: list[int], dependents: list[bool]
) -> None:
    people = [
        msgspec.structs.replace(claims837.SUBSCRIBER, name=f"OAK{number}") for number in range(3)
    ]
    child = Patient(entity="QC", entity_type="1", name="ACORN")
    made = [
        claims837.a_claim(
            number=f"C{at}",
            subscriber=people[owners[at]],
            patient=child if dependents[at] else None,
        )
        for at in order
    ]
    for batch in (made, claim837_writer.in_hierarchy(made)):
        _, found = again(HEADER, batch)
        assert [(one.number, one.subscriber.name, one.patient is None) for one in found] == [
            (one.number, one.subscriber.name, one.patient is None) for one in batch
        ]


PRACTICE = PracticeIdentity(
    name="ELM CLINIC",
    npi=npi(199_912_345),
    tax_id="900000001",
    taxonomy="207Q00000X",
    address=Address(line1="1 ELM ST", city="ELMTON", state="IL", postal_code="627010001"),
    contact_name="DESK",
    contact_phone="2175550100",
    submitter_id="ELM1",
)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_claims_of_any_practice_are_sound_and_come_back(seed: int) -> None:
    today = datetime.date(2026, 3, 1)
    made = claim837_writer.in_hierarchy(
        month_of_claims(
            PRACTICE, seed=seed, month=datetime.date(2026, 2, 1), claims=12, today=today
        )
    )
    assert [claim837_rules.check(claim) for claim in made] == [[]] * 12
    assert without_places(again(HEADER, made)[1]) == made


def mutated(content: bytes, changes: list[tuple[int, bytes, int]]) -> bytes:
    """The content with some runs of bytes replaced; the ISA is spared, else nothing is read."""
    for at, new, length in changes:
        place = 106 + at % (len(content) - 106)
        content = content[:place] + new + content[place + length :]
    return content


CHANGES = st.lists(
    st.tuples(
        st.integers(0, 1 << 16),
        st.binary(max_size=3)
        | st.sampled_from([b"~", b"*", b":", b"~NM1*", b"~HL*", b"~LX*", b"~~"]),
        st.integers(0, 6),
    ),
    min_size=1,
    max_size=6,
)


def check_mutation(seed: Path, changes: list[tuple[int, bytes, int]]) -> None:
    content = mutated(seed.read_bytes(), changes)
    findings: list[Finding] = []
    with contextlib.suppress(Unreadable):
        for _, found in claims837.read(content, findings):
            for claim in found:
                claim837_rules.check(claim)
                with contextlib.suppress(Unwritable):
                    claim837_writer.write(HEADER, [claim])


@pytest.mark.parametrize("seed", SEEDS, ids=lambda path: path.name)
@settings(max_examples=40, deadline=None)
@given(changes=CHANGES)
def test_mutated_files_never_break_the_reader(
    seed: Path, changes: list[tuple[int, bytes, int]]
) -> None:
    check_mutation(seed, changes)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS, ids=lambda path: path.name)
@settings(max_examples=800, deadline=None)
@given(changes=CHANGES)
def test_many_mutated_files_never_break_the_reader(
    seed: Path, changes: list[tuple[int, bytes, int]]
) -> None:
    check_mutation(seed, changes)


@settings(max_examples=60, deadline=None)
@given(
    segments=st.lists(
        st.lists(st.text("ABHL1230:.*-", max_size=4), max_size=6).map("*".join),
        max_size=12,
    ),
    tags=st.lists(
        st.sampled_from(
            [
                "HL",
                "CLM",
                "LX",
                "SV1",
                "SV2",
                "SV3",
                "NM1",
                "N3",
                "N4",
                "REF",
                "DTP",
                "HI",
                "SBR",
                "CAS",
                "SVD",
                "AMT",
                "PER",
            ]
        ),
        min_size=12,
        max_size=12,
    ),
)
def test_any_segments_in_any_order_are_kept_or_reported(
    segments: list[str], tags: list[str]
) -> None:
    body = [f"{tag}*{elements}" for tag, elements in zip(tags, segments, strict=False)]
    findings: list[Finding] = []
    for _, found in claims837.read(envelope(body), findings):
        for claim in found:
            claim837_rules.check(claim)
