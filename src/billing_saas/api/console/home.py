"""The place to land: a person's practices side by side."""

from uuid import UUID

from litestar import Response, get

from billing_saas.api.console import pages
from billing_saas.api.console.visiting import Visitor
from billing_saas.identity.signing_in import Principal
from billing_saas.kit import clock
from billing_saas.reports import landing
from billing_saas.reports.landing import Sees
from billing_saas.signin import factors, sessions

_SHOWN = 200
# Overdue is told by the latest day there is in the country: nothing is called late too early.
_ZONE = "Pacific/Honolulu"


@get("/home")
async def show_home(visit: Visitor) -> Response[str]:
    session = visit.signed_in
    async with visit.database.platform() as db:
        principal = await sessions.principal(db, session)
        name = (await factors.of(db, session.user_id)).display_name
    async with visit.database.company(principal.practices) as company:
        rows = await landing.rows(company, _sees(principal), clock.today(_ZONE))
    total = landing.total(rows)
    return pages.page(
        visit,
        "home",
        name=name,
        rows=rows[:_SHOWN],
        more=len(rows) - _SHOWN,
        total=total,
        counted_at=total.counted_at,
        buckets=landing.BUCKETS,
    )


def _sees(principal: Principal) -> Sees:
    def where(permission: str) -> frozenset[UUID]:
        return frozenset(
            practice_id
            for practice_id in principal.practices
            if permission in principal.permissions_in(practice_id)
        )

    return Sees(where("cards.read"), where("remittances.read"), where("ledger.read"))


HANDLERS = [show_home]
