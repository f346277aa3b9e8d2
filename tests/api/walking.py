"""Walk every route as somebody, on the application itself."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from httpx import ASGITransport, AsyncClient, Response
from litestar import Litestar

from billing_saas.api import contract
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from tests import apps
from tests.api.conforming import Conforming
from tests.api.routes import FOR_STRANGERS, Route, routes
from tests.isolation.rows import World


@dataclass(frozen=True)
class Client:
    """The application on the test's own event loop, which the database's connections belong to."""

    app: Litestar
    http: AsyncClient


@asynccontextmanager
async def knocking(database: Database) -> AsyncIterator[Client]:
    with apps.lent(database) as app:
        asgi: Any = app
        transport = ASGITransport(asgi, raise_app_exceptions=False)
        async with AsyncClient(transport=Conforming(transport), base_url="http://test") as http:
            yield Client(app, http)


def walked(client: Client) -> list[Route]:
    """All but what is done without an account."""
    every = routes(contract.document(client.app))
    return [route for route in every if str(route) not in FOR_STRANGERS]


_TABLES = {
    "thread_id": "letter_thread",
    "guarantor_id": "patient",
    "supersedes": "payment_plan",
    "agency_id": "collection_agency",
    "baa_document_id": "document",
    "logo_document_id": "document",
    "user_id": "app_user",
    "session_id": "user_session",
    "reset_id": "factor_reset",
}


def ids_for(route: Route, practice_id: UUID, world: World | None) -> dict[str, UUID]:
    """The practice, and for each `thing_id` the id of that practice's row of `thing`."""
    ids = {"practice_id": practice_id}
    for name in {*route.row_parameters, *route.asked_ids} - {"practice_id"}:
        table = _TABLES.get(name, name.removesuffix("_id"))
        assert world is None or table in world, f"{route}: which table is {name} of?"
        ids[name] = new_id() if world is None else _key_of(world[table])
    return ids


def _key_of(row: Mapping[str, Any]) -> UUID:
    return UUID(str(row.get("id") or row["tenant_id"]))  # a practice is its own tenant


async def ask(
    client: Client, route: Route, ids: Mapping[str, UUID], headers: Mapping[str, str]
) -> Response:
    made = route.request({n: v for n, v in ids.items() if n in route.asked_ids})
    made["headers"] = {**made.get("headers", {}), **headers}
    return await client.http.request(route.method, route.url(ids), **made)


def told(response: Response) -> Any:
    """The answer without the one thing that is new every time."""
    if "json" not in response.headers.get("Content-Type", ""):
        return response.content  # a file, or nothing
    body = response.json()
    return {k: v for k, v in body.items() if k != "request_id"} if isinstance(body, dict) else body
