"""The people of a billing company: by their admins, and as the supervisors see them."""

from uuid import UUID

from litestar import delete, get, post
from litestar.params import JSONBody

from billing_saas.api.declaring import declared
from billing_saas.api.deps import Asked, Company, Id, People, Who
from billing_saas.api.manners import manners
from billing_saas.api.staff.people import (
    CompanyInvitationIn,
    CompanyMemberOut,
    CompanyMemberRow,
    CompanyRolesIn,
    InvitationOut,
    InvitedOut,
)
from billing_saas.api.wire import PageOut
from billing_saas.kit.actor import StepUpRequired
from billing_saas.members import giving, inviting, leaving, queries
from billing_saas.members.errors import (
    LastAdmin,
    NothingGiven,
    NotSuspended,
    NotTheirsToGive,
    OfTheOtherSide,
    Suspended,
)

_FIRST = {"member_id": "$response.body#/rows/0/id", "company_id": "$request.path.company_id"}


@get(
    "/members",
    summary="The company's people, whoever came last first",
    opt=declared("members.read", leads_to={"get_company_member": _FIRST}),
)
async def list_company_members(
    company: Company, actor: Who, page: Asked
) -> PageOut[CompanyMemberRow]:
    found = await queries.company_members(company, actor, page)
    return PageOut([CompanyMemberRow.of(member) for member in found.rows], found.next_cursor)


@get(
    "/members/{member_id:uuid}",
    summary="One of the company's people, with their roles in each practice",
    opt=declared("members.read"),
)
async def get_company_member(company: Company, actor: Who, member_id: Id) -> CompanyMemberOut:
    return CompanyMemberOut.of(await queries.company_member(company, actor, member_id))


@post(
    "/members/{member_id:uuid}/roles",
    status_code=204,
    summary="Give roles in the company or in its practices",
    opt=declared(
        "members.write",
        refusals=[StepUpRequired, NotTheirsToGive, NothingGiven, Suspended, OfTheOtherSide],
    )
    | manners(kind="plain"),
)
async def give_company_roles(
    people: People, actor: Who, member_id: Id, data: JSONBody[CompanyRolesIn]
) -> None:
    await giving.give(people, actor, member_id, data.meant())


@post(
    "/members/{member_id:uuid}/ended-roles",
    status_code=204,
    summary="End roles in the company or in its practices",
    opt=declared("members.write", refusals=[StepUpRequired, NothingGiven, LastAdmin])
    | manners(kind="plain"),
)
async def end_company_roles(
    people: People, actor: Who, member_id: Id, data: JSONBody[CompanyRolesIn]
) -> None:
    await giving.end(people, actor, member_id, data.meant())


@post(
    "/members/{member_id:uuid}/suspension",
    status_code=204,
    summary="Suspend a person: their sessions and tokens end at once",
    opt=declared("members.write", refusals=[StepUpRequired, Suspended, LastAdmin])
    | manners(kind="plain"),
)
async def suspend_company_member(people: People, actor: Who, member_id: Id) -> None:
    await leaving.suspend(people, actor, member_id)


@delete(
    "/members/{member_id:uuid}/suspension",
    status_code=204,
    summary="Reactivate a person: what they held counts again",
    opt=declared("members.write", refusals=[StepUpRequired, NotSuspended]) | manners(kind="plain"),
)
async def reactivate_company_member(people: People, actor: Who, member_id: Id) -> None:
    await leaving.reactivate(people, actor, member_id)


@delete(
    "/members/{member_id:uuid}",
    status_code=204,
    summary="Remove a person: every role in the company and its practices ends, and their sessions",
    opt=declared("members.write", refusals=[StepUpRequired, LastAdmin]) | manners(kind="plain"),
)
async def remove_company_member(people: People, actor: Who, member_id: Id) -> None:
    await leaving.remove(people, actor, member_id)


@get(
    "/invitations",
    summary="Whom the company invited, newest first",
    opt=declared("members.read"),
)
async def list_company_invitations(
    company: Company, actor: Who, page: Asked
) -> PageOut[InvitationOut]:
    found = await queries.invitations(company, actor, page)
    return PageOut([InvitationOut.of(one) for one in found.rows], found.next_cursor)


@post(
    "/invitations",
    summary="Invite a person to the company, by mail",
    opt=declared("members.write", refusals=[StepUpRequired, NotTheirsToGive, NothingGiven])
    | manners(kind="plain"),
)
async def invite_to_company(
    people: People, actor: Who, data: JSONBody[CompanyInvitationIn]
) -> InvitedOut:
    invited: UUID = await inviting.invite(people, actor, data.email, data.meant())
    return InvitedOut(id=invited)


@delete(
    "/invitations/{invitation_id:uuid}",
    status_code=204,
    summary="Withdraw an invitation that was not accepted",
    opt=declared("members.write", refusals=[StepUpRequired]) | manners(kind="plain"),
)
async def withdraw_company_invitation(people: People, actor: Who, invitation_id: Id) -> None:
    await inviting.withdraw(people, actor, invitation_id)


HANDLERS = [
    *(list_company_members, get_company_member, give_company_roles, end_company_roles),
    *(suspend_company_member, reactivate_company_member, remove_company_member),
    *(list_company_invitations, invite_to_company, withdraw_company_invitation),
]
