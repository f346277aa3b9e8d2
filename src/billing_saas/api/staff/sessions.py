"""Where people are signed in, how long for, and the way back for who lost every second factor."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, delete, get, post, put
from litestar.params import JSONBody

from billing_saas.api import conditions
from billing_saas.api.declaring import declared
from billing_saas.api.deps import Id, Person
from billing_saas.api.manners import manners
from billing_saas.api.wire import In, Out
from billing_saas.identity.signing_in import Principal
from billing_saas.kit.actor import Actor, ActorKind, StepUpRequired
from billing_saas.kit.db import Database
from billing_saas.signin import listing, policies, recovering
from billing_saas.signin.errors import ResetOver, SamePerson
from billing_saas.signin.policies import Policy
from billing_saas.signin.tables import UserSession

Asked = Request[Principal, None, Any]


class SessionOut(Out, frozen=True):
    """`ip_prefix` says where from, not who; `current` is the one that asks. What ran out may be listed
    until it is next used."""

    id: UUID
    user_agent_hint: str
    ip_prefix: str
    created_at: datetime
    seen_at: datetime
    current: bool

    @classmethod
    def of(cls, row: UserSession, current: UUID) -> "SessionOut":
        return cls(
            id=row.id,
            user_agent_hint=row.user_agent_hint,
            ip_prefix=row.ip_prefix,
            created_at=row.created_at,
            seen_at=row.seen_at,
            current=row.id == current,
        )


class FactorResetOut(Out, frozen=True):
    """Another administrator confirms it within a day."""

    id: UUID


class SignInPolicyOut(Out, frozen=True):
    idle_minutes: int
    absolute_minutes: int

    @classmethod
    def of(cls, held: Policy) -> "SignInPolicyOut":
        return cls(idle_minutes=held.idle_minutes, absolute_minutes=held.absolute_minutes)


class SignInPolicyIn(In, frozen=True, forbid_unknown_fields=True):
    """Of the companies that a person works with, the strictest counts; at once, for open sessions too."""

    idle_minutes: Annotated[int, msgspec.Meta(ge=1, le=60)]
    absolute_minutes: Annotated[int, msgspec.Meta(ge=5, le=1440)]


def _acting(principal: Principal, request: Asked) -> tuple[Database, Actor]:
    """The person outside of any practice."""
    state = request.scope["state"]
    actor = Actor(
        kind=ActorKind.USER,
        id=principal.user_id,
        session=principal.token_id,
        auth_level=principal.auth_level,
        stepped_up_at=principal.stepped_up_at,
        request_id=state["request_id"],
        ip_prefix=state["ip_prefix"],
    )
    return request.app.state.database, actor


@get("/sessions", summary="Where I am signed in", opt=declared())
async def list_sessions(principal: Person, request: Asked) -> list[SessionOut]:
    database, actor = _acting(principal, request)
    async with database.platform() as db:
        return [SessionOut.of(row, principal.token_id) for row in await listing.own(db, actor)]


@delete(
    "/sessions/{session_id:uuid}",
    summary="End a session: my own, or of somebody I look after",
    opt=declared() | manners(kind="plain"),
)
async def end_session(principal: Person, request: Asked, session_id: Id) -> None:
    database, actor = _acting(principal, request)
    async with database.platform() as db:
        await listing.end(db, actor, session_id)


@get(
    "/people/{user_id:uuid}/sessions",
    summary="Where somebody is signed in whom I look after",
    opt=declared(),
)
async def list_sessions_of(principal: Person, request: Asked, user_id: Id) -> list[SessionOut]:
    database, actor = _acting(principal, request)
    async with database.platform() as db:
        found = await listing.of(db, actor, user_id)
        return [SessionOut.of(row, principal.token_id) for row in found]


@delete(
    "/people/{user_id:uuid}/sessions",
    summary="Sign somebody out everywhere whom I look after",
    opt=declared() | manners(kind="plain"),
)
async def end_sessions_of(principal: Person, request: Asked, user_id: Id) -> None:
    database, actor = _acting(principal, request)
    async with database.platform() as db:
        await listing.end_all(db, actor, user_id)


@post(
    "/people/{user_id:uuid}/factor-resets",
    summary="Say that somebody lost every second factor",
    opt=declared(refusals=[StepUpRequired, SamePerson]) | manners(kind="plain"),
)
async def ask_factor_reset(principal: Person, request: Asked, user_id: Id) -> FactorResetOut:
    database, actor = _acting(principal, request)
    async with database.platform() as db:
        return FactorResetOut(id=await recovering.ask_reset(db, actor, user_id))


@post(
    "/factor-resets/{reset_id:uuid}/confirmation",
    summary="Confirm it, as another administrator: the person gets a link to begin again",
    opt=declared(refusals=[StepUpRequired, SamePerson, ResetOver]) | manners(kind="plain"),
    status_code=204,
)
async def confirm_factor_reset(principal: Person, request: Asked, reset_id: Id) -> None:
    database, actor = _acting(principal, request)
    async with database.platform() as db:
        await recovering.confirm_reset(db, actor, reset_id)


@get(
    "/companies/{company_id:uuid}/sign-in-policy",
    summary="How long the company's people stay signed in",
    opt=declared(),
)
async def get_sign_in_policy(principal: Person, request: Asked, company_id: Id) -> SignInPolicyOut:
    database, actor = _acting(principal, request)
    async with database.platform() as db:
        return SignInPolicyOut.of(await policies.of(db, actor, company_id))


@put(
    "/companies/{company_id:uuid}/sign-in-policy",
    summary="Say how long the company's people stay signed in",
    opt=declared(refusals=[StepUpRequired]) | manners(kind="plain", seen=True),
)
async def put_sign_in_policy(
    principal: Person, request: Asked, company_id: Id, data: JSONBody[SignInPolicyIn]
) -> SignInPolicyOut:
    database, actor = _acting(principal, request)
    wanted = Policy(data.idle_minutes, data.absolute_minutes)
    async with database.platform() as db:

        async def locked() -> SignInPolicyOut:
            await policies.lock(db, company_id)
            return SignInPolicyOut.of(await policies.of(db, actor, company_id))

        await conditions.must_have_seen(request, locked)
        await policies.put(db, actor, company_id, wanted)
    return SignInPolicyOut.of(wanted)


HANDLERS = [
    *(list_sessions, end_session, list_sessions_of, end_sessions_of, ask_factor_reset),
    *(confirm_factor_reset, get_sign_in_policy, put_sign_in_policy),
]
