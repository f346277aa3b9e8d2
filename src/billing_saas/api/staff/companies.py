"""A billing company: its practices, and the agreements that let its people in."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, get, post
from litestar.params import JSONBody

from billing_saas.api.declaring import declared
from billing_saas.api.deps import Asked, Company, Id, People, Person, Who
from billing_saas.api.manners import manners
from billing_saas.api.wire import In, Out, PageOut
from billing_saas.identity.signing_in import Principal
from billing_saas.kit.actor import StepUpRequired
from billing_saas.kit.db import Database
from billing_saas.tenants import agreements, queries, tables
from billing_saas.tenants.agreements import Signed
from billing_saas.tenants.errors import AgreementEnded, AgreementStands, BadAgreement


class CompanyOut(Out, frozen=True):
    """`roles` are those that who asks holds in it."""

    id: UUID
    name: str
    status: str
    roles: list[str]

    @classmethod
    def of(cls, company: tables.Company, roles: frozenset[str]) -> "CompanyOut":
        return cls(id=company.id, name=company.name, status=company.status, roles=sorted(roles))


class CompanyPracticeOut(Out, frozen=True):
    """A practice of the company: what is in it is for those who are members there."""

    id: UUID
    name: str
    npi: str
    time_zone: str
    status: str

    @classmethod
    def of(cls, practice: tables.Practice) -> "CompanyPracticeOut":
        return cls(
            id=practice.tenant_id,
            name=practice.name,
            npi=practice.npi,
            time_zone=practice.time_zone,
            status=practice.status,
        )


class AgreementOut(Out, frozen=True):
    """A signed business associate agreement. It counts from `signed_on` until the day of `ended_on`."""

    id: UUID
    signed_on: date
    signed_by: str
    ended_on: date | None

    @classmethod
    def of(cls, agreement: tables.Agreement) -> "AgreementOut":
        return cls(
            id=agreement.id,
            signed_on=agreement.signed_on,
            signed_by=agreement.signed_by,
            ended_on=agreement.ended_on,
        )


class AgreementIn(In, frozen=True, forbid_unknown_fields=True):
    """`signed_by` is who signed for the practice."""

    signed_on: date
    signed_by: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class AgreementEnding(In, frozen=True, forbid_unknown_fields=True):
    """From that day on the company's people see nothing there; today or before: from now on."""

    ended_on: date


class RecordedOut(Out, frozen=True):
    id: UUID


@get(
    "/companies",
    summary="The companies I work for",
    opt=declared(leads_to={"get_company": {"company_id": "$response.body#/0/id"}}),
)
async def list_companies(
    principal: Person, request: Request[Principal, None, Any]
) -> list[CompanyOut]:
    database: Database = request.app.state.database
    found = []
    for company_id, roles in sorted(principal.companies.items()):
        state = request.scope["state"]
        actor = principal.actor_of(
            company_id, request_id=state["request_id"], ip_prefix=state["ip_prefix"]
        )
        async with database.one_company(company_id) as company:
            found.append(CompanyOut.of(await queries.company(company, actor), roles))
    return found


@get("/", summary="One company", opt=declared("company.read"))
async def get_company(company: Company, actor: Who) -> CompanyOut:
    return CompanyOut.of(await queries.company(company, actor), actor.roles)


@get("/practices", summary="The company's practices, newest first", opt=declared("company.read"))
async def list_company_practices(
    company: Company, actor: Who, page: Asked
) -> PageOut[CompanyPracticeOut]:
    found = await queries.practices_of(company, actor, page)
    return PageOut([CompanyPracticeOut.of(one) for one in found.rows], found.next_cursor)


@get(
    "/practices/{practice_id:uuid}/agreements",
    summary="The company's agreements with a practice, newest first",
    opt=declared("agreements.read"),
)
async def list_agreements(
    company: Company, actor: Who, practice_id: Id, page: Asked
) -> PageOut[AgreementOut]:
    found = await agreements.agreements(company, actor, practice_id, page)
    return PageOut([AgreementOut.of(one) for one in found.rows], found.next_cursor)


@post(
    "/practices/{practice_id:uuid}/agreements",
    summary="Record a signed agreement: the company's people may enter",
    opt=declared("agreements.write", refusals=[StepUpRequired, AgreementStands, BadAgreement])
    | manners(kind="plain"),
)
async def record_agreement(
    people: People, actor: Who, practice_id: Id, data: JSONBody[AgreementIn]
) -> RecordedOut:
    signed = Signed(data.signed_on, data.signed_by)
    return RecordedOut(id=await agreements.record(people, actor, practice_id, signed))


@post(
    "/practices/{practice_id:uuid}/agreements/{agreement_id:uuid}/ending",
    status_code=204,
    summary="End an agreement: the company's people find no such practice any more",
    opt=declared("agreements.write", refusals=[StepUpRequired, AgreementEnded, BadAgreement])
    | manners(kind="plain"),
)
async def end_agreement(
    people: People, actor: Who, practice_id: Id, agreement_id: Id, data: JSONBody[AgreementEnding]
) -> None:
    await agreements.end(people, actor, practice_id, agreement_id, data.ended_on)


HANDLERS = [
    *(get_company, list_company_practices),
    *(list_agreements, record_agreement, end_agreement),
]
