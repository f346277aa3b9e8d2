"""What a practice lets be proposed to collection agencies, and what speaks against an account."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post, put
from litestar.params import JSONBody, QueryParameter

from billing_saas.api.declaring import declared
from billing_saas.api.deps import Db, Who
from billing_saas.api.manners import Versioned, manners
from billing_saas.api.staff.placements import PlacementItemOut
from billing_saas.api.wire import In, Out
from billing_saas.collections import policies, proposing
from billing_saas.collections.errors import (
    AgencyNotFound,
    CollectionPolicyChanged,
    NoAgency,
    NoAgreement,
    PaidByAnother,
)
from billing_saas.collections.policies import Policy
from billing_saas.collections.rules import (
    LEAST_AGE_DAYS,
    LEAST_NOTICE_DAYS,
    Verdict,
)
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.patients.errors import PatientNotFound


class CollectionPolicyOut(Out, frozen=True):
    """`propose`: the clock looks every night. It proposes and never places."""

    propose: bool
    agency_id: UUID | None
    minimum_cents: int
    age_days: int
    notice_days: int
    version: int


class CollectionPolicyIn(In, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`age_days` count from the first statement, and are 120 at least; `notice_days` from the final notice.
    `agency_id` is to whom accounts are proposed."""

    propose: bool
    agency_id: UUID | None
    minimum_cents: Annotated[int, msgspec.Meta(ge=1, le=10**9)]
    age_days: Annotated[int, msgspec.Meta(ge=LEAST_AGE_DAYS, le=1000)]
    notice_days: Annotated[int, msgspec.Meta(ge=LEAST_NOTICE_DAYS, le=365)]


class LeftOutItem(Out, frozen=True):
    patient_id: UUID
    claim_id: UUID | None
    charge_id: UUID | None
    amount_cents: int
    reasons: list[str]


class EligibilityOut(Out, frozen=True):
    """`reasons` are all that speak against it; none means that a person may place `items`. What is
    `left_out` stays with the practice."""

    eligible: bool
    reasons: list[str]
    amount_cents: int
    items: list[PlacementItemOut]
    left_out: list[LeftOutItem]

    @classmethod
    def of(cls, verdict: Verdict) -> "EligibilityOut":
        return cls(
            eligible=verdict.eligible,
            reasons=list(verdict.reasons),
            amount_cents=verdict.cents,
            items=[PlacementItemOut.of(item) for item in verdict.items],
            left_out=[
                LeftOutItem(
                    patient_id=out.item.patient_id,
                    claim_id=out.item.claim_id,
                    charge_id=out.item.charge_id,
                    amount_cents=out.item.cents,
                    reasons=list(out.reasons),
                )
                for out in verdict.left_out
            ],
        )


async def _policy(db: TenantSession, actor: Actor, _: UUID) -> CollectionPolicyOut:
    return CollectionPolicyOut(**msgspec.structs.asdict(await policies.policy(db, actor)))


@get(
    "/collection-policy",
    summary="What the practice lets be proposed to agencies",
    opt=declared("agencies.read"),
)
async def get_collection_policy(db: Db, actor: Who) -> CollectionPolicyOut:
    return await _policy(db, actor, db.tenant_id)


@put(
    "/collection-policy",
    summary="Set what may be proposed to agencies",
    opt=declared(
        "agencies.write", "agencies.read", refusals=[AgencyNotFound, CollectionPolicyChanged]
    )
    | manners(
        told_by=_policy,
        versioned=Versioned(lock=policies.lock_policy, show=_policy, must=True),
    ),
)
async def put_collection_policy(
    db: Db, actor: Who, data: JSONBody[CollectionPolicyIn]
) -> CollectionPolicyOut:
    seen = await policies.policy(db, actor)
    wanted = Policy(**msgspec.structs.asdict(data), version=seen.version)
    await policies.change_policy(db, actor, wanted)
    return await _policy(db, actor, db.tenant_id)


@get(
    "/placement-eligibility",
    summary="May a guarantor's account be placed, and why not",
    opt=declared("collections.read", refusals=[PaidByAnother, PatientNotFound]),
)
async def get_placement_eligibility(
    db: Db,
    actor: Who,
    guarantor_id: Annotated[UUID, QueryParameter(description="Whose account.")],
) -> EligibilityOut:
    return EligibilityOut.of(await proposing.eligibility(db, actor, guarantor_id))


@post(
    "/placement-proposals",
    status_code=204,
    summary="Have all accounts looked through for those that may be placed",
    opt=declared("collections.propose", refusals=[AgencyNotFound, NoAgency, NoAgreement]),
)
async def ask_for_proposals(db: Db, actor: Who) -> None:
    """A job proposes; each proposal is a card on the work list, and waits for a person."""
    await proposing.ask(db, actor)


HANDLERS = [
    get_collection_policy,
    put_collection_policy,
    get_placement_eligibility,
    ask_for_proposals,
]
