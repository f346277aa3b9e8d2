"""The cookies of a browser: which session it holds, and that a change comes from a page of ours.

Their names begin with `__Host-` where we are reached by https, so that no neighbor of our domain can
set them and none ever travels in the clear. In development, over http, they have no prefix.
"""

import hashlib
import hmac
import re
from http import HTTPStatus
from typing import Any

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

from billing_saas.api import places
from billing_saas.api.edge import Edge
from billing_saas.api.refusals import Refusal
from billing_saas.identity.errors import NotSignedIn
from billing_saas.identity.signing_in import Principal
from billing_saas.kit.db import Database
from billing_saas.signin import sessions
from billing_saas.vault import keys as vault_keys

Connection = ASGIConnection[Any, Any, Any, Any]

PREFIX = "__Host-"
SESSION = "__Host-billing_session"
BROWSER = "__Host-billing_browser"
"""Before there is a session: what forms and passkeys are bound to."""
DEVICE = "__Host-billing_device"
"""In which accounts signed in here before."""
CSRF_HEADER = "X-CSRF-Token"
DEVICE_SECONDS = 180 * 86_400

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_OURS = frozenset({"same-origin", "none"})
_PLAIN = re.compile(r"[A-Za-z0-9_.-]{1,300}\Z")


def name_of(meeting: Edge, name: str) -> str:
    return name if meeting.secure else name.removeprefix(PREFIX)


def read(connection: Connection, name: str) -> str:
    """Empty when there is none, or none that we could have set."""
    value = connection.cookies.get(name_of(connection.app.state.edge, name), "")
    return value if _PLAIN.match(value) else ""


def made(meeting: Edge, name: str, value: str, *, seconds: int | None = None) -> Cookie:
    """Lax: who follows a link to us from a letter arrives signed in; no other site can post for them."""
    return Cookie(
        key=name_of(meeting, name),
        value=value,
        path="/",
        max_age=seconds,
        secure=meeting.secure,
        httponly=True,
        samesite="lax",
    )


async def principal_of(connection: Connection) -> Principal:
    """The person whose session the browser holds. A change must come from a page of ours."""
    secret = read(connection, SESSION)
    if not secret:
        raise NotSignedIn
    database: Database = connection.app.state.database
    async with database.glance() as glance:
        principal = await sessions.principal_of(glance, secret, places.of(connection))
    if connection.scope.get("method", "") not in _READS:
        must_be_ours(connection)
        await must_have_token(connection, connection.headers.get(CSRF_HEADER, ""), secret)
    return principal


def must_be_ours(connection: Connection) -> None:
    """As the browser says it, which no page can change (Fetch Metadata). `Origin` says less: our own
    forms send `null`, because a page that tells no referrer tells no origin either."""
    if connection.headers.get("sec-fetch-site", "") not in _OURS:
        raise _refused("A change must come from a page of ours.")


async def must_have_token(connection: Connection, token: str, bound_to: str) -> None:
    if not hmac.compare_digest(token.encode(), (await csrf_token(connection, bound_to)).encode()):
        raise _refused("The page is too old: load it again, then repeat this.")


async def csrf_token(connection: Connection, bound_to: str) -> str:
    """For the pages of one session, or of one browser that has none: worth nothing beside another
    cookie. It changes with the session's secret."""
    database: Database = connection.app.state.database
    keys = await vault_keys.of(database)
    key = keys.of("csrf", keys.newest)
    return hmac.digest(key, bound_to.encode(), hashlib.sha256).hex()


def _refused(detail: str) -> Refusal:
    return Refusal(HTTPStatus.FORBIDDEN, "cross-site-request", detail)
