"""Patients on file: sealed, found again, shown only to who may see them, and every showing told."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import select, text

from billing_saas.audit import queries as audit
from billing_saas.audit.tables import AuditEvent
from billing_saas.edi.parties import Address
from billing_saas.kit.actor import NotPermitted
from billing_saas.kit.db import Database
from billing_saas.kit.paging import PageRequest
from billing_saas.patients import queries, registering
from billing_saas.patients.errors import BadPatient, PatientNotFound
from billing_saas.patients.registering import Recognized, Seen
from billing_saas.patients.rules import Demographics
from billing_saas.patients.tables import Patient
from billing_saas.phi import indexing, keyring
from billing_saas.phi.registry import PATIENT_PHONE
from tests.cast import Person, Tenant, actor_with

ANA = Demographics(
    last_name="Okonkwo-Reyes",
    first_name="Ana",
    birth_date=date(1961, 4, 2),
    sex="F",
    address=Address(line1="1 Elm St", city="Springfield", state="IL", postal_code="627010001"),
    phones=("217-555-0111", "217-555-0112"),
    email="ana@example.test",
    medical_record_number="MR-1",
)
BEN = Demographics(
    last_name="Okafor", first_name="Ben", birth_date=date(1975, 1, 31), sex="M", address=ANA.address
)


@pytest.fixture
async def ana(database: Database, elm: Tenant, alice: Person) -> UUID:
    async with database.tenant(elm.id) as db:
        return await registering.register(db, alice.actor, ANA)


async def test_what_was_sealed_opens_again(
    database: Database, elm: Tenant, alice: Person, ana: UUID
) -> None:
    async with database.tenant(elm.id) as db:
        record = await queries.patient(db, alice.actor, ana)
    assert record.demographics == ANA
    assert record.version == 1


async def test_plain_columns_tell_nobody(database: Database, elm: Tenant, ana: UUID) -> None:
    async with database.tenant(elm.id) as db:
        row = (
            await db.execute(
                text("SELECT patient::text AS shown FROM patient WHERE id = :id"), {"id": ana}
            )
        ).one()
    # Ciphertext is shown in hexadecimal: words that it could hold by chance prove nothing.
    for word in ("Okonkwo", "1961-04-02", "1 Elm St", "217-555", "MR-1"):
        assert word not in row.shown
    for raw in (b"Okonkwo-Reyes", b"1961-04-02", b"627010001", b"217-555-0111", b"example.test"):
        assert raw.hex() not in row.shown


async def test_found_by_surname_and_birth_date_in_another_spelling(
    database: Database, elm: Tenant, alice: Person, ana: UUID
) -> None:
    async with database.tenant(elm.id) as db:
        found = await queries.by_name_and_birth(db, alice.actor, "OKONKWO REYES", date(1961, 4, 2))
        none = await queries.by_name_and_birth(db, alice.actor, "OKONKWO REYES", date(1961, 4, 3))
    assert [record.id for record in found] == [ana]
    assert none == []


async def test_found_by_the_beginning_of_a_name(
    database: Database, elm: Tenant, alice: Person, ana: UUID
) -> None:
    async with database.tenant(elm.id) as db:
        ben = await registering.register(db, alice.actor, BEN)
        both = await queries.by_name(db, alice.actor, "ok")
        one = await queries.by_name(db, alice.actor, "ok, a")
        none = await queries.by_name(db, alice.actor, "okz")
        with pytest.raises(BadPatient):
            await queries.by_name(db, alice.actor, "o")
    assert [record.id for record in both] == [ben, ana]  # by name: Okafor, Okonkwo
    assert [record.id for record in one] == [ana]
    assert none == []


async def test_lists_go_on_by_cursor(database: Database, elm: Tenant, alice: Person) -> None:
    async with database.tenant(elm.id) as db:
        ids = await registering.register_many(db, alice.actor, [ANA, BEN, ANA, BEN, ANA])
        first = await queries.patients(db, alice.actor, PageRequest(limit=3))
        last = await queries.patients(
            db, alice.actor, PageRequest(limit=3, after=first.rows[-1].id)
        )
    assert [record.id for record in [*first.rows, *last.rows]] == ids[::-1]
    assert first.next_cursor is not None
    assert last.next_cursor is None


async def test_a_stranger_finds_nothing(
    database: Database, oak: Tenant, mallory: Person, ana: UUID
) -> None:
    async with database.tenant(oak.id) as db:
        with pytest.raises(PatientNotFound):
            await queries.patient(db, mallory.actor, ana)
        assert (await queries.patients(db, mallory.actor, PageRequest())).rows == []
        assert await queries.by_name(db, mallory.actor, "okonkwo") == []
        assert (
            await queries.by_name_and_birth(db, mallory.actor, ANA.last_name, date(1961, 4, 2))
            == []
        )


async def test_an_auditor_sees_no_patient(database: Database, elm: Tenant, ana: UUID) -> None:
    auditor = actor_with(["auditor"])
    async with database.tenant(elm.id) as db:
        for asking in (
            queries.patient(db, auditor, ana),
            queries.patients(db, auditor, PageRequest()),
            queries.by_name(db, auditor, "okonkwo"),
            queries.by_name_and_birth(db, auditor, ANA.last_name, date(1961, 4, 2)),
            registering.register(db, auditor, BEN),
        ):
            with pytest.raises(NotPermitted):
                await asking


async def test_every_showing_is_told(
    database: Database, elm: Tenant, alice: Person, ada: Person, ana: UUID
) -> None:
    async with database.tenant(elm.id) as db:
        await queries.patient(db, alice.actor, ana)
        await queries.patients(db, alice.actor, PageRequest())
        await queries.by_name(db, alice.actor, "okonkwo")
        await queries.by_name_and_birth(db, alice.actor, "Okonkwo Reyes", date(1961, 4, 2))
        await queries.by_name(db, alice.actor, "nobody")
        about_ana = await audit.events(db, ada.actor, PageRequest(), patient_id=ana)
        every = await audit.events(db, ada.actor, PageRequest())
    assert _actions(about_ana.rows) == [
        "patient.search",
        "patient.search",
        "patient.list",
        "patient.read",
        "patient.register",
    ]
    assert _actions(every.rows).count("patient.search") == 3  # the fruitless one too
    assert all("okonkwo" not in str(event.detail).lower() for event in every.rows)


def _actions(events: Sequence[AuditEvent]) -> list[str]:
    return [event.action for event in events if event.action.startswith("patient.")]


async def test_a_bad_patient_is_refused_by_field(
    database: Database, elm: Tenant, alice: Person
) -> None:
    async with database.tenant(elm.id) as db:
        with pytest.raises(BadPatient) as refused:
            await registering.register(
                db, alice.actor, Demographics(last_name="", sex="X", birth_date=date(2999, 1, 1))
            )
    assert set(refused.value.facts) == {"last_name", "sex", "birth_date"}


# --- recognized, or put on file ---


async def recognize(
    database: Database, tenant: Tenant, actor: Person, *people: Seen
) -> list[Recognized]:
    async with database.tenant(tenant.id) as db:
        return await registering.recognize_many(db, actor.actor, people)


ELSEWHERE = Address(line1="9 Oak Ave", city="Reno", state="NV", postal_code="89501")


async def test_one_who_comes_again_is_recognized_and_what_is_new_is_written(
    database: Database, elm: Tenant, alice: Person, ana: UUID
) -> None:
    moved = msgspec.structs.replace(ANA, address=ELSEWHERE, phones=("775-555-0199",))
    (found,) = await recognize(database, elm, alice, Seen(demographics=moved))
    assert found == Recognized(ana, is_new=False, alike=False)
    async with database.tenant(elm.id) as db:
        record = await queries.patient(db, alice.actor, ana)
        ring = await keyring.of(db)
        by_phone = await indexing.find(
            db,
            PATIENT_PHONE,
            [ring.token(PATIENT_PHONE, phone) for phone in (*ANA.phones, "7755550199")],
        )
    assert record.demographics == moved
    assert record.version == 2
    assert list(by_phone) == [ring.token(PATIENT_PHONE, "7755550199")]


async def test_one_who_comes_again_unchanged_is_not_written(
    database: Database, elm: Tenant, alice: Person, ana: UUID
) -> None:
    (found,) = await recognize(database, elm, alice, Seen(demographics=ANA))
    assert found.patient_id == ana
    async with database.tenant(elm.id) as db:
        assert (await queries.patient(db, alice.actor, ana)).version == 1


async def test_a_namesake_born_the_same_day_is_kept_apart(
    database: Database, elm: Tenant, alice: Person, ana: UUID
) -> None:
    namesake = Demographics(
        last_name=ANA.last_name, first_name="Ana", birth_date=ANA.birth_date, address=ELSEWHERE
    )
    (found,) = await recognize(database, elm, alice, Seen(demographics=namesake))
    assert found.is_new
    assert found.alike
    assert found.patient_id != ana


async def test_a_shared_policy_settles_it(
    database: Database, elm: Tenant, alice: Person, ana: UUID
) -> None:
    moved = Demographics(
        last_name=ANA.last_name, first_name="Ana", birth_date=ANA.birth_date, address=ELSEWHERE
    )
    (found,) = await recognize(
        database, elm, alice, Seen(demographics=moved, policy="p1", insured=frozenset({ana}))
    )
    assert found.patient_id == ana


async def test_the_same_person_twice_in_one_file_is_one_patient(
    database: Database, elm: Tenant, alice: Person
) -> None:
    twin = msgspec.structs.replace(BEN, first_name="Bo")
    again = msgspec.structs.replace(BEN, phones=("2175550150",))
    first, second, third = await recognize(
        database,
        elm,
        alice,
        Seen(demographics=BEN, policy="p1"),
        Seen(demographics=twin, policy="p1"),
        Seen(demographics=again, policy="p1"),
    )
    assert first.patient_id == third.patient_id != second.patient_id
    assert (first.is_new, second.is_new, third.is_new) == (True, True, False)
    async with database.tenant(elm.id) as db:
        record = await queries.patient(db, alice.actor, first.patient_id)
        assert record.demographics.phones == ("2175550150",)
        assert len((await queries.patients(db, alice.actor, PageRequest())).rows) == 2


async def test_a_merged_patient_speaks_through_its_survivor(
    database: Database, elm: Tenant, alice: Person, ana: UUID
) -> None:
    async with database.tenant(elm.id) as db:
        (survivor,) = await registering.register_many(db, alice.actor, [ANA])
        row = await db.scalar(select(Patient).where(Patient.tenant_id == elm.id, Patient.id == ana))
        assert row is not None
        row.merged_into = survivor
    (found,) = await recognize(
        database, elm, alice, Seen(demographics=ANA, insured=frozenset({ana}))
    )
    assert found.patient_id == survivor
    async with database.tenant(elm.id) as db:
        listed = await queries.patients(db, alice.actor, PageRequest())
    assert [record.id for record in listed.rows] == [survivor]
