from datetime import datetime

from sqlalchemy import DateTime, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row


class VaultKey(Row):
    """A version of the platform's key for its own secrets, wrapped by the provider."""

    __tablename__ = "vault_key"

    version: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    wrapped: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
