"""Ask for a message to a patient. The gate decides, the decision is kept, and what may go is owed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import msgspec

from billing_saas.audit import contents, trail
from billing_saas.kit import bulk
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_ids
from billing_saas.messages import gate_rules, gathering
from billing_saas.messages.errors import BadMessage
from billing_saas.messages.gate_rules import Verdict
from billing_saas.messages.gathering import Gathered
from billing_saas.messages.jobs import SendMessage
from billing_saas.messages.rules import CHANNELS, KINDS, NOTHING, Channel, Template, Words
from billing_saas.messages.tables import Message
from billing_saas.outbox import queue
from billing_saas.phi import keyring
from billing_saas.phi.keyring import Keyring
from billing_saas.phi.registry import MESSAGE_PHI_DEMO


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What the gate said. `reasons` has every one, of each channel that was tried: `text:no_consent`.

    `channel` is empty when none may be used. `at`: when it may leave; None when refused."""

    message_id: UUID
    recipient_id: UUID
    outcome: Literal["allowed", "later", "refused"]
    channel: Channel | Literal[""]
    at: datetime | None
    reasons: tuple[str, ...]

    @property
    def goes(self) -> bool:
        return self.outcome != "refused"


@dataclass(frozen=True, slots=True)
class Asked:
    patient_id: UUID
    template: Template
    words: Words = NOTHING
    channel: Channel | None = None
    """None: as the patient prefers, and the other way when that one is refused."""


async def ask(
    db: TenantSession,
    actor: Actor,
    patient_id: UUID,
    template: Template,
    words: Words = NOTHING,
    *,
    channel: Channel | None = None,
) -> Decision:
    """Pass the gate, keep the decision, and owe the message when it may go. The caller has checked who
    asks. A minor's goes to the guarantor. By `post` nothing is sent: the caller prints it.
    """
    return (await ask_many(db, actor, [Asked(patient_id, template, words, channel)]))[0]


async def ask_many(db: TenantSession, actor: Actor, asked: Sequence[Asked]) -> list[Decision]:
    """For a run: a handful of queries, whatever the number. In the order asked."""
    if not asked:
        return []
    for one in asked:
        _check(one)
    known = await gathering.gather(db, {one.patient_id for one in asked})
    ring = await keyring.of(db)
    ids = new_ids(len(asked))
    decided = [_decide(known, one, message_id) for one, message_id in zip(asked, ids, strict=True)]
    rows = [
        _row(known, ring, actor, one, decision)
        for one, decision in zip(asked, decided, strict=True)
    ]
    await bulk.insert_rows(db, Message, rows)
    await _owe(db, actor, decided)
    await trail.record(
        db,
        actor,
        "message.ask",
        object_type="message",
        object_id=ids[0] if len(ids) == 1 else None,
        subjects=[one.patient_id for one in asked] + [one.recipient_id for one in decided],
        sealed=contents.of_rows([row for row in rows if row["phi_demo"]], MESSAGE_PHI_DEMO),
        detail={"count": len(ids)},
    )
    return decided


async def _owe(db: TenantSession, actor: Actor, decided: Sequence[Decision]) -> None:
    """A statement for each hour at which some may go: there are few, one per zone."""
    owed: dict[datetime | None, list[SendMessage]] = {}
    for decision in decided:
        if decision.goes and decision.channel != "post":
            at = decision.at if decision.outcome == "later" else None
            owed.setdefault(at, []).append(SendMessage(decision.message_id))
    for at, jobs in owed.items():
        await queue.add_many(db, jobs, run_at=at, request_id=actor.request_id)


def _check(asked: Asked) -> None:
    kind = KINDS[asked.template]
    missing = [name for name in kind.fills if not getattr(asked.words, name)]
    if missing:
        raise BadMessage(f"A {asked.template} needs: {', '.join(missing)}.", field="words")


def _decide(known: Gathered, asked: Asked, message_id: UUID) -> Decision:
    """The first channel that may go now, else the first that may go later, else none."""
    kind = KINDS[asked.template]
    stale_at = known.now + timedelta(hours=kind.stale_after_hours)
    recipient = known.recipients[asked.patient_id]
    verdicts: list[tuple[Channel, Verdict]] = []
    for channel in _channels(known, asked, recipient):
        verdict = gate_rules.decide(known.facts(asked.patient_id, kind, channel, stale_at))
        verdicts.append((channel, verdict))
        if verdict.outcome == "allowed":
            break
    reasons = tuple(
        f"{channel}:{reason}" for channel, verdict in verdicts for reason in verdict.reasons
    )
    for outcome in ("allowed", "later"):
        for channel, verdict in verdicts:
            if verdict.outcome == outcome:
                return Decision(
                    message_id=message_id,
                    recipient_id=recipient,
                    outcome=verdict.outcome,
                    channel=channel,
                    at=verdict.at,
                    reasons=reasons,
                )
    return Decision(
        message_id=message_id,
        recipient_id=recipient,
        outcome="refused",
        channel=asked.channel or "",
        at=None,
        reasons=reasons,
    )


def _channels(known: Gathered, asked: Asked, recipient: UUID) -> Sequence[Channel]:
    if asked.channel is not None:
        return (asked.channel,)
    contact = known.contacts.get(recipient)
    preferred = contact.preferred if contact is not None else "email"
    electronic = [one for one in CHANNELS if one != "post"]
    return sorted(electronic, key=lambda one: one != preferred)


def _row(
    known: Gathered, ring: Keyring, actor: Actor, asked: Asked, decision: Decision
) -> dict[str, Any]:
    kind = KINDS[asked.template]
    printed = decision.channel == "post"
    kept = decision.goes and not printed
    state = "waiting" if kept else "printed" if decision.goes else "refused"
    return {
        "id": decision.message_id,
        "patient_id": asked.patient_id,
        "recipient_id": decision.recipient_id,
        "template": asked.template,
        "purpose": kind.purpose,
        "channel": decision.channel,
        "language": known.language_of(decision.recipient_id),
        "decision": decision.outcome,
        "reasons": " ".join(decision.reasons),
        "policy": gate_rules.POLICY,
        "state": state,
        "ended_because": "",
        "phi_demo": ring.seal(MESSAGE_PHI_DEMO, decision.message_id, asked.words) if kept else None,
        "key_ver": ring.key_ver,
        "carrier_id": "",
        "attempts": 0,
        "send_after": decision.at or known.now,
        "stale_at": known.now + timedelta(hours=kind.stale_after_hours),
        "asked_at": known.now,
        "asked_by_kind": actor.kind.value,
        "asked_by": actor.id,
        "ended_at": None if kept else known.now,
        "version": 1,
    }
