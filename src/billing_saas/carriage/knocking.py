"""Whoever knocks with news of messages: which practice it is for, kept sealed, once, and handled later.

Nothing of what came is believed to lead anywhere but by a word of ours, or to the number of ours that was
written to. What leads nowhere is not kept: there is no practice whose key could seal it.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Literal
from uuid import UUID

import msgspec

from billing_saas.blobs import storing
from billing_saas.carriage import keyword_rules, returned_rules, returning, routing
from billing_saas.carriage.jobs import HandleReturned
from billing_saas.carriage.returned_rules import Bounced, Complained
from billing_saas.followups import cards
from billing_saas.followups.cards import NewCard
from billing_saas.inbox import handling, receiving
from billing_saas.kit import logs
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import Database, TenantSession
from billing_saas.messages import rules

CARRIER = UUID(int=25)
SOURCE = "carrier"
LONGEST_TEXT = 1600
MOST_BYTES = 1 << 20


class TextStatus(msgspec.Struct, frozen=True):
    """A status callback, as far as it says something."""

    message_id: UUID
    status: str
    code: int
    carrier_id: str


class TextCame(msgspec.Struct, frozen=True):
    """A text to a number of ours. `sid` makes two that say the same two."""

    sid: str
    from_number: str
    text: str

    def __repr__(self) -> str:
        return "<TextCame>"


class Unsubscribed(msgspec.Struct, frozen=True):
    message_id: UUID


async def text_told(
    database: Database, word: str, *, status: str, code: str, carrier_id: str
) -> bool:
    """A status callback. False: the word is none of ours."""
    async with database.platform() as platform:
        routed = await routing.find(platform, word)
    if routed is None:
        return False
    if status in returning.SAYS_SOMETHING:
        number = int(code) if code.isascii() and code.isdigit() and len(code) < 9 else 0
        told = TextStatus(routed.message_id, status, number, _plain(carrier_id))
        await _keep(database, routed.tenant_id, "text_status", msgspec.json.encode(told))
    return True


async def text_came(
    database: Database, *, sid: str, from_number: str, to_number: str, text: str
) -> str:
    """A text to a number of ours: what to answer. Several practices may share the number."""
    async with database.platform() as platform:
        practices = await routing.practices_of_number(platform, to_number)
    came = TextCame(_plain(sid), rules.phone_of(from_number), text[:LONGEST_TEXT])
    for tenant_id in practices:
        await _keep(database, tenant_id, "text_came", msgspec.json.encode(came))
    if not practices:
        logs.get().warning("text to no practice", state="unrouted")
    return keyword_rules.reply(*keyword_rules.meaning(text))


async def mail_came(database: Database, content: bytes) -> bool:
    """A letter to the domain of what comes back. False: it leads to no message of ours."""
    told = returned_rules.read(content)
    async with database.platform() as platform:
        for word in told.words:
            routed = await routing.find(platform, word)
            if routed is not None:
                break
        else:
            logs.get().warning("returned mail leads nowhere", state="unrouted")
            return False
    await _keep(database, routed.tenant_id, "mail_returned", content)
    return True


async def unsubscribe(database: Database, word: str) -> bool:
    """One click (RFC 8058). False: the word is none of ours."""
    async with database.platform() as platform:
        routed = await routing.find(platform, word)
    if routed is None:
        return False
    left = msgspec.json.encode(Unsubscribed(routed.message_id))
    await _keep(database, routed.tenant_id, "unsubscribed", left)
    return True


Kind = Literal["text_status", "text_came", "mail_returned", "unsubscribed"]


async def _keep(database: Database, tenant_id: UUID, kind: Kind, content: bytes) -> None:
    actor = Actor(kind=ActorKind.SYSTEM, id=CARRIER, permissions=frozenset({receiving.RECEIVE}))
    async with database.tenant(tenant_id) as db:
        await receiving.receive(
            db,
            actor,
            source=SOURCE,
            kind=kind,
            name=kind,
            chunks=_once(content),
            job_for=HandleReturned,
        )


async def handle(db: TenantSession, actor: Actor, job: HandleReturned) -> None:
    """What was kept takes effect, once."""
    async with handling.handling(db, job.arrival_id) as arrival:
        content = b"".join([chunk async for chunk in storing.read(db, arrival.blob_id)])
        await _HANDLED[arrival.kind](db, actor, arrival.id, content)


async def _status(db: TenantSession, actor: Actor, _arrival: UUID, content: bytes) -> None:
    told = msgspec.json.decode(content, type=TextStatus)
    await returning.text_told(db, actor, told.message_id, told.status, told.code, told.carrier_id)


async def _text(db: TenantSession, actor: Actor, arrival: UUID, content: bytes) -> None:
    came = msgspec.json.decode(content, type=TextCame)
    said, _ = keyword_rules.meaning(came.text)
    people = await returning.texted(db, actor, came.from_number, said)
    if said != "other" or not people:
        return
    # What it says may be anything, so it stays sealed in the arrival: an office calls.
    await cards.open_cards(
        db,
        [
            NewCard(
                kind="text_received",
                why="A patient answered a text with more than a keyword. Call them: texts are not read.",
                owner="practice",
                subject_type="patient",
                subject_id=patient_id,
                source=f"text-received:{arrival}:{patient_id}",
            )
            for patient_id in people
        ],
    )


async def _mail(db: TenantSession, actor: Actor, _arrival: UUID, content: bytes) -> None:
    told = returned_rules.read(content)
    for word in told.words:
        message_id = await routing.find_here(db, word)
        if message_id is None:
            continue
        if isinstance(told, Bounced):
            await returning.bounced(db, actor, message_id, told)
        elif isinstance(told, Complained):
            await returning.complained(db, actor, message_id)
        return


async def _unsubscribed(db: TenantSession, actor: Actor, _arrival: UUID, content: bytes) -> None:
    left = msgspec.json.decode(content, type=Unsubscribed)
    await returning.unsubscribed(db, actor, left.message_id)


_HANDLED: dict[str, Callable[[TenantSession, Actor, UUID, bytes], Awaitable[None]]] = {
    "text_status": _status,
    "text_came": _text,
    "mail_returned": _mail,
    "unsubscribed": _unsubscribed,
}


def _plain(sid: str) -> str:
    """A carrier's id, or nothing: it stands in a plain column."""
    return sid if sid.isascii() and sid.isalnum() and len(sid) <= 64 else ""


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
