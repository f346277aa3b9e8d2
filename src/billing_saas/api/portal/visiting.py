"""Who visits the portal: found before any page is made, and a form is checked to be ours."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from litestar import Request
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from billing_saas.api import cookies, door, edge, limits
from billing_saas.api.edge import Edge
from billing_saas.api.portal import words
from billing_saas.api.refusals import bad_request
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import Database, TenantSession
from billing_saas.portal import rules, sessions
from billing_saas.portal.errors import NotEntered
from billing_saas.portal.sessions import PortalVisitor
from billing_saas.portal.trying import Place, Tries
from billing_saas.portal_looks import settings as looks
from billing_saas.portal_looks.settings import Look

Asked = Request[Any, Any, Any]

SESSION = "__Host-billing_portal"
BROWSER = "__Host-billing_portal_browser"
"""Before there is a session: what forms are bound to."""
LINK = "__Host-billing_portal_link"
"""The token of the link that was opened, so that no later page has it in its address."""
LANGUAGE = "__Host-billing_portal_language"
LANGUAGE_SECONDS = 180 * 86_400
LINK_SECONDS = 900

_READS = frozenset({"GET", "HEAD"})
_MOST_FIELDS = 40
CSRF_FIELD = "token"


@dataclass(frozen=True, slots=True, repr=False)
class Visit:
    """One request for a page: whose it is, where it comes from, what its form says, and how the practice
    looks (nobody's look before it is known whose patient this is)."""

    database: Database
    meeting: Edge
    browser: str
    secret: str
    visitor: PortalVisitor | None
    look: Look | None
    place: Place
    tries: Tries
    csrf: str
    form: dict[str, str]
    language: str
    chosen: bool
    """The language was chosen by this very request, and is to be remembered."""
    here: str
    """The path of this page, for the links that show it in another language."""

    def __repr__(self) -> str:
        return "<Visit>"

    @property
    def entered(self) -> PortalVisitor:
        """A visitor of any level; `NotEntered` leads to the way in."""
        if self.visitor is None:
            raise NotEntered
        return self.visitor

    @property
    def verified(self) -> PortalVisitor:
        """A visitor who showed a one-time code; `NeedsMore` leads to where one is sent."""
        visitor = self.entered
        visitor.must_be_verified()
        return visitor

    @property
    def actor(self) -> Actor:
        return self.entered.actor(request_id=self.place.request_id, ip_prefix=self.place.ip_prefix)

    @property
    def style(self) -> Look:
        """How the practice of who entered looks."""
        if self.look is None:
            raise NotEntered
        return self.look

    @asynccontextmanager
    async def practice(self) -> AsyncIterator[TenantSession]:
        """The transaction of one page, in the practice of who entered."""
        async with self.database.tenant(self.entered.tenant_id) as db:
            yield db

    def say(self, key: str, **filled: object) -> str:
        return words.say(self.language, key, **filled)

    def given(self, secret: str) -> Cookie:
        """What the browser is given when a session was opened, or came to mean more."""
        return cookies.made(self.meeting, SESSION, secret)

    def left(self) -> list[Cookie]:
        return [cookies.made(self.meeting, name, "", seconds=0) for name in (SESSION, LINK)]


# The framework would take it apart to look whether each part is of its type.
Visitor = NamedDependency[SkipValidation[Visit]]


async def arrive(request: Asked) -> None:
    """Before every page."""
    request.state.language = language_of(request)
    await door.told_apart(request)
    state = request.app.state
    meeting: Edge = state.edge
    browser = cookies.read(request, BROWSER) or rules.new_secret()
    secret, visitor, look = await _session(request, state.database)
    form: dict[str, str] = {}
    bound_to = secret or browser
    if request.method not in _READS:
        cookies.must_be_ours(request)
        form = _form(request.scope["state"].get("body", b""))
        await cookies.must_have_token(request, form.pop(CSRF_FIELD, ""), bound_to)
    asked = request.query_params.get("lang", "")
    chosen = asked in words.LANGUAGES
    language = _spoken(request, look, visitor)
    request.state.language = language
    request.state.visit = Visit(
        database=state.database,
        meeting=meeting,
        browser=browser,
        secret=secret,
        visitor=visitor,
        look=look,
        place=_place(request),
        tries=Tries(
            limiter=limits.limiter_of(state),
            buckets=request.scope["state"]["request_keys"].newest.buckets,
        ),
        csrf=await cookies.csrf_token(request, bound_to),
        form=form,
        language=language,
        chosen=chosen,
        here=request.url.path,
    )


def visit(request: Asked) -> Visit:
    found: Visit = request.state.visit
    return found


def language_of(request: Asked) -> str:
    """As somebody chose here, or as the browser asks."""
    asked = request.query_params.get("lang", "")
    kept = cookies.read(request, LANGUAGE)
    for one in (asked, kept):
        if one in words.LANGUAGES:
            return one
    return words.preferred(request.headers.get("accept-language", "")[:200])


def _spoken(request: Asked, look: Look | None, visitor: PortalVisitor | None) -> str:
    """Of those that the practice offers; the visitor's own when nothing was chosen in this browser."""
    wanted = language_of(request)
    chosen = request.query_params.get("lang", "") or cookies.read(request, LANGUAGE)
    if visitor is not None and chosen not in words.LANGUAGES:
        wanted = visitor.language
    if look is not None and wanted not in look.languages:
        return look.languages[0]
    return wanted


async def _session(
    request: Asked, database: Database
) -> tuple[str, PortalVisitor | None, Look | None]:
    secret = cookies.read(request, SESSION)
    if not secret:
        return "", None, None
    try:
        async with database.glance() as glance:
            practice_id = await sessions.practice_of(glance, secret)
        async with database.tenant(practice_id) as db:
            visitor = await sessions.find(db, secret)
            return secret, visitor, await looks.look_of(db)
    except NotEntered:
        return "", None, None


def _place(request: Asked) -> Place:
    state = request.scope["state"]
    return Place(
        prefix=edge.limit_prefix(state["client"]),
        ip_prefix=state["ip_prefix"],
        request_id=state["request_id"],
    )


def _form(body: bytes) -> dict[str, str]:
    """A field that comes twice, or is no text, is refused: nobody should read it otherwise than we do."""
    try:
        fields = parse_qsl(
            body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict"
        )
    except ValueError:
        raise bad_request("The form cannot be read.") from None
    made = dict(fields)
    if len(made) < len(fields) or any("\0" in value for value in made.values()):
        raise bad_request("The form cannot be read.")
    return made
