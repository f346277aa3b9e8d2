"""The pages as one router: each is asked by who visits, and refuses in a page."""

from litestar import Router
from litestar.di import Provide

from billing_saas.api.declaring import PAGE
from billing_saas.api.portal import (
    balance,
    bills,
    confirming,
    dressing,
    entering,
    help,
    insurance,
    letters,
    outside,
    plans,
    reaching,
    record,
    refusing,
    visiting,
)

# Rooms of pages, each a file with its HANDLERS.
PAGES = (
    *(balance, bills, confirming, dressing, entering, help, insurance, letters, plans, reaching),
    *(record,),
)


def pages() -> Router:
    asked = Router(
        "/",
        route_handlers=[*(handler for room in PAGES for handler in room.HANDLERS)],
        before_request=visiting.arrive,
        dependencies={"visit": Provide(visiting.visit, sync_to_thread=False)},
        exception_handlers=refusing.HANDLERS,
        include_in_schema=False,
        opt=PAGE,
    )
    return Router("/", route_handlers=[asked, *outside.HANDLERS], opt=PAGE)
