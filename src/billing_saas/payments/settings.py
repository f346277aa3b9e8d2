"""A practice's own settings of payments: above which amount a refund needs a second person."""

from uuid import UUID

import msgspec
from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert

from billing_saas.audit import trail
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.payments import rules
from billing_saas.payments.errors import PaymentSettingsChanged
from billing_saas.payments.tables import PaymentSetting

READ = "payment_account.read"
WRITE = "payment_account.write"
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    refund_limit_cents: int = rules.REFUND_LIMIT_CENTS
    version: int = 0


async def of(db: TenantSession) -> Settings:
    """For acts: asks nobody's permission."""
    row = await db.scalar(select(PaymentSetting).where(PaymentSetting.tenant_id == db.tenant_id))
    if row is None:
        return Settings()
    return Settings(refund_limit_cents=row.refund_limit_cents, version=row.version)


async def shown(db: TenantSession, actor: Actor, _practice_id: UUID) -> Settings:
    actor.must(READ)
    return await of(db)


async def lock(db: TenantSession, _practice_id: UUID) -> None:
    """Also where the practice has said nothing yet."""
    await db.execute(_LOCK, {"name": f"payment-settings:{db.tenant_id}"})


async def change(db: TenantSession, actor: Actor, refund_limit_cents: int) -> None:
    """Under `lock`. Whoever raises the limit shows a second factor: it is what a second person guards."""
    actor.must(WRITE)
    actor.must_have_stepped_up()
    before = await of(db)
    values = {
        "refund_limit_cents": refund_limit_cents,
        "version": before.version + 1,
        "changed_by": actor.id,
        "changed_at": clock.now(),
    }
    if before.version == 0:
        made = insert(PaymentSetting).values(tenant_id=db.tenant_id, **values)
        found = await db.scalar(made.on_conflict_do_nothing().returning(PaymentSetting.tenant_id))
    else:
        found = await db.scalar(
            update(PaymentSetting)
            .where(
                PaymentSetting.tenant_id == db.tenant_id,
                PaymentSetting.version == before.version,
            )
            .values(**values)
            .returning(PaymentSetting.tenant_id)
        )
    if found is None:
        raise PaymentSettingsChanged("The settings were changed since you read them.")
    await trail.record(
        db,
        actor,
        "payment_setting.change",
        object_type="practice",
        object_id=db.tenant_id,
        detail={
            "field": "refund_limit_cents",
            "from": before.refund_limit_cents,
            "to": refund_limit_cents,
        },
    )
