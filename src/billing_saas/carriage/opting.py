"""A patient wants no more on a channel, or wants it again: a pause, and every consent taken back."""

from typing import Literal
from uuid import UUID

from billing_saas.followups import cards
from billing_saas.followups.cards import NewCard
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.messages import consents, pausing
from billing_saas.messages.consents import Source
from billing_saas.messages.gate_rules import Pausing
from billing_saas.messages.rules import Sent

_WHY = {
    "email": "The patient wants no more e-mail. Bills go by post, unless they agree again.",
    "text": "The patient wants no more texts. Bills go another way, unless they agree again.",
}


async def stop(
    db: TenantSession,
    actor: Actor,
    patient_id: UUID,
    channel: Sent,
    *,
    source: Source,
    kind: Literal[Pausing.OPT_OUT, Pausing.COMPLAINT] = Pausing.OPT_OUT,
) -> bool:
    """At once, for every purpose. Says whether it stood otherwise before: a second STOP is no news."""
    standing = (await pausing.pauses_of(db, [patient_id])).get(patient_id, [])
    stopped = any(one.kind == kind and one.channel == channel for one in standing)
    await consents.withdraw_all(db, actor, patient_id, channel, source=source)
    if stopped:
        return False
    pause_id = await pausing.pause(
        db,
        actor,
        patient_id,
        kind,
        source_type=pausing.SAID,
        source_id=patient_id,
        channel=channel,
    )
    await cards.open_cards(
        db,
        [
            NewCard(
                kind="message_stopped",
                why=_WHY[channel],
                owner="practice",
                subject_type="patient",
                subject_id=patient_id,
                source=f"message-stopped:{pause_id}",
            )
        ],
    )
    return True


async def resume(
    db: TenantSession, actor: Actor, patient_id: UUID, channel: Sent, *, source: Source
) -> bool:
    """The patient wants them again: what was taken back by opting out is given again, for the address
    that stands now. Says whether anything changed."""
    lifted = await pausing.lift_kind(
        db, actor, patient_id, Pausing.OPT_OUT, channel=channel, source_type=pausing.SAID
    )
    if not lifted:
        return False
    for one in (await consents.newest_of(db, [patient_id])).get(patient_id, []):
        by_opting = one.source in ("text_keyword", "unsubscribe_link")
        if one.channel == channel and not one.given and by_opting:
            await consents.restore(db, actor, patient_id, channel, one.purpose, source=source)
    return True
