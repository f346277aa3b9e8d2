"""270 and 271 (005010X279A1): asking a payer about a member's coverage, and its answer.

The answer gives back our trace number (TRN*1 asks, TRN*2 answers; rule 70). A refusal (AAA) may
stand at every level and says what to do; a receiver that stops at the first benefit misses it.
"""

from collections.abc import Iterator
from typing import Annotated, ClassVar

import msgspec

from billing_saas.edi.envelope import Segment, TransactionSet
from billing_saas.edi.findings import NOWHERE, Finding, Place
from billing_saas.edi.inquiry_parts import (
    Beginning,
    Delivery,
    Demographics,
    DiagnosisPointers,
    HealthCode,
    Message,
    ProviderRole,
    Refusal,
    Rejection,
    Relationship,
    Trace,
    rejections_at,
)
from billing_saas.edi.layout_reading import Reads, Unread, read_set
from billing_saas.edi.layout_writing import write_set
from billing_saas.edi.layouts import at, bracket
from billing_saas.edi.parties import AmountValue, DateValue, Party, Procedure, Reference
from billing_saas.edi.phi_free import Masked
from billing_saas.edi.writing import Pen


class Specific(msgspec.Struct, frozen=True, kw_only=True):
    """III: place of service (ZZ), diagnosis (BF, BK) or injury facts the benefit depends on."""

    code_list: Annotated[str, at("III", 1)] = ""
    code: Annotated[str, at("III", 2)] = ""
    injury_category: Annotated[str, at("III", 3)] = ""
    message: Annotated[str, at("III", 4)] = ""


class BenefitInquiry(Masked, frozen=True, kw_only=True):
    """EQ and what follows it (loop 2110 of a 270)."""

    service_types: Annotated[tuple[str, ...], at("EQ", 1)] = ()
    procedure: Annotated[Procedure | None, at("EQ", 2)] = None
    coverage_level: Annotated[str, at("EQ", 3)] = ""
    insurance_type: Annotated[str, at("EQ", 4)] = ""
    diagnosis_pointers: Annotated[DiagnosisPointers | None, at("EQ", 5)] = None
    amounts: tuple[AmountValue, ...] = ()
    specifics: tuple[Specific, ...] = ()
    references: tuple[Reference, ...] = ()
    dates: tuple[DateValue, ...] = ()
    place: Place = NOWHERE


class InquiryDependent(Masked, frozen=True, kw_only=True):
    LEVEL: ClassVar[str] = "23"

    traces: tuple[Trace, ...] = ()
    name: Party | None = None
    role: ProviderRole | None = None
    demographics: Demographics | None = None
    relationship: Relationship | None = None
    diagnoses: Annotated[tuple[HealthCode, ...], at("HI", *range(1, 13))] = ()
    dates: tuple[DateValue, ...] = ()
    inquiries: tuple[BenefitInquiry, ...] = ()
    place: Place = NOWHERE


class InquirySubscriber(Masked, frozen=True, kw_only=True):
    LEVEL: ClassVar[str] = "22"

    traces: tuple[Trace, ...] = ()
    name: Party | None = None
    role: ProviderRole | None = None
    demographics: Demographics | None = None
    relationship: Relationship | None = None
    diagnoses: Annotated[tuple[HealthCode, ...], at("HI", *range(1, 13))] = ()
    dates: tuple[DateValue, ...] = ()
    inquiries: tuple[BenefitInquiry, ...] = ()
    dependents: tuple[InquiryDependent, ...] = ()
    place: Place = NOWHERE


class InquiryReceiver(Masked, frozen=True, kw_only=True):
    """The provider that asks."""

    LEVEL: ClassVar[str] = "21"

    name: Party | None = None
    role: ProviderRole | None = None
    subscribers: tuple[InquirySubscriber, ...] = ()
    place: Place = NOWHERE


class InquirySource(Masked, frozen=True, kw_only=True):
    """The payer that is asked."""

    LEVEL: ClassVar[str] = "20"

    name: Party | None = None
    receivers: tuple[InquiryReceiver, ...] = ()
    place: Place = NOWHERE


class EligibilityInquiry(Masked, frozen=True, kw_only=True):
    """One 270."""

    beginning: Beginning | None = None
    sources: tuple[InquirySource, ...] = ()
    place: Place = NOWHERE
    unread: tuple[Unread, ...] = ()

    def traces(self) -> Iterator[Trace]:
        for source in self.sources:
            for receiver in source.receivers:
                for subscriber in receiver.subscribers:
                    yield from subscriber.traces
                    for dependent in subscriber.dependents:
                        yield from dependent.traces


class RelatedEntity(Masked, frozen=True, kw_only=True):
    """Loop 2120: another payer, a primary care provider, a network the benefit belongs to."""

    name: Party | None = None
    role: ProviderRole | None = None
    place: Place = NOWHERE


class Benefit(Masked, frozen=True, kw_only=True):
    """EB and what follows it (loop 2110 of a 271).

    `information` (EB01) says what this is: 1 to 5 active coverage, 6 to 8 inactive, B
    co-payment, C deductible, A co-insurance, G out of pocket, V cannot be told, W other source.
    `percent` is a fraction as text (".2" is 20 percent). `in_network` may be W, for both.
    """

    information: Annotated[str, at("EB", 1)] = ""
    coverage_level: Annotated[str, at("EB", 2)] = ""
    service_types: Annotated[tuple[str, ...], at("EB", 3)] = ()
    insurance_type: Annotated[str, at("EB", 4)] = ""
    plan: Annotated[str, at("EB", 5)] = ""
    time_period: Annotated[str, at("EB", 6)] = ""
    amount_cents: Annotated[int | None, at("EB", 7, kind="cents")] = None
    percent: Annotated[str, at("EB", 8, kind="quantity")] = ""
    quantity_qualifier: Annotated[str, at("EB", 9)] = ""
    quantity: Annotated[str, at("EB", 10, kind="quantity")] = ""
    authorization_required: Annotated[str, at("EB", 11)] = ""
    in_network: Annotated[str, at("EB", 12)] = ""
    procedure: Annotated[Procedure | None, at("EB", 13)] = None
    diagnosis_pointers: Annotated[DiagnosisPointers | None, at("EB", 14)] = None
    deliveries: tuple[Delivery, ...] = ()
    references: tuple[Reference, ...] = ()
    dates: tuple[DateValue, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    messages: tuple[Message, ...] = ()
    specifics: tuple[Specific, ...] = ()
    related: Annotated[tuple[RelatedEntity, ...], bracket("2120")] = ()
    place: Place = NOWHERE

    @property
    def is_active_coverage(self) -> bool:
        return self.information in {"1", "2", "3", "4", "5"}

    @property
    def is_inactive_coverage(self) -> bool:
        return self.information in {"6", "7", "8"}


class Military(Masked, frozen=True, kw_only=True):
    """MPI: military service that bears on coverage."""

    information_status: Annotated[str, at("MPI", 1)] = ""
    employment_status: Annotated[str, at("MPI", 2)] = ""
    affiliation: Annotated[str, at("MPI", 3)] = ""
    description: Annotated[str, at("MPI", 4)] = ""
    rank: Annotated[str, at("MPI", 5)] = ""
    date_format: Annotated[str, at("MPI", 6)] = ""
    date: Annotated[str, at("MPI", 7)] = ""


class Dependent(Masked, frozen=True, kw_only=True):
    LEVEL: ClassVar[str] = "23"

    traces: tuple[Trace, ...] = ()
    name: Party | None = None
    refusals: tuple[Refusal, ...] = ()
    role: ProviderRole | None = None
    demographics: Demographics | None = None
    relationship: Relationship | None = None
    diagnoses: Annotated[tuple[HealthCode, ...], at("HI", *range(1, 13))] = ()
    dates: tuple[DateValue, ...] = ()
    military: Military | None = None
    benefits: tuple[Benefit, ...] = ()
    place: Place = NOWHERE


class Subscriber(Masked, frozen=True, kw_only=True):
    """`relationship.maintenance_reason` 25 says that the payer has other data on file than we
    sent: the name, birth date and sex here are then the payer's."""

    LEVEL: ClassVar[str] = "22"

    traces: tuple[Trace, ...] = ()
    name: Party | None = None
    refusals: tuple[Refusal, ...] = ()
    role: ProviderRole | None = None
    demographics: Demographics | None = None
    relationship: Relationship | None = None
    diagnoses: Annotated[tuple[HealthCode, ...], at("HI", *range(1, 13))] = ()
    dates: tuple[DateValue, ...] = ()
    military: Military | None = None
    benefits: tuple[Benefit, ...] = ()
    dependents: tuple[Dependent, ...] = ()
    place: Place = NOWHERE


class Receiver(Masked, frozen=True, kw_only=True):
    LEVEL: ClassVar[str] = "21"

    name: Party | None = None
    refusals: tuple[Refusal, ...] = ()
    role: ProviderRole | None = None
    subscribers: tuple[Subscriber, ...] = ()
    place: Place = NOWHERE


class Source(Masked, frozen=True, kw_only=True):
    """The payer. `request_refusals` stand before its name, `refusals` after."""

    LEVEL: ClassVar[str] = "20"

    request_refusals: tuple[Refusal, ...] = ()
    name: Party | None = None
    refusals: tuple[Refusal, ...] = ()
    receivers: tuple[Receiver, ...] = ()
    place: Place = NOWHERE


class EligibilityResponse(Masked, frozen=True, kw_only=True):
    """One 271."""

    beginning: Beginning | None = None
    sources: tuple[Source, ...] = ()
    place: Place = NOWHERE
    unread: tuple[Unread, ...] = ()

    def members(self) -> Iterator[Subscriber | Dependent]:
        for source in self.sources:
            for receiver in source.receivers:
                for subscriber in receiver.subscribers:
                    yield subscriber
                    yield from subscriber.dependents


def rejections(response: EligibilityResponse) -> list[Rejection]:
    """Every AAA of the answer, outermost first, with what to do about it."""
    found: list[Rejection] = []
    for source in response.sources:
        found += rejections_at("source", source.request_refusals)
        found += rejections_at("source", source.refusals)
        for receiver in source.receivers:
            found += rejections_at("receiver", receiver.refusals)
    for member in response.members():
        level = "dependent" if isinstance(member, Dependent) else "subscriber"
        found += rejections_at(level, member.refusals, member.traces)  # type: ignore[arg-type]  # one of two literals
        for benefit in member.benefits:
            found += rejections_at("benefit", benefit.refusals, member.traces)
    return found


def answer_to(
    response: EligibilityResponse, trace_number: str, originator: str = ""
) -> Subscriber | Dependent | None:
    """The member that answers our TRN*1, by number and, where given, by who made the number.

    None does not mean unanswered: a rejection above the member answers without a trace; then
    the set is known by its BHT03.
    """
    for member in response.members():
        for trace in member.traces:
            if trace.kind == "2" and trace.number == trace_number:
                if originator and trace.originator and trace.originator != originator:
                    continue
                return member
    return None


def read_inquiry(
    transaction: TransactionSet, findings: list[Finding] | None = None
) -> EligibilityInquiry:
    return read_set(EligibilityInquiry, Reads("270"), transaction, findings)


def read_response(
    transaction: TransactionSet, findings: list[Finding] | None = None
) -> EligibilityResponse:
    return read_set(EligibilityResponse, Reads("271"), transaction, findings)


def read(
    transaction: TransactionSet, findings: list[Finding] | None = None
) -> EligibilityInquiry | EligibilityResponse:
    """A 270 or a 271, by its ST01."""
    if transaction.kind == "270":
        return read_inquiry(transaction, findings)
    return read_response(transaction, findings)


def write(
    transaction: EligibilityInquiry | EligibilityResponse, pen: Pen | None = None
) -> list[Segment]:
    return write_set(transaction, pen)
