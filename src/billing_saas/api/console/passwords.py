"""Passwords by letter: who forgot one asks for a link, and sets a new one by it."""

from http import HTTPStatus
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from billing_saas.api.console import pages
from billing_saas.api.console.visiting import Visit, Visitor
from billing_saas.members import inviting
from billing_saas.members.errors import InvitationNotGood
from billing_saas.signin import recovering
from billing_saas.signin.errors import LinkNotGood, WeakPassword


@get("/forgotten-password")
async def show_forgotten(visit: Visitor) -> Response[str]:
    return pages.page(visit, "forgotten_password", asked=False, signed_in=False)


@post("/forgotten-password")
async def forgotten(visit: Visitor) -> Response[str]:
    """The same answer, and the same work, whoever it is."""
    async with visit.database.platform() as db:
        await recovering.ask(db, visit.tries, visit.form.get("email", ""), visit.place)
    return pages.page(visit, "forgotten_password", asked=True, signed_in=False)


@get("/password/{token:str}")
async def show_password(visit: Visitor, token: FromPath[str]) -> Response[str]:
    await visit.tries.of_place("link", visit.place)
    async with visit.database.platform() as db:
        if not await recovering.is_good(db, token):
            return _not_good(visit)
    return pages.page(visit, "set_password", link=token, fault="", signed_in=False)


@post("/password/{token:str}")
async def set_password(visit: Visitor, token: FromPath[str]) -> Response[str]:
    await visit.tries.of_place("link", visit.place)
    password, again = visit.form.get("password", ""), visit.form.get("again", "")
    fault = "The two do not match." if password != again else ""
    if not fault:
        try:
            await recovering.set_password_by(
                visit.database, token, password, breached=visit.meeting.breached
            )
        except WeakPassword as error:
            fault = error.message
        except LinkNotGood:
            return _not_good(visit)
    if not fault:
        return pages.page(visit, "password_set", set_cookies=visit.left(), signed_in=False)
    return pages.page(
        visit,
        "set_password",
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        link=token,
        fault=fault,
        signed_in=False,
    )


@get("/invitation/{token:str}")
async def show_invitation(visit: Visitor, token: FromPath[str]) -> Response[str]:
    """Opening it accepts nothing: scanners open links, too."""
    return pages.page(visit, "invitation", link=token, signed_in=False)


@post("/invitation/{token:str}")
async def accept_invitation(visit: Visitor, token: FromPath[str]) -> Response[Any]:
    await visit.tries.of_place("link", visit.place)
    name = visit.form.get("name", "").strip()[:100]
    try:
        accepted = await inviting.accept(visit.database, token, name or "New colleague")
    except InvitationNotGood:
        return _not_good(visit)
    return pages.go(accepted.password_link or "/sign-in")


def _not_good(visit: Visit) -> Response[str]:
    return pages.page(visit, "link_not_good", status=HTTPStatus.NOT_FOUND, signed_in=False)


HANDLERS = [
    *(show_forgotten, forgotten, show_password, set_password),
    *(show_invitation, accept_invitation),
]
