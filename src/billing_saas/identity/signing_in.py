"""Who stands at the door: looked up at every request, by one statement of its own.

A request names its place: one practice, one company, or none. Only what a person holds there is
looked up, so that somebody of 2,000 practices costs no more at the door than somebody of one.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from billing_saas.identity import rules
from billing_saas.identity.errors import NotAMember, NotSignedIn
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor, ActorKind, AuthLevel, Purpose
from billing_saas.kit.db import PlatformSession

Roles = dict[UUID, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request leads. Without a word: everywhere."""

    practice_id: UUID | None = None
    company_id: UUID | None = None


EVERYWHERE = Place()


@dataclass(frozen=True, slots=True)
class Held:
    """The roles that a person holds now, by practice and by company: those of the place asked for."""

    practices: Roles = field(default_factory=dict)
    companies: Roles = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Principal:
    """A person, and the roles they hold now in the place that the request names."""

    kind: ClassVar[ActorKind] = ActorKind.USER

    user_id: UUID
    token_id: UUID
    roles: Roles
    companies: Roles = field(default_factory=dict)
    auth_level: AuthLevel = AuthLevel.TOKEN
    stepped_up_at: datetime | None = None

    @property
    def practices(self) -> frozenset[UUID]:
        return frozenset(self.roles)

    def permissions_in(self, practice_id: UUID) -> frozenset[str]:
        return rules.permissions_of(self.roles.get(practice_id, frozenset()))

    def practices_where(self, permission: str) -> frozenset[UUID]:
        """Those of the place asked for in which the person's roles allow it."""
        allowed = {role for role, held in rules.PERMISSIONS.items() if permission in held}
        return frozenset(
            practice_id
            for practice_id, roles in self.roles.items()
            if not allowed.isdisjoint(roles)
        )

    def actor_in(self, practice_id: UUID, *, request_id: str, ip_prefix: str) -> Actor:
        """Act inside one practice, or find that it does not exist."""
        roles = self.roles.get(practice_id)
        if roles is None:
            raise NotAMember("There is no such practice.")
        return self._actor(roles, self.permissions_in(practice_id), request_id, ip_prefix)

    def actor_of(self, company_id: UUID, *, request_id: str, ip_prefix: str) -> Actor:
        """Act for a billing company on its own people and papers, or find that it does not exist."""
        roles = self.companies.get(company_id)
        if roles is None:
            raise NotAMember("There is no such company.")
        return self._actor(roles, rules.company_permissions_of(roles), request_id, ip_prefix)

    def _actor(
        self, roles: frozenset[str], permissions: frozenset[str], request_id: str, ip_prefix: str
    ) -> Actor:
        return Actor(
            kind=self.kind,
            id=self.user_id,
            permissions=permissions,
            roles=roles,
            purpose=purpose_of(roles),
            outsider=roles == rules.OUTSIDERS,
            session=self.token_id,
            auth_level=self.auth_level,
            stepped_up_at=self.stepped_up_at,
            request_id=request_id,
            ip_prefix=ip_prefix,
        )


def purpose_of(roles: frozenset[str]) -> Purpose:
    return Purpose.PAYMENT if roles.isdisjoint(rules.IN_EMERGENCY) else Purpose.EMERGENCY


# A practice counts only while it is open; to the company's people, only while a signed agreement covers
# it (45 CFR 164.504(e)). The practice's own people are let in by no agreement (decision 0020).
_IN_PRACTICES = """
    SELECT membership.tenant_id AS place, false AS of_company, membership.role
    FROM membership
    JOIN practice ON practice.tenant_id = membership.tenant_id
      AND practice.status IN ('active', 'leaving')
    WHERE membership.user_id = {user} AND membership.ended_at IS NULL
      AND membership.suspended_at IS NULL AND {narrowed}
      AND (membership.side = 'practice' OR EXISTS (
        SELECT FROM agreement WHERE agreement.tenant_id = practice.tenant_id
          AND agreement.company_id = practice.company_id AND agreement.signed_on <= :today
          AND (agreement.ended_on IS NULL OR agreement.ended_on > :today)))"""
# A person of the company whom an emergency opened the practice to, for as long as it lasts: while the
# agreement stands and the company still knows them (`identity.emergencies`).
_IN_EMERGENCIES = """
    SELECT emergency_access.tenant_id AS place, false AS of_company,
      CASE WHEN emergency_access.patient_id IS NULL THEN 'emergency' ELSE 'emergency_patient' END
    FROM emergency_access
    JOIN practice ON practice.tenant_id = emergency_access.tenant_id
      AND practice.status IN ('active', 'leaving')
    JOIN company_membership ON company_membership.company_id = practice.company_id
      AND company_membership.user_id = emergency_access.user_id
      AND company_membership.ended_at IS NULL AND company_membership.suspended_at IS NULL
    WHERE emergency_access.user_id = {user} AND emergency_access.ended_at IS NULL
      AND emergency_access.expires_at > :now AND {narrowed}
      AND EXISTS (
        SELECT FROM agreement WHERE agreement.tenant_id = practice.tenant_id
          AND agreement.company_id = practice.company_id AND agreement.signed_on <= :today
          AND (agreement.ended_on IS NULL OR agreement.ended_on > :today))"""
_IN_COMPANIES = """
    SELECT company_membership.company_id AS place, true AS of_company, company_membership.role
    FROM company_membership
    JOIN company ON company.id = company_membership.company_id AND company.status = 'active'
    WHERE company_membership.user_id = {user} AND company_membership.ended_at IS NULL
      AND company_membership.suspended_at IS NULL AND {narrowed}"""
_WHO = """
    SELECT api_token.id, api_token.user_id, held.place, held.of_company, held.role
    FROM api_token
    JOIN app_user ON app_user.id = api_token.user_id AND app_user.status = 'active'
    LEFT JOIN LATERAL ({held}
    ) held ON true
    WHERE api_token.token_hash = :token_hash AND api_token.revoked_at IS NULL
      AND api_token.expires_at > :now
    """


@dataclass(frozen=True, slots=True)
class _Asking:
    """The two statements of one kind of place: by a token, and by a person."""

    by_token: TextClause
    by_user: TextClause

    @classmethod
    def of(cls, *parts: tuple[str, str]) -> "_Asking":
        def held(user: str) -> str:
            return "\n    UNION ALL".join(
                part.format(user=user, narrowed=narrowed) for part, narrowed in parts
            )

        return cls(
            text(_WHO.format(held=held("api_token.user_id"))),
            text(held(":user_id")),
        )


_PRACTICE = _Asking.of(
    (_IN_PRACTICES, "membership.tenant_id = :practice_id"),
    (_IN_EMERGENCIES, "emergency_access.tenant_id = :practice_id"),
)
_COMPANY = _Asking.of((_IN_COMPANIES, "company_membership.company_id = :company_id"))
_ALL = _Asking.of((_IN_PRACTICES, "true"), (_IN_EMERGENCIES, "true"), (_IN_COMPANIES, "true"))


def _asking(place: Place) -> tuple[_Asking, dict[str, object]]:
    """A company's routes may name a practice as well: the company is who lets in."""
    if place.company_id is not None:
        return _COMPANY, {"company_id": place.company_id}
    today: dict[str, object] = {"today": clock.now().date(), "now": clock.now()}
    if place.practice_id is not None:
        return _PRACTICE, today | {"practice_id": place.practice_id}
    return _ALL, today


async def principal_of(
    db: AsyncConnection | PlatformSession, token: str, place: Place = EVERYWHERE
) -> Principal:
    """The person whose token this is, or `NotSignedIn`, which does not say why. One statement."""
    asking, asked = _asking(place)
    asked |= {"token_hash": rules.token_hash(token), "now": clock.now()}
    rows = (await db.execute(asking.by_token, asked)).all()
    if not rows:
        raise NotSignedIn
    held = _held((row.place, row.of_company, row.role) for row in rows if row.place is not None)
    return Principal(
        user_id=rows[0].user_id,
        token_id=rows[0].id,
        roles=held.practices,
        companies=held.companies,
    )


async def held_by(
    db: AsyncConnection | PlatformSession, user_id: UUID, place: Place = EVERYWHERE
) -> Held:
    """The roles that a person holds now. One statement."""
    asking, asked = _asking(place)
    rows = await db.execute(asking.by_user, asked | {"user_id": user_id})
    return _held((row.place, row.of_company, row.role) for row in rows)


def _held(rows: Iterable[tuple[UUID, bool, str]]) -> Held:
    practices: dict[UUID, set[str]] = {}
    companies: dict[UUID, set[str]] = {}
    for place, of_company, role in rows:
        roles = companies if of_company else practices
        roles.setdefault(UUID(bytes=place.bytes), set()).add(role)
    return Held(
        {place: frozenset(roles) for place, roles in practices.items()},
        {place: frozenset(roles) for place, roles in companies.items()},
    )
