"""What carriers tell of a message, and what follows: in any order, and each told once or ten times the same."""

from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from billing_saas.audit import trail
from billing_saas.carriage import opting
from billing_saas.carriage.returned_rules import Bounced
from billing_saas.followups import cards
from billing_saas.followups.cards import NewCard
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.carrying import Why
from billing_saas.kit.db import TenantSession
from billing_saas.messages import contacts, pausing
from billing_saas.messages.consents import Source
from billing_saas.messages.gate_rules import Pausing
from billing_saas.messages.rules import Sent
from billing_saas.messages.tables import Message

# What is told later in this order stands, whichever was told first: who has it in hand knows more than who
# passed it on, and what came back was not taken.
_RANK = {
    "refused": 9,
    "dropped": 9,
    "printed": 9,
    "waiting": 0,
    "sending": 1,
    "sent": 2,
    "failed": 3,
    "delivered": 4,
    "bounced": 5,
}
_ENDED = frozenset({"failed", "delivered", "bounced"})
# A carrier's words for a text, and ours.
_STATES = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "failed",
}
SAYS_SOMETHING = frozenset(_STATES)
# https://www.twilio.com/docs/api/errors: they said STOP to it; no such handset, or a landline.
_OPTED_OUT = frozenset({21610})
_NO_SUCH_NUMBER = frozenset({21211, 21214, 21217, 21614, 30005, 30006})
_PLACES: dict[str, str] = {"email": "e-mail address", "text": "number"}


async def refused(db: TenantSession, actor: Actor, message_id: UUID, why: Why, code: int) -> None:
    """The carrier would not take it."""
    message = await _locked(db, message_id)
    if message is None:
        return
    state = "bounced" if why == "address" else "failed"
    await _ends(db, actor, message, state, f"{why}:{code}")
    if why == "address":
        await _came_back(db, actor, message)
    elif why == "opted_out":
        await _stopped(db, actor, message, "text_keyword")


async def text_told(
    db: TenantSession, actor: Actor, message_id: UUID, status: str, code: int, carrier_id: str
) -> None:
    """A carrier of texts tells how far it is."""
    message = await _locked(db, message_id)
    state = _STATES.get(status)
    if message is None or state is None:
        return
    if carrier_id and not message.carrier_id:
        await _change(db, message.id, carrier_id=carrier_id)
    await _ends(db, actor, message, state, f"{status}:{code}" if code else status)
    if code in _NO_SUCH_NUMBER and state == "failed":
        await _came_back(db, actor, message)
    elif code in _OPTED_OUT:
        await _stopped(db, actor, message, "text_keyword")


async def bounced(db: TenantSession, actor: Actor, message_id: UUID, told: Bounced) -> None:
    """A letter came back, or a server tells that it still tries."""
    message = await _locked(db, message_id)
    if message is None or message.channel != "email" or told.outcome == "delayed":
        return
    if told.outcome == "delivered":
        await _ends(db, actor, message, "delivered", "")
        return
    await _ends(db, actor, message, "bounced", told.status or "no_status")
    if told.of_address:
        await _came_back(db, actor, message)


async def complained(db: TenantSession, actor: Actor, message_id: UUID) -> None:
    """Whoever got it told their mail service that they did not want it."""
    message = await _locked(db, message_id)
    if message is None:
        return
    if message.complained_at is None:
        await _change(db, message.id, complained_at=clock.now())
    await opting.stop(
        db,
        actor,
        message.recipient_id,
        "email",
        source="complaint",
        kind=Pausing.COMPLAINT,
    )


async def unsubscribed(db: TenantSession, actor: Actor, message_id: UUID) -> None:
    """By the link of a letter."""
    message = await _locked(db, message_id)
    if message is not None:
        await _stopped(db, actor, message, "unsubscribe_link")


async def texted(db: TenantSession, actor: Actor, number: str, said: str) -> list[UUID]:
    """A patient's phone said STOP or START. All whose number it is, for nobody can tell them apart."""
    people = await contacts.by_phone(db, number)
    for patient_id in people:
        if said == "stop":
            await opting.stop(db, actor, patient_id, "text", source="text_keyword")
        elif said == "start":
            await opting.resume(db, actor, patient_id, "text", source="text_keyword")
    return people


async def _ends(
    db: TenantSession, actor: Actor, message: Message, state: str, because: str
) -> None:
    """Move the message to `state`, if that says more than what stands."""
    if _RANK[state] <= _RANK[message.state]:
        return
    changed: dict[str, Any] = {"state": state, "phi_demo": None, "ended_because": because}
    if message.sent_at is None and state != "failed":
        changed["sent_at"] = clock.now()
    if state in _ENDED:
        changed["ended_at"] = clock.now()
    await _change(db, message.id, **changed)
    await trail.record(
        db,
        actor,
        "message.told",
        object_type="message",
        object_id=message.id,
        subjects=[message.recipient_id],
        detail={"from": message.state, "to": state},
    )


async def _came_back(db: TenantSession, actor: Actor, message: Message) -> None:
    """The address is none. Told of one that was changed meanwhile, it says nothing of the new one."""
    channel: Sent = "text" if message.channel == "text" else "email"
    row = (await contacts.rows_of(db, [message.recipient_id])).get(message.recipient_id)
    if row is None or not await contacts.undeliverable(
        db, actor, message.recipient_id, channel, message.address_no
    ):
        return
    pause_id = await pausing.pause(
        db,
        actor,
        message.recipient_id,
        Pausing.BOUNCE,
        source_type=contacts.ADDRESS,
        source_id=row.id,
        channel=channel,
    )
    await cards.open_cards(
        db,
        [
            NewCard(
                kind="message_returned",
                why=f"A message came back: the {_PLACES[channel]} on file reaches nobody."
                " Ask the patient for the right one.",
                owner="practice",
                subject_type="patient",
                subject_id=message.recipient_id,
                source=f"message-returned:{pause_id}",
            )
        ],
    )


async def _stopped(db: TenantSession, actor: Actor, message: Message, source: Source) -> None:
    channel: Sent = "text" if message.channel == "text" else "email"
    await opting.stop(db, actor, message.recipient_id, channel, source=source)


async def _locked(db: TenantSession, message_id: UUID) -> Message | None:
    return await db.scalar(
        select(Message)
        .where(Message.tenant_id == db.tenant_id, Message.id == message_id)
        .with_for_update()
    )


async def _change(db: TenantSession, message_id: UUID, **changed: Any) -> None:
    await db.execute(
        update(Message)
        .where(Message.tenant_id == db.tenant_id, Message.id == message_id)
        .values(**changed, version=Message.version + 1)
        .execution_options(synchronize_session=False)
    )
