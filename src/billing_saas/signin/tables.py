from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row


class LocalCredential(Row):
    """A password's Argon2id hash, and the parameters that it was made with."""

    __tablename__ = "local_credential"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"), primary_key=True)
    password_hash: Mapped[bytes]
    salt: Mapped[bytes]
    memory_kib: Mapped[int]
    iterations: Mapped[int] = mapped_column(SmallInteger)
    lanes: Mapped[int] = mapped_column(SmallInteger)
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class PasswordLink(Row):
    """A link by which a person sets a new password, once."""

    __tablename__ = "password_link"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class PasswordAsk(Row):
    """Somebody forgot the password of an address, which may be nobody's."""

    __tablename__ = "password_ask"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str]
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class TotpFactor(Row):
    """An authenticator app. It counts once a first code was shown."""

    __tablename__ = "totp_factor"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"), primary_key=True)
    secret: Mapped[bytes]
    last_step: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    confirmed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Passkey(Row):
    __tablename__ = "passkey"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    credential_id: Mapped[bytes] = mapped_column(unique=True)
    public_key: Mapped[bytes]
    sign_count: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class PasskeyChallenge(Row):
    """What an authenticator must sign next, in the browser that asked."""

    __tablename__ = "passkey_challenge"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    browser_hash: Mapped[bytes]
    challenge: Mapped[bytes]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class RecoveryCode(Row):
    __tablename__ = "recovery_code"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"), primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class FactorReset(Row):
    """A person lost every factor: one admin asks for a way back, another confirms."""

    __tablename__ = "factor_reset"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    asked_by: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    confirmed_by: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))
    confirmed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class UserSession(Row):
    """Only the SHA-256 of its secret is kept. Before the second factor it is good for minutes, and
    for nothing but showing one."""

    __tablename__ = "user_session"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    secret_hash: Mapped[bytes] = mapped_column(unique=True)
    methods: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    stepped_up_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    wrong_codes: Mapped[int] = mapped_column(SmallInteger)
    ip_prefix: Mapped[str]
    user_agent_hint: Mapped[str]
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    end_reason: Mapped[str]


class SignInPolicy(Row):
    """How long sessions of a company's people last; the strictest of a person's companies holds."""

    __tablename__ = "sign_in_policy"

    company_id: Mapped[UUID] = mapped_column(ForeignKey("company.id"), primary_key=True)
    idle_minutes: Mapped[int] = mapped_column(SmallInteger)
    absolute_minutes: Mapped[int] = mapped_column(SmallInteger)
    changed_by: Mapped[UUID | None]
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
