"""278 (005010X217): asking a payer to certify care before it is given, and its decision.

Request and response have the same levels; BHT02 13 asks and 11 answers. A response carries
decisions (HCR) at event and service level, and refusals (AAA) at every level.
"""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from billing_saas.edi.authorization_parts import (
    Admission,
    Ambulance,
    Condition,
    DentalService,
    HomeHealth,
    HomeOxygen,
    InstitutionalService,
    ProfessionalService,
    ReviewDecision,
    ReviewRequest,
    SpinalManipulation,
    Tooth,
)
from billing_saas.edi.envelope import Segment, TransactionSet
from billing_saas.edi.findings import NOWHERE, Finding, Place
from billing_saas.edi.inquiry_codes import Decision
from billing_saas.edi.inquiry_parts import (
    Beginning,
    Delivery,
    Demographics,
    HealthCode,
    Message,
    Paperwork,
    ProviderRole,
    Refusal,
    Rejection,
    Relationship,
    Trace,
    rejections_at,
)
from billing_saas.edi.layout_reading import Reads, Unread, read_set
from billing_saas.edi.layout_writing import write_set
from billing_saas.edi.layouts import at
from billing_saas.edi.parties import DateValue, Party, Reference
from billing_saas.edi.phi_free import Masked
from billing_saas.edi.writing import Pen


class InvolvedParty(Masked, frozen=True, kw_only=True):
    """A provider of the event or service, a stop of a transport, or another reviewer (CA)."""

    name: Party | None = None
    refusals: tuple[Refusal, ...] = ()
    role: ProviderRole | None = None
    dates: tuple[DateValue, ...] = ()
    place: Place = NOWHERE


class Service(Masked, frozen=True, kw_only=True):
    """Level 2000F: one service of the event."""

    LEVEL: ClassVar[str] = "SS"

    traces: tuple[Trace, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    review: ReviewRequest | None = None
    decision: ReviewDecision | None = None
    references: tuple[Reference, ...] = ()
    dates: tuple[DateValue, ...] = ()
    codes: Annotated[tuple[HealthCode, ...], at("HI", *range(1, 13))] = ()
    professional: ProfessionalService | None = None
    institutional: InstitutionalService | None = None
    dental: DentalService | None = None
    teeth: tuple[Tooth, ...] = ()
    delivery: Delivery | None = None
    paperwork: tuple[Paperwork, ...] = ()
    messages: tuple[Message, ...] = ()
    parties: tuple[InvolvedParty, ...] = ()
    place: Place = NOWHERE


class Event(Masked, frozen=True, kw_only=True):
    """Level 2000E: an admission, a referral, a course of care."""

    LEVEL: ClassVar[str] = "EV"

    traces: tuple[Trace, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    review: ReviewRequest | None = None
    decision: ReviewDecision | None = None
    references: tuple[Reference, ...] = ()
    dates: tuple[DateValue, ...] = ()
    codes: Annotated[tuple[HealthCode, ...], at("HI", *range(1, 13))] = ()
    delivery: Delivery | None = None
    conditions: tuple[Condition, ...] = ()
    admission: Admission | None = None
    ambulance: Ambulance | None = None
    spinal_manipulation: SpinalManipulation | None = None
    home_oxygen: HomeOxygen | None = None
    home_health: HomeHealth | None = None
    paperwork: tuple[Paperwork, ...] = ()
    messages: tuple[Message, ...] = ()
    parties: tuple[InvolvedParty, ...] = ()
    services: tuple[Service, ...] = ()
    place: Place = NOWHERE


class Dependent(Masked, frozen=True, kw_only=True):
    LEVEL: ClassVar[str] = "23"

    name: Party | None = None
    refusals: tuple[Refusal, ...] = ()
    demographics: Demographics | None = None
    relationship: Relationship | None = None
    events: tuple[Event, ...] = ()
    place: Place = NOWHERE


class Subscriber(Masked, frozen=True, kw_only=True):
    LEVEL: ClassVar[str] = "22"

    name: Party | None = None
    refusals: tuple[Refusal, ...] = ()
    demographics: Demographics | None = None
    relationship: Relationship | None = None
    events: tuple[Event, ...] = ()
    dependents: tuple[Dependent, ...] = ()
    place: Place = NOWHERE


class Requester(Masked, frozen=True, kw_only=True):
    LEVEL: ClassVar[str] = "21"

    name: Party | None = None
    refusals: tuple[Refusal, ...] = ()
    role: ProviderRole | None = None
    subscribers: tuple[Subscriber, ...] = ()
    place: Place = NOWHERE


class Reviewer(Masked, frozen=True, kw_only=True):
    """Who decides: the payer or its utilization management."""

    LEVEL: ClassVar[str] = "20"

    request_refusals: tuple[Refusal, ...] = ()
    name: Party | None = None
    refusals: tuple[Refusal, ...] = ()
    requesters: tuple[Requester, ...] = ()
    place: Place = NOWHERE


class ServicesReview(Masked, frozen=True, kw_only=True):
    """One 278, request or response."""

    beginning: Beginning | None = None
    reviewers: tuple[Reviewer, ...] = ()
    place: Place = NOWHERE
    unread: tuple[Unread, ...] = ()

    @property
    def is_response(self) -> bool:
        return self.beginning is not None and self.beginning.purpose == "11"

    def members(self) -> Iterator[Subscriber | Dependent]:
        for reviewer in self.reviewers:
            for requester in reviewer.requesters:
                for subscriber in requester.subscribers:
                    yield subscriber
                    yield from subscriber.dependents

    def events(self) -> Iterator[Event]:
        for member in self.members():
            yield from member.events


class Decided(Masked, frozen=True, kw_only=True):
    """A decision on an event or on one of its services. A service without a decision of its own
    follows its event."""

    level: Literal["event", "service"]
    decision: Decision
    authorization_number: str = ""
    reason: str = ""
    meaning: str = ""
    traces: tuple[str, ...] = ()
    service: Service | None = None
    place: Place = NOWHERE


def decisions(response: ServicesReview) -> Iterator[Decided]:
    for event in response.events():
        if event.decision:
            yield _decided("event", event.decision, event, None)
        for service in event.services:
            own = service.decision or event.decision
            if own:
                yield _decided("service", own, event, service)


def rejections(response: ServicesReview) -> list[Rejection]:
    """Every AAA of the answer, outermost first, with what to do about it (rule 70)."""
    found: list[Rejection] = []
    for reviewer in response.reviewers:
        found += rejections_at("source", reviewer.request_refusals)
        found += rejections_at("source", reviewer.refusals)
        for requester in reviewer.requesters:
            found += rejections_at("receiver", requester.refusals)
    for member in response.members():
        if isinstance(member, Dependent):
            found += rejections_at("dependent", member.refusals)
        else:
            found += rejections_at("subscriber", member.refusals)
        for event in member.events:
            found += _event_rejections(event)
    return found


def event_for(response: ServicesReview, trace_number: str) -> Event | None:
    """The event that answers our TRN*1."""
    for event in response.events():
        traces = [*event.traces, *[trace for one in event.services for trace in one.traces]]
        if any(trace.kind == "2" and trace.number == trace_number for trace in traces):
            return event
    return None


# 004010X094 has a provider level (HL 19) between patient and service that these structs have not.
_READS = Reads("278", ("005010",))


def read(transaction: TransactionSet, findings: list[Finding] | None = None) -> ServicesReview:
    return read_set(ServicesReview, _READS, transaction, findings)


def write(review: ServicesReview, pen: Pen | None = None) -> list[Segment]:
    return write_set(review, pen)


def _decided(
    level: Literal["event", "service"],
    decision: ReviewDecision,
    event: Event,
    service: Service | None,
) -> Decided:
    traces = (service.traces if service else ()) or event.traces
    return Decided(
        level=level,
        decision=decision.decision,
        authorization_number=decision.authorization_number,
        reason=decision.reason,
        meaning=decision.meaning,
        traces=tuple([trace.number for trace in traces if trace.kind == "2"]),
        service=service,
        place=service.place if service else event.place,
    )


def _event_rejections(event: Event) -> list[Rejection]:
    found = rejections_at("event", event.refusals, event.traces)
    for party in event.parties:
        found += rejections_at("event", party.refusals, event.traces)
    for service in event.services:
        traces = service.traces or event.traces
        found += rejections_at("service", service.refusals, traces)
        for party in service.parties:
            found += rejections_at("service", party.refusals, traces)
    return found
