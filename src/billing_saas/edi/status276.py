"""276 and 277 (005010X212): asking a payer where a claim stands, and its answer.

A 276 asks once per trace number of ours (TRN*1); the 277 gives it back as TRN*2 (rule 70).
"""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from billing_saas.edi.envelope import Segment, TransactionSet
from billing_saas.edi.findings import NOWHERE, Finding, Place
from billing_saas.edi.inquiry_parts import Beginning, Demographics
from billing_saas.edi.layout_reading import Reads, Unread, read_set
from billing_saas.edi.layout_writing import write_set
from billing_saas.edi.layouts import at, only
from billing_saas.edi.parties import DateValue, Party, Procedure, Reference
from billing_saas.edi.phi_free import Masked
from billing_saas.edi.status_parts import Status
from billing_saas.edi.writing import Pen


class InquiryLine(Masked, frozen=True, kw_only=True):
    """Loop 2210 of a 276. `line_number` is our REF*6R of the 837."""

    procedure: Annotated[Procedure | None, at("SVC", 1)] = None
    charge_cents: Annotated[int | None, at("SVC", 2, kind="cents")] = None
    revenue_code: Annotated[str, at("SVC", 4)] = ""
    units: Annotated[str, at("SVC", 7, kind="quantity")] = ""
    line_number: Annotated[str, at("REF*FJ", 2)] = ""
    references: tuple[Reference, ...] = ()
    service_dates: Annotated[DateValue | None, only("DTP*472")] = None
    place: Place = NOWHERE


class Inquiry(Masked, frozen=True, kw_only=True):
    """Loop 2200 of a 276: one claim asked about."""

    trace_number: Annotated[str, at("TRN*1", 2)] = ""
    payer_claim_number: Annotated[str, at("REF*1K", 2)] = ""
    bill_type: Annotated[str, at("REF*BLT", 2)] = ""
    location: Annotated[str, at("REF*LU", 2)] = ""
    group_number: Annotated[str, at("REF*6P", 2)] = ""
    patient_control_number: Annotated[str, at("REF*EJ", 2)] = ""
    prescription_number: Annotated[str, at("REF*XZ", 2)] = ""
    clearinghouse_number: Annotated[str, at("REF*D9", 2)] = ""
    references: tuple[Reference, ...] = ()
    charge_cents: Annotated[int | None, at("AMT*T3", 2, kind="cents")] = None
    service_dates: Annotated[DateValue | None, only("DTP*472")] = None
    lines: tuple[InquiryLine, ...] = ()
    place: Place = NOWHERE


class InquiryDependent(Masked, frozen=True, kw_only=True):
    LEVEL: ClassVar[str] = "23"
    CHILD_CODE: ClassVar[bool] = False

    demographics: Demographics | None = None
    name: Party | None = None
    inquiries: tuple[Inquiry, ...] = ()
    place: Place = NOWHERE


class InquirySubscriber(Masked, frozen=True, kw_only=True):
    LEVEL: ClassVar[str] = "22"

    demographics: Demographics | None = None
    name: Party | None = None
    inquiries: tuple[Inquiry, ...] = ()
    dependents: tuple[InquiryDependent, ...] = ()
    place: Place = NOWHERE


class InquiryProvider(Masked, frozen=True, kw_only=True):
    """`names` is the provider, or where a group is asked for, the group and the provider."""

    LEVEL: ClassVar[str] = "19"

    names: tuple[Party, ...] = ()
    subscribers: tuple[InquirySubscriber, ...] = ()
    place: Place = NOWHERE


class InquiryReceiver(Masked, frozen=True, kw_only=True):
    LEVEL: ClassVar[str] = "21"

    name: Party | None = None
    providers: tuple[InquiryProvider, ...] = ()
    place: Place = NOWHERE


class InquirySource(Masked, frozen=True, kw_only=True):
    """The payer that is asked."""

    LEVEL: ClassVar[str] = "20"

    name: Party | None = None
    receivers: tuple[InquiryReceiver, ...] = ()
    place: Place = NOWHERE


class StatusInquiry(Masked, frozen=True, kw_only=True):
    """One 276."""

    beginning: Beginning | None = None
    sources: tuple[InquirySource, ...] = ()
    place: Place = NOWHERE
    unread: tuple[Unread, ...] = ()

    def inquiries(self) -> Iterator[Inquiry]:
        for source in self.sources:
            for receiver in source.receivers:
                for provider in receiver.providers:
                    for subscriber in provider.subscribers:
                        yield from subscriber.inquiries
                        for dependent in subscriber.dependents:
                            yield from dependent.inquiries


class AnswerLine(Masked, frozen=True, kw_only=True):
    """Loop 2220 of a 277."""

    procedure: Annotated[Procedure | None, at("SVC", 1)] = None
    charge_cents: Annotated[int | None, at("SVC", 2, kind="cents")] = None
    paid_cents: Annotated[int | None, at("SVC", 3, kind="cents")] = None
    revenue_code: Annotated[str, at("SVC", 4)] = ""
    units: Annotated[str, at("SVC", 7, kind="quantity")] = ""
    statuses: tuple[Status, ...] = ()
    line_number: Annotated[str, at("REF*FJ", 2)] = ""
    references: tuple[Reference, ...] = ()
    service_dates: Annotated[DateValue | None, only("DTP*472")] = None
    place: Place = NOWHERE


class Answer(Masked, frozen=True, kw_only=True):
    """Loop 2200 of a 277: one claim the payer found, or failed to find, for one inquiry. Several
    may answer the same trace number."""

    trace_number: Annotated[str, at("TRN*2", 2)] = ""
    statuses: tuple[Status, ...] = ()
    payer_claim_number: Annotated[str, at("REF*1K", 2)] = ""
    bill_type: Annotated[str, at("REF*BLT", 2)] = ""
    patient_control_number: Annotated[str, at("REF*EJ", 2)] = ""
    prescription_number: Annotated[str, at("REF*XZ", 2)] = ""
    voucher: Annotated[str, at("REF*VV", 2)] = ""
    clearinghouse_number: Annotated[str, at("REF*D9", 2)] = ""
    references: tuple[Reference, ...] = ()
    service_dates: Annotated[DateValue | None, only("DTP*472")] = None
    lines: tuple[AnswerLine, ...] = ()
    place: Place = NOWHERE


class AnswerDependent(Masked, frozen=True, kw_only=True):
    LEVEL: ClassVar[str] = "23"
    CHILD_CODE: ClassVar[bool] = False

    name: Party | None = None
    answers: tuple[Answer, ...] = ()
    place: Place = NOWHERE


class AnswerSubscriber(Masked, frozen=True, kw_only=True):
    LEVEL: ClassVar[str] = "22"

    name: Party | None = None
    answers: tuple[Answer, ...] = ()
    dependents: tuple[AnswerDependent, ...] = ()
    place: Place = NOWHERE


class AnswerProvider(Masked, frozen=True, kw_only=True):
    """A status here says that the payer could not go further down for this provider."""

    LEVEL: ClassVar[str] = "19"

    names: tuple[Party, ...] = ()
    trace: Annotated[str, at("TRN*1", 2)] = ""
    statuses: tuple[Status, ...] = ()
    subscribers: tuple[AnswerSubscriber, ...] = ()
    place: Place = NOWHERE


class AnswerReceiver(Masked, frozen=True, kw_only=True):
    """A status here answers the whole 276, whose BHT03 `inquiry_reference` gives back."""

    LEVEL: ClassVar[str] = "21"

    name: Party | None = None
    inquiry_reference: Annotated[str, at("TRN*2", 2)] = ""
    statuses: tuple[Status, ...] = ()
    providers: tuple[AnswerProvider, ...] = ()
    place: Place = NOWHERE


class AnswerSource(Masked, frozen=True, kw_only=True):
    LEVEL: ClassVar[str] = "20"

    name: Party | None = None
    receivers: tuple[AnswerReceiver, ...] = ()
    place: Place = NOWHERE


class StatusResponse(Masked, frozen=True, kw_only=True):
    """One 277."""

    beginning: Beginning | None = None
    sources: tuple[AnswerSource, ...] = ()
    place: Place = NOWHERE
    unread: tuple[Unread, ...] = ()

    def answers(self) -> Iterator[Answer]:
        for source in self.sources:
            for receiver in source.receivers:
                for provider in receiver.providers:
                    for subscriber in provider.subscribers:
                        yield from subscriber.answers
                        for dependent in subscriber.dependents:
                            yield from dependent.answers

    def refusals(self) -> Iterator[Status]:
        """Statuses above the claims: they answer every inquiry that has no answer of its own."""
        for source in self.sources:
            for receiver in source.receivers:
                yield from receiver.statuses
                for provider in receiver.providers:
                    yield from provider.statuses


Standing = Literal[
    "acknowledged",
    "pending",
    "paid",
    "denied",
    "finalized",
    "information_wanted",
    "not_found",
    "cannot_answer",
    "unknown",
]
# STC01-1 of a 277 (claim status categories), by the payer's stage of work.
_STANDINGS: dict[str, Standing] = {
    "A4": "not_found",
    "D0": "not_found",
    "F1": "paid",
    "F2": "denied",
    "F3": "finalized",
    "F3F": "finalized",
    "F3N": "finalized",
    "F4": "finalized",
}
_STANDINGS_BY_LETTER: dict[str, Standing] = {
    "A": "acknowledged",
    "P": "pending",
    "F": "finalized",
    "R": "information_wanted",
    "E": "cannot_answer",
}


def standing(status: Status) -> Standing:
    """Where the payer says the claim stands, by the first code of the status."""
    category = status.categories[0] if status.categories else ""
    return _STANDINGS.get(category) or _STANDINGS_BY_LETTER.get(category[:1], "unknown")


class Matched(Masked, frozen=True, kw_only=True):
    """`unanswered` inquiries had no answer; `refusals` above the claims may say why. `unasked`
    answers carry a trace number that is not ours and belong to nobody here."""

    answered: tuple[tuple[Inquiry, tuple[Answer, ...]], ...] = ()
    unanswered: tuple[Inquiry, ...] = ()
    unasked: tuple[Answer, ...] = ()
    refusals: tuple[Status, ...] = ()


def match(inquiry: StatusInquiry, response: StatusResponse) -> Matched:
    """Answers to inquiries, by trace number."""
    by_trace: dict[str, list[Answer]] = {}
    for answer in response.answers():
        by_trace.setdefault(answer.trace_number, []).append(answer)
    answered = []
    unanswered = []
    asked = set()
    for one in inquiry.inquiries():
        asked.add(one.trace_number)
        if one.trace_number in by_trace:
            answered.append((one, tuple(by_trace[one.trace_number])))
        else:
            unanswered.append(one)
    return Matched(
        answered=tuple(answered),
        unanswered=tuple(unanswered),
        unasked=tuple([one for one in response.answers() if one.trace_number not in asked]),
        refusals=tuple(response.refusals()),
    )


def read_inquiry(
    transaction: TransactionSet, findings: list[Finding] | None = None
) -> StatusInquiry:
    return read_set(StatusInquiry, Reads("276"), transaction, findings)


def read_response(
    transaction: TransactionSet, findings: list[Finding] | None = None
) -> StatusResponse:
    return read_set(StatusResponse, Reads("277"), transaction, findings)


def read(
    transaction: TransactionSet, findings: list[Finding] | None = None
) -> StatusInquiry | StatusResponse:
    """A 276 or a 277, by its ST01."""
    if transaction.kind == "276":
        return read_inquiry(transaction, findings)
    return read_response(transaction, findings)


def write(transaction: StatusInquiry | StatusResponse, pen: Pen | None = None) -> list[Segment]:
    return write_set(transaction, pen)
