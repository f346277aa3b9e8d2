"""Lists of a practice with 100,000 rows, beside another's: every page costs the same, none reads all."""

from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from billing_saas.claims import queries as claims
from billing_saas.followups import queries as followups
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import Database, TenantSession
from billing_saas.kit.paging import PageRequest
from billing_saas.remittances import queries as remittances
from tests import cluster as clusters
from tests.api.plans import plan_of
from tests.fakes import MemoryKeys

pytestmark = pytest.mark.slow

ROWS = 100_000
ELM, OAK = uuid4(), uuid4()
NOBODY = UUID(int=0)
BILLER = Actor(
    kind=ActorKind.USER,
    id=uuid4(),
    permissions=frozenset({"cards.read", "claims.read", "remittances.read"}),
)
A_DAY = date(2026, 3, 1)

# Ids as `kit.ids` makes them, a second apart. Of each list, a few rows are what is looked for.
_CARDS = """
INSERT INTO card (tenant_id, id, kind, why, owner, subject_type, subject_id, claim_id, due_on, state,
  source, opened_at)
SELECT %(tenant)s, uuidv7((n - %(rows)s) * interval '1 second'),
  CASE WHEN n %% 10 = 0 THEN 'denial' ELSE 'payment_review' END, '',
  CASE WHEN n %% 10 = 1 THEN 'coder' ELSE 'biller' END, 'claim', gen_random_uuid(),
  CASE WHEN n %% 25000 = 0 THEN %(nobody)s ELSE gen_random_uuid() END,
  DATE '2026-01-01' + n / 1000, CASE WHEN n %% 100 = 0 THEN 'done' ELSE 'open' END,
  n::text, now()
FROM generate_series(1, %(rows)s) AS n"""
_REMITTANCES = """
INSERT INTO remittance (tenant_id, id, arrival_id, n, payer_id, payer_name, trace_number,
  payment_cents, method, payment_on, claims, claims_paid_cents, provider_adjustment_cents,
  difference_cents, state, received_at, phi_demo, key_ver)
SELECT %(tenant)s, uuidv7((n - %(rows)s) * interval '1 second'), gen_random_uuid(), 1,
  gen_random_uuid(), '', n::text, 0, 'ACH', DATE '2026-01-01' + n / 1000, 1, 0, 0, 0, 'posted',
  now(), '', 1
FROM generate_series(1, %(rows)s) AS n"""
_CLAIMS = """
INSERT INTO claim (tenant_id, id, encounter_id, patient_id, billing_provider_id, work, receivable,
  next_action_owner, charge_cents, service_from, service_to, phi_demo, key_ver, created_at)
SELECT %(tenant)s, uuidv7((n - %(rows)s) * interval '1 second'), gen_random_uuid(),
  CASE WHEN n %% 25000 = 0 THEN %(nobody)s ELSE gen_random_uuid() END, gen_random_uuid(), 'ready',
  'primary', 'payer', 0, DATE '2026-01-01' + n / 1000, DATE '2026-01-01' + n / 1000, '', 1, now()
FROM generate_series(1, %(rows)s) AS n"""

_ARRIVING = """
INSERT INTO card (tenant_id, id, kind, why, owner, subject_type, subject_id, source, opened_at)
SELECT %(tenant)s, uuidv7(), 'denial', '', 'biller', 'claim', gen_random_uuid(),
  gen_random_uuid()::text, now()
FROM generate_series(1, 20)"""


def arrive(clone: clusters.Clone) -> None:
    with psycopg.connect(clone.url("postgres")) as above:
        above.execute("SET LOCAL session_replication_role = replica")
        above.execute(_ARRIVING, {"tenant": ELM})


@pytest.fixture(scope="module")
def full() -> Iterator[clusters.Clone]:
    """Rows of lists and nothing that they point at: only how they are found is looked at."""
    clone = clusters.clone()
    with psycopg.connect(clone.url("postgres"), autocommit=True) as above:
        above.execute("SET session_replication_role = replica")
        for tenant, rows in ((ELM, ROWS), (OAK, ROWS // 10)):
            given = {"tenant": tenant, "rows": rows, "nobody": NOBODY}
            for statement in (_CARDS, _REMITTANCES, _CLAIMS):
                above.execute(statement, given)
        above.execute("VACUUM (ANALYZE) card, remittance, claim")
    yield clone
    clusters.drop(clone)


@pytest.fixture
async def books(full: clusters.Clone) -> Any:
    database = Database(full.urls, MemoryKeys(), pool_size=2)
    yield database
    await database.close()


async def cards_by(db: TenantSession, page: PageRequest, **wanted: Any) -> Any:
    return await followups.cards(db, BILLER, page, followups.Filters(**wanted))


async def remittances_by(db: TenantSession, page: PageRequest, **wanted: Any) -> Any:
    return await remittances.remittances(db, BILLER, page, **wanted)


async def claims_by(db: TenantSession, page: PageRequest, **wanted: Any) -> Any:
    return await claims.claims(db, BILLER, page, claims.Filters(**wanted))


def _named(value: Any) -> str:
    """The same in every process."""
    return value.__name__ if callable(value) else ",".join(value)


@pytest.mark.parametrize(
    ("listed", "wanted"),
    [
        (cards_by, {}),
        (cards_by, {"kind": "denial"}),
        (cards_by, {"owner": "coder"}),
        (cards_by, {"claim_id": NOBODY}),
        (cards_by, {"state": "done"}),
        (cards_by, {"due_before": A_DAY}),
        (cards_by, {"due_before": date(2026, 1, 3), "kind": "denial"}),
        (remittances_by, {}),
        (remittances_by, {"payment_from": A_DAY}),
        (remittances_by, {"payment_to": date(2026, 1, 3)}),
        (remittances_by, {"payment_from": A_DAY, "payment_to": A_DAY}),
        (claims_by, {"patient_id": NOBODY}),
        (claims_by, {"service_from": A_DAY, "service_to": A_DAY}),
    ],
    ids=_named,
)
async def test_no_filter_scans_the_table(
    books: Database, listed: Any, wanted: dict[str, Any]
) -> None:
    async with books.tenant(ELM) as db:
        plan = await plan_of(db, partial(listed, db, PageRequest(50), **wanted))
    assert not plan.scans_all, plan.shape


@pytest.mark.parametrize("listed", [cards_by, remittances_by, claims_by], ids=_named)
async def test_page_1_and_page_500_cost_the_same(
    books: Database, full: clusters.Clone, listed: Any
) -> None:
    table = {cards_by: "card", remittances_by: "remittance", claims_by: "claim"}[listed]
    with psycopg.connect(full.url("postgres")) as above:
        found = above.execute(
            f"SELECT id FROM {table} WHERE tenant_id = %s ORDER BY id DESC OFFSET 24949 LIMIT 1",  # a table of ours
            [ELM],
        ).fetchone()
    assert found is not None
    async with books.tenant(ELM) as db:
        first = await plan_of(db, partial(listed, db, PageRequest(50)))
        far = await plan_of(db, partial(listed, db, PageRequest(50, after=found[0])))
    assert first.shape == far.shape
    assert abs(first.buffers - far.buffers) <= 8, (first.buffers, far.buffers)
    assert far.buffers < 150, far.buffers


async def test_500_pages_show_each_row_once_while_rows_arrive(
    books: Database, full: clusters.Clone
) -> None:
    """The last test here: it leaves more rows than it found."""
    seen: list[UUID] = []
    page = PageRequest(200)
    with_cursor = True
    while with_cursor:
        async with books.tenant(ELM) as db:
            found = await cards_by(db, page)
            seen += [card.id for card in found.rows]
            if len(seen) % 10_000 == 0:
                arrive(full)
        with_cursor = found.next_cursor is not None
        page = PageRequest(200, after=seen[-1])
    assert len(seen) == len(set(seen)) == ROWS - ROWS // 100
