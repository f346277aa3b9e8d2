"""A visit is written with its charges and journalled once."""

from datetime import UTC, date, datetime

import msgspec
import pytest
from sqlalchemy import text

from billing_saas.edi.claim837_clinical import HealthCode
from billing_saas.encounters import charging, queries, rules
from billing_saas.encounters.charging import NewEncounter
from billing_saas.encounters.rules import Clinical, NewCharge, Parties
from billing_saas.kit import clock
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.ledger import journal, periods
from billing_saas.ledger import queries as ledger
from billing_saas.ledger.errors import AlreadyPosted
from billing_saas.ledger.rules import Account
from billing_saas.patients import registering
from billing_saas.patients.rules import Demographics
from billing_saas.providers import listing
from billing_saas.providers.rules import SeenProvider
from tests.cast import Person, Tenant

DAY = date(2026, 9, 14)


@pytest.fixture
async def visit(database: Database, elm: Tenant, alice: Person) -> NewEncounter:
    """A self-pay visit of one patient, not yet written."""
    async with database.tenant(elm.id) as db:
        provider = SeenProvider(npi=elm.new.npi, name="ELM")
        providers = await listing.list_many(db, alice.actor, [provider])
        patient_id = await registering.register(db, alice.actor, Demographics(last_name="Okafor"))
    return NewEncounter(
        parties=Parties(claim_id=new_id(), patient_id=patient_id, first=None, asked=None),
        billing_provider_id=providers[elm.new.npi],
        place_of_service="11",
        clinical=Clinical(diagnoses=(HealthCode("ABK", "F419"),)),
        charges=(charge("G0463", 142_50), charge("G0444", 36_40), charge("G2211", 0)),
    )


def charge(code: str, cents: int) -> NewCharge:
    return NewCharge(
        procedure_qualifier="HC",
        procedure_code=code,
        modifiers=("25", "59"),
        units="2.5",
        unit_basis="UN",
        charge_cents=cents,
        pointers=(1,),
        service_from=DAY,
        service_to=DAY,
    )


async def charge_it(
    database: Database, tenant: Tenant, actor: Person, *visits: NewEncounter
) -> None:
    async with database.tenant(tenant.id) as db:
        await charging.charge_many(db, actor.actor, visits)


async def test_the_visit_opens_again_and_its_charges_are_owed(
    database: Database, elm: Tenant, alice: Person, visit: NewEncounter
) -> None:
    await charge_it(database, elm, alice, visit)
    async with database.tenant(elm.id) as db:
        written = (await queries.visits(db, [visit.id]))[visit.id]
        balances = await ledger.balances(db, alice.actor)
    assert written.clinical == visit.clinical
    assert [(c.n, c.procedure_code, c.modifiers, c.charge_cents) for c in written.charges] == [
        (1, "G0463", "25 59", 142_50),
        (2, "G0444", "25 59", 36_40),
        (3, "G2211", "25 59", 0),
    ]
    assert balances == {Account.PATIENT_RECEIVABLE: 178_90, Account.GROSS_CHARGES: -178_90}


async def test_the_day_of_service_counts_unless_its_month_is_closed(
    database: Database, elm: Tenant, alice: Person, sam: Person, visit: NewEncounter
) -> None:
    late = msgspec.structs.replace(visit, id=new_id())
    await charge_it(database, elm, alice, visit)
    with clock.frozen(datetime(2026, 10, 20, tzinfo=UTC)):
        async with database.tenant(elm.id) as db:
            await periods.close_month(db, sam.actor, date(2026, 9, 30))
        await charge_it(database, elm, alice, late)
    async with database.tenant(elm.id) as db:
        rows = await db.execute(
            text("SELECT source, effective_on FROM ledger_entry WHERE tenant_id = :t"),
            {"t": elm.id},
        )
        days = {row.source: row.effective_on for row in rows}
    assert days == {
        f"charge:{visit.id}": DAY,
        f"charge:{late.id}": date(2026, 10, 1),
    }


async def test_a_visit_is_journalled_once(
    database: Database, elm: Tenant, alice: Person, visit: NewEncounter
) -> None:
    await charge_it(database, elm, alice, visit)
    numbered = [(new_id(), charge) for charge in visit.charges]
    again = rules.charge_entry(visit.id, DAY, visit.parties, numbered)
    assert again is not None
    async with database.tenant(elm.id) as db:
        with pytest.raises(AlreadyPosted):
            await journal.post(db, alice.actor, [again])


async def test_the_diagnosis_stands_in_no_plain_column(
    database: Database, elm: Tenant, alice: Person, visit: NewEncounter
) -> None:
    await charge_it(database, elm, alice, visit)
    async with database.tenant(elm.id) as db:
        shown = await db.scalar(
            text(
                "SELECT encounter::text || string_agg(charge::text, '') FROM encounter, charge"
                " WHERE encounter.id = :id GROUP BY encounter.*"
            ),
            {"id": visit.id},
        )
    assert "G0463" in shown
    assert "F419" not in shown
    assert b'"F419"'.hex() not in shown


async def test_a_stranger_finds_nothing(
    database: Database, elm: Tenant, oak: Tenant, alice: Person, visit: NewEncounter
) -> None:
    await charge_it(database, elm, alice, visit)
    async with database.tenant(oak.id) as db:
        assert await queries.visits(db, [visit.id]) == {}
