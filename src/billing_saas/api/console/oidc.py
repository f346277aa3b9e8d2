"""In by the identity provider of one's company or practice, and back from there."""

from http import HTTPStatus
from uuid import UUID

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.params import FromPath

from billing_saas.api import cookies
from billing_saas.api.console import pages
from billing_saas.api.console.visiting import Asked, Visit, Visitor
from billing_saas.federation import answering, leaving, providers, starting
from billing_saas.federation.answering import ProviderAnswer
from billing_saas.federation.starting import ProviderDown
from billing_saas.signin.errors import WrongCredential

Id = FromPath[UUID]

WAY = "__Host-billing_way"
"""What ties an answer to the browser that asked; for ten minutes."""

_REFUSED = (
    "You could not be signed in. Try again; if it goes on, ask whoever looks after accounts in your"
    " organization."
)
_DOWN = "Your organization's sign-in cannot be reached now. Try again in a moment."
_NONE = "No organization signs in here by this address. Use your password, or ask who invited you."


@get("/sign-in/oidc")
async def show_organizations(visit: Visitor, request: Asked) -> Response[str]:
    """`?organization=` is the link that an admin hands out: its ways in, without an address."""
    asked = _uuid(request.query_params.get("organization", ""))
    offers = await providers.of_organization(visit.database, asked) if asked else []
    return pages.page(visit, "organization", fault="", offers=offers)


@post("/sign-in/oidc")
async def find_organization(visit: Visitor) -> Response[str]:
    """By the domain of an address. The way on is a link, so that a person sees where it leads."""
    await visit.tries.of_place("organization", visit.place)
    offers = await providers.for_email(visit.database, visit.form.get("email", "")[:254])
    return pages.page(visit, "organization", fault="" if offers else _NONE, offers=offers)


@get("/sign-in/oidc/{provider_id:uuid}")
async def leave(visit: Visitor, request: Asked, provider_id: Id) -> Response[str]:
    await visit.tries.of_place("leaving", visit.place)
    openid = request.app.state.openid
    try:
        begun = await starting.start(visit.database, openid, provider_id, visit.meeting.site)
    except ProviderDown:
        return pages.page(
            visit, "organization", status=HTTPStatus.BAD_GATEWAY, fault=_DOWN, offers=[]
        )
    return pages.go(begun.url, [_way(visit, begun.browser)])


@get("/sign-in/oidc/{provider_id:uuid}/callback")
async def come_back(visit: Visitor, request: Asked, provider_id: Id) -> Response[str]:
    """Whatever comes back, the way is used up by it."""
    used = [_way(visit, "")]
    try:
        entered = await answering.by_provider(
            visit.database,
            request.app.state.openid,
            visit.tries,
            _answer(request, provider_id),
            visit.meeting.site,
            visit.place,
        )
    except WrongCredential:
        return pages.page(
            visit,
            "organization",
            status=HTTPStatus.UNAUTHORIZED,
            set_cookies=used,
            fault=_REFUSED,
            offers=[],
        )
    if entered.device:
        return pages.go("/home", [*visit.entered(entered), *used])
    session = cookies.made(visit.meeting, cookies.SESSION, entered.secret)
    return pages.go("/second-factor", [session, *used])


async def farewell(visit: Visit, request: Asked, user_id: UUID) -> Response[str]:
    """After the session here is over, of somebody for whom a provider vouched."""
    ways = await leaving.ways_out(
        visit.database, request.app.state.openid, user_id, f"{visit.meeting.site}/sign-in"
    )
    if not ways:
        return pages.go("/sign-in", visit.left())
    return pages.page(visit, "signed_out", set_cookies=visit.left(), signed_in=False, ways=ways)


def _answer(request: Asked, provider_id: UUID) -> ProviderAnswer:
    """One value of each: a second of the same name is a way to have two readers see two things."""
    brought: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        brought[name] = "" if name in brought else value
    return ProviderAnswer(
        provider_id=provider_id,
        state=brought.get("state", ""),
        code=brought.get("code", ""),
        issuer=brought.get("iss", ""),
        error=brought.get("error", ""),
        browser=cookies.read(request, WAY),
    )


def _way(visit: Visit, browser: str) -> Cookie:
    seconds = int(starting.GOOD_FOR.total_seconds()) if browser else 0
    return cookies.made(visit.meeting, WAY, browser, seconds=seconds)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


HANDLERS = [show_organizations, find_organization, leave, come_back]
