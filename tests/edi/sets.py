"""Sets out of samples, and files around segments."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from billing_saas.edi.envelope import (
    GroupHeader,
    InterchangeHeader,
    Segment,
    TransactionSet,
    interchanges,
)
from billing_saas.edi.findings import Finding
from billing_saas.edi.writing import OutgoingGroup, OutgoingSet, write_interchange

SAMPLES = Path(__file__).parent.parent / "samples" / "x12"
OWN = Path(__file__).parent.parent / "samples" / "own"

INTERCHANGE = InterchangeHeader(
    authorization_qualifier="00",
    authorization="",
    security_qualifier="00",
    security="",
    sender_qualifier="ZZ",
    sender="PAYER",
    receiver_qualifier="ZZ",
    receiver="ELM",
    date="260105",
    time="0930",
    repetition="^",
    version="00501",
    control_number="000000001",
    ack_requested="0",
    usage="T",
    component=":",
)
_FUNCTIONAL = {"270": "HS", "271": "HB", "276": "HR", "277": "HN", "278": "HI", "275": "PI"}


def sets_in(raw: bytes, findings: list[Finding] | None = None) -> Iterator[TransactionSet]:
    for interchange in interchanges([raw], findings):
        for group in interchange.groups():
            yield from group.transactions()


def sample(path: str) -> Iterator[TransactionSet]:
    """The sets of a public sample, by the end of its path."""
    found = [one for one in SAMPLES.rglob("*") if one.is_file() and str(one).endswith(path)]
    assert len(found) == 1, f"{len(found)} samples end with {path}"
    return sets_in(found[0].read_bytes())


def own(name: str) -> Iterator[TransactionSet]:
    return sets_in((OWN / name).read_bytes())


def file_of(identifier: str, version: str, segments: Iterable[Segment]) -> bytes:
    """A file with one set that holds these segments."""
    group = GroupHeader(
        functional_id=_FUNCTIONAL.get(identifier, "FA"),
        sender="PAYER",
        receiver="ELM",
        date="20260105",
        time="0930",
        control_number="1",
        agency="X",
        version=version,
    )
    one = OutgoingSet(
        identifier=identifier, control_number="0001", segments=list(segments), version=version
    )
    text = write_interchange(INTERCHANGE, [OutgoingGroup(header=group, sets=[one])])
    return text.encode()


def set_of(identifier: str, version: str, segments: Iterable[Segment]) -> TransactionSet:
    return next(sets_in(file_of(identifier, version, segments)))


def segments_of(text: str) -> list[Segment]:
    """Segments written one to a line, as they stand in a document."""
    return [line.strip().rstrip("~").split("*") for line in text.strip().splitlines()]


def copied(transaction: TransactionSet) -> list[Segment]:
    return [list(segment) for _, segment in transaction.segments()]
