"""Reading one run of segments into fields: what belongs to a loop goes in, the rest is kept aside."""

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any, Literal, NamedTuple

from billing_saas.edi.amounts import AmountError, cents
from billing_saas.edi.claim837_layout import ElementFault, not_kept
from billing_saas.edi.claim837_parts import (
    AMOUNT,
    DATE,
    DEMOGRAPHICS,
    REFERENCE,
    SPECIALTY,
)
from billing_saas.edi.findings import Finding, Place
from billing_saas.edi.parties import (
    Address,
    AmountValue,
    Contact,
    DateValue,
    Procedure,
    Reference,
    read_contact,
    read_procedure,
)
from billing_saas.edi.reel import Segment, text

ONE, MANY, EXTEND = 0, 1, 2
_LONGEST_ID = 3


class Slot(NamedTuple):
    """Where a segment of a loop goes: `read` gives one value (or, for EXTEND, a list of them)."""

    field: str
    read: Callable[[Segment], Any]
    many: int = ONE


Table = dict[str, Slot]


def read_reference(segment: Segment) -> Reference:
    # Nearly every REF and DTP has just its two or three elements.
    if len(segment) == 3:
        return Reference(segment[1], segment[2])
    return REFERENCE.read(segment)


def read_date(segment: Segment) -> DateValue:
    if len(segment) == 4:
        return DateValue(segment[1], segment[3], segment[2])
    if len(segment) > 4 and any(segment[4:]):
        raise not_kept(4)
    return DATE.read(segment)


def read_amount(segment: Segment) -> AmountValue:
    amount = AMOUNT.read(segment)
    if amount.amount_cents is None:
        raise ElementFault(2, "amount_missing", "The amount was not sent.")
    return amount


def read_person_to_call(segment: Segment) -> Contact:
    if len(segment) > 9 and any(segment[9:]):
        raise not_kept(9)
    for at in range(3, len(segment), 2):
        if not segment[at] and any(segment[at + 1 :]):
            raise not_kept(at + 1)
    return read_contact(segment)


def procedure(composite: str, component: str, element: int) -> Procedure | None:
    """The procedure of a composite, None where it was not sent."""
    if not composite:
        return None
    if composite.count(component) > 7:
        raise not_kept(element, 9)
    return read_procedure(composite, component)


PROVIDER: Table = {
    "PRV": Slot("specialty", SPECIALTY.read),
    "REF": Slot("references", read_reference, MANY),
    "PER": Slot("contacts", read_person_to_call, MANY),
}
PARTY: Table = {"REF": PROVIDER["REF"], "PER": PROVIDER["PER"]}
PAYER: Table = {**PARTY, "DTP": Slot("dates", read_date, MANY)}
PERSON: Table = {**PARTY, "DMG": Slot("demographics", DEMOGRAPHICS.read)}


class Reading:
    """A cursor over one run of segments of a set. `unread` and `findings` grow as it goes."""

    def __init__(self, component: str, place: Place, findings: list[Finding]) -> None:
        self.component = component
        self.place = place
        self.findings = findings
        self.segments: Sequence[Segment] = ()
        self.first = 0
        self.loop = ""
        self.unread: list[tuple[int, tuple[str, ...]]] = []

    def load(self, first: int, segments: list[Segment]) -> None:
        """Take the next run; text that was UTF-8 is decoded here, once for all elements."""
        if not "".join(chain.from_iterable(segments)).isascii():
            segments = [[text(element) for element in segment] for segment in segments]
        self.first = first
        self.segments = segments
        self.unread = []

    def gather(self, at: int, table: Table, fields: dict[str, Any]) -> int:
        """Read segments into `fields` while `table` has a slot for them; where it stopped."""
        segments = self.segments
        end = len(segments)
        while at < end:
            segment = segments[at]
            slot = table.get(segment[0])
            if slot is None:
                break
            try:
                self._put(at, segment, slot, fields)
            except ElementFault as fault:
                self.refuse(at, fault)
            at += 1
        return at

    def _put(self, at: int, segment: Segment, slot: Slot, fields: dict[str, Any]) -> None:
        field, read, many = slot
        value = read(segment)
        held = fields.get(field)
        if many == EXTEND:
            if held is None:
                fields[field] = value
            else:
                held.extend(value)
        elif many:
            if held is None:
                fields[field] = [value]
            else:
                held.append(value)
        elif held is None:
            fields[field] = value
        else:
            self.set_aside(at, "segment_repeated", "The segment may stand here only once.")

    def party(self, at: int, table: Table) -> tuple[dict[str, Any], int]:
        """The fields of an NM1 and of what follows it, and where that ended."""
        fields = self._name(at)
        address: dict[str, str] = {}
        segments = self.segments
        end = len(segments)
        at += 1
        while at < end:
            segment = segments[at]
            tag = segment[0]
            if tag == "N3" and "line1" not in address:
                self._put_address(at, _STREET, address)
            elif tag == "N4" and "city" not in address:
                self._put_address(at, _CITY, address)
            elif tag in table:
                try:
                    self._put(at, segment, table[tag], fields)
                except ElementFault as fault:
                    self.refuse(at, fault)
            else:
                break
            at += 1
        if address:
            fields["address"] = Address(**address)
        return frozen(fields), at

    def _name(self, at: int) -> dict[str, Any]:
        segment = self.segments[at]
        fields: dict[str, Any] = dict(zip(_NAME, segment[1:10], strict=False))
        if len(segment) == 1:
            fields["entity"] = ""
        if len(segment) > 10 and any(segment[10:]):
            self.refuse(at, not_kept(10))
        return fields

    def _put_address(self, at: int, names: tuple[str, ...], address: dict[str, str]) -> None:
        segment = self.segments[at]
        for number, value in enumerate(segment[1:]):
            name = names[number] if number < len(names) else ""
            if name:
                address[name] = value
            elif value:
                self.refuse(at, not_kept(number + 1))

    def cents(self, at: int, element: int) -> int:
        """An amount that must be there: 0, and a finding, where it is not."""
        segment = self.segments[at]
        try:
            return cents(segment[element])
        except IndexError:
            fault = ElementFault(element, "amount_missing", "The amount was not sent.")
        except AmountError as error:
            fault = ElementFault(element, "amount_format", f"The amount is {error}.")
        self.refuse(at, fault, "error")
        return 0

    def set_aside(
        self,
        at: int,
        code: str,
        message: str,
        *,
        element: int = 0,
        severity: Literal["error", "warning"] = "warning",
    ) -> None:
        """Keep a segment that has no place, and report it."""
        position = self.first + at
        if not self.unread or self.unread[-1][0] != position:
            self.unread.append((position, tuple(self.segments[at])))
        self.report(at, code, message, element=element, severity=severity)

    def report(
        self,
        at: int,
        code: str,
        message: str,
        *,
        element: int = 0,
        severity: Literal["error", "warning"] = "warning",
    ) -> None:
        tag = self.segments[at][0]
        self.findings.append(
            Finding(
                severity=severity,
                level="element" if element else "segment",
                code=code,
                message=message,
                place=self.place.at(self.first + at),
                loop=self.loop,
                # What is not shaped like an id may be a piece of data: it is not repeated.
                segment=tag if len(tag) <= _LONGEST_ID and tag.isalnum() else "",
                element=element,
            )
        )

    def refuse(
        self, at: int, fault: ElementFault, severity: Literal["error", "warning"] | None = None
    ) -> None:
        if severity is None:
            severity = "warning" if fault.code == "element_not_kept" else "error"
        self.set_aside(at, fault.code, fault.message, element=fault.element, severity=severity)


_STREET = ("line1", "line2")
# N405 and N406 (a location) are not used by the guides.
_CITY = ("city", "state", "postal_code", "country", "", "", "subdivision")
_NAME = (
    "entity",
    "entity_type",
    "name",
    "first_name",
    "middle_name",
    "prefix",
    "suffix",
    "id_qualifier",
    "id",
)


def frozen(fields: dict[str, Any]) -> dict[str, Any]:
    """Lists become tuples, as the structs want them."""
    for field, value in fields.items():
        if value.__class__ is list:
            fields[field] = tuple(value)
    return fields
