"""Move claims and submissions from state to state: one function, one table of legal moves.

Every move is an event row: who, when, from, to, why, and what caused it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from billing_saas.claims import rules
from billing_saas.claims.errors import ClaimNotFound, IllegalMove, SubmissionNotFound
from billing_saas.claims.rules import Standing
from billing_saas.claims.tables import Claim, ClaimEvent, Submission
from billing_saas.kit import bulk, clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """`from_state`, where given, is what the caller decided by: it must still be so.

    `why` is a few words without PHI; `source_type` and `source_id` name what caused the move.
    """

    field: str
    claim_id: UUID
    to_state: str
    why: str
    source_type: str
    source_id: UUID | None = None
    submission_id: UUID | None = None
    from_state: str | None = None


async def move_many(db: TenantSession, actor: Actor, moves: Sequence[Move]) -> None:
    """Make the moves in their order, by a handful of statements whatever their number.

    A move to the state that holds already is none. `IllegalMove` names both states; nothing moves.
    Who may ask for it is for the caller to say.
    """
    if not moves:
        return
    chart = await _Chart.of(db, {move.claim_id for move in moves})
    at = clock.now()
    events = []
    for move in moves:
        now = chart.move(move)
        if now is not None:
            events.append(event(actor, at, move, now))
    await bulk.update_rows(db, Claim, chart.claim_changes())
    await bulk.update_rows(db, Submission, chart.submission_changes())
    await bulk.insert_rows(db, ClaimEvent, events)


def event(actor: Actor, at: datetime, move: Move, now: str) -> dict[str, Any]:
    """The row of one move."""
    return {
        "id": new_id(),
        "claim_id": move.claim_id,
        "submission_id": move.submission_id,
        "at": at,
        "actor_kind": actor.kind.value,
        "actor_id": actor.id,
        "field": move.field,
        "from_state": now,
        "to_state": move.to_state,
        "why": move.why,
        "source_type": move.source_type,
        "source_id": move.source_id,
    }


class _Chart:
    """The claims concerned, locked, with all their submissions."""

    def __init__(self, claims: Iterable[Any], submissions: Iterable[Any]) -> None:
        self._states: dict[tuple[str, UUID], str] = {}
        self._versions: dict[UUID, int] = {}
        self._latest: dict[UUID, UUID] = {}
        self._touched: set[UUID] = set()
        self._sent: dict[UUID, UUID] = {}
        for claim in claims:
            self._versions[claim.id] = claim.version
            for field in rules.OF_CLAIM:
                self._states[field, claim.id] = getattr(claim, field)
        for submission in submissions:
            self._latest[submission.claim_id] = submission.id
            self._sent[submission.id] = submission.claim_id
            for field in rules.OF_SUBMISSION:
                self._states[field, submission.id] = getattr(submission, field)
        self._moved: set[UUID] = set()

    @classmethod
    async def of(cls, db: TenantSession, claim_ids: Iterable[UUID]) -> "_Chart":
        ids = bindparam("claim_ids", list(claim_ids), ARRAY(Uuid)).any_()
        # Locked in the order of their ids: two acts that move the same claims do not wait in a ring.
        claims = await db.execute(
            select(Claim.id, Claim.work, Claim.receivable, Claim.version)
            .where(Claim.tenant_id == db.tenant_id, Claim.id == ids)
            .order_by(Claim.id)
            .with_for_update()
        )
        submissions = await db.execute(
            select(Submission.id, Submission.claim_id, Submission.delivery, Submission.adjudication)
            .where(Submission.tenant_id == db.tenant_id, Submission.claim_id == ids)
            .order_by(Submission.id)
        )
        return cls(claims, submissions)

    def move(self, move: Move) -> str | None:
        """The state it leaves; None where it is there already."""
        row_id = self._row_of(move)
        now = self._states[move.field, row_id]
        if move.from_state is not None and move.from_state != now:
            raise _illegal(move, now, "It has moved on since this was decided")
        if now == move.to_state:
            return None
        if not rules.is_legal(move.field, now, move.to_state):
            raise _illegal(move, now, "There is no such move")
        self._states[move.field, row_id] = move.to_state
        self._touched.add(move.claim_id)
        if move.field in rules.OF_SUBMISSION:
            self._moved.add(row_id)
        return now

    def _row_of(self, move: Move) -> UUID:
        if move.claim_id not in self._versions:
            raise ClaimNotFound("There is no such claim.")
        if move.field in rules.OF_CLAIM:
            return move.claim_id
        if move.submission_id is None or self._sent.get(move.submission_id) != move.claim_id:
            raise SubmissionNotFound("The claim has no such submission.")
        return move.submission_id

    def claim_changes(self) -> list[dict[str, Any]]:
        return [
            {
                "id": claim_id,
                "work": self._states["work", claim_id],
                "receivable": self._states["receivable", claim_id],
                "next_action_owner": rules.next_action_owner(self._standing(claim_id)),
                "version": self._versions[claim_id] + 1,
            }
            for claim_id in self._touched
        ]

    def submission_changes(self) -> list[dict[str, Any]]:
        return [
            {
                "id": submission_id,
                "delivery": self._states["delivery", submission_id],
                "adjudication": self._states["adjudication", submission_id],
            }
            for submission_id in self._moved
        ]

    def _standing(self, claim_id: UUID) -> Standing:
        latest = self._latest.get(claim_id)
        return Standing(
            work=self._states["work", claim_id],
            receivable=self._states["receivable", claim_id],
            delivery=self._states["delivery", latest] if latest else "",
            adjudication=self._states["adjudication", latest] if latest else "",
        )


def _illegal(move: Move, now: str, why: str) -> IllegalMove:
    return IllegalMove(
        f"{why}: {move.field} is {now!r} and was to become {move.to_state!r}.",
        field=move.field,
        now=now,
        to=move.to_state,
        claim_id=move.claim_id,
    )
