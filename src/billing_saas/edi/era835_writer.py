"""An 835 from its structs: the segments between ST and SE, in the order of the guide."""

from collections.abc import Iterable, Iterator, Sequence

from billing_saas.edi.amounts import format_cents
from billing_saas.edi.delimiters import STANDARD, Delimiters
from billing_saas.edi.envelope import Segment
from billing_saas.edi.era835_parts import LONGEST
from billing_saas.edi.parties import Contact, DateValue, Party, Procedure, Reference
from billing_saas.edi.remittance import (
    Adjustment,
    ClaimHeading,
    ClaimPayment,
    InpatientAdjudication,
    OutpatientAdjudication,
    ProviderAdjustment,
    Remittance,
    ServicePayment,
    Unread,
)
from billing_saas.edi.writing import Composite, Pen

_MOST_TRIPLETS = 6
_MOST_PAIRS = 6
# Segments kept because they were too long: what was read of them is written already.
_WRITTEN = frozenset(LONGEST)


def write(remittance: Remittance, delimiters: Delimiters = STANDARD) -> list[Segment]:
    """Segments of the whole remittance. Raises Unwritable where a value holds a delimiter."""
    return list(segments(remittance, remittance.claims, delimiters))


def segments(
    remittance: Remittance, claims: Iterable[ClaimPayment], delimiters: Delimiters = STANDARD
) -> Iterator[Segment]:
    """The same as a stream, for claims that are not held in memory."""
    pen = Pen(delimiters)
    yield from _header(pen, remittance)
    empty = list(remittance.empty_headings)
    heading: ClaimHeading | None = None
    for claim in claims:
        if claim.heading is not None and claim.heading != heading:
            while empty and empty[0].position < claim.heading.position:
                yield from _heading(pen, empty.pop(0))
            yield from _heading(pen, claim.heading)
        heading = claim.heading
        yield from _claim(pen, claim)
    for left in empty:
        yield from _heading(pen, left)
    yield from _provider_adjustments(pen, remittance.provider_adjustments)


def _header(pen: Pen, remittance: Remittance) -> Iterator[Segment]:
    payer_account, payee_account = remittance.payer_account, remittance.payee_account
    yield pen.segment(
        "BPR",
        remittance.handling,
        format_cents(remittance.payment_cents),
        remittance.credit_or_debit,
        remittance.method,
        remittance.payment_format,
        payer_account.bank_qualifier,
        payer_account.bank_id,
        payer_account.account_qualifier,
        payer_account.account_number,
        remittance.originator_id,
        remittance.originator_supplement,
        payee_account.bank_qualifier,
        payee_account.bank_id,
        payee_account.account_qualifier,
        payee_account.account_number,
        remittance.payment_date,
    )
    yield pen.segment(
        "TRN",
        remittance.trace_type,
        remittance.trace_number,
        remittance.trace_payer_id,
        remittance.trace_supplement,
    )
    if currency := remittance.currency:
        yield pen.segment("CUR", currency.entity, currency.code, currency.rate)
    yield from _references(pen, remittance.references)
    yield from _dates(pen, remittance.dates)
    if remittance.payer is not None:
        yield from _organization(pen, remittance.payer)
    if remittance.payee is not None:
        yield from _organization(pen, remittance.payee)
    if delivery := remittance.delivery:
        yield pen.segment("RDM", delivery.method, delivery.name, delivery.address)
    yield from _unread(remittance.unread)


def _organization(pen: Pen, party: Party) -> Iterator[Segment]:
    yield pen.segment("N1", party.entity, party.name, party.id_qualifier, party.id)
    if address := party.address:
        if address.line1 or address.line2:
            yield pen.segment("N3", address.line1, address.line2)
        city = pen.segment(
            "N4",
            address.city,
            address.state,
            address.postal_code,
            address.country,
            "",
            "",
            address.subdivision,
        )
        if len(city) > 1:
            yield city
    yield from _references(pen, party.references)
    yield from _contacts(pen, party.contacts)


def _heading(pen: Pen, heading: ClaimHeading) -> Iterator[Segment]:
    yield pen.segment("LX", heading.number)
    if summary := heading.summary:
        yield pen.segment(
            "TS3",
            summary.provider_id,
            summary.facility,
            summary.fiscal_period_end,
            summary.claim_count,
            _money(summary.charge_cents),
            *summary.medicare,
        )
    if heading.supplement:
        yield pen.segment("TS2", *heading.supplement)
    yield from _unread(heading.unread)


def _claim(pen: Pen, claim: ClaimPayment) -> Iterator[Segment]:
    yield pen.segment(
        "CLP",
        claim.patient_control_number,
        claim.status,
        format_cents(claim.charge_cents),
        format_cents(claim.paid_cents),
        _money(claim.patient_responsibility_cents),
        claim.filing_indicator,
        claim.payer_control_number,
        claim.facility,
        claim.frequency,
        claim.patient_status,
        claim.drg,
        claim.drg_weight,
        claim.discharge_fraction,
        claim.patient_authorization,
    )
    yield from _adjustments(pen, claim.adjustments)
    for party in claim.parties:
        yield pen.segment(
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
        )
    if claim.inpatient is not None:
        yield _adjudication(pen, "MIA", claim.inpatient)
    if claim.outpatient is not None:
        yield _adjudication(pen, "MOA", claim.outpatient)
    yield from _references(pen, claim.references)
    yield from _dates(pen, claim.dates)
    yield from _contacts(pen, claim.contacts)
    for amount in claim.amounts:
        yield pen.segment("AMT", amount.qualifier, format_cents(amount.amount_cents))
    for quantity in claim.quantities:
        yield pen.segment("QTY", quantity.qualifier, quantity.quantity)
    yield from _unread(claim.unread)
    for service in claim.services:
        yield from _service(pen, service)


def _service(pen: Pen, service: ServicePayment) -> Iterator[Segment]:
    submitted = service.submitted_procedure
    yield pen.segment(
        "SVC",
        _procedure(service.procedure),
        format_cents(service.charge_cents),
        format_cents(service.paid_cents),
        service.revenue_code,
        service.units,
        _procedure(submitted) if submitted is not None else "",
        service.submitted_units,
    )
    yield from _dates(pen, service.dates)
    yield from _adjustments(pen, service.adjustments)
    yield from _references(pen, service.references)
    for amount in service.amounts:
        yield pen.segment("AMT", amount.qualifier, format_cents(amount.amount_cents))
    for quantity in service.quantities:
        yield pen.segment("QTY", quantity.qualifier, quantity.quantity)
    for remark in service.remarks:
        yield pen.segment("LQ", remark.qualifier, remark.code)
    yield from _unread(service.unread)


def _procedure(procedure: Procedure) -> Composite:
    modifiers = procedure.modifiers
    return (
        procedure.qualifier,
        procedure.code,
        *modifiers,
        *[""] * (4 - len(modifiers)),
        procedure.description,
        procedure.range_end,
    )


def _adjudication(
    pen: Pen, segment_id: str, adjudication: InpatientAdjudication | OutpatientAdjudication
) -> Segment:
    values = []
    for name in adjudication.__struct_fields__:
        value = getattr(adjudication, name)
        values.append(value if isinstance(value, str) else _money(value))
    return pen.segment(segment_id, *values)


def _adjustments(pen: Pen, adjustments: Sequence[Adjustment]) -> Iterator[Segment]:
    """Adjustments of one group share a CAS, six at most, unless they were read from several."""
    triplets: list[str] = []
    last: Adjustment | None = None
    for adjustment in adjustments:
        together = (
            last is not None
            and last.group == adjustment.group
            and last.position == adjustment.position
            and len(triplets) < 3 * _MOST_TRIPLETS
        )
        if last is not None and not together:
            yield pen.segment("CAS", last.group, *triplets)
            triplets = []
        triplets += [adjustment.reason, format_cents(adjustment.amount_cents), adjustment.quantity]
        last = adjustment
    if last is not None:
        yield pen.segment("CAS", last.group, *triplets)


def _provider_adjustments(pen: Pen, pairs: Sequence[ProviderAdjustment]) -> Iterator[Segment]:
    values: list[str | Composite] = []
    last: ProviderAdjustment | None = None
    for pair in pairs:
        together = (
            last is not None
            and last.provider_id == pair.provider_id
            and last.fiscal_period_end == pair.fiscal_period_end
            and last.position == pair.position
            and len(values) < 2 * _MOST_PAIRS
        )
        if last is not None and not together:
            yield pen.segment("PLB", last.provider_id, last.fiscal_period_end, *values)
            values = []
        values += [(pair.reason, pair.reference), format_cents(pair.amount_cents)]
        last = pair
    if last is not None:
        yield pen.segment("PLB", last.provider_id, last.fiscal_period_end, *values)


def _references(pen: Pen, references: Sequence[Reference]) -> Iterator[Segment]:
    for one in references:
        yield pen.segment("REF", one.qualifier, one.value, one.description, one.linked)


def _dates(pen: Pen, dates: Sequence[DateValue]) -> Iterator[Segment]:
    for date in dates:
        yield pen.segment("DTM", date.qualifier, date.value, date.time)


def _contacts(pen: Pen, contacts: Sequence[Contact]) -> Iterator[Segment]:
    for contact in contacts:
        numbers = [part for pair in contact.numbers for part in pair]
        yield pen.segment("PER", contact.function, contact.name, *numbers)


def _unread(unread: Unread) -> Iterator[Segment]:
    for _, segment in unread:
        if segment[0] not in _WRITTEN:
            yield list(segment)


def _money(amount: int | None) -> str:
    return "" if amount is None else format_cents(amount)
