"""Whom a provider means: by its subject once that is known, the first time by a verified address.

A provider vouches for the people of whoever set it up, and for nobody who works anywhere else as well:
otherwise one company's admin could become a person of another's by telling their own provider to say so.
The same for the two sides of a practice (decision 0022).
"""

from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from billing_saas.audit import trail
from billing_saas.audit.rules import PLATFORM_LOG
from billing_saas.federation import providers
from billing_saas.federation.errors import NotVouchedFor
from billing_saas.federation.id_tokens import Vouched
from billing_saas.federation.tables import IdentityLink, IdentityProvider, IdentityProviderDomain
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import PlatformSession
from billing_saas.signin import rules

_LINKED = text(
    """
    SELECT u.id, u.status = 'active' AS active
    FROM identity_link l JOIN app_user u ON u.id = l.user_id
    WHERE l.provider_id = :provider AND l.subject = :subject
    """
)
_KNOWN = text("SELECT id, status = 'active' AS active FROM app_user WHERE lower(email) = :email")
# All that a person holds, and whether all of it is the provider's to vouch for.
_IS_OURS = text(
    """
    SELECT count(*) > 0 AND coalesce(bool_and(ours), false) FROM (
      SELECT cast(:practice AS uuid) IS NULL AND company_id = :company AS ours
      FROM company_membership WHERE user_id = :user AND ended_at IS NULL
      UNION ALL
      SELECT CASE WHEN cast(:practice AS uuid) IS NULL
        THEN company_id = :company AND side = 'company'
        ELSE tenant_id = :practice AND side = 'practice' END
      FROM membership WHERE user_id = :user AND ended_at IS NULL
    ) held
    """
)


async def is_linked(db: PlatformSession, provider: IdentityProvider, subject: str) -> bool:
    asked = {"provider": provider.id, "subject": subject}
    return (await db.execute(_LINKED, asked)).one_or_none() is not None


async def person_of(db: PlatformSession, provider: IdentityProvider, said: Vouched) -> UUID:
    """The person, or `NotVouchedFor`. Nobody is made known by this: a person is invited first."""
    asked = {"provider": provider.id, "subject": said.subject}
    row = (await db.execute(_LINKED, asked)).one_or_none()
    if row is None:
        await _must_be_verified(db, provider, said)
        row = (await db.execute(_KNOWN, {"email": rules.folded(said.email)})).one_or_none()
        if row is None:
            raise NotVouchedFor("person.unknown")
        user_id = UUID(str(row.id))
        await _must_be_ours(db, provider, user_id, active=row.active)
        await _link(db, provider, said.subject, user_id)
        return user_id
    user_id = UUID(str(row.id))
    await _must_be_ours(db, provider, user_id, active=row.active)
    return user_id


async def _must_be_verified(db: PlatformSession, provider: IdentityProvider, said: Vouched) -> None:
    if "@" not in said.email:
        raise NotVouchedFor("email.missing")
    domains = frozenset(
        await db.scalars(
            select(IdentityProviderDomain.domain).where(
                IdentityProviderDomain.provider_id == provider.id
            )
        )
    )
    of_a_domain = providers.domain_of(said.email) in domains
    if domains and not of_a_domain:
        raise NotVouchedFor("email.domain")
    # Who says nothing of it may be believed for its own domains, if its admin wants that.
    silent = said.email_verified is None and provider.vouches_for_domains and of_a_domain
    if said.email_verified is not True and not silent:
        raise NotVouchedFor("email.unverified")


async def _must_be_ours(
    db: PlatformSession, provider: IdentityProvider, user_id: UUID, *, active: bool
) -> None:
    if not active:
        raise NotVouchedFor("person.suspended")
    asked = {"user": user_id, "company": provider.company_id, "practice": provider.practice_id}
    if not (await db.execute(_IS_OURS, asked)).scalar_one():
        raise NotVouchedFor("person.elsewhere")


async def _link(
    db: PlatformSession, provider: IdentityProvider, subject: str, user_id: UUID
) -> None:
    linked = await db.scalar(
        insert(IdentityLink)
        .values(provider_id=provider.id, subject=subject, user_id=user_id, linked_at=clock.now())
        .on_conflict_do_nothing()
        .returning(IdentityLink.user_id)
    )
    if linked is None:  # the provider means somebody else by this address now
        raise NotVouchedFor("person.linked")
    await trail.record_in(
        db,
        provider.practice_id or PLATFORM_LOG,
        Actor(kind=ActorKind.USER, id=user_id),
        "identity_link.add",
        object_type="user",
        object_id=user_id,
    )
