"""Minimum necessary: the table, what queries show of it, and that what is masked was not opened."""

from uuid import UUID

import pytest
from sqlalchemy import select

from billing_saas.claims import queries as claims
from billing_saas.coverage import queries as coverage
from billing_saas.documents import filing
from billing_saas.documents import queries as documents
from billing_saas.documents.filing import Filed
from billing_saas.duties import settings
from billing_saas.duties.errors import NotShown, SettingsChanged
from billing_saas.duties.settings import Settings
from billing_saas.duties.visibility_rules import TABLE, Field
from billing_saas.identity import rules as identity_rules
from billing_saas.kit.actor import NotPermitted
from billing_saas.kit.db import Database
from billing_saas.kit.paging import PageRequest
from billing_saas.patients import queries as patients
from billing_saas.patients.tables import Patient
from billing_saas.phi.registry import CLAIM_PHI_DEMO, COVERAGE_PHI_DEMO, ENCOUNTER_PHI_CLIN
from tests.build import month
from tests.cast import Person, Tenant, actor_with, enrolled
from tests.duties.opens import Opens, counting


@pytest.fixture
async def worked(database: Database, elm: Tenant, alice: Person) -> UUID:
    """A claim of Elm."""
    await month.work(database, elm, alice.actor, claims=2)
    async with database.tenant(elm.id) as db:
        page = await claims.claims(db, alice.actor, PageRequest())
        return page.rows[0].claim.id


@pytest.fixture
async def admin(database: Database, elm: Tenant) -> Person:
    return await enrolled(database, elm, "petra", "practice_admin")


def test_every_role_has_its_line_and_no_query_needs_a_field_that_its_readers_lack() -> None:
    """What `patients` and `remittances` rely on: who may read them may see names, and amounts."""
    assert set(TABLE) == set(identity_rules.PERMISSIONS) | set(identity_rules.IN_EMERGENCY)
    for role, shown in TABLE.items():
        allowed = identity_rules.permissions_of([role])
        if allowed & {"patients.read", "claims.read", "remittances.read"}:
            assert Field.DEMOGRAPHICS in shown.always, role
        if "remittances.read" in allowed or "ledger.read" in allowed:
            assert Field.AMOUNTS in shown.always, role
        assert not shown.always & shown.if_said, role


async def test_a_front_desk_sees_no_diagnoses_until_the_practice_says_so(
    database: Database, elm: Tenant, worked: UUID, admin: Person
) -> None:
    desk = actor_with(["front_desk"])
    with counting() as opened:
        async with database.tenant(elm.id) as db:
            seen = await claims.claim(db, desk, worked)
    assert seen.masked == ("diagnoses", "procedures")
    assert seen.visit.clinical.diagnoses == ()
    assert {(c.procedure_code, c.modifiers, c.pointers) for c in seen.visit.charges} == {
        ("", "", "")
    }
    assert all(charge.charge_cents for charge in seen.visit.charges)
    assert opened[ENCOUNTER_PHI_CLIN.name] == 0
    async with database.tenant(elm.id) as db:
        await settings.change(db, admin.actor, Settings(front_desk_sees_diagnoses=True))
        seen = await claims.claim(db, desk, worked)
    assert seen.masked == ()
    assert seen.visit.clinical.diagnoses
    assert seen.visit.charges[0].procedure_code


async def test_a_blank_is_never_written(database: Database, elm: Tenant, worked: UUID) -> None:
    desk, biller = actor_with(["front_desk"]), actor_with(["biller"])
    async with database.tenant(elm.id) as db:
        await claims.claim(db, desk, worked)
        await claims.claim(db, actor_with(["coder"]), worked)
    async with database.tenant(elm.id) as db:
        seen = await claims.claim(db, biller, worked)
    assert all(charge.procedure_code and charge.charge_cents for charge in seen.visit.charges)
    assert seen.masked == ()
    assert seen.claim.charge_cents


async def test_a_coder_sees_codes_and_no_money_and_no_address(
    database: Database, elm: Tenant, worked: UUID
) -> None:
    coder = actor_with(["coder"])
    async with database.tenant(elm.id) as db:
        seen = await claims.claim(db, coder, worked)
        listed = (await claims.claims(db, coder, PageRequest())).rows[0]
        person = await patients.patient(db, coder, seen.claim.patient_id)
    assert seen.masked == ("amounts",) == listed.masked
    assert seen.visit.clinical.diagnoses
    assert seen.visit.charges[0].procedure_code
    hidden: list[int | None] = [seen.visit.charges[0].charge_cents, listed.claim.charge_cents]
    hidden += [said.paid_cents for said in seen.adjudications]
    assert set(hidden) == {None}
    assert [a[:2] for said in seen.adjudications for a in said.adjustments]
    assert all(a[2] is None for said in seen.adjudications for a in said.adjustments)
    assert person.masked == ("contact",)
    assert person.demographics.address is None
    assert not person.demographics.phones
    assert person.demographics.last_name


async def test_two_roles_see_what_either_sees(
    database: Database, elm: Tenant, worked: UUID
) -> None:
    both = actor_with(["coder", "front_desk"])
    async with database.tenant(elm.id) as db:
        assert (await claims.claim(db, both, worked)).masked == ()


async def test_identifiers_that_are_masked_are_not_opened(
    database: Database, elm: Tenant, worked: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No role of today reads claims without identifiers: one of tomorrow might."""
    monkeypatch.setitem(TABLE, "provider", TABLE["auditor"])
    blind = actor_with(["provider"])
    with counting() as opened:
        async with database.tenant(elm.id) as db:
            seen = await claims.claim(db, blind, worked)
            held = await coverage.coverages_of(db, blind, seen.claim.patient_id)
    assert seen.masked == ("identifiers", "diagnoses", "procedures", "amounts")
    assert held
    assert not held[0].policy.member_id
    assert not seen.account_number
    assert opened[COVERAGE_PHI_DEMO.name] == opened[CLAIM_PHI_DEMO.name] == 0


async def test_documents_of_a_kind_that_is_not_shown_stay_shut(
    database: Database, elm: Tenant, alice: Person, worked: UUID
) -> None:
    desk = actor_with(["front_desk"])
    async with database.tenant(elm.id) as db:
        patient = await db.scalar(select(Patient.id).where(Patient.tenant_id == elm.id).limit(1))
        for kind in ("medical_record", "insurance_card"):
            await filing.announce(
                db, alice.actor, Filed(kind=kind, title=f"A {kind}", patient_id=patient)
            )
        with counting() as opened:
            page = await documents.documents(db, desk, PageRequest())
        shown = {row.kind: (row.title, row.masked) for row in page.rows}
        assert shown == {
            "medical_record": ("", ("diagnoses", "procedures")),
            "insurance_card": ("A insurance_card", ()),
        }
        assert opened == Opens({"document.phi_clin": 1})
        record = next(row.id for row in page.rows if row.kind == "medical_record")
        with pytest.raises(NotShown):
            await documents.content(db, desk, record)
        own = await filing.announce(
            db, desk, Filed(kind="referral", title="Scanned by me", patient_id=patient)
        )
        assert (await documents.document(db, desk, own)).title == "Scanned by me"


async def test_only_the_admin_changes_the_settings_and_nobody_loses_a_change(
    database: Database, elm: Tenant, alice: Person, admin: Person
) -> None:
    async with database.tenant(elm.id) as db:
        with pytest.raises(NotPermitted):
            await settings.change(db, alice.actor, Settings(coding_apart=True))
        await settings.change(db, admin.actor, Settings(coding_apart=True))
        with pytest.raises(SettingsChanged):
            await settings.change(db, admin.actor, Settings(posting_apart=True))
        await settings.change(db, admin.actor, Settings(posting_apart=True, version=1))
        assert await settings.of(db) == Settings(posting_apart=True, version=2)
