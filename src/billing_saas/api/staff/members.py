"""Who may enter a practice: its own people and the company's, each looked after by their side."""

from uuid import UUID

from litestar import delete, get, post
from litestar.params import JSONBody

from billing_saas.api.declaring import declared
from billing_saas.api.deps import Asked, Db, Id, People, Who
from billing_saas.api.manners import manners
from billing_saas.api.staff.people import (
    InvitationOut,
    InvitedOut,
    PracticeInvitationIn,
    PracticeMemberOut,
    PracticeRolesIn,
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

_FIRST = {"member_id": "$response.body#/rows/0/id"}


@get(
    "/members",
    summary="Who may enter, whoever came last first",
    opt=declared("members.read", leads_to={"get_member": _FIRST}),
)
async def list_members(db: Db, actor: Who, page: Asked) -> PageOut[PracticeMemberOut]:
    found = await queries.practice_members(db, actor, page)
    return PageOut([PracticeMemberOut.of(member) for member in found.rows], found.next_cursor)


@get(
    "/members/{member_id:uuid}",
    summary="One person who may enter",
    opt=declared("members.read"),
)
async def get_member(db: Db, actor: Who, member_id: Id) -> PracticeMemberOut:
    return PracticeMemberOut.of(await queries.practice_member(db, actor, member_id))


@post(
    "/members/{member_id:uuid}/roles",
    status_code=204,
    summary="Give roles in the practice",
    opt=declared(
        "members.write",
        refusals=[StepUpRequired, NotTheirsToGive, NothingGiven, Suspended, OfTheOtherSide],
    )
    | manners(kind="plain"),
)
async def give_roles(
    people: People, actor: Who, member_id: Id, practice_id: Id, data: JSONBody[PracticeRolesIn]
) -> None:
    await giving.give(people, actor, member_id, data.meant(practice_id))


@post(
    "/members/{member_id:uuid}/ended-roles",
    status_code=204,
    summary="End roles in the practice",
    opt=declared("members.write", refusals=[StepUpRequired, NothingGiven, LastAdmin])
    | manners(kind="plain"),
)
async def end_roles(
    people: People, actor: Who, member_id: Id, practice_id: Id, data: JSONBody[PracticeRolesIn]
) -> None:
    await giving.end(people, actor, member_id, data.meant(practice_id))


@post(
    "/members/{member_id:uuid}/suspension",
    status_code=204,
    summary="Suspend a person: their sessions and tokens end at once",
    opt=declared("members.write", refusals=[StepUpRequired, Suspended, LastAdmin])
    | manners(kind="plain"),
)
async def suspend_member(people: People, actor: Who, member_id: Id) -> None:
    await leaving.suspend(people, actor, member_id)


@delete(
    "/members/{member_id:uuid}/suspension",
    status_code=204,
    summary="Reactivate a person: what they held counts again",
    opt=declared("members.write", refusals=[StepUpRequired, NotSuspended]) | manners(kind="plain"),
)
async def reactivate_member(people: People, actor: Who, member_id: Id) -> None:
    await leaving.reactivate(people, actor, member_id)


@delete(
    "/members/{member_id:uuid}",
    status_code=204,
    summary="Remove a person: every role in the practice ends, and their sessions",
    opt=declared("members.write", refusals=[StepUpRequired, LastAdmin]) | manners(kind="plain"),
)
async def remove_member(people: People, actor: Who, member_id: Id) -> None:
    await leaving.remove(people, actor, member_id)


@get(
    "/invitations",
    summary="Whom the practice invited, newest first",
    opt=declared("members.read"),
)
async def list_invitations(db: Db, actor: Who, page: Asked) -> PageOut[InvitationOut]:
    found = await queries.invitations(db, actor, page)
    return PageOut([InvitationOut.of(one) for one in found.rows], found.next_cursor)


@post(
    "/invitations",
    summary="Invite a person to the practice, by mail",
    opt=declared("members.write", refusals=[StepUpRequired, NotTheirsToGive, NothingGiven])
    | manners(kind="plain"),
)
async def invite_to_practice(
    people: People, actor: Who, practice_id: Id, data: JSONBody[PracticeInvitationIn]
) -> InvitedOut:
    invited: UUID = await inviting.invite(people, actor, data.email, data.meant(practice_id))
    return InvitedOut(id=invited)


@delete(
    "/invitations/{invitation_id:uuid}",
    status_code=204,
    summary="Withdraw an invitation that was not accepted",
    opt=declared("members.write", refusals=[StepUpRequired]) | manners(kind="plain"),
)
async def withdraw_invitation(people: People, actor: Who, invitation_id: Id) -> None:
    await inviting.withdraw(people, actor, invitation_id)


HANDLERS = [
    *(list_members, get_member, give_roles, end_roles),
    *(suspend_member, reactivate_member, remove_member),
    *(list_invitations, invite_to_practice, withdraw_invitation),
]
