"""Secrets in a URL: the request is refused, and what was shown is worth nothing from then on.

A URL is kept by browsers, proxies and logs of others; a header is not (RFC 6750, 5.3).
"""

from urllib.parse import unquote

from litestar.types import Scope

from billing_saas.clients import leaking, rules
from billing_saas.clients.issuing import Caller
from billing_saas.kit import logs
from billing_saas.kit.db import Database

DETAIL = (
    "A secret stood in the URL. It is worth nothing any more: get another, and send it in a header."
)

_MOST_LOOKED_AT = 8


def shown_in(scope: Scope) -> list[str]:
    query = scope["query_string"].decode("latin-1")
    if "_" not in query and "_" not in scope["path"] and "%" not in query:
        return []
    return rules.shown_in(f"{scope['path']} {query} {unquote(query)}")[:_MOST_LOOKED_AT]


async def end(scope: Scope, shown: list[str]) -> None:
    """The log says that it happened and to how many, never what was shown, nor the URL."""
    database: Database = scope["litestar_app"].state.database
    state = scope["state"]
    caller = Caller(state["request_id"], state["ip_prefix"])
    async with database.platform() as db:
        ended = [await leaking.end_shown(db, caller, secret) for secret in shown]
    logs.get().warning(
        "secret in url", request_id=state["request_id"], count=len(shown), rows=sum(ended)
    )
