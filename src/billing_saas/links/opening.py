"""Look a link or code up by its hash, count what was wrong, and end it.

The look-up before a practice is known reads one column by the platform's role; all else is read in the
practice. Whoever opens (the portal, which knows birth dates) says whether it was right.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from billing_saas.kit import clock
from billing_saas.kit.db import TenantSession
from billing_saas.links import rules
from billing_saas.links.tables import PortalLink


@dataclass(frozen=True, slots=True)
class Found:
    """A link or code as it stands, held until the transaction ends."""

    id: UUID
    kind: str
    form: str
    guarantor_id: UUID
    about: UUID | None
    wrong_tries: int
    is_good: bool
    """It may be opened: not ended, not past its day, and if it is a link, not opened before."""
    may_be_asked_anew: bool


async def practice_of(db: AsyncConnection, shown: str) -> UUID | None:
    """Whose link or code this is, if it is one."""
    found = await db.scalar(
        select(PortalLink.tenant_id).where(PortalLink.secret_hash == rules.secret_hash(shown))
    )
    return None if found is None else UUID(str(found))


async def held(db: TenantSession, shown: str) -> Found | None:
    """Two tries at one link wait for each other, or five would be more."""
    link = await db.scalar(
        select(PortalLink)
        .where(
            PortalLink.tenant_id == db.tenant_id,
            PortalLink.secret_hash == rules.secret_hash(shown),
        )
        .with_for_update()
    )
    if link is None:
        return None
    now = clock.now()
    opened = link.form == "link" and link.used_at is not None
    return Found(
        id=link.id,
        kind=link.kind,
        form=link.form,
        guarantor_id=link.guarantor_id,
        about=link.about,
        wrong_tries=link.wrong_tries,
        is_good=link.ended_at is None and now < link.expires_at and not opened,
        may_be_asked_anew=now < link.expires_at + rules.ASKED_ANEW_FOR,
    )


async def opened(db: TenantSession, link_id: UUID) -> None:
    """It was right. Tries before it still count: a code of paper has five wrong ones in all its time."""
    await db.execute(
        update(PortalLink)
        .where(PortalLink.tenant_id == db.tenant_id, PortalLink.id == link_id)
        .values(used_at=clock.now())
    )


async def missed(db: TenantSession, found: Found | None) -> bool:
    """It was wrong; whether that killed it. What was never a link costs the same statement."""
    now = clock.now()
    dies = found is not None and found.is_good and found.wrong_tries + 1 >= rules.MOST_WRONG_TRIES
    tries = min(found.wrong_tries + 1, 1000) if found is not None else 0
    ended = {"ended_at": now, "end_reason": "wrong_tries"} if dies else {}
    await db.execute(
        update(PortalLink)
        .where(
            PortalLink.tenant_id == db.tenant_id,
            PortalLink.id == (found.id if found is not None else UUID(int=0)),
        )
        .values(wrong_tries=tries, **ended)
    )
    return dies
