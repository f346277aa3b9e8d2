"""What a practice chose for its messages, within the law; without a word the defaults hold."""

from datetime import time

import msgspec
from sqlalchemy import select

from billing_saas.kit.db import TenantSession
from billing_saas.messages import gate_rules
from billing_saas.messages.tables import MessageSetting, TextSender
from billing_saas.tenants import queries as tenants


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """`name_allowed`: whether messages may name the practice; its specialty may tell of an illness."""

    practice_name: str
    time_zone: str
    text_number: str
    name_allowed: bool
    opens_at: time
    closes_at: time
    most_a_week: int
    version: int


async def of(db: TenantSession) -> Chosen:
    practice = await tenants.this_practice(db)
    setting = await db.scalar(
        select(MessageSetting).where(MessageSetting.tenant_id == db.tenant_id)
    )
    number = await db.scalar(select(TextSender.number).where(TextSender.tenant_id == db.tenant_id))
    return Chosen(
        practice_name=practice.name,
        time_zone=practice.time_zone,
        text_number=number or "",
        name_allowed=setting.name_allowed if setting else False,
        opens_at=setting.opens_at if setting else gate_rules.OPENS_AT,
        closes_at=setting.closes_at if setting else gate_rules.CLOSES_AT,
        most_a_week=setting.most_a_week if setting else gate_rules.MOST_A_WEEK,
        version=setting.version if setting else 0,
    )
