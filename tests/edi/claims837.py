"""Claims for the tests of the 837: one plain claim, an envelope around segments, what is read."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from billing_saas.edi import (
    claim837_reader,
    claim837_writer,
)
from billing_saas.edi.claim837 import VERSIONS, BatchHeader, Claim
from billing_saas.edi.claim837_clinical import HealthCode
from billing_saas.edi.claim837_lines import (
    ProfessionalService,
    ServiceLine,
)
from billing_saas.edi.claim837_parties import (
    BillingProvider,
    Payer,
    Subscriber,
)
from billing_saas.edi.claim837_parts import Insurance
from billing_saas.edi.envelope import TransactionSet, interchanges
from billing_saas.edi.findings import NOWHERE, Finding
from billing_saas.edi.parties import (
    DateValue,
    Party,
    Procedure,
)
from billing_saas.edi.reel import Segment

HEADER = BatchHeader(
    kind="837P",
    version=VERSIONS["837P"],
    control_number="0001",
    reference="0123",
    date="20260101",
    time="1200",
    submitter=Party(entity="41", entity_type="2", name="CLEARING", id_qualifier="46", id="TGJ23"),
    receiver=Party(entity="40", entity_type="2", name="RECEIVER", id_qualifier="46", id="66783"),
)
PROVIDER = BillingProvider(
    entity="85", entity_type="2", name="ELM CLINIC", id_qualifier="XX", id="1999123452"
)
SUBSCRIBER = Subscriber(
    entity="IL", entity_type="1", name="OAKLEY", insurance=Insurance("P", relationship="18")
)
PAYER = Payer(entity="PR", entity_type="2", name="INSURER", id_qualifier="PI", id="PAY1")


def a_line(charge_cents: int = 4000, **fields: Any) -> ServiceLine:
    return ServiceLine(
        charge_cents=charge_cents,
        **{
            "procedure": Procedure("HC", "G0463"),
            "unit": "UN",
            "quantity": "1",
            "diagnosis_pointers": (1,),
            "professional": ProfessionalService(),
            "dates": (DateValue("472", "20260101", "D8"),),
            **fields,
        },
    )


def a_claim(*lines: ServiceLine, **fields: Any) -> Claim:
    """A professional claim of a subscriber; its charge is that of its lines unless given."""
    held = lines or (a_line(),)
    return Claim(
        **{
            "billing_provider": PROVIDER,
            "subscriber": SUBSCRIBER,
            "payer": PAYER,
            "number": "CLAIM1",
            "charge_cents": sum(line.charge_cents for line in held),
            "facility_code": "11",
            "facility_qualifier": "B",
            "frequency": "1",
            "diagnoses": (HealthCode("ABK", "I10"),),
            "lines": tuple(held),
            **fields,
        }
    )


def envelope(segments: Iterable[Segment | str], version: str = VERSIONS["837P"]) -> bytes:
    """A whole interchange around the segments between ST and SE."""
    body = [one if isinstance(one, str) else "*".join(one) for one in segments]
    every = [
        "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       "
        "*260101*1200*^*00501*000000001*0*T*:",
        f"GS*HC*SENDER*RECEIVER*20260101*1200*1*X*{version}",
        f"ST*837*0001*{version}",
        *body,
        f"SE*{len(body) + 2}*0001",
        "GE*1*1",
        "IEA*1*000000001",
    ]
    return "".join([segment + "~" for segment in every]).encode()


def sets_of(content: bytes, findings: list[Finding] | None = None) -> Iterator[TransactionSet]:
    for interchange in interchanges([content], findings):
        for group in interchange.groups():
            yield from group.transactions()


def read(
    content: bytes, findings: list[Finding] | None = None
) -> list[tuple[BatchHeader, list[Claim]]]:
    """Every 837 of a file: its header and its claims."""
    found = []
    for transaction in sets_of(content, findings):
        if transaction.header[1:2] == ["837"]:
            stream = claim837_reader.read(transaction, findings)
            found.append((stream.header, list(stream)))
    return found


def again(header: BatchHeader, claims: Iterable[Claim]) -> tuple[BatchHeader, list[Claim]]:
    """What is read of what is written."""
    written = claim837_writer.write(header, claims)
    return read(envelope(written, header.version))[0]


def without_places(value: Any) -> Any:
    """The same structs, with no trace of where they stood in a file."""
    if isinstance(value, tuple):
        return tuple([without_places(one) for one in value])
    if isinstance(value, list):
        return [without_places(one) for one in value]
    if not isinstance(value, msgspec.Struct):
        return value
    changes: dict[str, Any] = {
        name: without_places(getattr(value, name)) for name in value.__struct_fields__
    }
    if "position" in changes:
        changes["position"] = 0
    if "place" in changes:
        changes["place"] = NOWHERE
    return type(value)(**changes)
