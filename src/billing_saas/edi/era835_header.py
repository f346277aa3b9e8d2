"""What stands before the claims of an 835: the payment, its trace, the payer and the payee."""

from typing import Any

from msgspec.structs import replace

from billing_saas.edi import era835_parts
from billing_saas.edi.amounts import AmountError, cents
from billing_saas.edi.envelope import Segment, TransactionSet
from billing_saas.edi.era835_parts import Report
from billing_saas.edi.findings import Finding, Place
from billing_saas.edi.parties import (
    Party,
    element,
    read_contact,
    read_dtm,
    read_organization,
    read_reference,
    with_city,
    with_street,
)
from billing_saas.edi.remittance import Account, Currency, Delivery, Remittance

_PARTIES = {"PR": "payer", "PE": "payee"}


def read_header(transaction: TransactionSet, segments: list[Segment], report: Report) -> Remittance:
    """The payment without its claims; `segments` are those before the first LX, CLP or PLB."""
    place = transaction.place
    fields: dict[str, Any] = {
        "version": transaction.version,
        "control_number": transaction.control_number,
        "group_control_number": transaction.group.control_number,
        "interchange_control_number": transaction.interchange.control_number,
        "usage": transaction.interchange.usage,
        "place": place,
    }
    references, dates, unread = [], [], []
    seen: set[str] = set()
    party: Party | None = None
    for position, segment in enumerate(segments, 2):
        segment_id = segment[0]
        if segment_id == "BPR" and "BPR" not in seen:
            fields.update(_payment(segment, position, place, report))
        elif segment_id == "TRN" and "TRN" not in seen:
            fields.update(_trace(segment))
        elif segment_id == "CUR" and "CUR" not in seen and len(segment) <= 4:
            fields["currency"] = Currency(*segment[1:])
        elif segment_id == "N1" and element(segment, 1) in _PARTIES.keys() - seen:
            party = read_organization(segment)
            segment_id = party.entity
        elif party is not None and (grown := _grown(party, segment)) is not None:
            party = grown
        elif party is None and segment_id == "REF":
            references.append(read_reference(segment))
        elif party is None and segment_id == "DTM":
            dates.append(read_dtm(segment))
        elif segment_id == "RDM" and "RDM" not in seen and len(segment) <= 4:
            fields["delivery"] = Delivery(*segment[1:])
        elif len(segment) <= era835_parts.LONGEST.get(segment[0], len(segment)):
            unread.append((position, tuple(segment)))
            report(era835_parts.unknown(segment, "", place.at(position)))
        if len(segment) > era835_parts.LONGEST.get(segment[0], len(segment)):
            unread.append((position, tuple(segment)))
            report(era835_parts.unknown(segment, "", place.at(position)))
        seen.add(segment_id)
        if party is not None:
            fields[_PARTIES[party.entity]] = party
    fields.update(references=tuple(references), dates=tuple(dates), unread=tuple(unread))
    remittance = Remittance(**fields)
    _check(remittance, seen, report)
    return remittance


def _payment(bpr: Segment, position: int, place: Place, report: Report) -> dict[str, Any]:
    try:
        payment = cents(element(bpr, 2))
    except AmountError:
        (bpr,) = era835_parts.mend([bpr], position, place, report)
        payment = cents(bpr[2])
    padded = [*bpr, *[""] * (17 - len(bpr))]
    return {
        "payment_cents": payment,
        "handling": padded[1],
        "credit_or_debit": padded[3],
        "method": padded[4],
        "payment_format": padded[5],
        "payer_account": Account(*padded[6:10]),
        "originator_id": padded[10],
        "originator_supplement": padded[11],
        "payee_account": Account(*padded[12:16]),
        "payment_date": padded[16],
    }


def _trace(trn: Segment) -> dict[str, Any]:
    return {
        "trace_type": element(trn, 1),
        "trace_number": element(trn, 2),
        "trace_payer_id": element(trn, 3),
        "trace_supplement": element(trn, 4),
    }


def _grown(party: Party, segment: Segment) -> Party | None:
    """The party with one more of the segments that follow its N1, or None for another segment."""
    segment_id = segment[0]
    if segment_id == "N3":
        return replace(party, address=with_street(party.address, segment))
    if segment_id == "N4":
        return replace(party, address=with_city(party.address, segment))
    if segment_id == "REF":
        return replace(party, references=(*party.references, read_reference(segment)))
    if segment_id == "PER":
        return replace(party, contacts=(*party.contacts, read_contact(segment)))
    return None


def _check(remittance: Remittance, seen: set[str], report: Report) -> None:
    place = remittance.place
    for name, code, message in (
        ("BPR", "payment_missing", "The BPR segment is missing: the payment is not known."),
        ("TRN", "trace_missing", "The TRN segment is missing: the payment cannot be traced."),
        ("PR", "payer_missing", "The payer (N1*PR) is missing."),
        ("PE", "payee_missing", "The payee (N1*PE) is missing."),
    ):
        if name not in seen:
            report(
                Finding(
                    severity="error",
                    level="segment",
                    code=code,
                    message=message,
                    place=place,
                    segment=name if len(name) == 3 else "N1",
                    ack_code="3",
                )
            )
    if "TRN" in seen and not remittance.trace_number:
        report(_warning("trace_missing", "TRN02 is empty: the payment cannot be traced.", place))
    if "BPR" in seen:
        _check_method(remittance, report)


def _check_method(remittance: Remittance, report: Report) -> None:
    """A payment of zero is BPR01 H with BPR04 NON; I with NON and CHK with 0 contradict
    themselves (RFI 352). BPR02 is never negative: what is owed goes forward by PLB FB."""
    place = remittance.place
    if remittance.method == "NON" and remittance.handling == "I":
        message = "BPR01 says that money comes with the remittance, BPR04 that there is none."
        report(_warning("payment_method", message, place))
    if remittance.method in {"CHK", "ACH"} and remittance.payment_cents == 0:
        message = "BPR04 names a payment, but its amount is zero."
        report(_warning("payment_method", message, place))
    if remittance.payment_cents < 0:
        message = "The payment in BPR02 is negative."
        report(_warning("negative_payment", message, place))


def _warning(code: str, message: str, place: Place) -> Finding:
    return Finding(severity="warning", level="business", code=code, message=message, place=place)
