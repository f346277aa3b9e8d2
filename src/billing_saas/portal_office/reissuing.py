"""A new link for who holds one that ended: sent to the contact on file, never shown here.

Whatever was held, the answer is the same. Whoever found an old link gains nothing: the new one goes to
whom it is for.
"""

from billing_saas.kit.actor import Actor, ActorKind, Purpose
from billing_saas.kit.db import Database
from billing_saas.links import issuing, opening
from billing_saas.messages import sending
from billing_saas.messages.rules import Words
from billing_saas.portal.trying import Place, Tries


async def ask(database: Database, tries: Tries, shown: str, place: Place) -> None:
    await tries.of_place(place)
    async with database.glance() as glance:
        practice_id = await opening.practice_of(glance, shown)
    if practice_id is None:
        return
    async with database.tenant(practice_id) as db:
        found = await opening.held(db, shown)
        if found is None or not found.may_be_asked_anew:
            return
        if not await tries.of_asking_for_a_link(found.guarantor_id):
            return
        actor = Actor(
            kind=ActorKind.PATIENT,
            id=found.guarantor_id,
            purpose=Purpose.PATIENT_REQUEST,
            request_id=place.request_id,
            ip_prefix=place.ip_prefix,
        )
        path = await issuing.issue(db, actor, found.kind, found.guarantor_id, found.about)
        await sending.ask(db, actor, found.guarantor_id, "pay_link", Words(link=path))
