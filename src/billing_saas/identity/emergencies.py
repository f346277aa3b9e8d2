"""Who may enter a practice in an emergency, and of whom: asked at the door, by one statement each."""

from dataclasses import replace
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from billing_saas.identity import rules
from billing_saas.identity.errors import NotAMember
from billing_saas.identity.signing_in import Principal
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor, ActorKind, Purpose

# Only the people whom the company itself knows: who works for one practice of many is a stranger to the
# others, in an emergency too. They ask a supervisor.
_ASKER = text(
    """
    SELECT company_membership.role
    FROM practice
    JOIN company ON company.id = practice.company_id AND company.status = 'active'
    JOIN company_membership ON company_membership.company_id = practice.company_id
      AND company_membership.user_id = :user_id
      AND company_membership.ended_at IS NULL AND company_membership.suspended_at IS NULL
    WHERE practice.tenant_id = :practice_id AND practice.status IN ('active', 'leaving')
      AND EXISTS (
        SELECT FROM agreement WHERE agreement.tenant_id = practice.tenant_id
          AND agreement.company_id = practice.company_id AND agreement.signed_on <= :today
          AND (agreement.ended_on IS NULL OR agreement.ended_on > :today))
    """
)
_PATIENT = text(
    """
    SELECT patient_id FROM emergency_access
    WHERE tenant_id = :practice_id AND user_id = :user_id AND patient_id IS NOT NULL
      AND ended_at IS NULL AND expires_at > :now
    ORDER BY id LIMIT 1
    """
)


async def asker(
    db: AsyncConnection,
    principal: Principal,
    practice_id: UUID,
    *,
    request_id: str,
    ip_prefix: str,
) -> Actor:
    """Somebody of the practice's company, under an agreement; to anybody else there is no practice."""
    rows = await db.execute(
        _ASKER,
        {
            "user_id": principal.user_id,
            "practice_id": practice_id,
            "today": clock.now().date(),
        },
    )
    roles = frozenset(row.role for row in rows)
    if not roles:
        raise NotAMember("There is no such practice.")
    return Actor(
        kind=ActorKind.USER,
        id=principal.user_id,
        permissions=rules.company_permissions_of(roles),
        roles=roles,
        purpose=Purpose.EMERGENCY,
        session=principal.token_id,
        auth_level=principal.auth_level,
        stepped_up_at=principal.stepped_up_at,
        request_id=request_id,
        ip_prefix=ip_prefix,
    )


async def confined(db: AsyncConnection, actor: Actor, practice_id: UUID) -> Actor:
    """The actor, held to the one patient for whom the emergency was opened. While it lasts it holds
    whatever other roles they have: who asked for little does not get more."""
    patient_id = await db.scalar(
        _PATIENT,
        {"practice_id": practice_id, "user_id": actor.id, "now": clock.now()},
    )
    if patient_id is None:
        raise NotAMember("There is no such practice.")
    return replace(actor, only_patient=UUID(str(patient_id)))
