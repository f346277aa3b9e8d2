"""A claim with a referral, a drug, an ambulance or another payer's word goes out saying all of it."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from billing_saas.claims import queries, submitting
from billing_saas.edi import claim837_writer
from billing_saas.edi.claim837 import Claim
from billing_saas.edi.claim837_lines import ServiceLine
from billing_saas.edi.parties import Address, DateValue, Party
from billing_saas.inbox import queries as inbox
from billing_saas.kit.db import Database
from billing_saas.kit.paging import PageRequest
from billing_sandbox.practice_people import npi
from tests.cast import Person, Tenant
from tests.edi.claims837 import HEADER, envelope, read, without_places
from tests.imports.practice_files import hand_in

SAMPLES = Path("tests/samples/x12")
STUPIDEDI = SAMPLES / "kputnam+stupidedi/005010/X222A1_HC837_Health_Care_Claim_Professional/pass"
LINUX_FOR_HEALTH = SAMPLES / "LinuxForHealth+x12/837_005010X222A2"
FILES = [
    STUPIDEDI / "COB-claim-from-billing-provider-to-payer-a.edi",
    STUPIDEDI / "COB-claim-from-billing-provider-to-payer-b.edi",
    STUPIDEDI / "ambulance.edi",
    STUPIDEDI / "anesthesia.edi",
    STUPIDEDI / "chiropractic.edi",
    STUPIDEDI / "drug-administered-in-the-physician-office.edi",
    STUPIDEDI / "medicare-secondary-payer-COB.edi",
    STUPIDEDI / "out-of-network-repriced-claim.edi",
    STUPIDEDI / "oxygen.edi",
    STUPIDEDI / "wheelchair.edi",
    LINUX_FOR_HEALTH / "demo.autoaccident.837",
    LINUX_FOR_HEALTH / "demo.drug.example10.2.837",
]


def mended(value: Any) -> Any:
    """The same with real NPIs and nine-digit ZIP codes, which many samples do not have."""
    if isinstance(value, tuple):
        return tuple(mended(part) for part in value)
    if not isinstance(value, msgspec.Struct):
        return value
    changes = {field: mended(getattr(value, field)) for field in value.__struct_fields__}
    if isinstance(value, Party) and value.id_qualifier == "XX":
        changes["id"] = npi(int(f"1{value.id[1:9]}"))
    if isinstance(value, Address) and len(value.postal_code) == 5:
        changes["postal_code"] = f"{value.postal_code}0001"
    return msgspec.structs.replace(value, **changes)


def of_elm(elm: Tenant, claim: Claim) -> Claim:
    provider = msgspec.structs.replace(claim.billing_provider, id_qualifier="XX", id=elm.new.npi)
    return msgspec.structs.replace(claim, billing_provider=provider)


def told(claim: Claim) -> Claim:
    """All that a claim says, but our own numbers, and ways to say the same thing."""
    replace = msgspec.structs.replace
    subscriber = claim.subscriber
    if claim.patient is not None:
        # Of a subscriber who is not the patient the guide wants neither (2010BA).
        subscriber = replace(subscriber, address=None, demographics=None)
    claim = replace(
        claim,
        number="",
        frequency="1",
        subscriber=subscriber,
        lines=tuple(_line_told(line) for line in claim.lines),
    )
    without: Claim = without_places(claim)
    return without


def _line_told(line: ServiceLine) -> ServiceLine:
    return msgspec.structs.replace(
        line,
        number=0,
        dates=tuple(
            DateValue(day.qualifier, f"{day.start:%Y%m%d}-{day.end:%Y%m%d}") for day in line.dates
        ),
        references=tuple(r for r in line.references if r.qualifier != "6R"),
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem[:40])
async def test_nothing_is_lost_on_the_way(
    database: Database, elm: Tenant, alice: Person, path: Path
) -> None:
    ((_, samples),) = read(path.read_bytes())
    came = [of_elm(elm, mended(claim)) for claim in samples]
    header = msgspec.structs.replace(
        HEADER,
        submitter=Party("41", "2", "ELM", id_qualifier="46", id="ELMSYS"),
        receiver=Party("40", "2", "ASH", id_qualifier="46", id="ASH"),
    )
    content = envelope(claim837_writer.write(header, came))
    arrival_id = await hand_in(database, elm, alice.actor, content, source="sandbox")
    async with database.tenant(elm.id) as db:
        findings = await inbox.findings(db, alice.actor, arrival_id, PageRequest())
        assert {f.code for f in findings.rows} <= {"segment_missing"}  # PER in our own 1000A
        queued = await queries.queued(db, alice.actor)
        sent = await submitting.outgoing(db, alice.actor, queued)
    assert [told(claim.form) for claim in sent] == [told(claim) for claim in came]
