"""Who visits: found before any page is made, and a form that changes something is checked to be ours."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from litestar import Request
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from billing_saas.api import cookies, door, edge, limits
from billing_saas.api.edge import Edge
from billing_saas.api.refusals import bad_request
from billing_saas.identity.errors import NotSignedIn
from billing_saas.kit.actor import Actor, AuthLevel
from billing_saas.kit.db import Database
from billing_saas.signin import factors, rules, sessions
from billing_saas.signin.entering import Entered
from billing_saas.signin.errors import SecondFactorMissing
from billing_saas.signin.factors import Factors
from billing_saas.signin.passkeys import Site
from billing_saas.signin.sessions import OpenSession
from billing_saas.signin.trying import Place, Tries
from billing_saas.vault import keys as vault_keys

Asked = Request[Any, Any, Any]

_READS = frozenset({"GET", "HEAD"})
_MOST_FIELDS = 20
CSRF_FIELD = "token"


@dataclass(frozen=True, slots=True, repr=False)
class Visit:
    """One request for a page: whose it is, where it comes from, and what its form says."""

    database: Database
    meeting: Edge
    browser: str
    secret: str
    session: OpenSession | None
    place: Place
    tries: Tries
    csrf: str
    form: dict[str, str]

    def __repr__(self) -> str:
        return "<Visit>"

    @property
    def site(self) -> Site:
        return Site(self.meeting.site)

    @property
    def entering(self) -> OpenSession:
        """A session of any level; `NotSignedIn` without one."""
        if self.session is None:
            raise NotSignedIn
        return self.session

    @property
    def signed_in(self) -> OpenSession:
        """A session that both factors opened."""
        session = self.entering
        if session.level < AuthLevel.TWO_FACTORS:
            raise SecondFactorMissing
        return session

    def must_be_signed_in(self) -> None:
        _ = self.signed_in

    @property
    def actor(self) -> Actor:
        return self.entering.actor(request_id=self.place.request_id, ip_prefix=self.place.ip_prefix)

    async def factors(self, user_id: UUID) -> Factors:
        async with self.database.platform() as db:
            return await factors.of(db, user_id)

    def entered(self, entered: Entered) -> list[Cookie]:
        """What the browser is given when a session came to mean more."""
        seconds = cookies.DEVICE_SECONDS
        return [
            cookies.made(self.meeting, cookies.SESSION, entered.secret),
            cookies.made(self.meeting, cookies.DEVICE, entered.device, seconds=seconds),
        ]

    def left(self) -> list[Cookie]:
        return [cookies.made(self.meeting, cookies.SESSION, "", seconds=0)]


# The framework would take it apart to look whether each part is of its type.
Visitor = NamedDependency[SkipValidation[Visit]]


async def arrive(request: Asked) -> None:
    """Before every page."""
    await door.told_apart(request)
    state = request.app.state
    meeting: Edge = state.edge
    browser = cookies.read(request, cookies.BROWSER) or rules.new_secret()
    secret, session = await _session(request, state.database)
    form: dict[str, str] = {}
    bound_to = secret or browser
    if request.method not in _READS:
        cookies.must_be_ours(request)
        form = _form(request.scope["state"].get("body", b""))
        await cookies.must_have_token(request, form.pop(CSRF_FIELD, ""), bound_to)
    request.state.visit = Visit(
        database=state.database,
        meeting=meeting,
        browser=browser,
        secret=secret,
        session=session,
        place=_place(request),
        tries=await tries_of(request),
        csrf=await cookies.csrf_token(request, bound_to),
        form=form,
    )


def visit(request: Asked) -> Visit:
    found: Visit = request.state.visit
    return found


async def tries_of(request: Asked) -> Tries:
    held = await vault_keys.of(request.app.state.database)
    return Tries(
        limiter=limits.limiter_of(request.app.state),
        buckets=request.scope["state"]["request_keys"].newest.buckets,
        devices=held.of("devices", held.newest),
    )


async def _session(request: Asked, database: Database) -> tuple[str, OpenSession | None]:
    secret = cookies.read(request, cookies.SESSION)
    if not secret:
        return "", None
    try:
        async with database.glance() as glance:
            return secret, await sessions.find(glance, secret)
    except NotSignedIn:
        return "", None


def _place(request: Asked) -> Place:
    state = request.scope["state"]
    return Place(
        prefix=edge.limit_prefix(state["client"]),
        device=cookies.read(request, cookies.DEVICE),
        ip_prefix=state["ip_prefix"],
        user_agent_hint=rules.browser_hint(request.headers.get("user-agent", "")[:400]),
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
