"""Sealed files and their chunks."""

import builtins
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row


class Blob(Row):
    """`bytes` counts the plaintext; `sealed_key` is the file's own key, under the practice's.

    `stored_in` says where the chunks are: `database` (blob_chunk) or `objects`.
    """

    __tablename__ = "blob"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("practice.tenant_id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    bytes: Mapped[int] = mapped_column(BigInteger)
    chunks: Mapped[int]
    stored_in: Mapped[str]
    sealed_key: Mapped[builtins.bytes]
    key_ver: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class BlobChunk(Row):
    __tablename__ = "blob_chunk"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "blob_id"],
            ["blob.tenant_id", "blob.id"],
            deferrable=True,
            initially="DEFERRED",
        ),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    blob_id: Mapped[UUID] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    sealed: Mapped[bytes]
