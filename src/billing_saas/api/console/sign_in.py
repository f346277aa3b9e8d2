"""The way in and out: address and password, then a second factor; or a passkey alone."""

from http import HTTPStatus

from litestar import Response, get, post

from billing_saas.api import cookies
from billing_saas.api.console import oidc, pages
from billing_saas.api.console.visiting import Asked, Visit, Visitor
from billing_saas.kit.actor import AuthLevel
from billing_saas.signin import entering, passkeys, sessions
from billing_saas.signin.errors import WrongCredential

_WRONG = "That did not match. Check what you typed, then try again."
_WRONG_PASSKEY = "That passkey is not good here. Try again, or use your password."


@get("/")
async def front(visit: Visitor) -> Response[None]:
    return pages.go("/home" if visit.session is not None else "/sign-in")


@get("/sign-in")
async def show_sign_in(visit: Visitor) -> Response[str]:
    if visit.session is not None and visit.session.level is AuthLevel.TWO_FACTORS:
        return pages.go("/home")
    return pages.page(visit, "sign_in", fault="", signed_in=False)


@post("/sign-in")
async def sign_in(visit: Visitor) -> Response[str]:
    email, password = visit.form.get("email", ""), visit.form.get("password", "")
    try:
        secret = await entering.by_password(
            visit.database, visit.tries, email, password, visit.place
        )
    except WrongCredential:
        return pages.page(
            visit, "sign_in", status=HTTPStatus.UNAUTHORIZED, fault=_WRONG, signed_in=False
        )
    return pages.go("/second-factor", [cookies.made(visit.meeting, cookies.SESSION, secret)])


@post("/sign-in/passkey/options")
async def offer_passkey(visit: Visitor) -> Response[str]:
    """What the browser is to sign, for whichever of its passkeys the person picks."""
    await visit.tries.of_place("offer", visit.place)
    async with visit.database.platform() as db:
        options = await passkeys.offer(db, visit.site, visit.browser)
    return Response(options, media_type="application/json")


@post("/sign-in/passkey")
async def sign_in_by_passkey(visit: Visitor) -> Response[str]:
    answer = visit.form.get("answer", "")
    try:
        entered = await entering.by_passkey(
            visit.database, visit.tries, visit.site, visit.browser, answer, visit.place
        )
    except WrongCredential:
        return pages.page(
            visit, "sign_in", status=HTTPStatus.UNAUTHORIZED, fault=_WRONG_PASSKEY, signed_in=False
        )
    return pages.go("/home", visit.entered(entered))


@get("/second-factor")
async def show_second_factor(visit: Visitor) -> Response[str]:
    session = visit.entering
    if session.level is AuthLevel.TWO_FACTORS:
        return pages.go("/home")
    standing = await visit.factors(session.user_id)
    if not standing.any:
        return pages.go("/enrollment")
    return pages.page(visit, "second_factor", factors=standing, fault="", to="/second-factor")


@post("/second-factor")
async def second_factor(visit: Visitor) -> Response[str]:
    return await _shown(visit, "/second-factor", "/home")


@get("/step-up")
async def show_step_up(visit: Visitor) -> Response[str]:
    standing = await visit.factors(visit.signed_in.user_id)
    return pages.page(visit, "second_factor", factors=standing, fault="", to="/step-up")


@post("/step-up")
async def step_up(visit: Visitor) -> Response[str]:
    """A second factor again, just now: for acts that ask for it."""
    visit.must_be_signed_in()
    return await _shown(visit, "/step-up", "/account")


@post("/second-factor/passkey/options")
async def offer_own_passkey(visit: Visitor) -> Response[str]:
    session = visit.entering
    async with visit.database.platform() as db:
        options = await passkeys.offer(db, visit.site, visit.browser, session.user_id)
    return Response(options, media_type="application/json")


async def _shown(visit: Visit, here: str, then: str) -> Response[str]:
    session = visit.entering
    code, answer = visit.form.get("code", ""), visit.form.get("answer", "")
    try:
        if answer:
            entered = await entering.by_own_passkey(
                visit.database,
                visit.tries,
                visit.site,
                visit.browser,
                answer,
                visit.secret,
                visit.place,
            )
        else:
            entered = await entering.by_code(
                visit.database, visit.tries, visit.secret, code, visit.place
            )
    except WrongCredential:
        standing = await visit.factors(session.user_id)
        return pages.page(
            visit,
            "second_factor",
            status=HTTPStatus.UNAUTHORIZED,
            factors=standing,
            fault=_WRONG,
            to=here,
        )
    return pages.go(then, visit.entered(entered))


@post("/sign-out")
async def sign_out(visit: Visitor, request: Asked) -> Response[str]:
    session = visit.entering
    async with visit.database.platform() as db:
        await sessions.end(db, visit.actor, session.id, reason="signed_out")
    if "fed" in session.methods:
        return await oidc.farewell(visit, request, session.user_id)
    return pages.go("/sign-in", visit.left())


HANDLERS = [
    *(front, show_sign_in, sign_in, offer_passkey, sign_in_by_passkey, show_second_factor),
    *(second_factor, show_step_up, step_up, offer_own_passkey, sign_out),
]
