"""Patients of Elm, by the names of the stories."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from billing_saas.edi.parties import Address
from billing_saas.kit import clock
from billing_saas.kit.db import Database, TenantSession
from billing_saas.messages import consents, contacts
from billing_saas.messages.contacts import Wanted
from billing_saas.messages.rules import CONSENTED, Words
from billing_saas.patients import registering
from billing_saas.patients.rules import Demographics
from tests.cast import Person, Tenant

NOON = datetime(2026, 11, 2, 18, tzinfo=UTC)  # a Monday, noon in Chicago
LINK = Words(link="/s/abcdefghijklmnopqrstuv")
PAT = Demographics(
    last_name="Quillfeather",
    first_name="Patience",
    birth_date=date(1971, 3, 4),
    sex="F",
    address=Address(line1="9 Elm St", city="Springfield", state="IL", postal_code="62701"),
    phones=("(217) 555-0148",),
    email="patience@example.test",
)
KID = Demographics(
    last_name="Quillfeather",
    first_name="Kit",
    birth_date=date(2017, 6, 1),
    sex="M",
    address=PAT.address,
)
REACHED = Wanted(email="patience@example.test", phone="217-555-0148", confirmed=True)


async def registered(database: Database, elm: Tenant, alice: Person, who: Demographics) -> UUID:
    async with database.tenant(elm.id) as db:
        return await registering.register(db, alice.actor, who)


async def reached(
    db: TenantSession, alice: Person, patient_id: UUID, wanted: Wanted = REACHED
) -> None:
    """On file, confirmed, and with every consent."""
    await contacts.put(db, alice.actor, patient_id, wanted)
    for channel in ("email", "text"):
        for purpose in CONSENTED:
            await consents.give(db, alice.actor, patient_id, channel, purpose, source="desk")


async def on_file(database: Database, elm: Tenant, alice: Person) -> UUID:
    """Pat, since the day before, reached both ways and with every consent."""
    patient_id = await registered(database, elm, alice, PAT)
    with clock.frozen(NOON - timedelta(days=1)):
        async with database.tenant(elm.id) as db:
            await reached(db, alice, patient_id)
    return patient_id
