"""Questions and their answers as plain values: 270/271, 276/277, 278."""

from collections.abc import Sequence
from typing import Any

from billing_saas.edi import authorization278, eligibility270, status276
from billing_saas.edi.authorization278 import Event, Service, ServicesReview
from billing_saas.edi.eligibility270 import (
    Benefit,
    EligibilityInquiry,
    EligibilityResponse,
    InquiryDependent,
    InquirySubscriber,
)
from billing_saas.edi.envelope import TransactionSet
from billing_saas.edi.findings import Finding
from billing_saas.edi.inquiry_parts import Rejection, Trace
from billing_saas.edi.showing_answers import status
from billing_saas.edi.status276 import StatusInquiry, StatusResponse

Shown = dict[str, Any]
KINDS = frozenset({"270", "271", "276", "277", "278"})


def show(transaction: TransactionSet, findings: list[Finding]) -> Shown:
    kind = transaction.kind
    if kind == "270":
        return eligibility_inquiry(eligibility270.read_inquiry(transaction, findings))
    if kind == "271":
        return eligibility_response(eligibility270.read_response(transaction, findings))
    if kind == "276":
        return status_inquiry(status276.read_inquiry(transaction, findings))
    if kind == "277":
        return status_response(status276.read_response(transaction, findings))
    return review(authorization278.read(transaction, findings))


def eligibility_inquiry(inquiry: EligibilityInquiry) -> Shown:
    members: list[InquirySubscriber | InquiryDependent] = []
    for source in inquiry.sources:
        for receiver in source.receivers:
            for subscriber in receiver.subscribers:
                members.append(subscriber)
                members.extend(subscriber.dependents)
    return {
        "reference": inquiry.beginning.reference if inquiry.beginning else "",
        "inquiries": [
            {
                "traces": _numbers(member.traces),
                "service_types": [code for one in member.inquiries for code in one.service_types],
            }
            for member in members
        ],
    }


def eligibility_response(response: EligibilityResponse) -> Shown:
    return {
        "reference": response.beginning.reference if response.beginning else "",
        "members": [
            {
                "traces": _numbers(member.traces),
                "benefits": [_benefit(one) for one in member.benefits],
            }
            for member in response.members()
        ],
        "rejections": [_rejection(one) for one in eligibility270.rejections(response)],
    }


def _benefit(benefit: Benefit) -> Shown:
    return {
        "information": benefit.information,
        "coverage_level": benefit.coverage_level,
        "service_types": list(benefit.service_types),
        "insurance_type": benefit.insurance_type,
        "time_period": benefit.time_period,
        "amount_cents": benefit.amount_cents,
        "percent": benefit.percent or None,
        "in_network": benefit.in_network,
        "authorization_required": benefit.authorization_required,
    }


def _rejection(rejection: Rejection) -> Shown:
    return {
        "level": rejection.level,
        "reason": rejection.reason,
        "meaning": rejection.meaning,
        "follow_up": rejection.follow_up,
        "traces": list(rejection.traces),
    }


def status_inquiry(inquiry: StatusInquiry) -> Shown:
    return {
        "reference": inquiry.beginning.reference if inquiry.beginning else "",
        "claims": [
            {
                "trace_number": one.trace_number,
                "patient_control_number": one.patient_control_number,
                "payer_control_number": one.payer_claim_number,
                "charge_cents": one.charge_cents,
            }
            for one in inquiry.inquiries()
        ],
    }


def status_response(response: StatusResponse) -> Shown:
    return {
        "reference": response.beginning.reference if response.beginning else "",
        "claims": [
            {
                "trace_number": one.trace_number,
                "patient_control_number": one.patient_control_number,
                "payer_control_number": one.payer_claim_number,
                "statuses": [status(each) for each in one.statuses],
            }
            for one in response.answers()
        ],
    }


def review(transaction: ServicesReview) -> Shown:
    return {
        "reference": transaction.beginning.reference if transaction.beginning else "",
        "response": transaction.is_response,
        "events": [
            {**_reviewed(event), "services": [_reviewed(one) for one in event.services]}
            for event in transaction.events()
        ],
        "rejections": [_rejection(one) for one in authorization278.rejections(transaction)],
    }


def _reviewed(one: Event | Service) -> Shown:
    decision, request = one.decision, one.review
    return {
        "traces": _numbers(one.traces),
        "category": request.category if request else None,
        "service_type": request.service_type if request else None,
        "decision": decision.decision if decision else None,
        "authorization_number": decision.authorization_number if decision else None,
    }


def _numbers(traces: Sequence[Trace]) -> list[str]:
    return [trace.number for trace in traces]
