"""The two practices of the demo, and who works for them."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select

from billing_saas.edi.parties import Address
from billing_saas.identity import enrolling
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import Database
from billing_saas.ledger import journal
from billing_saas.tenants import provisioning
from billing_saas.tenants.provisioning import NewPractice
from billing_saas.tenants.tables import Company, Practice
from billing_sandbox import payer, practice_system

COMPANY = "Ash Billing"
OPERATOR = Actor(kind=ActorKind.SYSTEM, id=UUID(int=1))
ROLES = ("biller", "practice_admin", "supervisor", "auditor")


@dataclass(frozen=True)
class Cast:
    """A practice of the demo, and the person who works for it."""

    new: NewPractice
    identity: practice_system.PracticeIdentity
    person: str
    claims: int

    @property
    def payee(self) -> payer.Payee:
        return payer.Payee(
            name=self.identity.name,
            npi=self.identity.npi,
            tax_id=self.identity.tax_id,
            address=self.identity.address,
        )


def _cast(name: str, npi: str, tax_id: str, person: str, claims_: int) -> Cast:
    street = Address(
        line1="12 MAIN STREET", city="SPRINGFIELD", state="IL", postal_code="627010001"
    )
    return Cast(
        new=NewPractice(
            name=name,
            npi=npi,
            tax_id=tax_id,
            time_zone="America/Chicago",
            agreement_signed_on=date(2026, 1, 5),
            agreement_signed_by=f"Managing partner of {name}",
        ),
        identity=practice_system.PracticeIdentity(
            name=name.upper(),
            npi=npi,
            tax_id=tax_id,
            taxonomy="207Q00000X",
            address=street,
            contact_name="FRONT OFFICE",
            contact_phone="2175550100",
            submitter_id=npi,
        ),
        person=person,
        claims=claims_,
    )


# Elm's NPI and tax id are those of the payee in two public 835 samples.
ELM = _cast("Elm Family Medicine", "1922164458", "999994703", "alice", 60)
OAK = _cast("Oak Orthopedics", "1245319599", "271234567", "mallory", 40)


async def provision(database: Database) -> tuple[bool, list[tuple[UUID, str]]]:
    """Whether anything had to be made; practice and token of Elm's person, then of Oak's."""
    await provisioning.initialise(database)
    async with database.platform() as platform:
        company_id = await platform.scalar(select(Company.id).where(Company.name == COMPANY))
    fresh = company_id is None
    company_id = company_id or await provisioning.add_company(database, COMPANY)
    made = []
    for cast in (ELM, OAK):
        async with database.platform() as platform:
            practice_id = await platform.scalar(
                select(Practice.tenant_id).where(
                    Practice.company_id == company_id,
                    Practice.npi == cast.new.npi,
                    Practice.status == "active",
                )
            )
        practice_id = practice_id or await provisioning.add_practice(
            database, OPERATOR, company_id, cast.new, journal.open_book
        )
        made.append((practice_id, await _enrolled(database, practice_id, cast.person)))
    return fresh, made


async def _enrolled(database: Database, practice_id: UUID, person: str) -> str:
    """A token for the person; a new one each run, because only its hash is kept."""
    email = f"{person}@demo.test"
    async with database.platform() as platform:
        user_id = await enrolling.known_user(platform, email) or await enrolling.add_user(
            platform, email=email, display_name=person.title()
        )
        await enrolling.grant(platform, user_id, practice_id, ROLES, by=None)
        return await enrolling.issue_token(
            platform, user_id, name="demo", good_for=timedelta(days=1)
        )
