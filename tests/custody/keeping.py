"""A practice with people on file, whose keys are rotated with the clock in hand."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from billing_saas.custody import destroying, rotating
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import Database
from billing_saas.patients import queries, registering
from billing_saas.patients.rules import Demographics
from billing_saas.workers import running
from tests.cast import Tenant, actor_with

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
KEEPER = Actor(
    kind=ActorKind.SYSTEM,
    id=UUID(int=1),
    permissions=frozenset({rotating.ROTATE, destroying.DESTROY}),
)
BILLER = actor_with(["biller"])
# When a rotation that began at noon has its next steps due.
PROMOTED = NOON + timedelta(minutes=11)
RESEALED = NOON + timedelta(minutes=20)
SETTLED = NOON + timedelta(hours=3)


def person(number: int) -> Demographics:
    return Demographics(
        last_name=f"Garcia{number}", first_name="Ana", birth_date=date(1980, 1, 1 + number % 28)
    )


async def register(database: Database, tenant: Tenant, count: int, first: int = 0) -> list[UUID]:
    async with database.tenant(tenant.id) as db:
        people = [person(first + number) for number in range(count)]
        return await registering.register_many(db, BILLER, people)


async def last_names(database: Database, tenant: Tenant, ids: Sequence[UUID]) -> list[str]:
    async with database.tenant(tenant.id) as db:
        return [
            (await queries.patient(db, BILLER, patient_id)).demographics.last_name
            for patient_id in ids
        ]


async def begin(database: Database, tenant: Tenant, purpose: str = "dek") -> UUID:
    async with database.tenant(tenant.id) as db:
        return (await rotating.start(db, KEEPER, purpose)).id


async def work_at(database: Database, *instants: datetime) -> None:
    for instant in instants:
        with clock.frozen(instant):
            await running.drain(database)


async def rotate(database: Database, tenant: Tenant, purpose: str = "dek") -> None:
    """From beginning to end."""
    with clock.frozen(NOON):
        await begin(database, tenant, purpose)
    await work_at(database, PROMOTED, RESEALED, SETTLED)
