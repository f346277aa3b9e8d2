"""What patient and office write to each other: sealed, one thread for one thing, each reading told.

A patient's letter opens a card for the office. The office's answer is told to the patient by a message that
says there is one, and nothing of it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, get_args
from uuid import UUID

import msgspec
from sqlalchemy import select, update

from billing_saas.audit import contents, trail
from billing_saas.audit.rules import Classes
from billing_saas.followups import cards
from billing_saas.followups.cards import NewCard
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.kit.paging import Page, PageRequest, encode
from billing_saas.messages import sending
from billing_saas.messages.contacts import READ, WRITE, must
from billing_saas.messages.errors import BadLetter, ThreadClosed, ThreadNotFound
from billing_saas.messages.rules import Body, Topic, Words
from billing_saas.messages.tables import LetterThread, ThreadLetter
from billing_saas.patients import queries as patients
from billing_saas.phi import keyring
from billing_saas.phi.registry import LETTER_THREAD_PHI_CLIN, THREAD_LETTER_PHI_CLIN

Kind = Literal["bill", "insurance", "payment", "record", "other"]
State = Literal["open", "answered", "closed"]
"""open: the office must answer. answered: the patient has the last word of it. closed: nothing is left."""
KINDS: tuple[Kind, ...] = get_args(Kind)
LONGEST_SUBJECT = 120
LONGEST_TEXT = 4_000
MOST_LETTERS = 200
"""In one thread: what is written after that is another matter, or a machine."""
WHERE = "/portal/messages"
_CARD = "patient_wrote"


class ThreadShown(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    patient_id: UUID
    kind: str
    state: str
    subject: str
    letters: int
    version: int
    opened_at: datetime
    last_at: datetime

    def __repr__(self) -> str:
        return f"<ThreadShown {self.id}>"


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """`read_at`: when the other side opened it first."""

    id: UUID
    n: int
    written_by: Literal["patient", "office"]
    author_id: UUID
    text: str
    written_at: datetime
    read_at: datetime | None

    def __repr__(self) -> str:
        return f"<Letter {self.id}>"


class ThreadRead(msgspec.Struct, frozen=True, kw_only=True):
    thread: ThreadShown
    letters: tuple[Letter, ...]


async def begin(
    db: TenantSession, actor: Actor, patient_id: UUID, kind: Kind, subject: str, text: str
) -> UUID:
    """A new thread with its first letter, of the patient or of the office."""
    must(actor, WRITE, patient_id)
    if not actor.may_see(patient_id):
        raise ThreadNotFound("There is no such patient.")
    await patients.must_exist(db, patient_id)
    plain = " ".join(subject.split())
    if not plain or len(plain) > LONGEST_SUBJECT:
        raise BadLetter(
            f"Say in 1 to {LONGEST_SUBJECT} characters what it is about.", field="subject"
        )
    ring = await keyring.of(db)
    thread_id, now = new_id(), clock.now()
    sealed = ring.seal(LETTER_THREAD_PHI_CLIN, thread_id, Topic(plain))
    db.add(
        LetterThread(
            tenant_id=db.tenant_id,
            id=thread_id,
            patient_id=patient_id,
            kind=kind,
            state="open",
            phi_clin=sealed,
            key_ver=ring.key_ver,
            letters=0,
            version=1,
            opened_at=now,
            last_at=now,
        )
    )
    await db.flush()
    await trail.record(
        db,
        actor,
        "thread.begin",
        object_type="thread",
        object_id=thread_id,
        subjects=[patient_id],
        classes=Classes.CLINICAL,
        sealed=[contents.of(LETTER_THREAD_PHI_CLIN, thread_id, sealed)],
        detail={"kind": kind},
    )
    await write(db, actor, thread_id, text)
    return thread_id


async def write(db: TenantSession, actor: Actor, thread_id: UUID, text: str) -> UUID:
    """One more letter. A patient's opens a closed thread again, and a card for the office; the office's
    closes the card, and the patient is told that there is an answer."""
    thread = await _thread(db, actor, thread_id, lock=True)
    must(actor, WRITE, thread.patient_id)
    plain = text.strip()
    if not plain or len(plain) > LONGEST_TEXT or "\0" in plain:
        raise BadLetter(f"A letter has 1 to {LONGEST_TEXT} characters.", field="text")
    if thread.letters >= MOST_LETTERS:
        raise ThreadClosed("This thread is full: begin another.")
    by_patient = actor.kind is ActorKind.PATIENT
    letter_id = await _add(db, actor, thread, plain, "patient" if by_patient else "office")
    await _change(
        db,
        thread,
        state="open" if by_patient else "answered",
        letters=thread.letters + 1,
        last_at=clock.now(),
    )
    if by_patient:
        await _card(db, thread, letter_id)
    else:
        await cards.withdraw(db, actor, [thread.id], outcome="answered", kind=_CARD)
        await sending.ask(db, actor, thread.patient_id, "office_answered", Words(link=WHERE))
    return letter_id


async def close(db: TenantSession, actor: Actor, thread_id: UUID) -> None:
    """The office is done with it, with or without an answer."""
    actor.must(WRITE)
    thread = await _thread(db, actor, thread_id, lock=True)
    if thread.state == "closed":
        return
    await _change(db, thread, state="closed")
    await cards.withdraw(db, actor, [thread.id], outcome="closed", kind=_CARD)
    await trail.record(
        db,
        actor,
        "thread.close",
        object_type="thread",
        object_id=thread.id,
        subjects=[thread.patient_id],
    )


async def threads_of(
    db: TenantSession,
    actor: Actor,
    page: PageRequest,
    *,
    patient_id: UUID | None = None,
    state: State | None = None,
) -> Page[ThreadShown]:
    """Newest first, with what each is about. A patient sees his own."""
    if actor.kind is ActorKind.PATIENT:
        patient_id = patient_id or actor.id
    must(actor, READ, patient_id)
    query = select(LetterThread).where(LetterThread.tenant_id == db.tenant_id)
    if actor.only_patient is not None:
        query = query.where(LetterThread.patient_id == actor.only_patient)
    if patient_id is not None:
        query = query.where(LetterThread.patient_id == patient_id)
    if state is not None:
        query = query.where(LetterThread.state == state)
    if page.after is not None:
        query = query.where(LetterThread.id < page.after)
    found = (await db.scalars(query.order_by(LetterThread.id.desc()).limit(page.limit + 1))).all()
    shown = await _shown(db, found[: page.limit])
    if shown:
        await trail.record(
            db,
            actor,
            "thread.list",
            object_type="thread",
            subjects=[one.patient_id for one in shown],
            classes=Classes.CLINICAL,
            detail={"count": len(shown)},
        )
    return Page(shown, encode(shown[-1].id) if len(found) > page.limit else None)


async def thread(db: TenantSession, actor: Actor, thread_id: UUID) -> ThreadRead:
    """All of it, oldest letter first. What the other side wrote is read from now on."""
    row = await _thread(db, actor, thread_id)
    must(actor, READ, row.patient_id)
    rows = (
        await db.scalars(
            select(ThreadLetter)
            .where(ThreadLetter.tenant_id == db.tenant_id, ThreadLetter.thread_id == thread_id)
            .order_by(ThreadLetter.n)
        )
    ).all()
    await _read(db, actor, thread_id)
    (shown,) = await _shown(db, [row])
    ring = await keyring.of(db, max((one.key_ver for one in rows), default=0))
    await trail.record(
        db,
        actor,
        "thread.read",
        object_type="thread",
        object_id=thread_id,
        subjects=[row.patient_id],
        classes=Classes.CLINICAL,
        detail={"count": len(rows)},
    )
    letters = tuple(
        Letter(
            id=one.id,
            n=one.n,
            written_by="patient" if one.written_by == "patient" else "office",
            author_id=one.author_id,
            text=ring.open(THREAD_LETTER_PHI_CLIN, one.id, one.phi_clin, Body).text,
            written_at=one.written_at,
            read_at=one.read_at,
        )
        for one in rows
    )
    return ThreadRead(thread=shown, letters=letters)


async def lock(db: TenantSession, thread_id: UUID) -> None:
    """For an act that changes it."""
    found = await db.scalar(
        select(LetterThread.id)
        .where(LetterThread.tenant_id == db.tenant_id, LetterThread.id == thread_id)
        .with_for_update()
    )
    if found is None:
        raise ThreadNotFound("There is no such thread.")


async def _thread(
    db: TenantSession, actor: Actor, thread_id: UUID, *, lock: bool = False
) -> LetterThread:
    query = select(LetterThread).where(
        LetterThread.tenant_id == db.tenant_id, LetterThread.id == thread_id
    )
    if actor.kind is ActorKind.PATIENT:
        query = query.where(LetterThread.patient_id == actor.id)
    found = await db.scalar(query.with_for_update() if lock else query)
    if found is None or not actor.may_see(found.patient_id):
        raise ThreadNotFound("There is no such thread.")
    return found


async def _add(
    db: TenantSession, actor: Actor, row: LetterThread, text: str, written_by: str
) -> UUID:
    ring = await keyring.of(db)
    letter_id = new_id()
    sealed = ring.seal(THREAD_LETTER_PHI_CLIN, letter_id, Body(text))
    db.add(
        ThreadLetter(
            tenant_id=db.tenant_id,
            id=letter_id,
            thread_id=row.id,
            n=row.letters + 1,
            written_by=written_by,
            author_id=actor.id,
            phi_clin=sealed,
            key_ver=ring.key_ver,
            written_at=clock.now(),
            read_at=None,
        )
    )
    await db.flush()
    await trail.record(
        db,
        actor,
        "thread.write",
        object_type="thread",
        object_id=row.id,
        subjects=[row.patient_id],
        classes=Classes.CLINICAL,
        sealed=[contents.of(THREAD_LETTER_PHI_CLIN, letter_id, sealed)],
        detail={"from": written_by},
    )
    return letter_id


async def _card(db: TenantSession, row: LetterThread, letter_id: UUID) -> None:
    await cards.open_cards(
        db,
        [
            NewCard(
                kind=_CARD,
                why="A patient wrote to the office and waits for an answer.",
                owner="practice",
                subject_type="thread",
                subject_id=row.id,
                source=f"patient-wrote:{letter_id}",
            )
        ],
    )


async def _read(db: TenantSession, actor: Actor, thread_id: UUID) -> None:
    theirs = "office" if actor.kind is ActorKind.PATIENT else "patient"
    await db.execute(
        update(ThreadLetter)
        .where(
            ThreadLetter.tenant_id == db.tenant_id,
            ThreadLetter.thread_id == thread_id,
            ThreadLetter.written_by == theirs,
            ThreadLetter.read_at.is_(None),
        )
        .values(read_at=clock.now())
        .execution_options(synchronize_session=False)
    )


async def _shown(db: TenantSession, rows: Sequence[LetterThread]) -> list[ThreadShown]:
    ring = await keyring.of(db, max((row.key_ver for row in rows), default=0))
    return [
        ThreadShown(
            id=row.id,
            patient_id=row.patient_id,
            kind=row.kind,
            state=row.state,
            subject=ring.open(LETTER_THREAD_PHI_CLIN, row.id, row.phi_clin, Topic).subject,
            letters=row.letters,
            version=row.version,
            opened_at=row.opened_at,
            last_at=row.last_at,
        )
        for row in rows
    ]


async def _change(db: TenantSession, row: LetterThread, **changed: Any) -> None:
    await db.execute(
        update(LetterThread)
        .where(LetterThread.tenant_id == db.tenant_id, LetterThread.id == row.id)
        .values(**changed, version=LetterThread.version + 1)
        .execution_options(synchronize_session=False)
    )
