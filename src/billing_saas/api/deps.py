"""What handlers ask for. Exactly one of them owns the session, the tenant and the transaction."""

from collections.abc import AsyncGenerator
from typing import Annotated, Any
from uuid import UUID

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter, SkipValidation

from billing_saas.api import conditions, cursors, once
from billing_saas.identity import emergencies
from billing_saas.identity.rules import OF_ONE_PATIENT
from billing_saas.identity.signing_in import Principal
from billing_saas.kit import paging
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import Database, NarrowedSession, OneCompanySession, TenantSession
from billing_saas.kit.paging import PageRequest
from billing_saas.tenants import queries

# What handlers write: the kinds of argument, named once.
Db = NamedDependency[TenantSession]
Company = NamedDependency[OneCompanySession]
People = NamedDependency[NarrowedSession]
Who = NamedDependency[Actor]
Asked = NamedDependency[PageRequest]
# A machine is one as well: a subclass, which the framework's check of types would refuse.
Person = NamedDependency[SkipValidation[Principal]]
Id = FromPath[UUID]


def principal(request: Request[Principal, None, Any]) -> Principal:
    return request.user


async def actor(practice_id: Id, request: Request[Principal, None, Any]) -> Actor:
    """Inside the practice that the path names, or the practice does not exist (404)."""
    acting = request.user.actor_in(
        practice_id,
        request_id=request.scope["state"]["request_id"],
        ip_prefix=request.scope["state"]["ip_prefix"],
    )
    if OF_ONE_PATIENT not in acting.roles:
        return acting
    database: Database = request.app.state.database
    async with database.glance() as glance:
        return await emergencies.confined(glance, acting, practice_id)


async def emergency_asker(practice_id: Id, request: Request[Principal, None, Any]) -> Actor:
    """Somebody of the practice's company who holds no role in it, or not the one that is needed."""
    database: Database = request.app.state.database
    async with database.glance() as glance:
        return await emergencies.asker(
            glance,
            request.user,
            practice_id,
            request_id=request.scope["state"]["request_id"],
            ip_prefix=request.scope["state"]["ip_prefix"],
        )


async def db(
    practice_id: Id, actor: Who, request: Request[Principal, None, Any]
) -> AsyncGenerator[TenantSession, None]:
    """The request's transaction. It commits before the response leaves; a raised error rolls back.

    With an Idempotency-Key it does its work once, and says the same to whoever asks again.
    """
    database: Database = request.app.state.database
    wanted = once.asked(request, actor, practice_id)
    done = None
    async with once.turn(request, wanted), database.tenant(practice_id) as session:
        if wanted is not None:
            done = await once.begin(session, actor, request, wanted)
        if done is None:
            await conditions.check(session, actor, request)
            yield session
            if wanted is not None:
                await once.end(session, request, wanted)
    if done is not None:
        raise done


def company_actor(company_id: Id, request: Request[Principal, None, Any]) -> Actor:
    """For the company that the path names, or the company does not exist (404)."""
    return request.user.actor_of(
        company_id,
        request_id=request.scope["state"]["request_id"],
        ip_prefix=request.scope["state"]["ip_prefix"],
    )


async def company(
    company_id: Id, actor: Who, request: Request[Principal, None, Any]
) -> AsyncGenerator[OneCompanySession, None]:
    """To read a company's people and papers."""
    database: Database = request.app.state.database
    async with database.one_company(company_id) as session:
        yield session


async def company_people(
    company_id: Id, actor: Who, request: Request[Principal, None, Any]
) -> AsyncGenerator[NarrowedSession, None]:
    """To change a company's people and papers."""
    database: Database = request.app.state.database
    async with database.narrowed(company_id) as session:
        yield session


async def practice_people(
    practice_id: Id, actor: Who, request: Request[Principal, None, Any]
) -> AsyncGenerator[NarrowedSession, None]:
    """To change who may enter a practice."""
    database: Database = request.app.state.database
    async with database.glance() as glance:
        company_id = await queries.company_of(glance, practice_id)
    async with database.narrowed(company_id, practice_id) as session:
        yield session


def page(
    request: Request[Principal, None, Any],
    limit: Annotated[
        int, QueryParameter(description="Rows per page, at most 200.", ge=1, le=paging.MOST)
    ] = 50,
    cursor: Annotated[
        str | None, QueryParameter(description="`next_cursor` of the page before.", max_length=64)
    ] = None,
) -> PageRequest:
    return paging.request(limit, cursors.unseal(request, cursor) if cursor else None)
