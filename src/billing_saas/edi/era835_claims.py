"""A claim of an 835 from its text: the hot path of the reader.

The text is cut by whole-string splits (claims before this module, lines here), which costs far
less than looking at every segment to ask whether it begins something.
"""

from collections.abc import Callable

from billing_saas.edi import era835_parts
from billing_saas.edi.amounts import CENTS, DOLLARS, AmountError, cents, quantity
from billing_saas.edi.delimiters import Delimiters
from billing_saas.edi.parties import (
    AmountValue,
    Contact,
    DateValue,
    Party,
    Procedure,
    QuantityValue,
    Reference,
    read_contact,
    read_dtm,
    read_procedure,
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

_MOST_PROCEDURES = 4096
_PADDING = [""] * 14
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


class _Procedures(dict[str, Procedure]):
    """Procedures read before: a practice bills few, and what was read can be shared."""

    __slots__ = ("_component",)

    def __init__(self, component: str) -> None:
        super().__init__()
        self._component = component

    def __missing__(self, composite: str) -> Procedure:
        if len(self) >= _MOST_PROCEDURES:
            self.clear()
        procedure = self[composite] = read_procedure(composite, self._component)
        return procedure


class ClaimReader:
    """Reads the claims of one set. Raises AmountError where an amount or number is not one."""

    __slots__ = (
        "_element",
        "_procedures",
        "_service_mark",
        "_terminator",
    )

    def __init__(self, delimiters: Delimiters) -> None:
        self._element = delimiters.element
        self._terminator = delimiters.segment
        self._procedures = _Procedures(delimiters.component)
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
        if len(clp) < 14:
            clp += _PADDING[len(clp) :]
        elif len(clp) > 14:
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
        parties: list[Party] = []
        references: list[Reference] = []
        dates: list[DateValue] = []
        amounts: list[AmountValue] = []
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
            if segment_id == "NM1" and 1 < len(segment) < 11:
                parties.append(_party(*segment[1:]))
            elif segment_id == "DTM" and len(segment) == 3:
                dates.append(DateValue(segment[1], segment[2]))
            elif segment_id == "REF" and len(segment) == 3:
                references.append(Reference(segment[1], segment[2]))
            elif segment_id == "CAS":
                adjusted += _adjust(segment, at, adjustments)
            elif segment_id == "AMT" and len(segment) == 3:
                amounts.append(AmountValue(segment[1], cents(segment[2])))
            elif segment_id == "MOA" and outpatient is None and len(segment) < 11:
                outpatient = era835_parts.read_outpatient(segment)
            elif segment_id == "MIA" and inpatient is None and len(segment) < 26:
                inpatient = era835_parts.read_inpatient(segment)
            elif segment_id == "PER" and len(segment) < 10:
                contacts += (read_contact(segment),)
            elif segment_id == "QTY" and len(segment) == 3:
                quantities += (QuantityValue(segment[1], quantity(segment[2])),)
            elif segment_id == "DTM" and 1 < len(segment) < 5:
                dates.append(read_dtm(segment))
            elif segment_id == "REF" and 1 < len(segment) < 6:
                references.append(read_reference(segment))
            else:
                unread += ((at, tuple(segment)),)
        parts = (
            tuple(adjustments),
            tuple(parties),
            inpatient,
            outpatient,
            tuple(references),
            tuple(dates),
            contacts,
            tuple(amounts),
            quantities,
        )
        return parts, adjusted, unread

    def _service(self, text: str, position: int) -> tuple[ServicePayment, int, bool, int]:
        """A line, the sum of its adjustments, whether it needs a look, the position after it."""
        element = self._element
        procedures = self._procedures
        first, *segments = text.split(self._terminator)
        svc = first.split(element)  # SVC01 is element 0 here
        unread: Unread = ()
        if len(svc) < 7:
            svc += _PADDING[len(svc) : 7]
        elif len(svc) > 7:
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
                adjusted += _adjust(segment, at, adjustments)
            elif segment_id == "REF" and len(segment) == 3:
                references += (Reference(segment[1], segment[2]),)
            elif segment_id == "DTM" and len(segment) == 3:
                dates += (DateValue(segment[1], segment[2]),)
            elif segment_id == "AMT" and len(segment) == 3:
                amounts += (AmountValue(segment[1], cents(segment[2])),)
            elif segment_id == "LQ" and len(segment) == 3:
                remarks += (Remark(segment[1], segment[2]),)
            elif segment_id == "QTY" and len(segment) == 3:
                quantities += (QuantityValue(segment[1], quantity(segment[2])),)
            elif segment_id == "DTM" and 1 < len(segment) < 5:
                dates += (read_dtm(segment),)
            elif segment_id == "REF" and 1 < len(segment) < 6:
                references += (read_reference(segment),)
            else:
                unread += ((at, tuple(segment)),)
        charge = cents(svc[1])
        paid = cents(svc[2])
        submitted = svc[5]
        service = ServicePayment(
            procedures[svc[0]],
            charge,
            paid,
            svc[3],
            quantity(svc[4]) if svc[4] else "",
            procedures[submitted] if submitted else None,
            quantity(svc[6]) if svc[6] else "",
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


def _adjust(cas: list[str], position: int, adjustments: list[Adjustment]) -> int:
    """Append the triplets of a CAS; the sum of their amounts."""
    count = len(cas)
    if count < 4:
        raise AmountError("a CAS without an amount")
    group = cas[1]
    total = 0
    for at in range(3, count, 3):
        text = cas[at]
        units = cas[at + 1] if at + 1 < count else ""
        if text:
            # `amounts.cents` without its call: half of a remittance's amounts stand in a CAS.
            whole, _, fraction = text.partition(".")
            try:
                amount = DOLLARS[whole] + CENTS[fraction]
            except KeyError:
                amount = cents(text)
            total += amount
            adjustments.append(
                Adjustment(group, cas[at - 1], amount, quantity(units) if units else "", position)
            )
        elif at == 3 or cas[at - 1] or units:
            raise AmountError("a reason without an amount")
    if count % 3 == 0 and cas[-1]:
        raise AmountError("a reason without an amount")
    return total
