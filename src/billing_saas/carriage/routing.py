"""The random word by which what comes back finds its message: in the envelope's sender of a letter, in its
unsubscribing link, in the address that a carrier of texts calls. Only its hash is kept.
"""

import base64
import hashlib
import secrets
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from billing_saas.kit import clock
from billing_saas.kit.db import PlatformSession, TenantSession
from billing_saas.messages.tables import MessageRoute, TextSender

_BYTES = 16


class Routed(NamedTuple):
    tenant_id: UUID
    message_id: UUID


async def make(db: TenantSession, message_id: UUID) -> str:
    """Lower-case letters and digits: mail systems do not all keep the case of an address."""
    word = base64.b32encode(secrets.token_bytes(_BYTES)).decode().rstrip("=").lower()
    db.add(
        MessageRoute(
            tenant_id=db.tenant_id,
            route_hash=_hash(word),
            message_id=message_id,
            made_at=clock.now(),
        )
    )
    await db.flush()
    return word


async def find(db: PlatformSession, word: str) -> Routed | None:
    """Of any practice; None for a word that is none of ours."""
    row = (
        await db.execute(
            select(MessageRoute.tenant_id, MessageRoute.message_id).where(
                MessageRoute.route_hash == _hash(word.lower())
            )
        )
    ).one_or_none()
    return Routed(row.tenant_id, row.message_id) if row else None


async def find_here(db: TenantSession, word: str) -> UUID | None:
    """Of the session's practice."""
    found: UUID | None = await db.scalar(
        select(MessageRoute.message_id).where(
            MessageRoute.tenant_id == db.tenant_id, MessageRoute.route_hash == _hash(word.lower())
        )
    )
    return found


async def practices_of_number(db: PlatformSession, number: str) -> list[UUID]:
    """Practices whose texts leave from this number of ours."""
    found = await db.scalars(select(TextSender.tenant_id).where(TextSender.text_number == number))
    return list(found)


def _hash(word: str) -> bytes:
    return hashlib.sha256(word.encode()).digest()
