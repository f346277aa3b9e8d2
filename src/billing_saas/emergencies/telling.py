"""Letters to the admins of a practice that was entered: within minutes, each once, no patient in them.

Letters are the platform's to write, and whoever opens an emergency is inside one practice: so a schedule
looks every few minutes for what nobody was told of. The card on the practice's own list is there at once.
"""

from sqlalchemy import select, text, update

from billing_saas.emergencies.jobs import TellOfEmergencies
from billing_saas.emergencies.tables import EmergencyAccess
from billing_saas.identity.tables import AppUser, Membership
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import PlatformSession
from billing_saas.mail import posting
from billing_saas.tenants.tables import Practice

_AT_A_TIME = 100
_UNTOLD = text(
    """
    SELECT id FROM emergency_access WHERE told_at IS NULL ORDER BY id LIMIT :most
    FOR UPDATE SKIP LOCKED
    """
)


async def tell(db: PlatformSession, _actor: Actor, _job: TellOfEmergencies) -> int:
    """Says how many letters were written. Told in the transaction that writes them."""
    untold = list(await db.scalars(_UNTOLD, {"most": _AT_A_TIME}))
    letters = 0
    rows = await db.execute(
        select(
            AppUser.email,
            Practice.name,
            EmergencyAccess.opened_at,
            EmergencyAccess.expires_at,
        )
        .select_from(EmergencyAccess)
        .join(Practice, Practice.tenant_id == EmergencyAccess.tenant_id)
        .join(Membership, Membership.tenant_id == EmergencyAccess.tenant_id)
        .join(AppUser, AppUser.id == Membership.user_id)
        .where(
            EmergencyAccess.id.in_(untold),
            Membership.role == "practice_admin",
            Membership.ended_at.is_(None),
            Membership.suspended_at.is_(None),
            AppUser.status == "active",
        )
        .order_by(EmergencyAccess.id, AppUser.id)
    )
    for row in rows.all():
        await posting.post(
            db,
            row.email,
            "emergency_access",
            {
                "organization": row.name,
                "opened": f"{row.opened_at:%Y-%m-%d %H:%M} UTC",
                "expires": f"{row.expires_at:%Y-%m-%d %H:%M} UTC",
            },
        )
        letters += 1
    await db.execute(
        update(EmergencyAccess).where(EmergencyAccess.id.in_(untold)).values(told_at=clock.now())
    )
    return letters
