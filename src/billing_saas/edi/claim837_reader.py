"""Read an 837: claim after claim, each with the parties it hangs under, in flat memory."""

from collections.abc import Iterator
from typing import Any

from billing_saas.edi.claim837 import BatchHeader, Claim, UnreadSegment, shape_of
from billing_saas.edi.claim837_claim_reader import read_claim_fields
from billing_saas.edi.claim837_parties import BillingProvider, Patient, Payer, Subscriber
from billing_saas.edi.claim837_parts import (
    CURRENCY,
    INSURANCE,
    PATIENT_DETAILS,
    SPECIALTY,
)
from billing_saas.edi.claim837_reading import (
    MANY,
    PARTY,
    PERSON,
    Reading,
    Slot,
    Table,
    frozen,
    read_reference,
)
from billing_saas.edi.envelope import TransactionSet, Unreadable
from billing_saas.edi.findings import Finding
from billing_saas.edi.parties import Party
from billing_saas.edi.reel import Segment

# A claim is held whole; one of 999 lines with all they may carry stays far below this.
MOST_SEGMENTS = 200_000
_STARTS = frozenset(("HL", "CLM"))
_HEADER: Table = {"REF": Slot("references", read_reference, MANY)}
_PROVIDER_LEVEL: Table = {
    "PRV": Slot("specialty", SPECIALTY.read),
    "CUR": Slot("currency", CURRENCY.read),
}
_SUBSCRIBER_LEVEL: Table = {
    "SBR": Slot("insurance", INSURANCE.read),
    "PAT": Slot("details", PATIENT_DETAILS.read),
}
_PATIENT_LEVEL: Table = {"PAT": _SUBSCRIBER_LEVEL["PAT"]}
_NO_PROVIDER = BillingProvider(entity="85")
_NO_SUBSCRIBER = Subscriber(entity="IL")
_NO_PAYER = Payer(entity="PR")


class ClaimStream:
    """The claims of one 837, read as they are asked for; iterate over it once.

    `header` is there from the start. `unread` holds the segments outside any claim that found no
    place; those inside one are in `Claim.unread`. Both are reported in `findings`.
    """

    def __init__(self, transaction: TransactionSet, findings: list[Finding]) -> None:
        self.findings = findings
        self.unread: list[UnreadSegment] = []
        self._reading = Reading(transaction.delimiters.component, transaction.place, findings)
        self._runs = _runs(transaction)
        self._provider = _NO_PROVIDER
        self._subscriber = _NO_SUBSCRIBER
        self._payer = _NO_PAYER
        self._patient: Patient | None = None
        self._provider_id = ""
        self._subscriber_id = ""
        self._reading.load(*next(self._runs))
        self.header = self._read_header(transaction)
        self._keep_unread()

    def __iter__(self) -> Iterator[Claim]:
        reading = self._reading
        for first, segments in self._runs:
            reading.load(first, segments)
            if segments[0][0] == "CLM":
                fields = read_claim_fields(reading)
                yield Claim(
                    place=reading.place.at(first),
                    billing_provider=self._provider,
                    subscriber=self._subscriber,
                    payer=self._payer,
                    patient=self._patient,
                    **fields,
                )
            else:
                self._read_level()
                self._keep_unread()

    def _keep_unread(self) -> None:
        self.unread.extend(self._reading.unread)

    def _read_header(self, transaction: TransactionSet) -> BatchHeader:
        reading = self._reading
        reading.loop = "1000"
        fields: dict[str, Any] = dict.fromkeys(_BHT, "")
        at = 0
        if reading.segments and reading.segments[0][0] == "BHT":
            fields.update(zip(_BHT, reading.segments[0][1:], strict=False))
            at = 1
        while at < len(reading.segments):
            role = _role(reading, at)
            if reading.segments[at][0] in _HEADER:
                at = reading.gather(at, _HEADER, fields)
            elif role in _SENDERS and _SENDERS[role] not in fields:
                party, at = reading.party(at, PARTY)
                fields[_SENDERS[role]] = Party(**party)
            else:
                at = self._set_aside(at)
        return BatchHeader(
            kind=transaction.kind if transaction.kind != "837" else shape_of(transaction.version),
            version=transaction.version,
            control_number=transaction.control_number,
            **frozen(fields),
        )

    def _set_aside(self, at: int) -> int:
        self._reading.set_aside(at, "segment_unplaced", "The segment has no place here.")
        return at + 1

    def _read_level(self) -> None:
        """An HL with what hangs on it but the claims."""
        reading = self._reading
        hl = [*reading.segments[0], "", "", "", ""]
        code = hl[3]
        if code == "20":
            reading.loop = "2000A"
            self._provider_id = hl[1]
            self._subscriber, self._payer, self._patient = _NO_SUBSCRIBER, _NO_PAYER, None
            self._provider = self._read_provider()
        elif code == "22":
            reading.loop = "2000B"
            self._check_parent(hl[2], self._provider_id)
            self._subscriber_id = hl[1]
            self._patient = None
            self._subscriber, self._payer = self._read_subscriber()
        elif code == "23":
            reading.loop = "2000C"
            self._check_parent(hl[2], self._subscriber_id)
            self._patient = self._read_patient()
        else:
            reading.loop = "2000"
            # Whose claims follow cannot be told, so they are not put under the party before.
            self._provider, self._subscriber = _NO_PROVIDER, _NO_SUBSCRIBER
            self._payer, self._patient = _NO_PAYER, None
            reading.set_aside(
                0, "level_unknown", "The level is not 20, 22 or 23.", element=3, severity="error"
            )
            for at in range(1, len(reading.segments)):
                self._set_aside(at)

    def _check_parent(self, parent: str, expected: str) -> None:
        if parent != expected:
            self._reading.report(
                0,
                "level_parent",
                "The level hangs under another one than the one before it.",
                element=2,
                severity="error",
            )

    def _read_provider(self) -> BillingProvider:
        reading = self._reading
        level: dict[str, Any] = {}
        party: dict[str, Any] = {"entity": "85"}
        position = 0
        at = 1
        while at < len(reading.segments):
            tag = reading.segments[at][0]
            role = _role(reading, at)
            if tag in _PROVIDER_LEVEL:
                at = reading.gather(at, _PROVIDER_LEVEL, level)
            elif role == "85" and not position:
                position = reading.first + at
                party, at = reading.party(at, PARTY)
            elif role in _PAY_TO and _PAY_TO[role] not in level:
                other, at = reading.party(at, PARTY)
                level[_PAY_TO[role]] = Party(**other)
            else:
                at = self._set_aside(at)
        return BillingProvider(position=position, **party, **level)

    def _read_subscriber(self) -> tuple[Subscriber, Payer]:
        reading = self._reading
        level: dict[str, Any] = {}
        person: dict[str, Any] = {"entity": "IL"}
        position = 0
        payer: Payer | None = None
        at = 1
        while at < len(reading.segments):
            tag = reading.segments[at][0]
            role = _role(reading, at)
            if tag in _SUBSCRIBER_LEVEL:
                at = reading.gather(at, _SUBSCRIBER_LEVEL, level)
            elif role == "IL" and not position:
                position = reading.first + at
                person, at = reading.party(at, PERSON)
            elif role == "PR" and payer is None:
                payer_position = reading.first + at
                party, at = reading.party(at, PARTY)
                payer = Payer(position=payer_position, **party)
            elif role in _OTHERS and _OTHERS[role] not in level:
                party, at = reading.party(at, PARTY)
                level[_OTHERS[role]] = Party(**party)
            else:
                at = self._set_aside(at)
        return Subscriber(position=position, **person, **level), payer or _NO_PAYER

    def _read_patient(self) -> Patient:
        reading = self._reading
        level: dict[str, Any] = {}
        person: dict[str, Any] = {"entity": "QC"}
        position = 0
        at = 1
        while at < len(reading.segments):
            if reading.segments[at][0] in _PATIENT_LEVEL:
                at = reading.gather(at, _PATIENT_LEVEL, level)
            elif _role(reading, at) == "QC" and not position:
                position = reading.first + at
                person, at = reading.party(at, PERSON)
            else:
                at = self._set_aside(at)
        return Patient(position=position, **person, **level)


_BHT = ("structure", "purpose", "reference", "date", "time", "claim_kind")
_SENDERS = {"41": "submitter", "40": "receiver"}
_PAY_TO = {"87": "pay_to", "PE": "pay_to_plan"}
_OTHERS = {"QD": "responsible_party", "AO": "card_holder"}


def _role(reading: Reading, at: int) -> str:
    """NM101, or "" where the segment is not an NM1."""
    segment = reading.segments[at]
    return segment[1] if segment[0] == "NM1" and len(segment) > 1 else ""


def _runs(transaction: TransactionSet) -> Iterator[tuple[int, list[Segment]]]:
    """The header, then each HL and each CLM with the segments that belong to it."""
    held: list[Segment] = []
    first = 2
    for position, block in transaction.blocks():
        start = 0
        for at in [at for at, segment in enumerate(block) if segment[0] in _STARTS]:
            yield first, held + block[start:at]
            held = []
            first, start = position + at, at
        held += block[start:]
        if len(held) > MOST_SEGMENTS:
            raise Unreadable("one claim is too long to be held", code="claim_too_long")
    yield first, held


def read(transaction: TransactionSet, findings: list[Finding] | None = None) -> ClaimStream:
    """The claims of an 837 of any of the three kinds. Faults are appended to `findings`."""
    return ClaimStream(transaction, [] if findings is None else findings)
