"""The first page of the work of all practices, for somebody of 20, of 200 and of 2,000 of them.

2,000 practices with 50 open cards each. Ours is `GET /v1/work` through ASGI: it looks the person's roles
up in every practice, says the list to the database, and reads below row policies. The floor is the same
page by SQL written by hand, as the superuser, whom no policy binds, without looking anybody up.

Beside it the page to land on, `GET /home`: every practice with its open cards, counted anew.
"""

import asyncio
import os
import statistics
import time
from collections.abc import Awaitable, Callable
from uuid import UUID

import asyncpg
import psycopg

from benchmarks.cases.patient_read import _asker as asker
from benchmarks.registry import Figure, case
from billing_saas.api import cookies as cookie_names
from billing_saas.api.app import create_app
from billing_saas.api.edge import Edge
from billing_saas.identity import enrolling
from billing_saas.kit import logs
from billing_saas.kit.db import Database
from billing_saas.kit.embedded import SUPERUSER
from billing_saas.kit.ids import new_ids
from billing_saas.signin import sessions
from billing_saas.tenants import provisioning
from tests import cluster as clusters
from tests.fakes import MemoryKeys

SIZES = (20, 200, 2_000)
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "20"))
MOST_MS = 100
MOST_HOME_MS = 500

_PRACTICES = """
    INSERT INTO practice (tenant_id, company_id, name, npi, tax_id, time_zone, status, created_at)
    SELECT id, %(company)s, 'Practice ' || n, lpad(n::text, 10, '0'), lpad(n::text, 9, '0'),
      'America/Chicago', 'active', now() FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS made (id, n)
"""
_AGREEMENTS = """
    INSERT INTO agreement (id, company_id, tenant_id, kind, signed_on, signed_by, created_at)
    SELECT gen_random_uuid(), %(company)s, id, 'business_associate', date '2026-01-05', 'Dr. E. Elm',
      now() FROM unnest(%(ids)s::uuid[]) AS made (id)
"""
_CARDS = """
    INSERT INTO card (tenant_id, id, kind, why, owner, subject_type, subject_id, due_on, source,
      opened_at)
    SELECT tenant.id, card.id, 'denial', 'The payer denied a line.', 'biller', 'claim', card.id,
      date '2026-10-01' + (card.n * 7919 %% 90)::int, card.n::text, now()
    FROM unnest(%(cards)s::uuid[]) WITH ORDINALITY AS card (id, n)
    JOIN unnest(%(ids)s::uuid[]) WITH ORDINALITY AS tenant (id, n)
      ON tenant.n = 1 + card.n %% cardinality(%(ids)s::uuid[])
"""
_MEMBERS = """
    INSERT INTO membership (id, user_id, tenant_id, role, granted_at)
    SELECT gen_random_uuid(), %(user)s, id, 'biller', now() FROM unnest(%(ids)s::uuid[]) AS made (id)
"""
_FLOOR = """
    SELECT card.*, practice.name FROM card JOIN practice USING (tenant_id)
    WHERE card.state = 'open' AND card.tenant_id = ANY ($1)
    ORDER BY coalesce(due_on, date '9000-01-01'), card.id, card.tenant_id LIMIT 51
"""


@case("api.work")
def work() -> list[Figure]:
    logs.configure("ERROR")
    cluster = clusters.start()
    try:
        return asyncio.run(_measured(clusters.clone()))
    finally:
        clusters.stop(cluster)


async def _measured(clone: clusters.Clone) -> list[Figure]:
    database = Database(clone.urls, MemoryKeys(), pool_size=2)
    ids = new_ids(max(SIZES))
    tokens, cookies = await _people(database, clone, ids)
    app = create_app(lambda: database, edge=Edge(per_address=None, per_person=None))
    app.state.database = database
    above = await asyncpg.connect(clone.url(SUPERUSER))

    def by_hand(listed: list[UUID]) -> Callable[[], Awaitable[object]]:
        return lambda: above.fetch(_FLOOR, listed)

    figures = []
    home = {size: asker(app, "/home", cookie=cookies[size]) for size in SIZES}
    for size in SIZES:
        ours = await _milliseconds(asker(app, "/v1/work", tokens[size]))
        floor = await _milliseconds(by_hand(ids[:size]))
        figures.append(
            Figure(
                name=f"api.work {size}",
                ours=round(ours, 1),
                floor=round(floor, 1),
                ratio=round(floor / ours, 2),
                unit="ms for the first page",
                required=f"<= {MOST_MS} ms" if size == max(SIZES) else "",
                met=ours <= MOST_MS if size == max(SIZES) else None,
                note=f"of {max(SIZES):,} practices with 50 open cards each, {size} are theirs",
            )
        )
    for size in SIZES:
        taken = await _milliseconds(home[size])
        figures.append(
            Figure(
                name=f"api.home {size}",
                ours=round(taken, 1),
                unit="ms for the page",
                required=f"<= {MOST_HOME_MS} ms" if size == max(SIZES) else "",
                met=taken <= MOST_HOME_MS if size == max(SIZES) else None,
                note="every practice summed, the first 200 shown",
            )
        )
    await above.close()
    await database.close()
    return figures


async def _people(
    database: Database, clone: clusters.Clone, ids: list[UUID]
) -> tuple[dict[int, str], dict[int, str]]:
    """By how many practices they are in: a person's token, and the cookie of a browser."""
    await provisioning.initialise(database)
    company = await provisioning.add_company(database, "Ash Billing")
    made = {"company": company, "ids": ids, "cards": new_ids(50 * len(ids))}
    tokens, cookies = {}, {}
    named = cookie_names.name_of(Edge(), cookie_names.SESSION)
    with psycopg.connect(clone.url(SUPERUSER), autocommit=True) as c:
        for statement in (_PRACTICES, _AGREEMENTS, _CARDS):
            c.execute(statement, made)
        for size in SIZES:
            async with database.platform() as platform:
                user = await enrolling.add_user(
                    platform, email=f"of{size}@example.test", display_name="A biller"
                )
                tokens[size] = await enrolling.issue_token(platform, user, name="benchmark")
                secret = await sessions.open_session(
                    platform,
                    user,
                    methods=frozenset({"pwd", "otp"}),
                    ip_prefix="203.0.113.0/24",
                    user_agent_hint="a benchmark",
                )
                cookies[size] = f"{named}={secret}"
            c.execute(_MEMBERS, {"user": user, "ids": ids[:size]})
        c.execute("ANALYZE")
    return tokens, cookies


async def _milliseconds(ask: Callable[[], Awaitable[object]]) -> float:
    taken = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        await ask()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken) * 1_000
