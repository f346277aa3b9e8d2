"""Void a statement that was wrong, and issue another in its place. What was issued is kept, and opens no
page any more."""

from uuid import UUID

from sqlalchemy import update

from billing_saas.audit import trail
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.links import issuing as links
from billing_saas.statement_runs import issuing
from billing_saas.statements import following
from billing_saas.statements.tables import Statement

WRITE = "statements.write"


async def void(db: TenantSession, actor: Actor, statement_id: UUID, reason: str) -> None:
    """`reason` is a word of ours: wrong_guarantor, wrong_amount, wrong_address, sent_in_error, reissued."""
    actor.must(WRITE)
    found = await following.lock(db, statement_id)
    following.must_move(found.state, "void")
    await db.execute(
        update(Statement)
        .where(Statement.tenant_id == db.tenant_id, Statement.id == statement_id)
        .values(
            state="void",
            void_reason=reason,
            updated_at=clock.now(),
            version=Statement.version + 1,
        )
    )
    await links.end_all_about(db, actor, [statement_id], reason="statement_void")
    await trail.record(
        db,
        actor,
        "statement.void",
        object_type="statement",
        object_id=statement_id,
        subjects=[found.guarantor_id],
        detail={"reason": reason},
    )


async def reissue(db: TenantSession, actor: Actor, statement_id: UUID) -> UUID:
    """Void it, and tell the guarantor anew what is owed by now. Where nothing is to be asked for, the
    old one stands: all of it is one act."""
    actor.must(WRITE)
    found = await following.lock(db, statement_id)
    await void(db, actor, statement_id, "reissued")
    return await issuing.issue_one(db, actor, found.guarantor_id, replaces=statement_id)
