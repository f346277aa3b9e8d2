"""Send one message: look again whether it may go, hand it over with no transaction open, write down how.

A process may die, and a carrier fall silent, between the last two. The message then stands as `sending`:
for some minutes the carrier's own word is waited for, and then it is sent again. Twice is no harm: it says
nothing but that there is something.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from billing_saas.audit import trail
from billing_saas.audit.rules import Classes
from billing_saas.carriage import returning, routing, wording_rules
from billing_saas.kit import clock, points
from billing_saas.kit.actor import Actor
from billing_saas.kit.carrying import (
    CarrierDown,
    CarrierRefused,
    Carriers,
    CarrierUnknown,
    OutgoingLetter,
    OutgoingText,
)
from billing_saas.kit.db import Database, TenantSession
from billing_saas.messages import contacts, gate_rules, gathering, settings
from billing_saas.messages.gate_rules import Verdict
from billing_saas.messages.jobs import SendMessage
from billing_saas.messages.rules import KINDS, Language, Template, Words
from billing_saas.messages.tables import Message
from billing_saas.outbox import queue
from billing_saas.phi import keyring
from billing_saas.phi.registry import MESSAGE_PHI_DEMO

SILENCE = timedelta(minutes=2)
"""How long a carrier's word is waited for, before a message of unknown fate is sent again."""
MOST_ATTEMPTS = 12


@dataclass(frozen=True, slots=True)
class Handed:
    """What goes to the carrier."""

    message_id: UUID
    outgoing: OutgoingLetter | OutgoingText = field(repr=False)


async def deliver(database: Database, tenant_id: UUID, actor: Actor, job: SendMessage) -> None:
    """Done when it left, was dropped, or is owed anew for later."""
    carriers = database.carriers
    async with database.tenant(tenant_id) as db:
        handed = await _prepare(db, actor, job.message_id, carriers)
    if handed is None:
        return
    points.reach("messages.delivering.prepared")
    try:
        carrier_id = await _call(carriers, handed)
    except CarrierRefused as refused:
        async with database.tenant(tenant_id) as db:
            await returning.refused(db, actor, job.message_id, refused.why, refused.code)
        return
    except CarrierUnknown:
        async with database.tenant(tenant_id) as db:
            await queue.add(db, job, run_at=clock.now() + SILENCE)
        return
    except CarrierDown:
        async with database.tenant(tenant_id) as db:
            await _set_back(db, job.message_id)
        raise
    points.reach("messages.delivering.called")
    async with database.tenant(tenant_id) as db:
        await _record(db, job.message_id, carrier_id)


async def _prepare(
    db: TenantSession, actor: Actor, message_id: UUID, carriers: Carriers
) -> Handed | None:
    message = await db.scalar(
        select(Message)
        .where(Message.tenant_id == db.tenant_id, Message.id == message_id)
        .with_for_update()
    )
    if message is None or message.state not in ("waiting", "sending"):
        return None
    now = clock.now()
    if message.sending_at is not None and message.state == "sending":
        again_at = message.sending_at + SILENCE
        if now < again_at:
            await queue.add(db, SendMessage(message_id), run_at=again_at)
            return None
    verdict = await _verdict(db, message)
    if verdict.outcome == "refused" or message.attempts >= MOST_ATTEMPTS:
        await _drop(db, actor, message, verdict.reasons or ("too_many_attempts",))
        return None
    if verdict.at is not None and verdict.outcome == "later":
        await _change(
            db, message_id, state="waiting", send_after=verdict.at, reasons=_told(message, verdict)
        )
        await queue.add(db, SendMessage(message_id), run_at=verdict.at)
        return None
    if (carriers.texts if message.channel == "text" else carriers.letters) is None:
        raise CarrierDown("this process has no carrier for it")
    return await _hand(db, actor, message, carriers)


async def _verdict(db: TenantSession, message: Message) -> Verdict:
    """Of the gate, over what is so now: a STOP or a payment may have come meanwhile."""
    known = await gathering.gather(db, [message.patient_id])
    if known.recipients[message.patient_id] != message.recipient_id:
        return Verdict("refused", None, ("recipient_changed",))
    template: Template = message.template  # type: ignore[assignment]  # written by `sending`
    return gate_rules.decide(
        known.facts(
            message.patient_id,
            KINDS[template],
            message.channel,  # type: ignore[arg-type]  # a CHECK of the table
            message.stale_at,
            before=message.id,
        )
    )


async def _hand(db: TenantSession, actor: Actor, message: Message, carriers: Carriers) -> Handed:
    assert message.phi_demo is not None  # a CHECK of the table
    ring = await keyring.of(db, message.key_ver)
    words = ring.open(MESSAGE_PHI_DEMO, message.id, message.phi_demo, Words)
    practice = await settings.of(db)
    contact = (await contacts.contacts_of(db, [message.recipient_id]))[message.recipient_id]
    row = (await contacts.rows_of(db, [message.recipient_id]))[message.recipient_id]
    word = await routing.make(db, message.id)
    await _change(
        db,
        message.id,
        state="sending",
        sending_at=clock.now(),
        attempts=Message.attempts + 1,
        address_no=contacts.number_of(row, "text" if message.channel == "text" else "email"),
    )
    await trail.record(
        db,
        actor,
        "message.send",
        object_type="message",
        object_id=message.id,
        subjects=[message.recipient_id],
        classes=Classes.DEMOGRAPHIC,
        detail={"kind": message.template, "to": message.channel},
    )
    template: Template = message.template  # type: ignore[assignment]  # written by `sending`
    language: Language = message.language  # type: ignore[assignment]  # a CHECK of the table
    unsubscribe = f"{carriers.hooks_site}/hooks/mail/unsubscribe/{word}"
    written = wording_rules.written(
        template,
        message.channel,  # type: ignore[arg-type]  # a CHECK of the table
        language,
        words,
        office=practice.practice_name if practice.name_allowed else "",
        site=carriers.portal_site,
        unsubscribe=unsubscribe,
    )
    if message.channel == "text":
        return Handed(
            message.id,
            OutgoingText(
                to_number=contact.phone,
                from_number=practice.text_number,
                text=written.text,
                tell_at=f"{carriers.hooks_site}/hooks/texts/status/{word}",
            ),
        )
    return Handed(
        message.id,
        OutgoingLetter(
            to_address=contact.email,
            subject=written.subject,
            text=written.text,
            headers=_headers(template, language, unsubscribe),
            bounces_to=f"{word}@{carriers.bounce_domain}" if carriers.bounce_domain else "",
            from_name=written.from_name,
        ),
    )


def _headers(template: Template, language: str, unsubscribe: str) -> dict[str, str]:
    headers = {"Content-Language": language}
    if KINDS[template].purpose != "security":
        # RFC 8058: one POST to this address, by the mail program, and no more questions.
        headers["List-Unsubscribe"] = f"<{unsubscribe}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


async def _call(carriers: Carriers, handed: Handed) -> str:
    if isinstance(handed.outgoing, OutgoingText):
        if carriers.texts is None:
            raise CarrierDown("no carrier of texts")
        return await carriers.texts.carry(handed.outgoing)
    if carriers.letters is None:
        raise CarrierDown("no carrier of letters")
    return await carriers.letters.carry(handed.outgoing)


async def _record(db: TenantSession, message_id: UUID, carrier_id: str) -> None:
    """What the carrier told of it may have come first: then that stands."""
    message = await _locked(db, message_id)
    changed: dict[str, Any] = {"carrier_id": carrier_id[:200]}
    if message.state == "sending":
        changed |= {"state": "sent", "sent_at": clock.now(), "phi_demo": None}
    await _change(db, message_id, **changed)


async def _set_back(db: TenantSession, message_id: UUID) -> None:
    message = await _locked(db, message_id)
    if message.state == "sending":
        await _change(db, message_id, state="waiting", sending_at=None)


async def _drop(
    db: TenantSession, actor: Actor, message: Message, reasons: tuple[str, ...]
) -> None:
    await _change(
        db,
        message.id,
        state="dropped",
        ended_because=" ".join(reasons),
        ended_at=clock.now(),
        phi_demo=None,
    )
    await trail.record(
        db,
        actor,
        "message.drop",
        object_type="message",
        object_id=message.id,
        subjects=[message.recipient_id],
        detail={"kind": message.template, "reason": " ".join(reasons)[:120]},
    )


def _told(message: Message, verdict: Verdict) -> str:
    """Every reason that ever delayed it."""
    fresh = [f"{message.channel}:{reason}" for reason in verdict.reasons]
    return " ".join(dict.fromkeys([*message.reasons.split(), *fresh]))


async def _locked(db: TenantSession, message_id: UUID) -> Message:
    return (
        await db.scalars(
            select(Message)
            .where(Message.tenant_id == db.tenant_id, Message.id == message_id)
            .with_for_update()
        )
    ).one()


async def _change(db: TenantSession, message_id: UUID, **changed: Any) -> None:
    await db.execute(
        update(Message)
        .where(Message.tenant_id == db.tenant_id, Message.id == message_id)
        .values(**changed, version=Message.version + 1)
        .execution_options(synchronize_session=False)
    )


async def sweep(db: TenantSession, actor: Actor, _job: object) -> None:
    """What waited longer than it is worth leaves no more: its job is among the dead letters."""
    stale = await db.scalars(
        select(Message)
        .where(
            Message.tenant_id == db.tenant_id,
            Message.state.in_(("waiting", "sending")),
            Message.stale_at < clock.now() - timedelta(hours=1),
        )
        .order_by(Message.id)
        .limit(1_000)
        .with_for_update(skip_locked=True)
    )
    for message in stale.all():
        if message.state == "sending":
            await _change(
                db,
                message.id,
                state="failed",
                ended_because="fate_unknown",
                ended_at=clock.now(),
                phi_demo=None,
            )
            continue
        await _drop(db, actor, message, (gate_rules.Reason.STALE.value,))
