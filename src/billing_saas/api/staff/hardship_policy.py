"""What a practice forgives whom: its sliding scale, and the poverty guidelines it is measured by."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post, put
from litestar.params import JSONBody

from billing_saas.api.declaring import declared
from billing_saas.api.deps import Asked, Db, Id, Who
from billing_saas.api.manners import Versioned, manners
from billing_saas.api.wire import In, Out, PageOut
from billing_saas.hardship import policies
from billing_saas.hardship.errors import (
    BadGuideline,
    BadScale,
    PolicyChanged,
)
from billing_saas.hardship.policies import NewGuideline, Policy
from billing_saas.hardship.rules import MOST_STEPS, Region, Step
from billing_saas.hardship.tables import PovertyGuideline
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession

Percent = Annotated[int, msgspec.Meta(ge=1, le=100)]
Cents = Annotated[int, msgspec.Meta(ge=1, le=10**9)]


class ScaleStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Up to this percent of the poverty guideline, this percent is written off."""

    up_to_percent: Annotated[int, msgspec.Meta(ge=1, le=1000)]
    percent_off: Percent


class HardshipPolicyOut(Out, frozen=True):
    """`scale` is empty until the practice has set one: nothing can be applied for then."""

    region: str
    scale: list[ScaleStep]
    evidence_days: int
    good_days: int
    version: int


class HardshipPolicyIn(In, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A scale rises in income and falls in what is written off. `evidence_days`: how long proof is waited
    for. `good_days`: how long an approval also covers what comes to be owed."""

    region: Region
    scale: Annotated[list[ScaleStep], msgspec.Meta(min_length=1, max_length=MOST_STEPS)]
    evidence_days: Annotated[int, msgspec.Meta(ge=7, le=120)]
    good_days: Annotated[int, msgspec.Meta(ge=30, le=366)]


class PovertyGuidelineOut(Out, frozen=True):
    """A year's amounts, and where they stand."""

    id: UUID
    region: str
    effective_on: date
    ends_on: date
    one_person_cents: int
    each_more_cents: int
    source: str
    entered_by: UUID
    entered_at: datetime

    @classmethod
    def of(cls, row: PovertyGuideline) -> "PovertyGuidelineOut":
        return cls(**{name: getattr(row, name) for name in cls.__struct_fields__})


class PovertyGuidelineIn(In, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As HHS publishes it each January, in cents a year. `source` says where, such as `91 FR 1797`."""

    region: Region
    effective_on: date
    ends_on: date
    one_person_cents: Cents
    each_more_cents: Cents
    source: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


async def _policy(db: TenantSession, actor: Actor, _: UUID) -> HardshipPolicyOut:
    found = await policies.policy(db, actor)
    return HardshipPolicyOut(
        region=found.region,
        scale=[ScaleStep(step.up_to_percent, step.percent_off) for step in found.steps],
        evidence_days=found.evidence_days,
        good_days=found.good_days,
        version=found.version,
    )


async def _guideline(db: TenantSession, actor: Actor, guideline_id: UUID) -> PovertyGuidelineOut:
    return PovertyGuidelineOut.of(await policies.guideline(db, actor, guideline_id))


_GUIDELINE = {"get_poverty_guideline": {"poverty_guideline_id": "$response.body#/id"}}


@get(
    "/hardship-policy",
    summary="What the practice forgives whom",
    opt=declared("hardship.read"),
)
async def get_hardship_policy(db: Db, actor: Who) -> HardshipPolicyOut:
    return await _policy(db, actor, db.tenant_id)


@put(
    "/hardship-policy",
    summary="Set the sliding scale",
    opt=declared("hardship.policy", "hardship.read", refusals=[BadScale, PolicyChanged])
    | manners(told_by=_policy, versioned=Versioned(lock=policies.lock, show=_policy, must=True)),
)
async def put_hardship_policy(
    db: Db, actor: Who, data: JSONBody[HardshipPolicyIn]
) -> HardshipPolicyOut:
    seen = await policies.policy(db, actor)
    wanted = Policy(
        region=data.region,
        steps=tuple(Step(step.up_to_percent, step.percent_off) for step in data.scale),
        evidence_days=data.evidence_days,
        good_days=data.good_days,
        version=seen.version,
    )
    await policies.change(db, actor, wanted)
    return await _policy(db, actor, db.tenant_id)


@post(
    "/poverty-guidelines",
    summary="Enter a year's poverty guideline",
    opt=declared("hardship.policy", "hardship.read", refusals=[BadGuideline], leads_to=_GUIDELINE)
    | manners(told_by=_guideline, resource="id"),
)
async def enter_poverty_guideline(
    db: Db, actor: Who, data: JSONBody[PovertyGuidelineIn]
) -> PovertyGuidelineOut:
    """It stays as it is entered: decisions name the one they were made by."""
    new = NewGuideline(**msgspec.structs.asdict(data))
    return await _guideline(db, actor, await policies.enter_guideline(db, actor, new))


@get(
    "/poverty-guidelines",
    summary="Poverty guidelines that were entered, newest first",
    opt=declared(
        "hardship.read",
        leads_to={"get_poverty_guideline": {"poverty_guideline_id": "$response.body#/rows/0/id"}},
    ),
)
async def list_poverty_guidelines(db: Db, actor: Who, page: Asked) -> PageOut[PovertyGuidelineOut]:
    found = await policies.guidelines(db, actor, page)
    return PageOut([PovertyGuidelineOut.of(row) for row in found.rows], found.next_cursor)


@get(
    "/poverty-guidelines/{poverty_guideline_id:uuid}",
    summary="One poverty guideline",
    opt=declared("hardship.read"),
)
async def get_poverty_guideline(
    db: Db, actor: Who, poverty_guideline_id: Id
) -> PovertyGuidelineOut:
    return await _guideline(db, actor, poverty_guideline_id)


HANDLERS = [
    get_hardship_policy,
    put_hardship_policy,
    enter_poverty_guideline,
    list_poverty_guidelines,
    get_poverty_guideline,
]
