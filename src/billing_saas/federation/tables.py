from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row


class IdentityProvider(Row):
    """Who vouches for the people of a company; with `practice_id`, for a practice's own."""

    __tablename__ = "identity_provider"
    __table_args__ = (
        ForeignKeyConstraint(
            ["practice_id", "company_id"], ["practice.tenant_id", "practice.company_id"]
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    company_id: Mapped[UUID] = mapped_column(ForeignKey("company.id"))
    practice_id: Mapped[UUID | None]
    name: Mapped[str]
    issuer: Mapped[str]
    client_id: Mapped[str]
    client_secret: Mapped[bytes]
    scopes: Mapped[str]
    second_factor_amr: Mapped[str]
    second_factor_acr: Mapped[str]
    vouches_for_domains: Mapped[bool]
    active: Mapped[bool]
    changed_by: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class IdentityProviderDomain(Row):
    """Whoever types an address of this domain is sent to the provider."""

    __tablename__ = "identity_provider_domain"

    domain: Mapped[str] = mapped_column(primary_key=True)
    provider_id: Mapped[UUID] = mapped_column(ForeignKey("identity_provider.id"))


class IdentityLink(Row):
    """Whom a provider means by a subject, from the first time on."""

    __tablename__ = "identity_link"
    __table_args__ = (UniqueConstraint("provider_id", "user_id"),)

    provider_id: Mapped[UUID] = mapped_column(ForeignKey("identity_provider.id"), primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    linked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class OidcAttempt(Row):
    """A way to a provider that was begun in one browser. Of its secrets only hashes are kept."""

    __tablename__ = "oidc_attempt"

    state_hash: Mapped[bytes] = mapped_column(primary_key=True)
    browser_hash: Mapped[bytes]
    provider_id: Mapped[UUID] = mapped_column(ForeignKey("identity_provider.id"))
    begun_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
