"""Which classes of field an actor sees in this practice. Asked by the queries, before they open anything."""

from billing_saas.duties import settings
from billing_saas.duties.visibility_rules import EVERYTHING, Field, Sight, always, if_said
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import TenantSession


async def of(db: TenantSession, actor: Actor, *asked: Field) -> Sight:
    """The system does what somebody else asked for, and a client what its scopes name: both whole.

    The practice is asked only where its answer could show more of what is `asked` for.
    """
    if actor.kind in (ActorKind.SYSTEM, ActorKind.CLIENT):
        return EVERYTHING
    seen = always(actor.roles)
    more = if_said(actor.roles) - seen
    if more.isdisjoint(asked):
        return Sight(seen)
    said = await settings.of(db)
    return Sight(seen | more if said.front_desk_sees_diagnoses else seen)
