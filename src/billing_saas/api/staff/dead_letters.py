"""Jobs of a practice that a person must look at."""

from datetime import datetime
from uuid import UUID

from litestar import delete, get, post

from billing_saas.api.declaring import declared
from billing_saas.api.deps import Asked, Db, Id, Who
from billing_saas.api.manners import manners
from billing_saas.api.wire import Out, PageOut
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.outbox import dead_letters
from billing_saas.outbox.dead_letters import DeadLetter
from billing_saas.outbox.errors import JobNotDead


class DeadLetterOut(Out, frozen=True):
    """`about` says what the job was for, `explanation` why it is dead; `arguments` holds ids alone."""

    id: UUID
    kind: str
    about: str
    arguments: dict[str, str | int]
    queue: str
    state: str
    attempts: int
    most_attempts: int
    lost: int
    error: str
    explanation: str
    request_id: str
    created_at: datetime
    parked_at: datetime

    @classmethod
    def of(cls, letter: DeadLetter) -> "DeadLetterOut":
        return cls(
            id=letter.id,
            kind=letter.kind,
            about=letter.about,
            arguments=dict(letter.arguments),
            queue=letter.queue,
            state=letter.state,
            attempts=letter.attempts,
            most_attempts=letter.most_attempts,
            lost=letter.lost,
            error=letter.error,
            explanation=letter.explanation,
            request_id=letter.request_id,
            created_at=letter.created_at,
            parked_at=letter.parked_at,
        )


class ReplayOut(Out, frozen=True):
    """`job_id` is the new job, which is owed instead."""

    job_id: UUID


@get(
    "/dead-letters",
    summary="Jobs that a person must look at, newest first",
    opt=declared(
        "jobs.read",
        leads_to={"get_dead_letter": {"letter_id": "$response.body#/rows/0/id"}},
    ),
)
async def list_dead_letters(db: Db, actor: Who, page: Asked) -> PageOut[DeadLetterOut]:
    found = await dead_letters.listed(db, actor, page)
    return PageOut([DeadLetterOut.of(letter) for letter in found.rows], found.next_cursor)


@get(
    "/dead-letters/{letter_id:uuid}",
    summary="One that waits, or that was dealt with",
    opt=declared("jobs.read"),
)
async def get_dead_letter(db: Db, actor: Who, letter_id: Id) -> DeadLetterOut:
    return DeadLetterOut.of(await dead_letters.shown(db, actor, letter_id))


async def _replayed(_: TenantSession, __: Actor, job_id: UUID) -> ReplayOut:
    return ReplayOut(job_id=job_id)


@post(
    "/dead-letters/{letter_id:uuid}/replay",
    summary="Owe the same again, as a new job",
    opt=declared("jobs.replay", refusals=[JobNotDead])
    | manners(told_by=_replayed, resource="job_id"),
)
async def replay_dead_letter(db: Db, actor: Who, letter_id: Id) -> ReplayOut:
    return ReplayOut(job_id=await dead_letters.replay(db, actor, letter_id))


@delete(
    "/dead-letters/{letter_id:uuid}",
    summary="Be done with it: it was seen to otherwise",
    opt=declared("jobs.replay", refusals=[JobNotDead]),
)
async def discard_dead_letter(db: Db, actor: Who, letter_id: Id) -> None:
    await dead_letters.discard(db, actor, letter_id)


HANDLERS = [list_dead_letters, get_dead_letter, replay_dead_letter, discard_dead_letter]
