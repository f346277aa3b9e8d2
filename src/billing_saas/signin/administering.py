"""Whose people somebody looks after: those of their company, or of their practice alone."""

from uuid import UUID

from sqlalchemy import text

from billing_saas.kit.actor import Actor
from billing_saas.kit.db import PlatformSession
from billing_saas.signin.errors import PersonNotFound

# A company's admin: whoever works for the company, or in one of its practices. That takes in a practice's
# own people, who give roles to each other alone (decision 0020): a practice with one admin, whose second
# factor is lost, has nobody else, and the way back leads over the person's own address anyway.
# A practice's admin: who works there and nowhere else; others' sessions and factors are not the
# practice's to end. An admin who is suspended looks after nobody.
_IS_THEIRS = text(
    """
    SELECT EXISTS (
      SELECT FROM company_membership admin
      WHERE admin.user_id = :admin AND admin.role = 'company_admin' AND admin.ended_at IS NULL
        AND admin.suspended_at IS NULL
        AND (EXISTS (SELECT FROM company_membership held WHERE held.user_id = :person
                     AND held.company_id = admin.company_id AND held.ended_at IS NULL)
          OR EXISTS (SELECT FROM membership held JOIN practice USING (tenant_id)
                     WHERE held.user_id = :person AND held.ended_at IS NULL
                       AND practice.company_id = admin.company_id))
    ) OR EXISTS (
      SELECT FROM membership admin
      JOIN membership held ON held.tenant_id = admin.tenant_id AND held.ended_at IS NULL
      WHERE admin.user_id = :admin AND admin.role = 'practice_admin' AND admin.ended_at IS NULL
        AND admin.suspended_at IS NULL AND held.user_id = :person
        AND NOT EXISTS (SELECT FROM membership other WHERE other.user_id = :person
                        AND other.tenant_id <> admin.tenant_id AND other.ended_at IS NULL)
        AND NOT EXISTS (SELECT FROM company_membership other
                        WHERE other.user_id = :person AND other.ended_at IS NULL)
    )
    """
)
_IS_COMPANY_ADMIN = text(
    """
    SELECT EXISTS (SELECT FROM company_membership admin
      WHERE admin.user_id = :admin AND admin.company_id = :company
        AND admin.role = 'company_admin' AND admin.ended_at IS NULL
        AND admin.suspended_at IS NULL)
    """
)


async def administers(db: PlatformSession, actor: Actor, person: UUID) -> bool:
    asked = {"admin": actor.id, "person": person}
    return bool((await db.execute(_IS_THEIRS, asked)).scalar_one())


async def must_administer(db: PlatformSession, actor: Actor, person: UUID) -> None:
    if not await administers(db, actor, person):
        raise PersonNotFound("There is no such person.")


async def must_administer_company(db: PlatformSession, actor: Actor, company: UUID) -> None:
    asked = {"admin": actor.id, "company": company}
    if not (await db.execute(_IS_COMPANY_ADMIN, asked)).scalar_one():
        raise PersonNotFound("There is no such company.")
