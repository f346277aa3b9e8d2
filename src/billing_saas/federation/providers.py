"""Identity providers of a company or a practice: set up by its admin, told to whoever signs in."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from billing_saas.audit import trail
from billing_saas.audit.rules import PLATFORM_LOG
from billing_saas.federation.errors import (
    DomainNotGood,
    DomainTaken,
    LinkNotFound,
    NotOfThePractice,
    ProviderNotFound,
    ProviderNotGood,
    TooManyProviders,
)
from billing_saas.federation.tables import (
    IdentityLink,
    IdentityProvider,
    IdentityProviderDomain,
)
from billing_saas.gateways.openid import NotAProvider, OpenIdProviders
from billing_saas.gateways.outward import NotReached
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import Database, NarrowedSession, PlatformSession
from billing_saas.kit.ids import new_id
from billing_saas.vault import sealing

# Of a company, or of a practice: a sign-in page shows them all.
MOST = 50

_PLACE = "identity_provider.client_secret"
_DOMAIN = re.compile(
    r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]"
)
# Everybody's: whoever had one would stand before the sign-in of all others' people.
_PUBLIC_MAIL = frozenset(
    {"aol.com", "gmail.com", "gmx.com", "googlemail.com", "hotmail.com", "icloud.com", "live.com"}
    | {"me.com", "msn.com", "outlook.com", "proton.me", "protonmail.com", "yahoo.com", "zoho.com"}
)


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """Without a new `client_secret` the one that is known stays."""

    name: str
    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    scopes: str = "openid email profile"
    second_factor_amr: tuple[str, ...] = ("mfa",)
    second_factor_acr: tuple[str, ...] = ()
    email_domains: tuple[str, ...] = ()
    vouches_for_domains: bool = False
    active: bool = True


@dataclass(frozen=True, slots=True)
class Provider:
    """As it is shown to its admin: without the secret."""

    row: IdentityProvider
    email_domains: tuple[str, ...]

    @property
    def scopes(self) -> str:
        return self.row.scopes


@dataclass(frozen=True, slots=True)
class Offer:
    """A way in, as a sign-in page shows it."""

    id: UUID
    name: str
    organization: str


async def announced(actor: Actor, providers: OpenIdProviders, issuer: str) -> None:
    """Ask the issuer for its configuration, before anything of it is kept, for who may."""
    actor.must("identity_providers.write")
    actor.must_have_stepped_up()
    try:
        await providers.metadata(issuer, anew=True)
    except (NotReached, NotAProvider) as error:
        raise ProviderNotGood(
            "At this issuer there is no OpenID provider that we can work with.",
            field="issuer",
            reason=error.reason,
        ) from None


async def listed(db: NarrowedSession, actor: Actor) -> list[Provider]:
    actor.must("identity_providers.read")
    rows = list(
        await db.scalars(select(IdentityProvider).where(*_ours(db)).order_by(IdentityProvider.id))
    )
    domains = await _domains(db, [row.id for row in rows])
    return [Provider(row, domains.get(row.id, ())) for row in rows]


async def one(db: NarrowedSession, actor: Actor, provider_id: UUID) -> Provider:
    actor.must("identity_providers.read")
    row = await _row(db, provider_id)
    return Provider(row, (await _domains(db, [row.id])).get(row.id, ()))


async def lock(db: NarrowedSession, provider_id: UUID) -> None:
    """For an act that changes it. People may be linked to it meanwhile."""
    await _row(db, provider_id, lock=True)


async def add(db: NarrowedSession, actor: Actor, settings: ProviderSettings) -> UUID:
    await _must_change(db, actor)
    held = await db.scalar(select(func.count()).select_from(IdentityProvider).where(*_ours(db)))
    if (held or 0) >= MOST:
        raise TooManyProviders(f"There are {MOST} identity providers here, which is the most.")
    now = clock.now()
    provider_id = new_id()
    db.add(
        IdentityProvider(
            id=provider_id,
            company_id=db.company_id,
            practice_id=db.tenant_id,
            client_secret=await sealing.seal(
                db, _PLACE, provider_id, settings.client_secret.encode()
            ),
            created_at=now,
            **_columns(settings, actor),
        )
    )
    await db.flush()
    await _put_domains(db, provider_id, settings.email_domains)
    await _tell(db, actor, "identity_provider.add", provider_id)
    return provider_id


async def change(
    db: NarrowedSession, actor: Actor, provider_id: UUID, settings: ProviderSettings
) -> None:
    """Another issuer means other subjects: whom the old one vouched for is forgotten."""
    await _must_change(db, actor)
    row = await _row(db, provider_id)
    moved = row.issuer != settings.issuer
    for name, value in _columns(settings, actor).items():
        setattr(row, name, value)
    if settings.client_secret:
        secret = settings.client_secret.encode()
        row.client_secret = await sealing.seal(db, _PLACE, provider_id, secret)
    if moved:
        await db.execute(delete(IdentityLink).where(IdentityLink.provider_id == provider_id))
    await db.flush()
    await _put_domains(db, provider_id, settings.email_domains)
    state = "active" if settings.active else "disabled"
    await _tell(db, actor, "identity_provider.change", provider_id, state=state)


async def unlink(db: NarrowedSession, actor: Actor, provider_id: UUID, user_id: UUID) -> None:
    """The next subject with the person's verified address is linked anew."""
    await _must_change(db, actor)
    await _row(db, provider_id)
    gone = await db.scalar(
        delete(IdentityLink)
        .where(IdentityLink.provider_id == provider_id, IdentityLink.user_id == user_id)
        .returning(IdentityLink.user_id)
    )
    if gone is None:
        raise LinkNotFound("The provider vouches for no such person.")
    await trail.record_in(
        db, _log(db), actor, "identity_link.remove", object_type="user", object_id=user_id
    )


async def client_secret(db: PlatformSession, row: IdentityProvider) -> str:
    return (await sealing.unseal(db, _PLACE, row.id, row.client_secret)).decode()


_OFFERS = """
    SELECT p.id, p.name, coalesce(practice.name, company.name) AS organization
    FROM identity_provider p JOIN company ON company.id = p.company_id
      AND company.status = 'active'
    LEFT JOIN practice ON practice.tenant_id = p.practice_id
    WHERE p.active AND {}
    ORDER BY p.id LIMIT :most
    """
_OF_DOMAIN = text(
    _OFFERS.format(
        "p.id = (SELECT provider_id FROM identity_provider_domain WHERE domain = :domain)"
    )
)
_OF_ORGANIZATION = text(_OFFERS.format("coalesce(p.practice_id, p.company_id) = :organization"))


async def for_email(database: Database, email: str) -> list[Offer]:
    """By the domain alone, so that it says nothing of who has an account."""
    return await _offers(database, _OF_DOMAIN, {"domain": domain_of(email)})


async def of_organization(database: Database, organization: UUID) -> list[Offer]:
    """Of a company, or of a practice, whose admin handed the link out."""
    return await _offers(database, _OF_ORGANIZATION, {"organization": organization})


async def _offers(database: Database, asking: Any, asked: dict[str, Any]) -> list[Offer]:
    async with database.glance() as glance:
        rows = (await glance.execute(asking, asked | {"most": MOST})).all()
    return [Offer(UUID(str(row.id)), row.name, row.organization) for row in rows]


def domain_of(email: str) -> str:
    return email.strip().rpartition("@")[2].lower()


async def _must_change(db: NarrowedSession, actor: Actor) -> None:
    """Whoever sets a provider up can become everyone it vouches for."""
    actor.must("identity_providers.write")
    actor.must_have_stepped_up()
    if (
        db.tenant_id is not None
        and not (
            await db.execute(_IS_OF_PRACTICE, {"user": actor.id, "practice": db.tenant_id})
        ).scalar_one()
    ):
        raise NotOfThePractice("Only the practice's own people decide who vouches for them.")


_IS_OF_PRACTICE = text(
    """
    SELECT EXISTS (SELECT FROM membership WHERE user_id = :user AND tenant_id = :practice
      AND side = 'practice' AND role = 'practice_admin' AND ended_at IS NULL)
    """
)


async def _row(db: NarrowedSession, provider_id: UUID, *, lock: bool = False) -> IdentityProvider:
    query = select(IdentityProvider).where(*_ours(db), IdentityProvider.id == provider_id)
    row = await db.scalar(query.with_for_update(key_share=True) if lock else query)
    if row is None:
        raise ProviderNotFound("There is no such identity provider.")
    return row


def _ours(db: NarrowedSession) -> tuple[Any, ...]:
    of_place = (
        IdentityProvider.practice_id.is_(None)
        if db.tenant_id is None
        else IdentityProvider.practice_id == db.tenant_id
    )
    return IdentityProvider.company_id == db.company_id, of_place


async def _domains(
    db: NarrowedSession, provider_ids: Sequence[UUID]
) -> dict[UUID, tuple[str, ...]]:
    rows = await db.scalars(
        select(IdentityProviderDomain)
        .where(IdentityProviderDomain.provider_id.in_(provider_ids))
        .order_by(IdentityProviderDomain.domain)
    )
    found: dict[UUID, tuple[str, ...]] = {}
    for row in rows:
        found[row.provider_id] = (*found.get(row.provider_id, ()), row.domain)
    return found


async def _put_domains(db: NarrowedSession, provider_id: UUID, domains: Sequence[str]) -> None:
    wanted = {domain.strip().lower() for domain in domains}
    for domain in sorted(wanted):
        if domain in _PUBLIC_MAIL or not _DOMAIN.fullmatch(domain):
            raise DomainNotGood("This is no domain of one organization.", field="email_domains")
    await db.execute(
        delete(IdentityProviderDomain).where(IdentityProviderDomain.provider_id == provider_id)
    )
    if not wanted:
        return
    kept = await db.scalars(
        insert(IdentityProviderDomain)
        .values([{"domain": domain, "provider_id": provider_id} for domain in sorted(wanted)])
        .on_conflict_do_nothing()
        .returning(IdentityProviderDomain.domain)
    )
    if len(list(kept)) < len(wanted):
        raise DomainTaken("People of one of these domains are sent to another provider already.")


def _columns(settings: ProviderSettings, actor: Actor) -> dict[str, Any]:
    return {
        "name": settings.name,
        "issuer": settings.issuer,
        "client_id": settings.client_id,
        "scopes": " ".join(dict.fromkeys(["openid", *settings.scopes.split()])),
        "second_factor_amr": " ".join(sorted(set(settings.second_factor_amr))),
        "second_factor_acr": " ".join(sorted(set(settings.second_factor_acr))),
        "vouches_for_domains": settings.vouches_for_domains,
        "active": settings.active,
        "changed_by": actor.id,
        "updated_at": clock.now(),
    }


def _log(db: NarrowedSession) -> UUID:
    return db.tenant_id or PLATFORM_LOG


async def _tell(
    db: NarrowedSession, actor: Actor, action: str, provider_id: UUID, **detail: str
) -> None:
    await trail.record_in(
        db,
        _log(db),
        actor,
        action,
        object_type="identity_provider",
        object_id=provider_id,
        detail=detail,
    )
