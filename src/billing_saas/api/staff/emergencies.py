"""Break-glass: opened by the company's people with a reason, told at once, judged by the practice."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import delete, get, post
from litestar.di import Provide
from litestar.params import JSONBody

from billing_saas.api import deps
from billing_saas.api.declaring import declared
from billing_saas.api.deps import Asked as AskedPage
from billing_saas.api.deps import Db, Id, Who
from billing_saas.api.manners import manners
from billing_saas.api.wire import In, Out, PageOut
from billing_saas.emergencies import judging, opening, rules
from billing_saas.emergencies.errors import (
    EmergencyOpen,
    EmergencyOver,
    EmergencyReviewed,
    NoReason,
    NoSuchPatientHere,
    OwnEmergency,
)
from billing_saas.emergencies.judging import Emergency
from billing_saas.emergencies.opening import Asked, Opened
from billing_saas.kit.actor import Actor, StepUpRequired
from billing_saas.kit.db import TenantSession


class EmergencyAccessIn(In, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`reason` in a sentence. With `patient_id`: nobody else is shown. At most four hours."""

    reason: Annotated[str, msgspec.Meta(min_length=rules.SHORTEST_REASON, max_length=1000)]
    ticket: Annotated[str, msgspec.Meta(max_length=100)] = ""
    patient_id: UUID | None = None
    minutes: Annotated[int, msgspec.Meta(ge=rules.LEAST_MINUTES, le=rules.MOST_MINUTES)] = (
        rules.USUAL_MINUTES
    )


class EmergencyOpenedOut(Out, frozen=True):
    """Every request from now to `expires_at` is told as one of an emergency."""

    id: UUID
    patient_id: UUID | None
    opened_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, opened: Opened) -> "EmergencyOpenedOut":
        return cls(**msgspec.structs.asdict(opened))


class EmergencyAccessOut(Out, frozen=True):
    """`review` is empty until the practice's admin has judged it."""

    id: UUID
    user_id: UUID
    patient_id: UUID | None
    reason: str
    ticket: str
    opened_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    review: str
    reviewed_by: UUID | None
    reviewed_at: datetime | None

    @classmethod
    def of(cls, emergency: Emergency) -> "EmergencyAccessOut":
        access = emergency.access
        return cls(
            id=access.id,
            user_id=access.user_id,
            patient_id=access.patient_id,
            reason=emergency.why.reason,
            ticket=emergency.why.ticket,
            opened_at=access.opened_at,
            expires_at=access.expires_at,
            ended_at=access.ended_at,
            review=access.review,
            reviewed_by=access.reviewed_by,
            reviewed_at=access.reviewed_at,
        )


class EmergencyReviewIn(In, frozen=True, forbid_unknown_fields=True):
    """Whether it was an emergency."""

    review: Literal["justified", "not_justified"]


_ONE = {"emergency_access_id": "$response.body#/rows/0/id"}


async def _opened(db: TenantSession, actor: Actor, access_id: UUID) -> EmergencyOpenedOut:
    return EmergencyOpenedOut.of(await opening.opened(db, actor, access_id))


@post(
    "/emergency-access",
    summary="Enter a practice in an emergency, to read, for hours",
    dependencies={"actor": Provide(deps.emergency_asker)},
    opt=declared(
        "emergencies.open",
        refusals=[StepUpRequired, NoReason, NoSuchPatientHere, EmergencyOpen],
    )
    | manners(told_by=_opened, resource="id"),
)
async def open_emergency_access(
    db: Db, actor: Who, data: JSONBody[EmergencyAccessIn]
) -> EmergencyOpenedOut:
    asked = Asked(
        reason=data.reason, ticket=data.ticket, patient_id=data.patient_id, minutes=data.minutes
    )
    return EmergencyOpenedOut.of(await opening.open_access(db, actor, asked))


@get(
    "/emergency-access",
    summary="Who entered in an emergency, and why, newest first",
    opt=declared(
        "emergencies.read",
        leads_to={"get_emergency_access": _ONE, "review_emergency_access": _ONE},
    ),
)
async def list_emergency_access(db: Db, actor: Who, page: AskedPage) -> PageOut[EmergencyAccessOut]:
    found = await judging.emergencies(db, actor, page)
    return PageOut([EmergencyAccessOut.of(row) for row in found.rows], found.next_cursor)


@get(
    "/emergency-access/{emergency_access_id:uuid}",
    summary="One emergency",
    opt=declared("emergencies.read"),
)
async def get_emergency_access(db: Db, actor: Who, emergency_access_id: Id) -> EmergencyAccessOut:
    return EmergencyAccessOut.of(await judging.emergency(db, actor, emergency_access_id))


@post(
    "/emergency-access/{emergency_access_id:uuid}/review",
    status_code=204,
    summary="Judge whether it was an emergency",
    opt=declared("emergencies.review", refusals=[EmergencyReviewed, OwnEmergency]) | manners(),
)
async def review_emergency_access(
    db: Db, actor: Who, emergency_access_id: Id, data: JSONBody[EmergencyReviewIn]
) -> None:
    await judging.judge(db, actor, emergency_access_id, data.review)


@delete(
    "/emergency-access/{emergency_access_id:uuid}",
    summary="End an emergency: one's own, or any as the practice's admin",
    opt=declared(refusals=[EmergencyOver]),
)
async def end_emergency_access(db: Db, actor: Who, emergency_access_id: Id) -> None:
    await opening.end(db, actor, emergency_access_id)


HANDLERS = [
    open_emergency_access,
    list_emergency_access,
    get_emergency_access,
    review_emergency_access,
    end_emergency_access,
]
