"""The application: routes, doors and errors put together over one database."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext

from litestar import Litestar, Response, Router, get
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.middleware import DefineMiddleware

from billing_saas.api import deps, docs, errors, health, limits, parameters
from billing_saas.api.answering import Answer
from billing_saas.api.bodies import MOST_JSON_BYTES, Bodies
from billing_saas.api.console import console
from billing_saas.api.declaring import KNOCK
from billing_saas.api.door import Door
from billing_saas.api.edge import Edge
from billing_saas.api.frame import RequestFrame
from billing_saas.api.hooks import carriers, stripe
from billing_saas.api.metering import Metering
from billing_saas.api.oauth import tokens
from billing_saas.api.portal import portal, refusing
from billing_saas.api.staff import (
    agencies,
    agency_files,
    arrivals,
    audit_events,
    balances,
    cards,
    circumstances,
    claims,
    clients,
    coding,
    collection_policy,
    companies,
    company_members,
    connections,
    contacts,
    dead_letters,
    desk,
    documents,
    duties,
    emergencies,
    explanations,
    guarantors,
    hardship,
    hardship_policy,
    identity_providers,
    invitations,
    members,
    messages,
    patient_portal,
    patient_requests,
    patients,
    payment_account,
    payments,
    payouts,
    placements,
    plans,
    practices,
    remittances,
    reviews,
    roles,
    sessions,
    statement_runs,
    statements,
    work,
)
from billing_saas.gateways.openid import OpenIdProviders
from billing_saas.kit.db import Database

_OPEN_TO_ALL = [
    "^/docs",
    "^/live$",
    "^/oauth/token$",
    "^/ready$",
    r"^/\.well-known/",
    "^/v1/invitation-acceptances$",
]


@get("/docs/start.js", include_in_schema=False, sync_to_thread=False, media_type="text/javascript")
def start_of_docs() -> Response[str]:
    return Response(docs.START, media_type="text/javascript")


# Every list of what is asked inside a practice.
_OF_A_PRACTICE = [
    practices.get_practice,
    *agencies.HANDLERS,
    *agency_files.HANDLERS,
    *arrivals.HANDLERS,
    *audit_events.HANDLERS,
    *balances.HANDLERS,
    *cards.HANDLERS,
    *circumstances.HANDLERS,
    *claims.HANDLERS,
    *coding.HANDLERS,
    *collection_policy.HANDLERS,
    *clients.HANDLERS,
    *connections.HANDLERS,
    *contacts.HANDLERS,
    *dead_letters.HANDLERS,
    *desk.HANDLERS,
    *documents.HANDLERS,
    *explanations.HANDLERS,
    *guarantors.HANDLERS,
    *duties.HANDLERS,
    *emergencies.HANDLERS,
    *hardship.HANDLERS,
    *hardship_policy.HANDLERS,
    *identity_providers.HANDLERS,
    *members.HANDLERS,
    *messages.HANDLERS,
    *patient_requests.HANDLERS,
    *patient_portal.HANDLERS,
    *patients.HANDLERS,
    *payment_account.HANDLERS,
    *payments.HANDLERS,
    *payouts.HANDLERS,
    *plans.HANDLERS,
    *placements.HANDLERS,
    *remittances.HANDLERS,
    *statement_runs.HANDLERS,
    *statements.HANDLERS,
    *reviews.HANDLERS,
]


def staff() -> Router:
    """People of the billing company and of the practice."""
    inside = Router(
        "/practices/{practice_id:uuid}",
        route_handlers=_OF_A_PRACTICE,
        dependencies={
            "actor": Provide(deps.actor),
            "db": Provide(deps.db),
            "page": Provide(deps.page, sync_to_thread=False),
            "people": Provide(deps.practice_people),
        },
    )
    of_company = Router(
        "/companies/{company_id:uuid}",
        route_handlers=[
            *companies.HANDLERS,
            *company_members.HANDLERS,
            *identity_providers.OF_COMPANY,
        ],
        dependencies={
            "actor": Provide(deps.company_actor, sync_to_thread=False),
            "company": Provide(deps.company),
            "page": Provide(deps.page, sync_to_thread=False),
            "people": Provide(deps.company_people),
        },
    )
    return Router(
        "/v1",
        route_handlers=[
            inside,
            of_company,
            companies.list_companies,
            invitations.accept_invitation,
            practices.list_practices,
            roles.list_roles,
            *sessions.HANDLERS,
            work.list_work,
        ],
        dependencies={"principal": Provide(deps.principal, sync_to_thread=False)},
        security=[{"bearer": []}, {"session": []}],
    )


def hooks() -> Router:
    """Those who knock: each handler looks who it is."""
    return Router("/hooks", route_handlers=[*carriers.HANDLERS, *stripe.HANDLERS], opt=KNOCK)


def create_app(
    open_database: Callable[[], Database],
    beside: Callable[[Database], AbstractContextManager[object]] = nullcontext,
    edge: Edge | None = None,
) -> Litestar:
    """`open_database` is called on the event loop of the server, which its engines belong to; what is
    `beside` the application lives as long as it.
    """
    meeting = edge or Edge()

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        app.state.database = open_database()
        with beside(app.state.database):
            yield
        await limits.close(app.state)
        await app.state.database.close()

    app = Litestar(
        route_handlers=[
            staff(),
            console.pages(),
            portal.pages(),
            hooks(),
            *tokens.HANDLERS,
            health.live,
            health.ready,
            start_of_docs,
            docs.assets(),
        ],
        lifespan=[lifespan],
        middleware=[
            DefineMiddleware(Door, exclude=_OPEN_TO_ALL, exclude_from_auth_key="page"),
            Bodies(meeting),
        ],
        guards=[parameters.known],
        response_class=Answer,
        exception_handlers={**errors.HANDLERS, HTTPException: refusing.told_by_path},
        openapi_config=docs.openapi(),
        request_max_body_size=MOST_JSON_BYTES,  # files are streamed past it, by routes that say so
        logging_config=None,  # its default logs bodies and headers; ours is in kit.logs
        debug=False,
    )
    app.state.edge = meeting
    app.state.openid = OpenIdProviders(meeting.outward)
    app.asgi_handler = RequestFrame(Metering(app.asgi_handler), meeting)
    return app
