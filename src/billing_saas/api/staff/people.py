"""Shapes that a company and a practice share when they tell who works there, and change it."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from billing_saas.api.wire import In, Out
from billing_saas.members.queries import Member
from billing_saas.members.rules import MOST_PRACTICES, Roles
from billing_saas.members.tables import Invitation

PracticeRole = Literal[
    "auditor",
    "biller",
    "coder",
    "front_desk",
    "practice_admin",
    "provider",
    "reviewer",
    "supervisor",
]
CompanyRole = Literal["company_admin", "supervisor"]
Email = Annotated[str, msgspec.Meta(pattern=r"^[^@\s,;<>]{1,64}@[^@\s,;<>]{1,189}$")]
PracticeRoles = Annotated[list[PracticeRole], msgspec.Meta(min_length=1, max_length=8)]


class RolesInPractice(In, frozen=True, forbid_unknown_fields=True):
    practice_id: UUID
    roles: PracticeRoles


class HeldInPractice(Out, frozen=True):
    practice_id: UUID
    roles: list[str]


class CompanyRolesIn(In, frozen=True, forbid_unknown_fields=True):
    """Roles in the company itself, and in its practices. Several at once, as a small office needs."""

    company_roles: Annotated[list[CompanyRole], msgspec.Meta(max_length=2)] = msgspec.field(
        default_factory=list
    )
    practices: Annotated[list[RolesInPractice], msgspec.Meta(max_length=MOST_PRACTICES)] = (
        msgspec.field(default_factory=list)
    )

    def meant(self) -> Roles:
        return Roles.of(
            self.company_roles, ((one.practice_id, one.roles) for one in self.practices)
        )


class CompanyInvitationIn(CompanyRolesIn, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Goes out by mail, once, and is good for seven days."""

    email: Email


class PracticeRolesIn(In, frozen=True, forbid_unknown_fields=True):
    roles: PracticeRoles

    def meant(self, practice_id: UUID) -> Roles:
        return Roles.of((), [(practice_id, self.roles)])


class PracticeInvitationIn(PracticeRolesIn, frozen=True, forbid_unknown_fields=True):
    """Goes out by mail, once, and is good for seven days."""

    email: Email


class CompanyMemberOut(Out, frozen=True):
    """One of the company's people. A practice's own people are the practice's to list."""

    id: UUID
    email: str
    name: str
    suspended: bool
    company_roles: list[str]
    practices: list[HeldInPractice]

    @classmethod
    def of(cls, member: Member) -> "CompanyMemberOut":
        return cls(
            id=member.id,
            email=member.email,
            name=member.name,
            suspended=member.suspended,
            company_roles=sorted(member.company_roles),
            practices=[
                HeldInPractice(practice_id=practice_id, roles=sorted(roles))
                for practice_id, roles in sorted(member.practices.items())
            ],
        )


class CompanyMemberRow(Out, frozen=True):
    """`practices` says in how many of them the person has a role."""

    id: UUID
    email: str
    name: str
    suspended: bool
    company_roles: list[str]
    practices: int

    @classmethod
    def of(cls, member: Member) -> "CompanyMemberRow":
        return cls(
            id=member.id,
            email=member.email,
            name=member.name,
            suspended=member.suspended,
            company_roles=sorted(member.company_roles),
            practices=len(member.practices),
        )


class PracticeMemberOut(Out, frozen=True):
    """`side` says whose people they are: the practice's own, or the billing company's."""

    id: UUID
    email: str
    name: str
    side: str
    suspended: bool
    roles: list[str]

    @classmethod
    def of(cls, member: Member) -> "PracticeMemberOut":
        roles: set[str] = set().union(*member.practices.values())
        return cls(
            id=member.id,
            email=member.email,
            name=member.name,
            side=member.side,
            suspended=member.suspended,
            roles=sorted(roles),
        )


class InvitationOut(Out, frozen=True):
    """The link itself is in the letter, and nowhere else."""

    id: UUID
    email: str
    company_roles: list[str]
    practices: list[HeldInPractice]
    invited_by: UUID
    created_at: datetime
    expires_at: datetime
    accepted_at: datetime | None
    withdrawn_at: datetime | None

    @classmethod
    def of(cls, invitation: Invitation) -> "InvitationOut":
        gives = Roles.read(invitation.gives)
        return cls(
            id=invitation.id,
            email=invitation.email,
            company_roles=sorted(gives.company),
            practices=[
                HeldInPractice(practice_id=practice_id, roles=sorted(roles))
                for practice_id, roles in sorted(gives.practices.items())
            ],
            invited_by=invitation.invited_by,
            created_at=invitation.created_at,
            expires_at=invitation.expires_at,
            accepted_at=invitation.accepted_at,
            withdrawn_at=invitation.withdrawn_at,
        )


class InvitedOut(Out, frozen=True):
    id: UUID
