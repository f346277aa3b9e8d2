"""A claim of an 835 from its text: the hot path of the reader.

The text is cut by whole-string splits (claims before this module, lines here), which costs far
less than looking at every segment to ask whether it begins something.
"""

from collections.abc import Callable

from billing_saas.edi import era835_parts
from billing_saas.edi.amounts import COUNTS, AmountError, cents, quantity
from billing_saas.edi.delimiters import Delimiters
from billing_saas.edi.era835_repeats import Amounts, Outpatients, Procedures
from billing_saas.edi.parties import (
    AmountValue,
    Contact,
    DateValue,
    Party,
    QuantityValue,
    Reference,
    read_contact,
    read_dtm,
    read_reference,
)
from billing_saas.edi.remittance import (
    Adjustment,
    ClaimHeading,
    ClaimPayment,
    InpatientAdjudication,
    OutpatientAdjudication,
    Remark,
    ServicePayment,
    Unread,
)

# What a short CLP or SVC lacks, by how many elements it has.
_CLP_LENGTH = 14
_SVC_LENGTH = 7
_CLP_PADDING = [("",) * (_CLP_LENGTH - sent) for sent in range(_CLP_LENGTH + 1)]
_SVC_PADDING = [("",) * (_SVC_LENGTH - sent) for sent in range(_SVC_LENGTH + 1)]
_UNITS_AS_SENT = COUNTS | {""}
_party: Callable[..., Party] = Party  # all nine elements of an NM1 are text


# The fields of a claim from `adjustments` to `quantities`.
_Own = tuple[
    tuple[Adjustment, ...],
    tuple[Party, ...],
    InpatientAdjudication | None,
    OutpatientAdjudication | None,
    tuple[Reference, ...],
    tuple[DateValue, ...],
    tuple[Contact, ...],
    tuple[AmountValue, ...],
    tuple[QuantityValue, ...],
]


class ClaimReader:
    """Reads the claims of one set. Raises AmountError where an amount or number is not one."""

    __slots__ = (
        "_amounts",
        "_element",
        "_outpatients",
        "_procedures",
        "_service_mark",
        "_terminator",
    )

    def __init__(self, delimiters: Delimiters) -> None:
        self._element = delimiters.element
        self._terminator = delimiters.segment
        self._amounts = Amounts()
        self._outpatients = Outpatients()
        self._procedures = Procedures(delimiters.component)
        self._service_mark = f"{delimiters.segment}SVC{delimiters.element}"

    def read(
        self, text: str, position: int, heading: ClaimHeading | None
    ) -> tuple[ClaimPayment, bool, int]:
        """A claim from its text without "CLP" and the separator after it.

        Also whether it needs a look (it or one of its lines fails to balance, or has segments no
        field holds), and the position after it."""
        own, *lines = text.split(self._service_mark)
        first, *segments = own.split(self._terminator)
        clp = first.split(self._element)  # CLP01 is element 0 here
        unread: Unread = ()
        if len(clp) <= _CLP_LENGTH:
            clp += _CLP_PADDING[len(clp)]
        else:
            unread = ((position, ("CLP", *clp)),)
        parts, adjusted, more = self._own(segments, position)
        unread += more
        services: list[ServicePayment] = []
        look = bool(unread)
        at = position + len(segments) + 1
        for line in lines:
            service, line_adjusted, odd, at = self._service(line, at)
            services.append(service)
            adjusted += line_adjusted
            look = look or odd
        charge = cents(clp[2])
        paid = cents(clp[3])
        claim = ClaimPayment(
            clp[0],
            clp[1],
            charge,
            paid,
            cents(clp[4]) if clp[4] else None,
            clp[5],
            clp[6],
            clp[7],
            clp[8],
            clp[9],
            clp[10],
            quantity(clp[11]) if clp[11] else "",
            quantity(clp[12]) if clp[12] else "",
            clp[13],
            *parts,
            tuple(services),
            heading,
            position,
            unread,
        )
        return claim, look or charge - adjusted != paid, at

    def _own(self, segments: list[str], position: int) -> tuple[_Own, int, Unread]:
        """What stands in 2100 after the CLP, as the fields of a claim; the sum of its adjustments;
        and what no field holds."""
        element = self._element
        adjustments: list[Adjustment] = []
        parties: tuple[Party, ...] = ()
        references: tuple[Reference, ...] = ()
        dates: tuple[DateValue, ...] = ()
        amounts: tuple[AmountValue, ...] = ()
        contacts: tuple[Contact, ...] = ()
        quantities: tuple[QuantityValue, ...] = ()
        inpatient: InpatientAdjudication | None = None
        outpatient: OutpatientAdjudication | None = None
        unread: Unread = ()
        adjusted = 0
        at = position
        for written in segments:
            at += 1
            segment = written.split(element)
            segment_id = segment[0]
            count = len(segment)
            if segment_id == "NM1" and 1 < count < 11:
                parties += (_party(*segment[1:]),)
            elif segment_id == "CAS":
                adjusted += _adjust(segment, at, adjustments, self._amounts)
            elif count == 3 and segment_id == "DTM":
                dates += (DateValue(segment[1], segment[2]),)
            elif count == 3 and segment_id == "REF":
                references += (Reference(segment[1], segment[2]),)
            elif count == 3 and segment_id == "AMT":
                amounts += (AmountValue(segment[1], cents(segment[2])),)
            elif segment_id == "MOA" and outpatient is None and count < 11:
                outpatient = self._outpatients.read(written, segment)
            elif segment_id == "MIA" and inpatient is None and count < 26:
                inpatient = era835_parts.read_inpatient(segment)
            elif segment_id == "PER" and count < 10:
                contacts += (read_contact(segment),)
            elif segment_id == "QTY" and count == 3:
                quantities += (QuantityValue(segment[1], quantity(segment[2])),)
            elif segment_id == "DTM" and 1 < count < 5:
                dates += (read_dtm(segment),)
            elif segment_id == "REF" and 1 < count < 6:
                references += (read_reference(segment),)
            else:
                unread += ((at, tuple(segment)),)
        parts = (
            tuple(adjustments),
            parties,
            inpatient,
            outpatient,
            references,
            dates,
            contacts,
            amounts,
            quantities,
        )
        return parts, adjusted, unread

    def _service(self, text: str, position: int) -> tuple[ServicePayment, int, bool, int]:
        """A line, the sum of its adjustments, whether it needs a look, the position after it."""
        element = self._element
        first, *segments = text.split(self._terminator)
        svc = first.split(element)  # SVC01 is element 0 here
        unread: Unread = ()
        if len(svc) <= _SVC_LENGTH:
            svc += _SVC_PADDING[len(svc)]
        else:
            unread = ((position, ("SVC", *svc)),)
        adjustments: list[Adjustment] = []
        references: tuple[Reference, ...] = ()
        dates: tuple[DateValue, ...] = ()
        amounts: tuple[AmountValue, ...] = ()
        quantities: tuple[QuantityValue, ...] = ()
        remarks: tuple[Remark, ...] = ()
        adjusted = 0
        at = position
        for written in segments:
            at += 1
            segment = written.split(element)
            segment_id = segment[0]
            if segment_id == "CAS":
                adjusted += _adjust(segment, at, adjustments, self._amounts)
            elif len(segment) == 3:
                _, qualifier, value = segment
                if segment_id == "REF":
                    references += (Reference(qualifier, value),)
                elif segment_id == "DTM":
                    dates += (DateValue(qualifier, value),)
                elif segment_id == "AMT":
                    amounts += (AmountValue(qualifier, cents(value)),)
                elif segment_id == "LQ":
                    remarks += (Remark(qualifier, value),)
                elif segment_id == "QTY":
                    quantities += (QuantityValue(qualifier, quantity(value)),)
                else:
                    unread += ((at, tuple(segment)),)
            elif segment_id == "DTM" and 1 < len(segment) < 5:
                dates += (read_dtm(segment),)
            elif segment_id == "REF" and 1 < len(segment) < 6:
                references += (read_reference(segment),)
            else:
                unread += ((at, tuple(segment)),)
        composite, charged, covered, revenue_code, units, submitted, submitted_units = svc[:7]
        charge = cents(charged)
        paid = cents(covered)
        service = ServicePayment(
            self._procedures[composite],
            charge,
            paid,
            revenue_code,
            units if units in _UNITS_AS_SENT else quantity(units),
            self._procedures[submitted] if submitted else None,
            quantity(submitted_units) if submitted_units else "",
            dates,
            tuple(adjustments),
            references,
            amounts,
            quantities,
            remarks,
            position,
            unread,
        )
        return service, adjusted, charge - adjusted != paid or bool(unread), at + 1


def _adjust(
    cas: list[str], position: int, adjustments: list[Adjustment], amount_of: Amounts
) -> int:
    """Append the triplets of a CAS; the sum of their amounts."""
    count = len(cas)
    if count == 4:  # as most are
        _, group, reason, text = cas
        amount = amount_of[text]
        adjustments.append(Adjustment(group, reason, amount, "", position))
        return amount
    if count < 4 or not cas[3]:
        raise AmountError("a CAS without an amount")
    if count == 7 and cas[6] and not cas[4]:
        _, group, reason, text, _, second_reason, second_text = cas
        amount, second = amount_of[text], amount_of[second_text]
        adjustments += (
            Adjustment(group, reason, amount, "", position),
            Adjustment(group, second_reason, second, "", position),
        )
        return amount + second
    group = cas[1]
    total = 0
    if count % 3 == 1:  # the last quantity was not sent, as usual
        cas.append("")
    elif count % 3 == 0:  # a reason, and nothing more
        cas += ("", "")
    rest = iter(cas)
    next(rest), next(rest)
    for reason, text, units in zip(rest, rest, rest, strict=False):
        if text:
            amount = amount_of[text]
            total += amount
            adjustments.append(
                Adjustment(group, reason, amount, quantity(units) if units else "", position)
            )
        elif reason or units:
            raise AmountError("a reason without an amount")
    return total
