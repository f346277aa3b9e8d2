"""277CA (005010X214): what a clearing house or payer says of each claim of one 837.

One set answers one 837 set; its receiver trace is the 837's BHT03 and a claim's trace is CLM01
(rule 66). `folding277ca` turns the statuses into a verdict per claim.
"""

from collections.abc import Iterator
from typing import Annotated, ClassVar

from billing_saas.edi.envelope import Segment, TransactionSet
from billing_saas.edi.findings import NOWHERE, Finding, Place
from billing_saas.edi.inquiry_parts import Beginning
from billing_saas.edi.layout_reading import Reads, Unread, read_set
from billing_saas.edi.layout_writing import write_set
from billing_saas.edi.layouts import at, only
from billing_saas.edi.parties import DateValue, Party, Procedure, Reference
from billing_saas.edi.phi_free import Masked
from billing_saas.edi.status_parts import Status
from billing_saas.edi.writing import Pen


class LineStatus(Masked, frozen=True, kw_only=True):
    """Loop 2220D. `line_number` is our REF*6R of the 837."""

    procedure: Annotated[Procedure | None, at("SVC", 1)] = None
    charge_cents: Annotated[int | None, at("SVC", 2, kind="cents")] = None
    paid_cents: Annotated[int | None, at("SVC", 3, kind="cents")] = None
    revenue_code: Annotated[str, at("SVC", 4)] = ""
    units: Annotated[str, at("SVC", 7, kind="quantity")] = ""
    statuses: tuple[Status, ...] = ()
    line_number: Annotated[str, at("REF*FJ", 2)] = ""
    prescription_number: Annotated[str, at("REF*XZ", 2)] = ""
    references: tuple[Reference, ...] = ()
    service_dates: Annotated[DateValue | None, only("DTP*472")] = None
    place: Place = NOWHERE


class ClaimStatus(Masked, frozen=True, kw_only=True):
    """Loop 2200D: one claim at one hop. `payer_claim_number` comes back as CLP07 of the 835,
    except after a split (rule 17)."""

    claim_number: Annotated[str, at("TRN*2", 2)] = ""
    statuses: tuple[Status, ...] = ()
    payer_claim_number: Annotated[str, at("REF*1K", 2)] = ""
    clearinghouse_number: Annotated[str, at("REF*D9", 2)] = ""
    bill_type: Annotated[str, at("REF*BLT", 2)] = ""
    references: tuple[Reference, ...] = ()
    service_dates: Annotated[DateValue | None, only("DTP*472")] = None
    lines: tuple[LineStatus, ...] = ()
    place: Place = NOWHERE


class Patient(Masked, frozen=True, kw_only=True):
    LEVEL: ClassVar[str] = "PT"
    CHILD_CODE: ClassVar[bool] = False

    name: Party | None = None
    claims: tuple[ClaimStatus, ...] = ()
    place: Place = NOWHERE


class BillingProvider(Masked, frozen=True, kw_only=True):
    """Levels 2000C to 2200C. The counts and amounts are of this provider's claims."""

    LEVEL: ClassVar[str] = "19"

    name: Party | None = None
    trace: Annotated[str, at("TRN*1", 2)] = ""
    statuses: tuple[Status, ...] = ()
    references: tuple[Reference, ...] = ()
    accepted_count: Annotated[int | None, at("QTY*QA", 2, kind="count")] = None
    rejected_count: Annotated[int | None, at("QTY*QC", 2, kind="count")] = None
    accepted_cents: Annotated[int | None, at("AMT*YU", 2, kind="cents")] = None
    rejected_cents: Annotated[int | None, at("AMT*YY", 2, kind="cents")] = None
    patients: tuple[Patient, ...] = ()
    place: Place = NOWHERE


class Receiver(Masked, frozen=True, kw_only=True):
    """Levels 2000B to 2200B: we, who sent the 837. `batch_reference` is its BHT03."""

    LEVEL: ClassVar[str] = "21"

    name: Party | None = None
    batch_reference: Annotated[str, at("TRN*2", 2)] = ""
    statuses: tuple[Status, ...] = ()
    accepted_count: Annotated[int | None, at("QTY*90", 2, kind="count")] = None
    rejected_count: Annotated[int | None, at("QTY*AA", 2, kind="count")] = None
    accepted_cents: Annotated[int | None, at("AMT*YU", 2, kind="cents")] = None
    rejected_cents: Annotated[int | None, at("AMT*YY", 2, kind="cents")] = None
    providers: tuple[BillingProvider, ...] = ()
    place: Place = NOWHERE


class Source(Masked, frozen=True, kw_only=True):
    """Levels 2000A to 2200A: who answers. NM101 is AY for a clearing house, PR for a payer."""

    LEVEL: ClassVar[str] = "20"

    name: Party | None = None
    trace: Annotated[str, at("TRN*1", 2)] = ""
    received: Annotated[DateValue | None, only("DTP*050")] = None
    processed: Annotated[DateValue | None, only("DTP*009")] = None
    receivers: tuple[Receiver, ...] = ()
    place: Place = NOWHERE


class ClaimAcknowledgment(Masked, frozen=True, kw_only=True):
    """One 277CA."""

    beginning: Beginning | None = None
    sources: tuple[Source, ...] = ()
    place: Place = NOWHERE
    unread: tuple[Unread, ...] = ()

    def receivers(self) -> Iterator[tuple[Source, Receiver]]:
        for source in self.sources:
            for receiver in source.receivers:
                yield source, receiver


_READS = Reads("277CA", ("005010",))


def read(transaction: TransactionSet, findings: list[Finding] | None = None) -> ClaimAcknowledgment:
    return read_set(ClaimAcknowledgment, _READS, transaction, findings)


def write(acknowledgment: ClaimAcknowledgment, pen: Pen | None = None) -> list[Segment]:
    return write_set(acknowledgment, pen)
