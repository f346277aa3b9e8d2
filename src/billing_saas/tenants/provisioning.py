"""The operator's acts: a deployment, a billing company, a practice with its keys and its book.

A practice takes two transactions, because its own rows are written as the practice: the platform
writes the practice `onboarding`; then, inside it, keys and ledger book are made; then it is `active`.
Doing it again finishes what a crash left half done.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select, update

from billing_saas.audit import macs, trail
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import Database, TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.phi import provisioning as phi_provisioning
from billing_saas.requests import keys as request_keys
from billing_saas.seals import signing
from billing_saas.tenants import rules
from billing_saas.tenants.errors import BadPractice, CompanyNotFound, PracticeExists
from billing_saas.tenants.tables import Agreement, Company, Practice
from billing_saas.vault import keys as vault_keys


@dataclass(frozen=True, slots=True)
class NewPractice:
    name: str
    npi: str
    tax_id: str
    time_zone: str
    agreement_signed_on: date
    agreement_signed_by: str


async def initialise(database: Database) -> None:
    """What a deployment needs before its first practice. Safe to repeat."""
    async with database.platform() as platform:
        await macs.make(platform, database.keys)
        await signing.make(platform, database.keys)
        await request_keys.make(platform, database.keys)
        await vault_keys.make(platform, database.keys)


async def add_company(database: Database, name: str) -> UUID:
    company = Company(id=new_id(), name=name, status="active", created_at=clock.now())
    async with database.platform() as platform:
        platform.add(company)
    return company.id


async def add_practice(
    database: Database,
    actor: Actor,
    company_id: UUID,
    new: NewPractice,
    furnish: Callable[[TenantSession], Awaitable[None]],
) -> UUID:
    """Provision a practice of a company. `furnish` makes what higher rooms keep per practice."""
    faults = rules.faults(new.name, new.npi, new.tax_id, new.time_zone)
    if faults:
        raise BadPractice("The practice cannot be set up like this.", fields=faults)
    practice_id = await _write_practice(database, company_id, new)
    async with database.tenant(practice_id) as db:
        await phi_provisioning.make_keys(db)
        await furnish(db)
        await trail.record(
            db, actor, "practice.provision", object_type="practice", object_id=practice_id
        )
    async with database.platform() as platform:
        await platform.execute(
            update(Practice).where(Practice.tenant_id == practice_id).values(status="active")
        )
    return practice_id


async def _write_practice(database: Database, company_id: UUID, new: NewPractice) -> UUID:
    now = clock.now()
    async with database.platform() as platform:
        if await platform.get(Company, company_id) is None:
            raise CompanyNotFound("There is no such billing company.")
        standing = (
            await platform.execute(
                select(Practice.tenant_id, Practice.status).where(
                    Practice.company_id == company_id,
                    Practice.npi == new.npi,
                    Practice.tax_id == new.tax_id,
                )
            )
        ).one_or_none()
        if standing is not None:
            if standing.status != "onboarding":
                raise PracticeExists("The company has a practice of this NPI and tax id.")
            return UUID(str(standing.tenant_id))
        practice_id = new_id()
        platform.add(
            Practice(
                tenant_id=practice_id,
                company_id=company_id,
                name=new.name,
                npi=new.npi,
                tax_id=new.tax_id,
                time_zone=new.time_zone,
                status="onboarding",
                created_at=now,
            )
        )
        await platform.flush()
        platform.add(
            Agreement(
                id=new_id(),
                company_id=company_id,
                tenant_id=practice_id,
                kind="business_associate",
                signed_on=new.agreement_signed_on,
                signed_by=new.agreement_signed_by,
                created_at=now,
            )
        )
    return practice_id
