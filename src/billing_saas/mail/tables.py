from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row


class Letter(Row):
    """`words` fill the template: sealed, for a link among them may open an account, and gone once sent."""

    __tablename__ = "letter"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    template: Mapped[str]
    to_address: Mapped[str]
    words: Mapped[bytes | None]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
