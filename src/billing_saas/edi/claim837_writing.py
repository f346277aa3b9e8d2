"""Putting the parts of a claim on the wire: parties, composites, and a check of what was made."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from billing_saas.edi.claim837_parties import Provider
from billing_saas.edi.claim837_parts import (
    AMOUNT,
    DATE,
    DEMOGRAPHICS,
    REFERENCE,
    Demographics,
    Specialty,
)
from billing_saas.edi.delimiters import Delimiters
from billing_saas.edi.parties import (
    AmountValue,
    Contact,
    DateValue,
    Party,
    Procedure,
    Reference,
)
from billing_saas.edi.reel import Segment
from billing_saas.edi.writing import Unwritable

# The elements that are composites; in any other a component separator is data, and refused.
_COMPOSITES = frozenset(
    [
        ("CLM", 5),
        ("CLM", 11),
        ("SV1", 1),
        ("SV1", 7),
        ("SV2", 2),
        ("SV3", 1),
        ("SV3", 4),
        ("SV3", 11),
        ("SV5", 1),
        ("TOO", 3),
        ("SVD", 3),
        ("REF", 4),
        *[("HI", element) for element in range(1, 13)],
    ]
)


def trimmed(segment: Segment) -> Segment:
    """Without trailing empty elements; its first, the tag, never is."""
    while not segment[-1]:
        segment.pop()
    return segment


class Writing:
    """Collects segments. `check` must be called before they are handed on.

    `components` counts the component separators that stand between components.
    """

    __slots__ = ("_delimiters", "component", "components", "segments")

    def __init__(self, delimiters: Delimiters) -> None:
        self._delimiters = delimiters
        self.component = delimiters.component
        self.components = 0
        self.segments: list[Segment] = []

    def composite(self, parts: Sequence[str], segment: str, element: int) -> str:
        """Components joined, without trailing empty ones."""
        component = self.component
        joined = component.join(parts)
        count = joined.count(component)
        if count != len(parts) - 1:
            raise Unwritable("a component holds a delimiter", segment, element)
        if joined[-1:] == component:
            joined = joined.rstrip(component)
            count = joined.count(component)
        self.components += count
        return joined

    def pair(self, first: str, second: str, segment: str, element: int) -> str:
        """A composite of two components, as nearly all are."""
        component = self.component
        joined = f"{first}{component}{second}"
        if not second or joined.count(component) != 1:
            return self.composite((first, second), segment, element)
        self.components += 1
        return joined

    def procedure(self, procedure: Procedure | None, segment: str, element: int) -> str:
        if procedure is None:
            return ""
        if not (procedure.modifiers or procedure.description or procedure.range_end):
            return self.pair(procedure.qualifier, procedure.code, segment, element)
        parts = [procedure.qualifier, procedure.code, *procedure.modifiers]
        if len(parts) > 6:
            raise Unwritable("a procedure has at most four modifiers", segment, element)
        if procedure.description or procedure.range_end:
            parts += [""] * (6 - len(parts))
            parts += [procedure.description, procedure.range_end]
        return self.composite(parts, segment, element)

    def references(self, references: Iterable[Reference]) -> None:
        for reference in references:
            if reference.description or reference.linked:
                segment = REFERENCE.write(reference)
                # REF04 is kept as it was written; its components count as components.
                self.components += reference.linked.count(self.component)
                self.segments.append(segment)
            elif reference.value:
                self.segments.append(["REF", reference.qualifier, reference.value])
            else:
                self.segments.append(trimmed(["REF", reference.qualifier]))

    def dates(self, dates: Iterable[DateValue]) -> None:
        for date in dates:
            if date.time:
                self.segments.append(DATE.write(date))
            else:
                segment = ["DTP", date.qualifier, date.format, date.value]
                self.segments.append(segment if date.value else trimmed(segment))

    def amounts(self, amounts: Iterable[AmountValue]) -> None:
        self.segments += [AMOUNT.write(amount) for amount in amounts]

    def name(self, party: Party) -> None:
        segment = [
            "NM1",
            party.entity,
            party.entity_type,
            party.name,
            party.first_name,
            party.middle_name,
            party.prefix,
            party.suffix,
            party.id_qualifier,
            party.id,
        ]
        self.segments.append(segment if party.id else trimmed(segment))

    def providers(self, providers: Sequence[Provider], ranks: Mapping[str, int]) -> None:
        """Providers in the order of their roles in the guide."""
        if len(providers) > 1:
            last = len(ranks)
            providers = sorted(providers, key=lambda one: ranks.get(one.entity, last))
        for provider in providers:
            self.party(provider, specialty=provider.specialty)

    def party(
        self,
        party: Party,
        *,
        specialty: Specialty | None = None,
        demographics: Demographics | None = None,
        dates: Iterable[DateValue] = (),
    ) -> None:
        """NM1 and what follows it, in the order every guide has it."""
        if party.entity_type or party.name or party.id:
            self.name(party)
        if specialty is not None:
            segment = ["PRV", specialty.role, specialty.qualifier, specialty.taxonomy]
            self.segments.append(segment if specialty.taxonomy else trimmed(segment))
        address = party.address
        if address is not None:
            if address.line1 or address.line2:
                self.segments.append(trimmed(["N3", address.line1, address.line2]))
            city = trimmed(
                [
                    "N4",
                    address.city,
                    address.state,
                    address.postal_code,
                    address.country,
                    "",
                    "",
                    address.subdivision,
                ]
            )
            if len(city) > 1:
                self.segments.append(city)
        if demographics is not None:
            self.segments.append(DEMOGRAPHICS.write(demographics))
        if dates:
            self.dates(dates)
        if party.references:
            self.references(party.references)
        for contact in party.contacts:
            self.segments.append(contact_segment(contact))

    def check(self) -> tuple[int, Unwritable] | None:
        """No element may hold a delimiter or a control character (X12 B.1.1.2, RFI 2212).

        One look at all elements together: the separators in their text are those that stand
        between elements and components, or one of them is data. Gives the number of the segment
        at fault, from 0, with the fault.
        """
        segments = self.segments
        marks = self._delimiters
        everything = marks.element.join(chain.from_iterable(segments))
        if (
            everything.isprintable()
            and everything.count(marks.element) == sum(map(len, segments)) - 1
            and everything.count(marks.component) == self.components
            and marks.segment not in everything
            and (marks.repetition is None or marks.repetition not in everything)
        ):
            return None
        message = "the value holds a delimiter or a control character"
        for at, segment in enumerate(segments):
            for number, element in enumerate(segment):
                if self._holds_a_mark(segment[0], number, element):
                    return at, Unwritable(message, segment[0], number)
        return 0, Unwritable(message, segments[0][0])

    def _holds_a_mark(self, segment: str, number: int, element: str) -> bool:
        marks = self._delimiters
        if not element.isprintable() or marks.element in element or marks.segment in element:
            return True
        if marks.repetition and marks.repetition in element:
            return True
        return marks.component in element and (segment, number) not in _COMPOSITES


def contact_segment(contact: Contact) -> Segment:
    pairs = chain.from_iterable(contact.numbers)
    return trimmed(["PER", contact.function, contact.name, *pairs])


def inside(place: str, fault: Unwritable) -> Unwritable:
    """The same fault, told with the claim or line it is in."""
    where = f"{fault.segment}{fault.element:02d}: " if fault.element else f"{fault.segment}: "
    return Unwritable(f"{place}: {str(fault).removeprefix(where)}", fault.segment, fault.element)
