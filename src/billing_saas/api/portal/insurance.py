"""Insurance on file, and the way to have it corrected."""

from litestar import Response, get

from billing_saas.api.portal import inside
from billing_saas.api.portal.visiting import Visitor
from billing_saas.portal import insurance


@get("/portal/insurance")
async def show_insurance(visit: Visitor) -> Response[str]:
    async with inside.practice(visit) as (db, actor):
        held = await insurance.on_file(db, actor)
    return inside.page(
        visit, "insurance", "insurance.title", coverages=held, under="/portal/record"
    )


HANDLERS = [show_insurance]
