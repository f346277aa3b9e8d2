"""Putting the parts of a claim on the wire: parties, composites, the smaller segments.

What nearly every claim holds is put together here as text; the rarer segments, and those that
lack their last element, go through `add` as elements.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from billing_saas.edi.claim837_layout import AMOUNT_TEXTS, amount_text
from billing_saas.edi.claim837_parties import Provider
from billing_saas.edi.claim837_parts import (
    DATE,
    DEMOGRAPHICS,
    INSURANCE,
    REFERENCE,
    Demographics,
    Insurance,
    Specialty,
)
from billing_saas.edi.parties import (
    Address,
    AmountValue,
    Contact,
    DateValue,
    Party,
    Procedure,
    Reference,
)
from billing_saas.edi.reel import Segment
from billing_saas.edi.writing import Unwritable


def trimmed(segment: Segment) -> Segment:
    """Without trailing empty elements; its first, the tag, never is."""
    while not segment[-1]:
        segment.pop()
    return segment


class Writing:
    """Collects segments as text with the standard delimiters, whatever ones will be sent.

    `joints` counts the separators that were put between elements and components. Whoever makes a
    segment adds its own: only so can a separator inside a value be found (`claim837_exactness`).
    `starts` has the number of the segment, from 0, with which each claim starts.
    """

    __slots__ = ("component", "joints", "starts", "texts")

    def __init__(self, component: str = ":") -> None:
        # Of the delimiters that will be sent; only REF04 already holds it.
        self.component = component
        self.joints = 0
        self.texts: list[str] = []
        self.starts: list[int] = []

    @property
    def text(self) -> str:
        return "~".join([*self.texts, ""])

    @property
    def separators(self) -> int:
        """How many separators the text has, if none of them is in a value."""
        return self.joints + len(self.texts)

    def add(self, segment: Segment) -> None:
        self.joints += len(segment) - 1
        self.texts.append("*".join(segment))

    def add_all(self, segments: Iterable[Segment]) -> None:
        for segment in segments:
            self.add(segment)

    def composite(self, parts: Sequence[str]) -> str:
        """Components joined, without trailing empty ones."""
        size = len(parts)
        while size and not parts[size - 1]:
            size -= 1
        self.joints += max(size - 1, 0)
        return ":".join(parts[:size])

    def procedure(self, procedure: Procedure | None, segment: str, element: int) -> str:
        if procedure is None:
            return ""
        modifiers = procedure.modifiers
        more = procedure.description or procedure.range_end
        if not modifiers and procedure.code and not more:
            self.joints += 1
            return f"{procedure.qualifier}:{procedure.code}"
        parts = [procedure.qualifier, procedure.code, *modifiers]
        if len(parts) > 6:
            raise Unwritable("a procedure has at most four modifiers", segment, element)
        if more:
            parts += [""] * (6 - len(parts))
            parts += [procedure.description, procedure.range_end]
        return self.composite(parts)

    def references(self, references: Iterable[Reference]) -> None:
        for reference in references:
            if reference.value and not (reference.description or reference.linked):
                self.joints += 2
                self.texts.append(f"REF*{reference.qualifier}*{reference.value}")
            else:
                # REF04 is kept as it was written; its components count as components.
                self.joints += reference.linked.count(self.component)
                self.add(REFERENCE.write(reference))

    def dates(self, dates: Iterable[DateValue]) -> None:
        for date in dates:
            if date.value and not date.time:
                self.joints += 3
                self.texts.append(f"DTP*{date.qualifier}*{date.format}*{date.value}")
            else:
                self.add(DATE.write(date))

    def amounts(self, amounts: Iterable[AmountValue]) -> None:
        for amount in amounts:
            cents = amount.amount_cents
            text = AMOUNT_TEXTS.get(cents) or amount_text(cents, "AMT", 2)
            self.joints += 2
            self.texts.append(f"AMT*{amount.qualifier}*{text}")

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
        self.add(segment if party.id else trimmed(segment))

    def providers(self, providers: Sequence[Provider], ranks: Mapping[str, int]) -> None:
        """Providers in the order of their roles in the guide."""
        if len(providers) > 1:
            last = len(ranks)
            providers = sorted(providers, key=lambda one: ranks.get(one.entity, last))
        for provider in providers:
            self.party(provider, provider.specialty)

    def party(
        self,
        party: Party,
        specialty: Specialty | None = None,
        demographics: Demographics | None = None,
        dates: Iterable[DateValue] = (),
    ) -> None:
        """NM1 and what follows it, in the order every guide has it."""
        if party.entity_type or party.name or party.id:
            self.name(party)
        if specialty is not None:
            self.specialty(specialty)
        if party.address is not None:
            self._address(party.address)
        if demographics is not None:
            self.demographics(demographics)
        if dates:
            self.dates(dates)
        if party.references:
            self.references(party.references)
        if party.contacts:
            self.add_all(map(_contact, party.contacts))

    def specialty(self, specialty: Specialty) -> None:
        if specialty.taxonomy:
            self.joints += 3
            self.texts.append(f"PRV*{specialty.role}*{specialty.qualifier}*{specialty.taxonomy}")
        else:
            self.add(trimmed(["PRV", specialty.role, specialty.qualifier]))

    def demographics(self, demographics: Demographics) -> None:
        if demographics.sex:
            self.joints += 3
            self.texts.append(
                f"DMG*{demographics.date_format}*{demographics.birth_date}*{demographics.sex}"
            )
        else:
            self.add(DEMOGRAPHICS.write(demographics))

    def insurance(self, insurance: Insurance) -> None:
        if not insurance.filing_indicator:
            self.add(INSURANCE.write(insurance))
            return
        segment = [
            "SBR",
            insurance.sequence,
            insurance.relationship,
            insurance.group_number,
            insurance.group_name,
            insurance.insurance_type,
            insurance.coordination,
            insurance.response,
            insurance.employment_status,
            insurance.filing_indicator,
        ]
        self.add(segment)

    def _address(self, address: Address) -> None:
        if address.line2:
            self.add(["N3", address.line1, address.line2])
        elif address.line1:
            self.joints += 1
            self.texts.append(f"N3*{address.line1}")
        if address.postal_code and not (address.country or address.subdivision):
            self.joints += 3
            self.texts.append(f"N4*{address.city}*{address.state}*{address.postal_code}")
            return
        city = [address.city, address.state, address.postal_code, address.country]
        segment = trimmed(["N4", *city, "", "", address.subdivision])
        if len(segment) > 1:
            self.add(segment)


def _contact(contact: Contact) -> Segment:
    pairs = chain.from_iterable(contact.numbers)
    return trimmed(["PER", contact.function, contact.name, *pairs])


def inside(place: str, fault: Unwritable) -> Unwritable:
    """The same fault, told with the claim or line it is in."""
    where = f"{fault.segment}{fault.element:02d}: " if fault.element else f"{fault.segment}: "
    return Unwritable(f"{place}: {str(fault).removeprefix(where)}", fault.segment, fault.element)
