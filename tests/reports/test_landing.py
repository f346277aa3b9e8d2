"""The place to land: sums over many practices, in one statement, of nothing that names a patient."""

from datetime import date
from uuid import UUID

import psycopg
import pytest

from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import Database
from billing_saas.ledger import queries
from billing_saas.ledger.rules import Account
from billing_saas.reports import landing, receivables
from billing_saas.reports.jobs import CountReceivables
from billing_saas.reports.landing import Sees
from tests.build import month
from tests.cast import Tenant, enrolled
from tests.cluster import Clone

TODAY = date(2026, 11, 20)
SYSTEM = Actor(kind=ActorKind.SYSTEM, id=UUID(int=3), permissions=frozenset({"ledger.read"}))
_OWED = {Account.PAYER_RECEIVABLE, Account.PATIENT_RECEIVABLE, Account.OTHER_PARTY_RECEIVABLE}


def sees(*practices: UUID) -> Sees:
    one = frozenset(practices)
    return Sees(one, one, one)


async def test_elm_after_a_month_beside_oak(
    database: Database, elm: Tenant, oak: Tenant, clone: Clone
) -> None:
    boss = (await enrolled(database, elm, "boss", "biller", "supervisor")).actor
    await month.work(database, elm, boss, claims=3)
    async with database.tenant(elm.id) as db:
        await receivables.count(db, SYSTEM, CountReceivables())
        standing = await queries.balances(db, SYSTEM)
    async with database.company(frozenset({elm.id, oak.id})) as company:
        elms, oaks = await landing.rows(company, sees(elm.id, oak.id), TODAY)
    owed = sum(cents for account, cents in standing.items() if account in _OWED)
    assert sum(elms.receivable_cents) == owed != 0
    with psycopg.connect(clone.url("postgres")) as above:
        counted = above.execute(
            "SELECT (SELECT count(*) FROM card WHERE tenant_id = %(t)s AND state = 'open'),"
            " count(*), sum(payment_cents) FROM remittance WHERE tenant_id = %(t)s"
            " AND state <> 'duplicate'",
            {"t": elm.id},
        ).fetchone()
    assert (elms.open_cards, elms.remittances, elms.paid_cents) == counted
    assert elms.remittances > 0
    assert (oaks.name, oaks.open_cards, oaks.receivable_cents) == (oak.name, 0, ())
    total = landing.total([elms, oaks])
    assert total.receivable_cents == elms.receivable_cents


async def test_what_is_not_for_a_person_is_not_counted_for_them(
    database: Database, elm: Tenant
) -> None:
    boss = (await enrolled(database, elm, "boss", "biller", "supervisor")).actor
    await month.work(database, elm, boss, claims=3)
    async with database.tenant(elm.id) as db:
        await receivables.count(db, SYSTEM, CountReceivables())
    nothing: frozenset[UUID] = frozenset()
    async with database.company(frozenset({elm.id})) as company:
        (row,) = await landing.rows(company, Sees(nothing, nothing, nothing), TODAY)
    assert (row.open_cards, row.remittances, row.paid_cents, row.receivable_cents) == (0, 0, 0, ())


async def test_another_practice_is_not_seen_whatever_is_asked(
    database: Database, elm: Tenant, oak: Tenant
) -> None:
    async with database.company(frozenset({oak.id})) as company:
        rows = await landing.rows(company, sees(elm.id, oak.id), TODAY)
    assert [row.practice_id for row in rows] == [oak.id]


async def test_of_a_remittance_a_list_over_practices_reads_no_more_than_its_sum(
    clone: Clone, elm: Tenant
) -> None:
    reader = psycopg.connect(clone.url("billing_company_reader"))
    with reader, pytest.raises(psycopg.errors.InsufficientPrivilege):
        reader.execute("SELECT phi_demo FROM remittance")
