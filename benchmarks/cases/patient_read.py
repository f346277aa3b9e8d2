"""One patient read through the API, beside a handler that does the least of it.

Ours authenticates, limits, opens the practice's transaction, reads under row-level security, opens the
sealed document, writes the audit event with its subject, and commits. The floor is a Litestar handler of
its own in the same process: it looks the session up, reads the row by ORM, inserts one row and commits,
as a role that no policy binds. Both are asked by turns, straight through ASGI, one request at a time.
"""

import asyncio
import gc
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Litestar, Request, get
from sqlalchemy import event, select
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from benchmarks.registry import Figure, case
from billing_saas.api.app import create_app
from billing_saas.api.edge import Edge
from billing_saas.api.wire import Out
from billing_saas.audit.rules import Classes
from billing_saas.audit.tables import AuditEvent
from billing_saas.identity.rules import PERMISSIONS, token_hash
from billing_saas.identity.tables import ApiToken
from billing_saas.kit import clock, logs
from billing_saas.kit.db import Database
from billing_saas.kit.embedded import SUPERUSER
from billing_saas.kit.ids import new_id
from billing_saas.kit.rates import Limit
from billing_saas.ledger import journal
from billing_saas.patients.tables import Patient
from billing_saas.tenants import provisioning
from tests import cluster as clusters
from tests.build import month
from tests.cast import ELM, OPERATOR, Tenant, enrolled
from tests.fakes import MemoryKeys

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "12"))
REQUESTS = int(os.environ.get("BENCH_REQUESTS", "150"))
LEAST_OF_FLOOR = 0.7

Ask = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Spent:
    """Per request: seconds on the clock, and of this process's CPU."""

    wall: float
    cpu: float


@case("api.patient_read")
def patient_read() -> list[Figure]:
    logs.configure("ERROR")
    cluster = clusters.start()
    try:
        clone = clusters.clone()
        ours, floor, trips = asyncio.run(_measured(clone))
    finally:
        clusters.stop(cluster)
    ratio = floor.cpu / ours.cpu
    return [
        Figure(
            name="api.patient_read",
            ours=round(1 / ours.cpu),
            floor=round(1 / floor.cpu),
            ratio=round(ratio, 2),
            unit="requests per CPU second",
            required=f">= {LEAST_OF_FLOOR} of the floor",
            met=ratio >= LEAST_OF_FLOOR,
            note=f"round trips: ours {trips['ours']:.2f}, floor {trips['floor']:.2f}; by the clock"
            f" {1 / ours.wall:.0f} and {1 / floor.wall:.0f} a second ({floor.wall / ours.wall:.2f})",
        )
    ]


async def _measured(clone: clusters.Clone) -> tuple[Spent, Spent, dict[str, float]]:
    database = Database(clone.urls, MemoryKeys(), pool_size=2)
    tenant, token, patient_id = await _patient(database)
    engine = _engine(clone.url(SUPERUSER))
    # A benchmark is a flood: without a limit for its one address, and with others that count but never
    # refuse.
    edge = Edge(
        per_address=None,
        per_person=Limit("person", 1_000_000),
        per_practice=Limit("practice", 1_000_000),
    )
    ours = create_app(lambda: database, edge=edge)
    ours.state.database = database
    address = f"/v1/practices/{tenant.id}/patients/{patient_id}"
    asks = {
        "ours": _asker(ours, address, token),
        "floor": _asker(_floor(engine, tenant.id), f"/patients/{patient_id}", token),
    }
    engines = {"ours": (database.app, database.platform_engine), "floor": (engine,)}
    trips = {name: await _trips(asks[name], engines[name]) for name in asks}
    spent = await _by_turns(asks)
    await database.close()
    await engine.dispose()
    return spent["ours"], spent["floor"], trips


async def _patient(database: Database) -> tuple[Tenant, str, UUID]:
    await provisioning.initialise(database)
    company = await provisioning.add_company(database, "Ash Billing")
    practice = await provisioning.add_practice(database, OPERATOR, company, ELM, journal.open_book)
    tenant = Tenant(practice, company, ELM)
    boss = await enrolled(database, tenant, "boss", *PERMISSIONS)
    await month.work(database, tenant, boss.actor, claims=3)
    async with database.tenant(tenant.id) as db:
        first = await db.scalars(select(Patient.id).where(Patient.tenant_id == tenant.id).limit(1))
        return tenant, boss.token, first.one()


class PatientShown(Out, frozen=True):
    id: UUID
    state: str
    version: int


def _floor(engine: AsyncEngine, tenant_id: UUID) -> Litestar:
    @get("/patients/{patient_id:uuid}")
    async def read(request: Request[Any, Any, Any], patient_id: UUID) -> PatientShown:
        _, _, token = request.headers["authorization"].partition(" ")
        async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
            held = select(ApiToken).where(ApiToken.token_hash == token_hash(token))
            user_id = (await session.scalars(held)).one().user_id
            row = await session.get_one(Patient, (tenant_id, patient_id))
            session.add(_event(tenant_id, user_id, patient_id))
        return PatientShown(id=row.id, state=row.state or "", version=row.version)

    return Litestar([read], openapi_config=None, logging_config=None)


def _event(tenant_id: UUID, user_id: UUID, patient_id: UUID) -> AuditEvent:
    return AuditEvent(
        id=new_id(),
        tenant_id=tenant_id,
        at=clock.now(),
        actor_kind="user",
        actor_id=user_id,
        action="patient.read",
        object_type="patient",
        object_id=patient_id,
        purpose="payment",
        outcome="done",
        request_id="",
        ip_prefix="",
        classes_read=int(Classes.DEMOGRAPHIC),
        subjects_hash=bytes(32),
        detail={},
        mac_key=1,
        mac=bytes(32),
    )


def _engine(url: str) -> AsyncEngine:
    return create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"), pool_size=2)


def _asker(app: Litestar, path: str, token: str = "", *, cookie: str = "") -> Ask:
    """One GET through ASGI, without a client's own work: by a token, or by a browser's cookie."""
    headers = [(b"host", b"bench")]
    if token:
        headers.append((b"authorization", f"Bearer {token}".encode()))
    if cookie:
        headers.append((b"cookie", cookie.encode()))

    async def ask() -> None:
        status = 0

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            nonlocal status
            status = message.get("status", status)

        scope: Any = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": headers,
            "client": ("127.0.0.1", 1),
            "server": ("bench", 80),
            "state": {},
        }
        await app(scope, receive, send)  # type: ignore[arg-type]  # plain functions are ASGI enough
        if status != 200:
            raise RuntimeError(f"{path} answered {status}")

    return ask


async def _trips(ask: Ask, engines: tuple[AsyncEngine, ...]) -> float:
    """Round trips of one request: what the driver sends as text (BEGIN, COMMIT) and what SQLAlchemy
    executes, which is prepared by then."""
    sent = 0

    def count(_: Any) -> None:
        nonlocal sent
        sent += 1

    def executed(*_: Any) -> None:
        count(None)

    def watch(_: Any, record: Any, __: Any) -> None:
        record.dbapi_connection.driver_connection.add_query_logger(count)

    def leave(_: Any, record: Any) -> None:
        record.dbapi_connection.driver_connection.remove_query_logger(count)

    for _ in range(20):
        await ask()
    for engine in engines:
        event.listen(engine.sync_engine, "before_cursor_execute", executed)
        event.listen(engine.sync_engine, "checkout", watch)
        event.listen(engine.sync_engine, "checkin", leave)
    for _ in range(20):
        await ask()
    for engine in engines:
        event.remove(engine.sync_engine, "before_cursor_execute", executed)
        event.remove(engine.sync_engine, "checkout", watch)
        event.remove(engine.sync_engine, "checkin", leave)
    return sent / 20


async def _by_turns(asks: dict[str, Ask]) -> dict[str, Spent]:
    """The least that each took over the rounds: others on this machine can only add."""
    least = {name: Spent(1e9, 1e9) for name in asks}
    for _ in range(ROUNDS):
        for name, ask in asks.items():
            gc.collect()
            wall, cpu = time.perf_counter(), time.process_time()
            for _ in range(REQUESTS):
                await ask()
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            least[name] = Spent(
                min(least[name].wall, wall / REQUESTS), min(least[name].cpu, cpu / REQUESTS)
            )
    return least
