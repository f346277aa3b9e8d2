"""A practice's rules of its statements. Without a word the defaults hold, and nothing goes out by itself."""

from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from billing_saas.audit import trail
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.statement_runs.running_rules import DEFAULTS, Rule
from billing_saas.statement_runs.tables import StatementRule

READ = "statements.read"
WRITE = "statements.write"
_FIELDS = tuple(name for name in Rule.__struct_fields__ if name != "version")


async def of(db: TenantSession) -> Rule:
    """For acts, which check who asks."""
    found = await db.scalar(select(StatementRule).where(StatementRule.tenant_id == db.tenant_id))
    if found is None:
        return DEFAULTS
    return Rule(**{name: getattr(found, name) for name in Rule.__struct_fields__})


async def shown(db: TenantSession, actor: Actor, _practice_id: UUID | None = None) -> Rule:
    actor.must(READ)
    return await of(db)


async def lock(db: TenantSession, _practice_id: UUID | None = None) -> None:
    """For an act that changes them: the practice's row, or nothing yet."""
    await db.execute(
        select(StatementRule.tenant_id)
        .where(StatementRule.tenant_id == db.tenant_id)
        .with_for_update()
    )


async def put(db: TenantSession, actor: Actor, rule: Rule) -> Rule:
    """Whole, as it was given; `version` is ours."""
    actor.must(WRITE)
    values = {name: getattr(rule, name) for name in _FIELDS}
    values |= {"changed_by": actor.id, "changed_at": clock.now()}
    statement = insert(StatementRule).values(tenant_id=db.tenant_id, version=1, **values)
    await db.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id"],
            set_={**values, "version": StatementRule.version + 1},
        )
    )
    await trail.record(
        db,
        actor,
        "statement.rules",
        object_type="practice",
        object_id=db.tenant_id,
        detail={"cents": rule.minimum_cents, "kind": "clock" if rule.automatic else "asked"},
    )
    return msgspec.structs.replace(await of(db))
