from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row


class AppUser(Row):
    __tablename__ = "app_user"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str]
    display_name: Mapped[str]
    status: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Membership(Row):
    """One role of one person in one practice. `side` says whose people they are: the billing
    company's, whom an agreement lets in, or the practice's own. `company_id` is the practice's."""

    __tablename__ = "membership"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "company_id"], ["practice.tenant_id", "practice.company_id"]
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("practice.tenant_id"))
    company_id: Mapped[UUID | None]
    side: Mapped[str]
    role: Mapped[str]
    granted_by: Mapped[UUID | None]
    granted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    suspended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class CompanyMembership(Row):
    __tablename__ = "company_membership"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    company_id: Mapped[UUID] = mapped_column(ForeignKey("company.id"))
    role: Mapped[str]
    granted_by: Mapped[UUID | None]
    granted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    suspended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class ApiToken(Row):
    """A bearer token of a person: only its SHA-256 is kept."""

    __tablename__ = "api_token"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
