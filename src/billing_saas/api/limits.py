"""How often who may ask: per address, per person and per practice, before anything is looked up."""

from http import HTTPStatus
from typing import Any

from litestar.connection import ASGIConnection
from litestar.datastructures import State

from billing_saas.api import edge
from billing_saas.api.edge import Edge
from billing_saas.api.refusals import Refusal
from billing_saas.identity.signing_in import Principal
from billing_saas.kit.rates import Limit, Want
from billing_saas.requests import rules
from billing_saas.requests.errors import TooMany
from billing_saas.requests.limiting import Limiter, Standing

Connection = ASGIConnection[Any, Any, Any, Any]


def limiter_of(state: State) -> Limiter:
    """This process's, over the store that all processes share."""
    held: Limiter | None = state.get("limiter")
    if held is None:
        meeting: Edge = state.edge
        held = state.limiter = Limiter(meeting.rates(state.database))
    return held


async def close(state: State) -> None:
    held: Limiter | None = state.get("limiter")
    if held is not None:
        await held.close()


async def by_address(connection: Connection) -> None:
    """Before a credential is looked at: guesses count as much as requests."""
    limit = connection.app.state.edge.per_address
    if limit is not None:
        prefix = edge.limit_prefix(connection.scope["state"]["client"])
        await _take(connection, Want(_bucket(connection, "address", prefix), limit))


async def by_principal(connection: Connection, principal: Principal) -> None:
    meeting: Edge = connection.app.state.edge
    wants = []
    if meeting.per_person is not None:
        wants.append(Want(_bucket(connection, "person", principal.user_id), meeting.per_person))
    practice_id = connection.path_params.get("practice_id")
    # Only its members use up a practice's share.
    if meeting.per_practice is not None and practice_id in principal.practices:
        wants.append(Want(_bucket(connection, "practice", practice_id), meeting.per_practice))
    if wants:
        await _take(connection, *wants)


# Asked by each of a client's machines every ten minutes; what was shown is 256 bits, and no guess.
_PER_CLIENT = Limit("client", 60)


async def of_client(connection: Connection, named: str) -> None:
    """Tokens asked for in a client's name, from one address: nobody uses up another's share."""
    prefix = edge.limit_prefix(connection.scope["state"]["client"])
    await _take(connection, Want(_bucket(connection, "client", prefix, named), _PER_CLIENT))


def _bucket(connection: Connection, kind: str, *subject: Any) -> bytes:
    return rules.bucket(connection.scope["state"]["request_keys"].newest.buckets, kind, *subject)


async def _take(connection: Connection, *wants: Want) -> None:
    try:
        connection.scope["state"]["standing"] = await limiter_of(connection.app.state).take(*wants)
    except TooMany as error:
        refused = next(want.limit for want in wants if want.limit.name == error.limit)
        connection.scope["state"]["standing"] = Standing(refused, 0, error.seconds)
        raise Refusal(
            HTTPStatus.TOO_MANY_REQUESTS,
            "too-many-requests",
            f"More than the limit per {error.limit} allows; wait {error.seconds} s.",
            headers={"Retry-After": str(error.seconds)},
        ) from None
