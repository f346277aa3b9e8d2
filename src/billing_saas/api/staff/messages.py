"""What patients were sent, with what was decided; letters between patient and office; the practice's choice."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import get, post, put
from litestar.params import JSONBody, QueryParameter

from billing_saas.api.declaring import declared
from billing_saas.api.deps import Asked, Db, Id, Who
from billing_saas.api.manners import Versioned, manners
from billing_saas.api.wire import In, Out, PageOut
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.messages import contacts, queries, settings, threads
from billing_saas.messages.errors import BadLetter, BadSetting, ThreadClosed
from billing_saas.messages.settings import Choice
from billing_saas.messages.tables import Message
from billing_saas.messages.threads import Kind, State, ThreadRead, ThreadShown

READ, WRITE = contacts.READ, contacts.WRITE

MessageState = Literal[
    "refused", "waiting", "sending", "sent", "delivered", "failed", "bounced", "dropped", "printed"
]


class MessageOut(Out, frozen=True):
    """`decision` is what the policy gate said when it was asked for (allowed, later, refused), `reasons`
    every one, by channel. `ended_because` tells why it was dropped or did not arrive. What it said is not
    kept."""

    id: UUID
    patient_id: UUID
    recipient_id: UUID
    template: str
    purpose: str
    channel: str
    language: str
    decision: str
    reasons: list[str]
    policy: str
    state: str
    ended_because: str
    send_after: datetime
    stale_at: datetime
    asked_at: datetime
    asked_by_kind: str
    asked_by: UUID
    sent_at: datetime | None
    ended_at: datetime | None
    complained_at: datetime | None

    @classmethod
    def of(cls, found: Message) -> "MessageOut":
        told = {name: getattr(found, name) for name in cls.__struct_fields__}
        return cls(**{**told, "reasons": found.reasons.split()})


class ThreadOut(Out, frozen=True):
    """`open`: the office must answer. `answered`: it did."""

    id: UUID
    patient_id: UUID
    kind: str
    state: str
    subject: str
    letters: int
    opened_at: datetime
    last_at: datetime

    @classmethod
    def of(cls, found: ThreadShown) -> "ThreadOut":
        return cls(**{name: getattr(found, name) for name in cls.__struct_fields__})


class LetterOut(Out, frozen=True):
    """`read_at`: when the other side opened it first."""

    id: UUID
    n: int
    written_by: str
    author_id: UUID
    text: str
    written_at: datetime
    read_at: datetime | None


class ThreadWholeOut(Out, frozen=True):
    thread: ThreadOut
    letters: list[LetterOut]

    @classmethod
    def of(cls, found: ThreadRead) -> "ThreadWholeOut":
        return cls(
            thread=ThreadOut.of(found.thread),
            letters=[LetterOut(**msgspec.structs.asdict(one)) for one in found.letters],
        )


_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=threads.LONGEST_TEXT)]
_Subject = Annotated[str, msgspec.Meta(min_length=1, max_length=threads.LONGEST_SUBJECT)]


class ThreadIn(In, frozen=True, kw_only=True, forbid_unknown_fields=True):
    patient_id: UUID
    kind: Kind
    subject: _Subject
    text: _Text


class LetterIn(In, frozen=True, forbid_unknown_fields=True):
    text: _Text


class MessageSettingsOut(Out, frozen=True):
    """Minutes are of the patient's day: 480 is eight in the morning. `version` is 0 until the practice has
    said anything. `text_number` is given by the operator; empty: no texts leave."""

    name_allowed: bool
    opens_minute: int
    closes_minute: int
    most_a_week: int
    text_number: str
    version: int


class MessageSettingsIn(In, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`name_allowed`: messages may name the practice, whose specialty may tell of an illness. Minutes are
    of the patient's day, from 480 (08:00) to 1260 (21:00). `most_a_week`: messages that ask one person for money."""

    name_allowed: bool
    opens_minute: Annotated[int, msgspec.Meta(ge=480, le=1260)]
    closes_minute: Annotated[int, msgspec.Meta(ge=480, le=1260)]
    most_a_week: Annotated[int, msgspec.Meta(ge=1, le=7)]


async def _settings(db: TenantSession, actor: Actor, _: UUID) -> MessageSettingsOut:
    found = await settings.settings(db, actor)
    return MessageSettingsOut(
        **{name: getattr(found, name) for name in MessageSettingsOut.__struct_fields__}
    )


async def _thread(db: TenantSession, actor: Actor, thread_id: UUID) -> ThreadWholeOut:
    return ThreadWholeOut.of(await threads.thread(db, actor, thread_id))


async def _begun(db: TenantSession, actor: Actor, thread_id: UUID) -> ThreadOut:
    return ThreadOut.of((await threads.thread(db, actor, thread_id)).thread)


@get(
    "/messages",
    summary="What patients were sent and what was decided, newest first",
    opt=declared(READ, leads_to={"get_message": {"message_id": "$response.body#/rows/0/id"}}),
)
async def list_messages(
    db: Db,
    actor: Who,
    page: Asked,
    patient_id: Annotated[UUID | None, QueryParameter(description="Of this patient.")] = None,
    standing: Annotated[
        MessageState | None, QueryParameter(name="state", description="In this state.")
    ] = None,
) -> PageOut[MessageOut]:
    found = await queries.messages(db, actor, page, patient_id=patient_id, state=standing)
    return PageOut([MessageOut.of(one) for one in found.rows], found.next_cursor)


@get("/messages/{message_id:uuid}", summary="One message", opt=declared(READ))
async def get_message(db: Db, actor: Who, message_id: Id) -> MessageOut:
    return MessageOut.of(await queries.message(db, actor, message_id))


@get(
    "/message-settings",
    summary="When and how often messages leave, and what they may name",
    opt=declared(READ),
)
async def get_message_settings(db: Db, actor: Who) -> MessageSettingsOut:
    return await _settings(db, actor, db.tenant_id)


@put(
    "/message-settings",
    summary="Say when and how often messages leave, and what they may name",
    opt=declared("messages.settings", READ, refusals=[BadSetting])
    | manners(
        told_by=_settings, versioned=Versioned(lock=settings.lock, show=_settings, must=True)
    ),
)
async def put_message_settings(
    db: Db, actor: Who, data: JSONBody[MessageSettingsIn]
) -> MessageSettingsOut:
    await settings.change(db, actor, Choice(**msgspec.structs.asdict(data)))
    return await _settings(db, actor, db.tenant_id)


_ONE_THREAD = {"thread_id": "$response.body#/id"}


@get(
    "/threads",
    summary="What patients and office write to each other, newest first",
    opt=declared(READ, leads_to={"get_thread": {"thread_id": "$response.body#/rows/0/id"}}),
)
async def list_threads(
    db: Db,
    actor: Who,
    page: Asked,
    patient_id: Annotated[UUID | None, QueryParameter(description="Of this patient.")] = None,
    standing: Annotated[
        State | None, QueryParameter(name="state", description="In this state.")
    ] = None,
) -> PageOut[ThreadOut]:
    found = await threads.threads_of(db, actor, page, patient_id=patient_id, state=standing)
    return PageOut([ThreadOut.of(one) for one in found.rows], found.next_cursor)


@post(
    "/threads",
    summary="Write to a patient about something new",
    opt=declared(
        WRITE,
        READ,
        refusals=[BadLetter],
        leads_to={"get_thread": _ONE_THREAD, "write_letter": _ONE_THREAD},
    )
    | manners(told_by=_begun, resource="id"),
)
async def begin_thread(db: Db, actor: Who, data: JSONBody[ThreadIn]) -> ThreadOut:
    thread_id = await threads.begin(db, actor, data.patient_id, data.kind, data.subject, data.text)
    return await _begun(db, actor, thread_id)


@get("/threads/{thread_id:uuid}", summary="One thread, with its letters", opt=declared(READ))
async def get_thread(db: Db, actor: Who, thread_id: Id) -> ThreadWholeOut:
    return await _thread(db, actor, thread_id)


@post(
    "/threads/{thread_id:uuid}/letters",
    summary="Answer a patient",
    opt=declared(WRITE, READ, refusals=[BadLetter, ThreadClosed]) | manners(told_by=_thread),
)
async def write_letter(
    db: Db, actor: Who, thread_id: Id, data: JSONBody[LetterIn]
) -> ThreadWholeOut:
    await threads.write(db, actor, thread_id, data.text)
    return await _thread(db, actor, thread_id)


@post(
    "/threads/{thread_id:uuid}/closing",
    status_code=204,
    summary="Close a thread: nothing is left to answer",
    opt=declared(WRITE),
)
async def close_thread(db: Db, actor: Who, thread_id: Id) -> None:
    await threads.close(db, actor, thread_id)


HANDLERS = [
    list_messages,
    get_message,
    get_message_settings,
    put_message_settings,
    list_threads,
    begin_thread,
    get_thread,
    write_letter,
    close_thread,
]
