"""Make links and paper codes. Each is told once, to be sent or printed; only its hash is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import bindparam, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from billing_saas.audit import trail
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_ids
from billing_saas.links import rules
from billing_saas.links.errors import BadLink
from billing_saas.links.tables import PortalLink


@dataclass(frozen=True, slots=True)
class Wanted:
    """A link or code for `guarantor_id`; `about` is the statement, plan or contact that it is for."""

    guarantor_id: UUID
    about: UUID | None = None


_INSERT = text(
    """
    INSERT INTO portal_link (tenant_id, id, kind, form, guarantor_id, about, secret_hash, wrong_tries,
      created_by, created_at, expires_at, end_reason)
    SELECT :tenant_id, id, :kind, :form, guarantor_id, about, secret_hash, 0, :created_by, :now,
      :expires_at, ''
    FROM unnest(cast(:ids AS uuid[]), cast(:guarantors AS uuid[]), cast(:abouts AS uuid[]),
                cast(:hashes AS bytea[])) AS made (id, guarantor_id, about, secret_hash)
    """
)


async def issue(
    db: TenantSession,
    actor: Actor,
    kind: str,
    guarantor_id: UUID,
    about: UUID | None,
    *,
    days: int = rules.GOOD_FOR_DAYS,
) -> str:
    """The path of a new link, `/s/<token>`. It opens the portal once, for who knows the birth date."""
    return (await issue_many(db, actor, kind, [Wanted(guarantor_id, about)], days=days))[0]


async def issue_many(
    db: TenantSession,
    actor: Actor,
    kind: str,
    wanted: Sequence[Wanted],
    *,
    days: int = rules.GOOD_FOR_DAYS,
) -> list[str]:
    """As `issue`, for a run of statements: one statement, whatever the number. In the order of `wanted`."""
    tokens = [rules.new_token() for _ in wanted]
    await _keep(db, actor, kind, "link", wanted, tokens, days)
    return [rules.path_of(token) for token in tokens]


async def paper_code(
    db: TenantSession, actor: Actor, guarantor_id: UUID, statement_id: UUID
) -> str:
    """`7K4M-Q2XD-9TNB`, to be printed on a statement. It opens that one, as often as wanted until it
    ends: paper cannot be sent again."""
    return (await paper_codes(db, actor, [Wanted(guarantor_id, statement_id)]))[0]


async def paper_codes(
    db: TenantSession,
    actor: Actor,
    wanted: Sequence[Wanted],
    *,
    days: int = rules.GOOD_FOR_DAYS,
) -> list[str]:
    """As `paper_code`, for a run of statements."""
    codes = [rules.new_code() for _ in wanted]
    await _keep(db, actor, "statement", "code", wanted, codes, days)
    return codes


async def end_all_about(
    db: TenantSession, actor: Actor, abouts: Sequence[UUID], *, reason: str
) -> None:
    """What these are about is over (a statement is void, a contact removed): none opens any more."""
    ended = (
        await db.execute(
            update(PortalLink)
            .where(
                PortalLink.tenant_id == db.tenant_id,
                PortalLink.about == bindparam("abouts", list(abouts), ARRAY(Uuid)).any_(),
                PortalLink.ended_at.is_(None),
            )
            .values(ended_at=clock.now(), end_reason=reason)
            .returning(PortalLink.id)
            .execution_options(synchronize_session=False)
        )
    ).all()
    if ended:
        await trail.record(
            db,
            actor,
            "link.end",
            object_type="link",
            detail={"count": len(ended), "reason": reason},
        )


async def _keep(
    db: TenantSession,
    actor: Actor,
    kind: str,
    form: str,
    wanted: Sequence[Wanted],
    secrets: Sequence[str],
    days: int,
) -> None:
    if kind not in rules.KINDS:
        raise BadLink("There is no such kind of link.", field="kind")
    if not 1 <= days <= rules.MOST_DAYS:
        raise BadLink("A link is good for one day at least, a year at most.", field="days")
    if not wanted:
        return
    now = clock.now()
    ids = new_ids(len(wanted))
    await db.execute(
        _INSERT,
        {
            "tenant_id": db.tenant_id,
            "kind": kind,
            "form": form,
            "created_by": actor.id,
            "now": now,
            "expires_at": now + timedelta(days=days),
            "ids": ids,
            "guarantors": [one.guarantor_id for one in wanted],
            "abouts": [one.about for one in wanted],
            "hashes": [rules.secret_hash(secret) for secret in secrets],
        },
    )
    await trail.record(
        db,
        actor,
        "link.issue",
        object_type="link",
        object_id=ids[0] if len(ids) == 1 else None,
        subjects=[one.guarantor_id for one in wanted],
        detail={"kind": kind, "count": len(ids)},
    )
