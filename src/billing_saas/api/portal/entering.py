"""The way in: by a link, whose button a person presses, or by the code on paper; then the birth date."""

from http import HTTPStatus

from litestar import Response, get, post
from litestar.params import FromPath

from billing_saas.api import cookies
from billing_saas.api.portal import frame, visiting
from billing_saas.api.portal.visiting import Asked, Visit, Visitor
from billing_saas.links import rules as link_rules
from billing_saas.portal import entering, rules, sessions
from billing_saas.portal.entering import Shown
from billing_saas.portal.errors import WrongEntry


@get("/portal")
async def front(visit: Visitor) -> Response[None]:
    if visit.visitor is None:
        return frame.go("/portal/enter")
    return frame.go("/portal/home" if visit.visitor.is_verified else "/portal/bill")


@get("/s/{secret:str}")
async def show_link(visit: Visitor, secret: FromPath[str]) -> Response[str]:
    """A button and nothing else, whatever the link is worth: scanners of mail open every link."""
    return frame.page(visit, "link", "link.title", to=visit.here)


@post("/s/{secret:str}")
async def open_link(visit: Visitor, secret: FromPath[str]) -> Response[str]:
    """Out of the address and into a cookie; whether it is good is asked with the birth date."""
    kept = secret if len(secret) <= 64 else ""
    return frame.go(
        "/portal/birth-date",
        [cookies.made(visit.meeting, visiting.LINK, kept, seconds=visiting.LINK_SECONDS)],
    )


@get("/portal/birth-date")
async def show_birth_date(visit: Visitor) -> Response[str]:
    return frame.page(visit, "birth_date", "birth.title", fault="")


@post("/portal/birth-date")
async def by_link(visit: Visitor, request: Asked) -> Response[str]:
    return await _enter(visit, cookies.read(request, visiting.LINK), "birth_date", "birth.title")


@get("/portal/enter")
async def show_enter(visit: Visitor) -> Response[str]:
    return frame.page(visit, "enter", "enter.title", fault="", code="")


@post("/portal/enter")
async def by_code(visit: Visitor) -> Response[str]:
    typed = visit.form.get("code", "")[:64]
    if not link_rules.is_code(typed):
        return _again(visit, "enter", "enter.title", "enter.no_code", typed)
    return await _enter(visit, typed, "enter", "enter.title")


@post("/portal/sign-out")
async def sign_out(visit: Visitor) -> Response[str]:
    visitor = visit.entered
    async with visit.practice() as db:
        await sessions.end(db, visit.actor, visitor, reason="signed_out")
    return frame.go("/portal/enter", visit.left())


async def _enter(visit: Visit, secret: str, template: str, title: str) -> Response[str]:
    typed = (visit.form.get(part, "") for part in ("month", "day", "year"))
    born = rules.typed_date(*typed)
    if born is None:
        return _again(visit, template, title, "enter.no_date", secret)
    try:
        entered = await entering.enter(
            visit.database, visit.tries, Shown(secret, born, visit.language), visit.place
        )
    except WrongEntry:
        return _again(visit, template, title, "enter.wrong", secret)
    forgotten = cookies.made(visit.meeting, visiting.LINK, "", seconds=0)
    return frame.go("/portal/bill", [visit.given(entered.secret), forgotten])


def _again(visit: Visit, template: str, title: str, fault: str, code: str) -> Response[str]:
    return frame.page(
        visit,
        template,
        title,
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        fault=fault,
        code=code if template == "enter" else "",
    )


HANDLERS = [
    *(front, show_link, open_link, show_birth_date, by_link, show_enter, by_code, sign_out),
]
