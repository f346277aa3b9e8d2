"""A claim of an 835 from its text: the hot path of the reader.

The text is cut by whole-string splits (claims before this module, lines here), which costs far
less than looking at every segment to ask whether it begins something.
"""

from collections.abc import Callable

from billing_saas.edi import era835_parts
from billing_saas.edi.amounts import AmountError, cents, quantity
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
)
from billing_saas.edi.remittance import (
    Adjustment,
    ClaimHeading,
    ClaimPayment,
    InpatientAdjudication,
    OutpatientAdjudication,
    Remark,
    ServicePayment,
)

_MOST_PROCEDURES = 4096
_PADDING = [""] * 15
_party: Callable[..., Party] = Party  # all nine elements of an NM1 are text


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
    ) -> tuple[ClaimPayment, bool]:
        """A claim, and whether it needs a look: it or one of its lines fails to balance, or has
        segments no field holds."""
        own, *lines = text.split(self._service_mark)
        element = self._element
        first, *segments = own.split(self._terminator)
        clp = first.split(element)
        if len(clp) < 15:
            clp += _PADDING[len(clp) :]
        adjustments: list[Adjustment] = []
        parties: list[Party] = []
        references: list[Reference] = []
        dates: list[DateValue] = []
        amounts: list[AmountValue] = []
        contacts: tuple[Contact, ...] = ()
        quantities: tuple[QuantityValue, ...] = ()
        inpatient: InpatientAdjudication | None = None
        outpatient: OutpatientAdjudication | None = None
        unread: tuple[tuple[int, tuple[str, ...]], ...] = ()
        adjusted = 0
        at = position
        for written in segments:
            at += 1
            segment = written.split(element)
            segment_id = segment[0]
            count = len(segment)
            if segment_id == "NM1" and 1 < count < 11:
                parties.append(_party(*segment[1:]))
            elif segment_id == "DTM" and count == 3:
                dates.append(DateValue(segment[1], segment[2]))
            elif segment_id == "REF" and 1 < count < 6:
                references.append(Reference(*segment[1:]))
            elif segment_id == "CAS":
                adjusted += _adjust(segment, at, adjustments)
            elif segment_id == "AMT" and count == 3:
                amounts.append(AmountValue(segment[1], cents(segment[2])))
            elif segment_id == "MOA" and outpatient is None:
                outpatient = era835_parts.read_outpatient(segment)
            elif segment_id == "MIA" and inpatient is None:
                inpatient = era835_parts.read_inpatient(segment)
            elif segment_id == "PER":
                contacts += (read_contact(segment),)
            elif segment_id == "QTY" and count == 3:
                quantities += (QuantityValue(segment[1], quantity(segment[2])),)
            elif segment_id == "DTM" and 1 < count < 5:
                dates.append(read_dtm(segment))
            else:
                unread += ((at, tuple(segment)),)
        services: list[ServicePayment] = []
        look = False
        at += 1
        for line in lines:
            service, line_adjusted, count = self._service(line, at)
            services.append(service)
            at += count
            adjusted += line_adjusted
            if service.charge_cents - line_adjusted != service.paid_cents or service.unread:
                look = True
        charge = cents(clp[3])
        paid = cents(clp[4])
        claim = ClaimPayment(
            clp[1],
            clp[2],
            charge,
            paid,
            cents(clp[5]) if clp[5] else None,
            clp[6],
            clp[7],
            clp[8],
            clp[9],
            clp[10],
            clp[11],
            quantity(clp[12]) if clp[12] else "",
            quantity(clp[13]) if clp[13] else "",
            clp[14],
            tuple(adjustments),
            tuple(parties),
            inpatient,
            outpatient,
            tuple(references),
            tuple(dates),
            contacts,
            tuple(amounts),
            quantities,
            tuple(services),
            heading,
            position,
            unread,
        )
        return claim, look or charge - adjusted != paid or bool(unread)

    def _service(self, text: str, position: int) -> tuple[ServicePayment, int, int]:
        """A line, the sum of its adjustments, and how many segments it has."""
        element = self._element
        procedures = self._procedures
        segments = text.split(self._terminator)
        # The split took "SVC" and its separator away: SVC01 is element 0 here.
        svc = segments[0].split(element)
        if len(svc) < 7:
            svc += _PADDING[len(svc) : 7]
        adjustments: list[Adjustment] = []
        references: tuple[Reference, ...] = ()
        dates: tuple[DateValue, ...] = ()
        amounts: tuple[AmountValue, ...] = ()
        quantities: tuple[QuantityValue, ...] = ()
        remarks: tuple[Remark, ...] = ()
        unread: tuple[tuple[int, tuple[str, ...]], ...] = ()
        adjusted = 0
        for at in range(1, len(segments)):
            segment = segments[at].split(element)
            segment_id = segment[0]
            count = len(segment)
            if segment_id == "CAS":
                adjusted += _adjust(segment, position + at, adjustments)
            elif segment_id == "DTM" and count == 3:
                dates += (DateValue(segment[1], segment[2]),)
            elif segment_id == "REF" and 1 < count < 6:
                references += (Reference(*segment[1:]),)
            elif segment_id == "AMT" and count == 3:
                amounts += (AmountValue(segment[1], cents(segment[2])),)
            elif segment_id == "LQ" and count == 3:
                remarks += (Remark(segment[1], segment[2]),)
            elif segment_id == "QTY" and count == 3:
                quantities += (QuantityValue(segment[1], quantity(segment[2])),)
            elif segment_id == "DTM" and 1 < count < 5:
                dates += (read_dtm(segment),)
            else:
                unread += ((position + at, tuple(segment)),)
        submitted = svc[5]
        service = ServicePayment(
            procedures[svc[0]],
            cents(svc[1]),
            cents(svc[2]),
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
        return service, adjusted, len(segments)


def _adjust(cas: list[str], position: int, adjustments: list[Adjustment]) -> int:
    """Append the triplets of a CAS; the sum of their amounts."""
    count = len(cas)
    if count == 4:
        amount = cents(cas[3])
        adjustments.append(Adjustment(cas[1], cas[2], amount, "", position))
        return amount
    if count < 4:
        raise AmountError("a CAS without an amount")
    total = 0
    group = cas[1]
    if count % 3 != 2:
        cas += ("",) if count % 3 == 1 else ("", "")
    for at in range(2, count, 3):
        reason, text, units = cas[at : at + 3]
        if text:
            amount = cents(text)
            total += amount
            adjustments.append(
                Adjustment(group, reason, amount, quantity(units) if units else "", position)
            )
        elif reason or units:
            raise AmountError("a reason without an amount")
    return total
