"""Segments that the inquiry, status and review transactions share: BHT, TRN, DMG, INS, HI, PRV,
AAA, HSD, PWK, and what a rejection asks us to do."""

from typing import Annotated, Literal

import msgspec

from billing_saas.edi.findings import NOWHERE, Place
from billing_saas.edi.inquiry_codes import FOLLOW_UPS, REFUSAL_REASONS, FollowUp
from billing_saas.edi.layouts import at, part
from billing_saas.edi.phi_free import Masked


class Beginning(Masked, frozen=True, kw_only=True):
    """BHT. `purpose` 13 asks, 08 and 11 answer; `reference` is the sender's number for the set."""

    structure: Annotated[str, at("BHT", 1)] = ""
    purpose: Annotated[str, at("BHT", 2)] = ""
    reference: Annotated[str, at("BHT", 3)] = ""
    date: Annotated[str, at("BHT", 4)] = ""
    time: Annotated[str, at("BHT", 5)] = ""
    kind: Annotated[str, at("BHT", 6)] = ""


class Trace(Masked, frozen=True, kw_only=True):
    """TRN. `kind` is "1" for a number of the sender's own and "2" for one that is given back."""

    kind: Annotated[str, at("TRN", 1)] = ""
    number: Annotated[str, at("TRN", 2)] = ""
    originator: Annotated[str, at("TRN", 3)] = ""
    note: Annotated[str, at("TRN", 4)] = ""


class Demographics(Masked, frozen=True, kw_only=True):
    """DMG. `birth_date` is CCYYMMDD where `date_format` is D8; `sex` is F, M or U."""

    date_format: Annotated[str, at("DMG", 1)] = ""
    birth_date: Annotated[str, at("DMG", 2)] = ""
    sex: Annotated[str, at("DMG", 3)] = ""


class Relationship(Masked, frozen=True, kw_only=True):
    """INS. `is_subscriber` is Y or N; `birth_sequence` tells twins apart."""

    is_subscriber: Annotated[str, at("INS", 1)] = ""
    relationship: Annotated[str, at("INS", 2)] = ""
    maintenance_type: Annotated[str, at("INS", 3)] = ""
    maintenance_reason: Annotated[str, at("INS", 4)] = ""
    student_status: Annotated[str, at("INS", 9)] = ""
    handicapped: Annotated[str, at("INS", 10)] = ""
    birth_sequence: Annotated[str, at("INS", 17)] = ""


class HealthCode(Masked, frozen=True, kw_only=True):
    """One composite of an HI: a diagnosis or procedure, by its code list."""

    code_list: Annotated[str, part(1)] = ""
    code: Annotated[str, part(2)] = ""
    date_format: Annotated[str, part(3)] = ""
    date: Annotated[str, part(4)] = ""
    amount: Annotated[str, part(5)] = ""
    quantity: Annotated[str, part(6)] = ""
    version: Annotated[str, part(7)] = ""
    range_end: Annotated[str, part(8)] = ""
    present_on_admission: Annotated[str, part(9)] = ""


class DiagnosisPointers(msgspec.Struct, frozen=True, kw_only=True):
    """Which of the HI codes a service or benefit is about, by their number in the HI."""

    numbers: Annotated[tuple[str, ...], part(1, 2, 3, 4)] = ()


class ProviderRole(msgspec.Struct, frozen=True, kw_only=True):
    """PRV: what the provider does in this matter, usually with a taxonomy code."""

    role: Annotated[str, at("PRV", 1)] = ""
    id_qualifier: Annotated[str, at("PRV", 2)] = ""
    id: Annotated[str, at("PRV", 3)] = ""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """HSD: how much care, how often and for how long."""

    quantity_qualifier: Annotated[str, at("HSD", 1)] = ""
    quantity: Annotated[str, at("HSD", 2, kind="quantity")] = ""
    per_unit: Annotated[str, at("HSD", 3)] = ""
    per_count: Annotated[str, at("HSD", 4, kind="quantity")] = ""
    period_qualifier: Annotated[str, at("HSD", 5)] = ""
    period_count: Annotated[str, at("HSD", 6, kind="quantity")] = ""
    calendar_pattern: Annotated[str, at("HSD", 7)] = ""
    time_pattern: Annotated[str, at("HSD", 8)] = ""


class Paperwork(Masked, frozen=True, kw_only=True):
    """PWK: a document that goes along, and how it travels."""

    report: Annotated[str, at("PWK", 1)] = ""
    transmission: Annotated[str, at("PWK", 2)] = ""
    control_qualifier: Annotated[str, at("PWK", 5)] = ""
    control_number: Annotated[str, at("PWK", 6)] = ""
    description: Annotated[str, at("PWK", 7)] = ""


class Message(Masked, frozen=True, kw_only=True):
    """MSG: free text."""

    text: Annotated[str, at("MSG", 1)] = ""


Level = Literal["source", "receiver", "subscriber", "dependent", "event", "service", "benefit"]


class Refusal(Masked, frozen=True, kw_only=True):
    """AAA: why something was not answered, and what the payer wants us to do."""

    valid: Annotated[str, at("AAA", 1)] = ""
    agency: Annotated[str, at("AAA", 2)] = ""
    reason: Annotated[str, at("AAA", 3)] = ""
    follow_up_code: Annotated[str, at("AAA", 4)] = ""
    place: Place = NOWHERE

    @property
    def follow_up(self) -> FollowUp:
        return FOLLOW_UPS.get(self.follow_up_code, "unknown")

    @property
    def meaning(self) -> str:
        return REFUSAL_REASONS.get(self.reason, "a reason that is not in our list")


class Rejection(Masked, frozen=True, kw_only=True):
    """A refusal with the level it stands at and the trace numbers of ours that it answers.

    A rejection above the patient answers every inquiry of the set: its `traces` may be empty.
    """

    level: Level
    reason: str
    meaning: str
    follow_up: FollowUp
    traces: tuple[str, ...] = ()
    place: Place = NOWHERE


def rejections_at(
    level: Level, refusals: tuple[Refusal, ...], traces: tuple[Trace, ...] = ()
) -> list[Rejection]:
    """The refusals of one level; AAA01 says whether the request as such was valid, not whether it
    was answered, so both Y and N are rejections (X279A1)."""
    ours = tuple([trace.number for trace in traces if trace.kind == "2"])
    return [
        Rejection(
            level=level,
            reason=refusal.reason,
            meaning=refusal.meaning,
            follow_up=refusal.follow_up,
            traces=ours,
            place=refusal.place,
        )
        for refusal in refusals
    ]
