"""Parts that every transaction shares: names, addresses, contacts, references, dates, procedures.

Each part has the segment it comes from and goes to; `read` functions take the elements of one
segment and never fail on a short one. Text that was not sent is "".
"""

import datetime
from collections.abc import Sequence
from typing import Any

import msgspec

from billing_saas.edi.phi_free import Masked


def element(segment: Sequence[str], number: int) -> str:
    """Element `number` of a segment, "" where it was not sent."""
    return segment[number] if number < len(segment) else ""


class Address(Masked, frozen=True, kw_only=True, gc=False):
    """N3 and N4."""

    line1: str = ""
    line2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""
    subdivision: str = ""


class Contact(Masked, frozen=True, gc=False):
    """PER. `numbers` are (qualifier, number) pairs such as ("TE", "8005551212")."""

    function: str = ""
    name: str = ""
    numbers: tuple[tuple[str, str], ...] = ()


class Reference(Masked, frozen=True, gc=False):
    """REF. `linked` is the composite REF04 as written."""

    qualifier: str
    value: str = ""
    description: str = ""
    linked: str = ""


class DateValue(Masked, frozen=True, gc=False):
    """DTP (with `format` D8, RD8, TM, DT ...) or DTM (`format` "", the time apart)."""

    qualifier: str
    value: str = ""
    format: str = ""
    time: str = ""

    @property
    def start(self) -> datetime.date | None:
        """The (first) day, or None where the value is not a date."""
        return day(self.value.partition("-")[0])

    @property
    def end(self) -> datetime.date | None:
        first, dash, last = self.value.partition("-")
        return day(last if dash else first)


class Party(Masked, frozen=True, gc=False):
    """NM1 or N1 with what follows it. `entity` is NM101/N101; `entity_type` NM102 (1 person, 2
    organization, "" for an N1); `name` is the last name or the organization."""

    entity: str
    entity_type: str = ""
    name: str = ""
    first_name: str = ""
    middle_name: str = ""
    prefix: str = ""
    suffix: str = ""
    id_qualifier: str = ""
    id: str = ""
    address: Address | None = None
    contacts: tuple[Contact, ...] = ()
    references: tuple[Reference, ...] = ()


class AmountValue(Masked, frozen=True, gc=False):
    """AMT: a qualified amount, in cents."""

    qualifier: str
    amount_cents: int


class QuantityValue(Masked, frozen=True, gc=False):
    """QTY: a qualified quantity, as canonical decimal text."""

    qualifier: str
    quantity: str


class Procedure(Masked, frozen=True, gc=False):
    """The composite medical procedure identifier (C003). `range_end` is its eighth component."""

    qualifier: str = ""
    code: str = ""
    modifiers: tuple[str, ...] = ()
    description: str = ""
    range_end: str = ""


def day(text: str) -> datetime.date | None:
    """CCYYMMDD (or the YYMMDD of 4010 envelopes) as a date; None where it is not one."""
    if not (text.isascii() and text.isdecimal()):
        return None
    try:
        if len(text) == 6:
            return datetime.date(2000 + int(text[:2]), int(text[2:4]), int(text[4:6]))
        if len(text) >= 8:
            return datetime.date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return None
    return None


def read_name(nm1: Sequence[str]) -> Party:
    """An NM1 segment; NM110 to NM112 are not used by the guides we hold."""
    texts: Sequence[Any] = nm1[1:10]
    return Party(*texts) if texts else Party("")


def read_organization(n1: Sequence[str]) -> Party:
    """An N1 segment."""
    return Party(
        entity=element(n1, 1), name=element(n1, 2), id_qualifier=element(n1, 3), id=element(n1, 4)
    )


def with_street(address: Address | None, n3: Sequence[str]) -> Address:
    return msgspec.structs.replace(address or Address(), line1=element(n3, 1), line2=element(n3, 2))


def with_city(address: Address | None, n4: Sequence[str]) -> Address:
    return msgspec.structs.replace(
        address or Address(),
        city=element(n4, 1),
        state=element(n4, 2),
        postal_code=element(n4, 3),
        country=element(n4, 4),
        subdivision=element(n4, 7),
    )


def read_contact(per: Sequence[str]) -> Contact:
    numbers = tuple(
        (per[at], element(per, at + 1)) for at in range(3, min(len(per), 9), 2) if per[at]
    )
    return Contact(function=element(per, 1), name=element(per, 2), numbers=numbers)


def read_reference(ref: Sequence[str]) -> Reference:
    return Reference(element(ref, 1), element(ref, 2), element(ref, 3), element(ref, 4))


def read_dtm(dtm: Sequence[str]) -> DateValue:
    return DateValue(element(dtm, 1), element(dtm, 2), "", element(dtm, 3))


def read_dtp(dtp: Sequence[str]) -> DateValue:
    return DateValue(element(dtp, 1), element(dtp, 3), element(dtp, 2))


def read_procedure(composite: str, component: str) -> Procedure:
    """A procedure composite; `component` is the interchange's component separator."""
    parts = composite.split(component)
    count = len(parts)
    if count == 2:
        return Procedure(parts[0], parts[1])
    modifiers = parts[2:6]
    while modifiers and not modifiers[-1]:
        modifiers.pop()
    return Procedure(
        parts[0],
        parts[1] if count > 1 else "",
        tuple(modifiers),
        parts[6] if count > 6 else "",
        parts[7] if count > 7 else "",
    )
