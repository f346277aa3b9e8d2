"""A one-time code, for who wants to see more than a sum; and a new link, for who holds an old one."""

from http import HTTPStatus

from litestar import Response, get, post

from billing_saas.api import cookies
from billing_saas.api.portal import frame, visiting
from billing_saas.api.portal.visiting import Asked, Visit, Visitor
from billing_saas.portal import confirming
from billing_saas.portal.errors import NoVerifiedContact, WrongCode
from billing_saas.portal_office import reissuing

_AFTER = "/portal/home"


@get("/portal/code")
async def show_channels(visit: Visitor) -> Response[str]:
    if visit.entered.is_verified:
        return frame.go(_AFTER)
    return await _channels(visit)


@post("/portal/code")
async def send_code(visit: Visitor) -> Response[str]:
    channel = visit.form.get("channel", "")
    try:
        await confirming.ask(visit.database, visit.tries, visit.actor, visit.entered, channel)
    except NoVerifiedContact:
        return await _channels(visit, "code.not_sent")
    return frame.go("/portal/code/check")


@get("/portal/code/check")
async def show_check(visit: Visitor) -> Response[str]:
    if visit.entered.is_verified:
        return frame.go(_AFTER)
    return frame.page(visit, "code_check", "code.check", fault="")


@post("/portal/code/check")
async def check_code(visit: Visitor) -> Response[str]:
    typed = visit.form.get("code", "")[:20]
    try:
        raised = await confirming.check(
            visit.database, visit.tries, visit.actor, visit.entered, typed, visit.place
        )
    except WrongCode:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return frame.page(visit, "code_check", "code.check", status=status, fault="code.wrong")
    return frame.go(_AFTER, [visit.given(raised.secret)])


@get("/portal/new-link")
async def show_new_link(visit: Visitor) -> Response[str]:
    return frame.page(visit, "new_link", "again.title", done=False)


@post("/portal/new-link")
async def send_new_link(visit: Visitor, request: Asked) -> Response[str]:
    shown = cookies.read(request, visiting.LINK)
    await reissuing.ask(visit.database, visit.tries, shown, visit.place)
    return frame.page(visit, "new_link", "again.title", done=True)


async def _channels(visit: Visit, fault: str = "") -> Response[str]:
    visitor = visit.entered
    async with visit.practice() as db:
        found = await confirming.channels(db, visitor)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK
    return frame.page(visit, "code", "code.title", status=status, channels=found, fault=fault)


HANDLERS = [show_channels, send_code, show_check, check_code, show_new_link, send_new_link]
