"""What a practice chose for its messages, within the law; without a word the defaults hold."""

from datetime import time
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from billing_saas.audit import trail
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.messages import gate_rules
from billing_saas.messages.errors import BadSetting
from billing_saas.messages.gate_rules import Policy
from billing_saas.messages.tables import MessageSetting, TextSender
from billing_saas.tenants import queries as tenants


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute


_OPENS, _CLOSES = _minute(gate_rules.OPENS_AT), _minute(gate_rules.CLOSES_AT)


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """`name_allowed`: whether messages may name the practice; its specialty may tell of an illness."""

    practice_name: str
    time_zone: str
    text_number: str
    name_allowed: bool
    opens_minute: int
    closes_minute: int
    most_a_week: int
    version: int

    @property
    def policy(self) -> Policy:
        return gate_rules.policy_of(
            _time(self.opens_minute), _time(self.closes_minute), self.most_a_week
        )


def _time(minute: int) -> time:
    return time(minute // 60, minute % 60)


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    name_allowed: bool
    opens_minute: int
    closes_minute: int
    most_a_week: int


async def settings(db: TenantSession, actor: Actor) -> Chosen:
    actor.must("messages.read")
    return await of(db)


async def lock(db: TenantSession, _: UUID) -> None:
    """There may be no row yet to hold: who comes second waits here."""
    await db.execute(
        select(func.pg_advisory_xact_lock(func.hashtextextended(f"messages:{db.tenant_id}", 0)))
    )


async def change(db: TenantSession, actor: Actor, choice: Choice) -> None:
    """Narrower than the law's hours, or as wide; never wider."""
    actor.must("messages.settings")
    if not _OPENS <= choice.opens_minute < choice.closes_minute <= _CLOSES:
        raise BadSetting(
            "Hours lie between 08:00 and 21:00, and open before they close.", field="opens_minute"
        )
    values = msgspec.structs.asdict(choice)
    now = clock.now()
    made = insert(MessageSetting).values(
        tenant_id=db.tenant_id, **values, version=1, updated_at=now
    )
    await db.execute(
        made.on_conflict_do_update(
            index_elements=["tenant_id"],
            set_={**values, "version": MessageSetting.version + 1, "updated_at": now},
        )
    )
    await trail.record(
        db, actor, "messages.settings", object_type="practice", object_id=db.tenant_id
    )


async def of(db: TenantSession) -> Chosen:
    practice = await tenants.this_practice(db)
    setting = await db.scalar(
        select(MessageSetting).where(MessageSetting.tenant_id == db.tenant_id)
    )
    number = await db.scalar(
        select(TextSender.text_number).where(TextSender.tenant_id == db.tenant_id)
    )
    return Chosen(
        practice_name=practice.name,
        time_zone=practice.time_zone,
        text_number=number or "",
        name_allowed=setting.name_allowed if setting else False,
        opens_minute=setting.opens_minute if setting else _OPENS,
        closes_minute=setting.closes_minute if setting else _CLOSES,
        most_a_week=setting.most_a_week if setting else gate_rules.MOST_A_WEEK,
        version=setting.version if setting else 0,
    )
