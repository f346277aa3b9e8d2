"""Policies under their patients: recognized when they come again, amended, never doubled."""

from datetime import date
from uuid import UUID

import msgspec
import pytest

from billing_saas.audit import queries as audit
from billing_saas.coverage import enrolling, finding, queries
from billing_saas.coverage.rules import Policy, SeenCoverage, Subscriber
from billing_saas.kit.actor import NotPermitted
from billing_saas.kit.db import Database
from billing_saas.kit.paging import PageRequest
from billing_saas.patients import registering
from billing_saas.patients.errors import PatientNotFound
from billing_saas.patients.rules import Demographics
from billing_saas.payers import listing, recognising
from billing_saas.payers import queries as payer_queries
from tests.cast import Person, Tenant, actor_with

CHILD = Demographics(last_name="Okafor", first_name="Bo", birth_date=date(2019, 5, 1), sex="M")
PARENT = Subscriber(last_name="Okafor", first_name="Ben")
BLUE = Policy(member_id="XYZ-123 456", group_number="G1", subscriber=PARENT)


@pytest.fixture
async def child(database: Database, elm: Tenant, alice: Person) -> UUID:
    async with database.tenant(elm.id) as db:
        return await registering.register(db, alice.actor, CHILD)


@pytest.fixture
async def payers(database: Database, elm: Tenant, alice: Person) -> dict[str, UUID]:
    async with database.tenant(elm.id) as db:
        return await listing.list_many(db, alice.actor, {"00510": "BLUE", "00803": "GREEN"})


def seen(child: UUID, payer_id: UUID, policy: Policy, sequence: str = "P") -> SeenCoverage:
    return SeenCoverage(
        patient_id=child,
        payer_id=payer_id,
        sequence=sequence,
        relationship="19",
        policy=policy,
        filing_indicator="BL",
    )


async def test_a_policy_is_found_by_its_member_id_however_it_is_written(
    database: Database, elm: Tenant, alice: Person, child: UUID, payers: dict[str, UUID]
) -> None:
    async with database.tenant(elm.id) as db:
        (coverage_id,) = await enrolling.enroll_many(
            db, alice.actor, [seen(child, payers["00510"], BLUE)]
        )
        held = await finding.by_member_id(db, ["xyz123456", "nobody", ""])
    assert [coverage.id for coverage in held["xyz123456"]] == [coverage_id]
    assert held["xyz123456"][0].policy == BLUE
    assert set(held) == {"xyz123456"}


async def test_the_same_policy_again_is_the_same_coverage(
    database: Database, elm: Tenant, alice: Person, child: UUID, payers: dict[str, UUID]
) -> None:
    respelled = msgspec.structs.replace(BLUE, member_id="XYZ123456", group_number="G2")
    async with database.tenant(elm.id) as db:
        once = await enrolling.enroll_many(
            db, alice.actor, [seen(child, payers["00510"], BLUE) for _ in range(2)]
        )
        again = await enrolling.enroll_many(
            db,
            alice.actor,
            [
                seen(child, payers["00510"], respelled, "S"),
                seen(child, payers["00803"], BLUE),
                seen(child, payers["00510"], Policy(member_id="OTHER")),
            ],
        )
        held = {c.id: c for c in await queries.coverages_of(db, alice.actor, child)}
    assert once[0] == once[1] == again[0]
    assert len({*once, *again}) == 3
    assert len(held) == 3
    assert held[once[0]].policy.group_number == "G2"
    assert held[once[0]].policy.member_id == "XYZ-123 456"
    assert held[once[0]].sequence == "S"


async def test_a_policy_that_says_nothing_new_is_not_written(
    database: Database,
    elm: Tenant,
    alice: Person,
    ada: Person,
    child: UUID,
    payers: dict[str, UUID],
) -> None:
    async with database.tenant(elm.id) as db:
        for _ in range(2):
            await enrolling.enroll_many(db, alice.actor, [seen(child, payers["00510"], BLUE)])
        told = await audit.events(db, ada.actor, PageRequest(), patient_id=child)
    actions = [event.action for event in told.rows]
    assert actions.count("coverage.enroll") == 1
    assert "coverage.amend" not in actions


async def test_looking_at_policies_is_told_and_takes_a_permission(
    database: Database, elm: Tenant, alice: Person, ada: Person, child: UUID
) -> None:
    async with database.tenant(elm.id) as db:
        await queries.coverages_of(db, alice.actor, child)
        with pytest.raises(NotPermitted):
            await queries.coverages_of(db, actor_with(["auditor"]), child)
        told = await audit.events(db, ada.actor, PageRequest(), patient_id=child)
    assert [event.action for event in told.rows] == ["coverage.list", "patient.register"]


async def test_a_stranger_finds_nothing(
    database: Database,
    elm: Tenant,
    oak: Tenant,
    alice: Person,
    mallory: Person,
    child: UUID,
    payers: dict[str, UUID],
) -> None:
    async with database.tenant(elm.id) as db:
        await enrolling.enroll_many(db, alice.actor, [seen(child, payers["00510"], BLUE)])
    async with database.tenant(oak.id) as db:
        with pytest.raises(PatientNotFound):
            await queries.coverages_of(db, mallory.actor, child)
        assert await finding.by_member_id(db, [BLUE.member_id]) == {}
        assert await finding.of_patients(db, [child]) == {}
        assert await payer_queries.payers(db, mallory.actor) == []


async def test_a_payer_keeps_the_name_it_is_known_by(
    database: Database, elm: Tenant, alice: Person, payers: dict[str, UUID]
) -> None:
    async with database.tenant(elm.id) as db:
        again = await listing.list_many(
            db, alice.actor, {"00510": "BLUE CROSS OF X", "00999": "RED"}
        )
        known = await payer_queries.by_ids(db, again.values())
        assert await recognising.recognise(db, ["unheard", "00510"], "B") == payers["00510"]
    assert again["00510"] == payers["00510"]
    assert known[again["00510"]].name == "BLUE"
    assert known[again["00999"]].name == "RED"
