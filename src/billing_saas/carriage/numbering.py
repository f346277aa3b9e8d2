"""The number that a practice's texts leave from: the operator's to give, for it is in the operator's account."""

import re
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from billing_saas.audit import trail
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import PlatformSession
from billing_saas.messages.errors import BadSetting
from billing_saas.messages.tables import TextSender
from billing_saas.tenants.errors import PracticeNotFound
from billing_saas.tenants.tables import Practice

_NUMBER = re.compile(r"\+[1-9][0-9]{7,14}\Z")


async def give(db: PlatformSession, actor: Actor, practice_id: UUID, number: str) -> None:
    """Its texts leave from this number; an empty one: none leave."""
    if number and not _NUMBER.match(number):
        raise BadSetting("A number is written as +13125550100.", field="number")
    if await db.get(Practice, practice_id) is None:
        raise PracticeNotFound("There is no such practice.")
    if number:
        given_at = clock.now()
        made = insert(TextSender).values(
            tenant_id=practice_id, text_number=number, given_at=given_at
        )
        await db.execute(
            made.on_conflict_do_update(
                index_elements=["tenant_id"],
                set_={"text_number": number, "given_at": given_at},
            )
        )
    else:
        await db.execute(delete(TextSender).where(TextSender.tenant_id == practice_id))
    await trail.record_in(
        db, practice_id, actor, "messages.number", object_type="practice", object_id=practice_id
    )
