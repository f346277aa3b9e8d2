"""Two companies, each with a practice and a row in every table: what a session of one sees and changes of
the other, in both directions. The walls are the database's: the statements here ask for everything."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from tests import cluster as clusters
from tests.fakes import MemoryKeys
from tests.isolation import rows
from tests.isolation.catalogue import OF_A_COMPANY, Connection
from tests.isolation.rows import World

READABLE = sorted(OF_A_COMPANY)
NARROWED = sorted(set(OF_A_COMPANY) - {"app_user", "company"})


@dataclass(frozen=True)
class Companies:
    clone: clusters.Clone
    superuser: Connection
    ash: World
    birch: World

    @property
    def both_ways(self) -> list[tuple[World, World]]:
        return [(self.ash, self.birch), (self.birch, self.ash)]


@pytest.fixture(scope="module")
def companies() -> Iterator[Companies]:
    clone = clusters.clone()
    with psycopg.connect(clone.url("postgres"), autocommit=False) as superuser:
        worlds = rows.fill(superuser), rows.fill(superuser)
        # The company's own invitation stands beside the practice's.
        superuser.execute("SET LOCAL session_replication_role = replica")
        for world in worlds:
            own = {"id": new_id(), "tenant_id": None, "token_hash": new_id().bytes * 2}
            rows.insert(superuser, "invitation", world["invitation"] | own)
        superuser.commit()
        yield Companies(clone, superuser, *worlds)
    clusters.drop(clone)


@pytest.fixture
async def reached(companies: Companies) -> AsyncIterator[Database]:
    database = Database(companies.clone.urls, MemoryKeys(), pool_size=1)
    yield database
    await database.close()


def company_of(world: World) -> UUID:
    return UUID(str(world["company"]["id"]))


async def seen(db: AsyncSession, table: str, column: str) -> set[object]:
    found = await db.execute(text(f"SELECT {column or 'id'} FROM {table}"))
    return {UUID(str(value)) for (value,) in found}


async def test_a_company_reads_its_own_and_nothing_else(
    companies: Companies, reached: Database
) -> None:
    for own, _ in companies.both_ways:
        async with reached.one_company(company_of(own)) as db:
            for table in READABLE:
                column = OF_A_COMPANY[table]
                expected = company_of(own) if column else UUID(str(own["app_user"]["id"]))
                assert await seen(db, table, column) == {expected}, table
            for table in ("card", "payer", "provider"):  # of practices, by a list of them
                assert await db.scalar(text(f"SELECT count(*) FROM {table}")) == 0


async def test_a_list_of_practices_opens_no_company(
    companies: Companies, reached: Database
) -> None:
    practice = UUID(str(companies.ash["practice"]["tenant_id"]))
    async with reached.company(frozenset({practice})) as db:
        for table in READABLE:
            count = await db.scalar(text(f"SELECT count(*) FROM {table}"))
            assert count == (1 if table == "practice" else 0), table


async def test_no_one_is_listed_who_is_the_practices_own(
    companies: Companies, reached: Database
) -> None:
    companies.superuser.execute("UPDATE membership SET side = 'practice'")
    companies.superuser.commit()
    try:
        async with reached.one_company(company_of(companies.ash)) as db:
            assert await db.scalar(text("SELECT count(*) FROM membership")) == 0
    finally:
        companies.superuser.execute("UPDATE membership SET side = 'company'")
        companies.superuser.commit()


async def test_a_reader_reads_no_secret_and_changes_nothing(
    companies: Companies, reached: Database
) -> None:
    for statement in (
        "SELECT token_hash FROM invitation",
        "UPDATE company_membership SET role = 'company_admin'",
        "DELETE FROM agreement",
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with reached.one_company(company_of(companies.ash)) as db:
                await db.execute(text(statement))


async def test_a_narrowed_session_changes_its_own_and_nothing_else(
    companies: Companies, reached: Database
) -> None:
    changes = {
        "agreement": "ended_on = signed_on",
        "company_membership": "suspended_at = now()",
        "invitation": "withdrawn_at = now()",
        "membership": "suspended_at = now()",
        "practice": "status = 'leaving'",
    }
    assert sorted(changes) == NARROWED
    for own, other in companies.both_ways:
        before = {table: other[table] for table in NARROWED}
        for table, change in changes.items():
            async with reached.narrowed(company_of(own)) as db:
                changed = await db.execute(
                    text(f"UPDATE {table} SET {change} RETURNING company_id")
                )
                assert {UUID(str(value)) for (value,) in changed} == {company_of(own)}, table
                await db.rollback()
        assert before == {table: other[table] for table in NARROWED}


async def test_a_narrowed_session_of_a_practice_stays_in_it(
    companies: Companies, reached: Database
) -> None:
    own, other = companies.ash, companies.birch
    practice = UUID(str(own["practice"]["tenant_id"]))
    async with reached.narrowed(company_of(own), practice) as db:
        for table in ("agreement", "invitation", "membership", "practice"):
            assert await seen(db, table, "tenant_id") == {practice}, table
    elsewhere = UUID(str(other["practice"]["tenant_id"]))
    async with reached.narrowed(company_of(own), elsewhere) as db:
        assert await seen(db, "membership", "tenant_id") == set()


async def test_nobody_is_written_into_another_company(
    companies: Companies, reached: Database
) -> None:
    """Nor into a practice of another under one's own name: the reference carries both."""
    for own, other in companies.both_ways:
        for company, refusal in (
            (company_of(other), "row-level security"),
            (company_of(own), "membership_tenant_id_company_id_fkey"),
        ):
            with pytest.raises((DBAPIError, IntegrityError), match=refusal):
                async with reached.narrowed(company_of(own)) as db:
                    await db.execute(
                        text(
                            "INSERT INTO membership (id, user_id, tenant_id, company_id, role,"
                            " granted_at) VALUES (:id, :user, :tenant, :company, 'auditor', now())"
                        ),
                        {
                            "id": new_id(),
                            "user": own["app_user"]["id"],
                            "tenant": other["practice"]["tenant_id"],
                            "company": company,
                        },
                    )


async def test_with_the_policy_gone_all_of_this_would_be_seen(
    companies: Companies, reached: Database
) -> None:
    """The control: the other company's rows are there, and these questions would find them."""
    c = companies.superuser
    c.execute("ALTER POLICY narrowed ON membership USING (true)")
    c.execute("ALTER POLICY own_company ON company_membership USING (true)")
    c.commit()
    try:
        async with reached.narrowed(company_of(companies.ash)) as db:
            assert len(await seen(db, "membership", "company_id")) == 2
        async with reached.one_company(company_of(companies.ash)) as reader:
            assert len(await seen(reader, "company_membership", "company_id")) == 2
    finally:
        c.execute("DROP POLICY narrowed ON membership")
        c.commit()
