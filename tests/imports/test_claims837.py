"""A practice hands in its 837P, and it becomes patients, policies, visits, charges and claims."""

import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import event, func, select

from billing_saas.audit import queries as audit
from billing_saas.claims import queries as claims
from billing_saas.claims.tables import Claim as ClaimRow
from billing_saas.claims.tables import Submission
from billing_saas.coverage.tables import Coverage
from billing_saas.edi.claim837 import Claim
from billing_saas.followups import queries as followups
from billing_saas.imports import claims837
from billing_saas.imports.jobs import ImportClaims
from billing_saas.inbox import queries as inbox
from billing_saas.inbox.errors import AlreadyHandled
from billing_saas.inbox.queries import ArrivalShown
from billing_saas.inbox.tables import ArrivalFinding
from billing_saas.kit.db import Database
from billing_saas.kit.paging import PageRequest
from billing_saas.ledger import queries as ledger
from billing_saas.ledger.rules import Account
from billing_saas.patients.tables import Patient
from billing_saas.providers import queries as providers
from billing_saas.workers import running
from billing_saas.workers.running import Outcome
from tests.cast import Person, Tenant
from tests.claims.test_submitting import read
from tests.cluster import Clone
from tests.imports.practice_files import claims_file, hand_in, receive


class Arrived:
    """What became of a file."""

    def __init__(self, arrival: ArrivalShown, findings: list[ArrivalFinding], claims: int) -> None:
        self.state = arrival.state
        self.codes = [finding.code for finding in findings]
        self.findings = findings
        self.claims = claims


async def arrived(
    database: Database, tenant: Tenant, person: Person, content: bytes, source: str = "upload"
) -> Arrived:
    arrival_id = await hand_in(database, tenant, person.actor, content, source=source)
    async with database.tenant(tenant.id) as db:
        shown = await inbox.arrival(db, person.actor, arrival_id)
        findings = await inbox.findings(db, person.actor, arrival_id, PageRequest(limit=200))
        count = await db.scalar(
            select(func.count()).select_from(ClaimRow).where(ClaimRow.tenant_id == tenant.id)
        )
    return Arrived(shown, findings.rows, count or 0)


# --- what it becomes ---


async def test_every_claim_becomes_a_claim(database: Database, elm: Tenant, alice: Person) -> None:
    content = claims_file(elm, 60)
    came, _ = read(content)
    taken = await arrived(database, elm, alice, content)
    assert (taken.state, taken.codes, taken.claims) == ("handled", [], 60)
    people = {
        (person.name, person.first_name, person.birth_date)
        for person in (claim.patient_person for claim in came)
    }
    async with database.tenant(elm.id) as db:
        patients = await db.scalar(select(func.count()).select_from(Patient))
        submissions = (await db.scalars(select(Submission))).all()
        listed = await providers.providers(db, alice.actor)
        flags = set(await db.scalars(select(Coverage.qualified_medicare_beneficiary)))
    assert patients == len(people)
    assert len(submissions) == 60
    assert {(s.frequency, s.delivery, s.adjudication) for s in submissions} == {
        ("1", "queued", "none")
    }
    assert {provider.npi for provider in listed} == {
        elm.new.npi,
        *(claim.rendering_provider.npi for claim in came if claim.rendering_provider),
    }
    assert flags == {False}


async def test_the_ledger_says_what_was_charged_and_what_the_first_payers_left(
    database: Database, elm: Tenant, alice: Person
) -> None:
    content = claims_file(elm, 60)
    came, _ = read(content)
    await arrived(database, elm, alice, content)
    charged = sum(claim.charge_cents for claim in came)
    paid = sum(said.paid_cents for said in _adjudications(came))
    off = sum(
        a.amount_cents for s in _adjudications(came) for a in s.adjustments if a.group == "CO"
    )
    assert paid > 0
    async with database.tenant(elm.id) as db:
        balances = await ledger.balances(db, alice.actor)
        page = await claims.claims(db, alice.actor, PageRequest(limit=100))
    assert balances == {
        Account.GROSS_CHARGES: -charged,
        Account.BANK: paid,
        Account.CONTRACTUAL_ADJUSTMENT: off,
        Account.PAYER_RECEIVABLE: charged - paid - off,
    }
    assert sum(line.money.balance_cents for line in page.rows) == charged - paid - off
    assert {line.money.state for line in page.rows} == {"unpaid", "partial"}
    partial = {line.claim.receivable for line in page.rows if line.money.state == "partial"}
    assert partial == {"secondary"}


def _adjudications(claims: list[Claim]) -> Iterator[Any]:
    for claim in claims:
        for line in claim.lines:
            yield from line.adjudications


async def test_the_queue_does_it(database: Database, elm: Tenant, alice: Person) -> None:
    received = await receive(database, elm, alice.actor, claims_file(elm, 3))
    outcomes = await running.drain(database)
    assert outcomes == {Outcome.DONE: 1}
    async with database.tenant(elm.id) as db:
        shown = await inbox.arrival(db, alice.actor, received.arrival_id)
    assert (shown.state, shown.kind) == ("handled", "837P")


async def test_a_thousand_claims_take_as_many_statements_as_ten(
    database: Database, elm: Tenant, oak: Tenant, alice: Person, mallory: Person
) -> None:
    statements: list[str] = []

    def count(*arguments: Any) -> None:
        statements.append(arguments[2])

    event.listen(database.app.sync_engine, "before_cursor_execute", count)
    await hand_in(database, oak, mallory.actor, claims_file(oak, 10))
    few = len(statements)
    statements.clear()
    await hand_in(database, elm, alice.actor, claims_file(elm, 1_000))
    assert few < 60
    # A few more, for the chunks of a larger file and the count of what the key has sealed.
    assert len(statements) <= few + 10


# --- once ---


async def test_the_same_file_again_is_the_same_arrival(
    database: Database, elm: Tenant, alice: Person
) -> None:
    content = claims_file(elm, 5)
    first = await receive(database, elm, alice.actor, content)
    again = await receive(database, elm, alice.actor, content)
    assert (first.repeated, again.repeated) == (False, True)
    assert first.arrival_id == again.arrival_id


async def test_an_arrival_is_handled_once(database: Database, elm: Tenant, alice: Person) -> None:
    arrival_id = await hand_in(database, elm, alice.actor, claims_file(elm, 5))
    async with database.tenant(elm.id) as db:
        with pytest.raises(AlreadyHandled):
            await claims837.take_in(db, alice.actor, ImportClaims(arrival_id))


async def test_claims_in_another_file_again_are_left_out_and_reported(
    database: Database, elm: Tenant, alice: Person
) -> None:
    content = claims_file(elm, 12)
    await arrived(database, elm, alice, content)
    sent_again = content.replace(b"*000000001*0*P", b"*000000009*0*P").replace(
        b"IEA*1*000000001", b"IEA*1*000000009"
    )
    assert sent_again != content
    again = await arrived(database, elm, alice, sent_again)
    assert again.codes == ["duplicate_claim"] * 12
    assert (again.state, again.claims) == ("handled", 12)
    async with database.tenant(elm.id) as db:
        balances = await ledger.balances(db, alice.actor)
    charged = sum(claim.charge_cents for claim in read(content)[0])
    assert balances[Account.GROSS_CHARGES] == -charged


async def test_the_same_patients_next_month_are_the_same_patients(
    database: Database, elm: Tenant, alice: Person
) -> None:
    content = claims_file(elm, 12)
    await arrived(database, elm, alice, content)
    later = re.sub(rb"CLM\*", b"CLM*N", content)
    taken = await arrived(database, elm, alice, later)
    assert (taken.codes, taken.claims) == ([], 24)
    async with database.tenant(elm.id) as db:
        patients = await db.scalar(select(func.count()).select_from(Patient))
        versions = set(await db.scalars(select(Patient.version)))
        coverages = await db.scalar(select(func.count()).select_from(Coverage))
        kinds = (await db.execute(select(Coverage.patient_id, Coverage.payer_id).distinct())).all()
    people = {
        (c.patient_person.name, c.patient_person.first_name, c.patient_person.birth_date)
        for c in read(content)[0]
    }
    assert patients == len(people)
    assert versions == {1}
    assert coverages == len(kinds)


# --- what is not taken ---


async def test_another_practices_file_is_held(
    database: Database, elm: Tenant, oak: Tenant, alice: Person
) -> None:
    taken = await arrived(database, elm, alice, claims_file(oak, 7))
    assert (taken.state, taken.codes, taken.claims) == ("held", ["other_payee"], 0)
    assert taken.findings[0].segment == "NM1"
    async with database.tenant(elm.id) as db:
        assert await db.scalar(select(func.count()).select_from(Patient)) == 0


async def test_a_test_file_is_held_unless_it_is_the_sandboxs(
    database: Database, elm: Tenant, alice: Person
) -> None:
    content = claims_file(elm, 7, usage="T")
    held = await arrived(database, elm, alice, content)
    assert (held.state, held.codes, held.claims) == ("held", ["test_file"], 0)
    assert (held.findings[0].segment, held.findings[0].element) == ("ISA", 15)
    taken = await arrived(database, elm, alice, content, source="sandbox")
    assert (taken.state, taken.claims) == ("handled", 7)


@pytest.mark.parametrize(
    ("version", "code"),
    [(b"005010X223A2", "kind_not_taken"), (b"005010X224A2", "kind_not_taken")],
)
async def test_institutional_and_dental_claims_are_refused_by_name(
    database: Database, elm: Tenant, alice: Person, version: bytes, code: str
) -> None:
    content = claims_file(elm, 3).replace(b"005010X222A1", version)
    taken = await arrived(database, elm, alice, content)
    assert (taken.state, taken.codes, taken.claims) == ("held", [code], 0)


async def test_a_remittance_is_not_claims(database: Database, elm: Tenant, alice: Person) -> None:
    content = claims_file(elm, 3).replace(b"ST*837*0001*005010X222A1", b"ST*835*0001")
    taken = await arrived(database, elm, alice, content)
    assert (taken.state, taken.codes) == ("held", ["not_claims"])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"Dear Sirs, please find enclosed our claims.",
        b"ISA*00*",
        b"\xef\xbb\xbf",
    ],
)
async def test_what_is_no_x12_is_unreadable(
    database: Database, elm: Tenant, alice: Person, content: bytes
) -> None:
    taken = await arrived(database, elm, alice, content)
    assert (taken.state, taken.codes, taken.claims) == ("unreadable", ["unreadable"], 0)


async def test_nul_bytes_are_unreadable_and_nothing_of_the_file_is_taken(
    database: Database, elm: Tenant, alice: Person
) -> None:
    content = claims_file(elm, 30)
    cut = len(content) - 200
    taken = await arrived(database, elm, alice, content[:cut] + b"\0" + content[cut:])
    assert (taken.state, taken.claims) == ("unreadable", 0)


async def test_a_file_that_breaks_off_is_held_whole(
    database: Database, elm: Tenant, alice: Person
) -> None:
    content = claims_file(elm, 10)
    taken = await arrived(database, elm, alice, content[: content.rindex(b"~SE*") + 1])
    assert (taken.state, taken.claims) == ("held", 0)
    assert "transaction_trailer_missing" in taken.codes


def spoil(content: bytes, ordinal: int, old: bytes, new: bytes) -> bytes:
    """Replace the first `old` after the CLM of claim number `ordinal` (from 1)."""
    at = -1
    for _ in range(ordinal):
        at = content.index(b"~CLM*", at + 1)
    found = content.index(old, at)
    return content[:found] + new + content[found + len(old) :]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b"~SV1*HC:", b"~SV1*HC:JOHN SMITH-1:", "claim_not_taken"),
        (b"*UN*", b"*XX*", "claim_not_taken"),
        (b"~DTP*472*D8*202609", b"~DTP*472*D8*202613", "claim_not_taken"),
        (b"~HI*ABK:", b"~ZZZ*ABK:", "claim_not_taken"),
        (b"*11:B:1*", b"**", "claim_not_taken"),
        (b"~LX*1", b"~LX*2", "claim_not_taken"),
    ],
)
async def test_one_bad_claim_is_refused_and_the_others_are_taken(
    database: Database, elm: Tenant, alice: Person, old: bytes, new: bytes, code: str
) -> None:
    content = claims_file(elm, 6)
    numbers = [claim.number for claim in read(content)[0]]
    spoiled = spoil(content, 3, old, new)
    taken = await arrived(database, elm, alice, spoiled)
    assert code in taken.codes
    assert (taken.state, taken.claims) == ("handled", 5)
    async with database.tenant(elm.id) as db:
        page = await claims.claims(db, alice.actor, PageRequest())
        records = [await claims.claim(db, alice.actor, line.claim.id) for line in page.rows]
    assert {record.account_number for record in records} == {*numbers} - {numbers[2]}


async def test_codes_that_were_not_good_on_the_day_are_told_and_the_claims_are_taken(
    database: Database, elm: Tenant, alice: Person
) -> None:
    """WEDI SNIP 5: a warning for whoever bills it; each claim of it is told."""
    content = claims_file(elm, 6)
    for ordinal in range(1, 5):
        content = spoil(content, ordinal, b"~SV1*HC:", b"~SV1*HC:J0001:59:")
        content = re.sub(rb"J0001:59:[^*]*\*", b"J0001*", content)
    content = spoil(content, 5, b"~HI*ABK:", b"~HI*ABK:ZZZ99ZZ*ABF:")
    taken = await arrived(database, elm, alice, content)
    told = [
        (f.severity, f.code, f.loop, f.segment, f.element, f.component, f.value)
        for f in taken.findings
    ]
    assert told == [
        *[("warning", "unknown_code", "2400", "SV1", 1, 2, "J0001")] * 4,
        # A diagnosis is sealed, and findings are not: of a wrong one the shape is kept.
        ("warning", "unknown_code", "2300", "HI", 1, 2, "AAA99AA"),
    ]
    assert (taken.state, taken.claims) == ("handled", 6)


@pytest.mark.parametrize("frequency", [b"7", b"8"])
async def test_a_replacement_or_a_void_is_refused_by_name(
    database: Database, elm: Tenant, alice: Person, frequency: bytes
) -> None:
    content = spoil(claims_file(elm, 4), 2, b":B:1*", b":B:" + frequency + b"*")
    taken = await arrived(database, elm, alice, spoil(content, 2, b"~REF*D9*", b"~REF*F8*"))
    assert (taken.state, taken.codes, taken.claims) == ("handled", ["frequency_not_taken"], 3)


async def test_a_charge_that_is_not_the_sum_of_its_lines_is_refused(
    database: Database, elm: Tenant, alice: Person
) -> None:
    content = claims_file(elm, 4)
    spoiled = re.sub(rb"(CLM\*[A-Z0-9]+\*)([0-9.]+)", rb"\g<1>99999", content, count=1)
    taken = await arrived(database, elm, alice, spoiled)
    assert taken.claims == 3
    assert "claim_not_taken" in taken.codes or "charge_total" in taken.codes


async def test_a_bad_subscriber_refuses_the_claims_below_and_no_other(
    database: Database, elm: Tenant, alice: Person
) -> None:
    content = claims_file(elm, 20)
    came, _ = read(content)
    victim = came[8].subscriber
    below = sum(claim.subscriber is victim for claim in came)
    name = f"NM1*IL*1*{victim.name}*{victim.first_name}".encode()
    at = -1
    for segment, position in _segments(content):
        if segment.startswith(name) and position == victim.position:
            at = content.index(segment, at + 1)
            break
        if segment.startswith(name):
            at = content.index(segment, at + 1)
    spoiled = content[:at] + b"NM1*IL*9" + content[at + len("NM1*IL*1") :]
    taken = await arrived(database, elm, alice, spoiled)
    assert taken.codes.count("claim_not_taken") == below
    assert taken.claims == 20 - below


def _segments(content: bytes) -> Iterator[tuple[bytes, int]]:
    """Each segment with its position in the set, counting ST as 1."""
    position = 0
    for segment in content.split(b"~"):
        if segment.startswith(b"ST*"):
            position = 1
        yield segment, position
        position += 1


async def test_what_was_not_taken_is_somebodys_work(
    database: Database, elm: Tenant, alice: Person
) -> None:
    await arrived(database, elm, alice, claims_file(elm, 4, seed=2))
    await arrived(database, elm, alice, spoil(claims_file(elm, 4), 2, b"*UN*", b"*XX*"))
    async with database.tenant(elm.id) as db:
        work = await followups.cards(db, alice.actor, PageRequest())
    assert [(card.kind, card.owner, card.why) for card in work.rows] == [
        (
            "claims_refused",
            "biller",
            "A file of claims has 2 errors; 3 of its claims were taken. The findings say where.",
        )
    ]


# --- who may see it ---


async def test_a_stranger_finds_nothing(
    database: Database, elm: Tenant, oak: Tenant, alice: Person, mallory: Person
) -> None:
    await hand_in(database, elm, alice.actor, claims_file(elm, 5))
    async with database.tenant(oak.id) as db:
        for table in (Patient, Coverage, ClaimRow, Submission):
            assert await db.scalar(select(func.count()).select_from(table)) == 0
        assert (await claims.claims(db, mallory.actor, PageRequest())).rows == []
        assert await ledger.balances(db, mallory.actor) == {}


async def test_the_import_is_told_with_every_patient_it_wrote(
    database: Database, elm: Tenant, alice: Person, ada: Person
) -> None:
    await hand_in(database, elm, alice.actor, claims_file(elm, 5))
    async with database.tenant(elm.id) as db:
        patient_id = (await db.scalars(select(Patient.id))).first()
        about = await audit.events(db, ada.actor, PageRequest(), patient_id=patient_id)
        assert await audit.broken_rows(db) == []
        every = await audit.events(db, ada.actor, PageRequest())
    assert [event.action for event in about.rows] == [
        "claim.assemble",
        "encounter.charge",
        "coverage.enroll",
        "patient.register",
    ]
    told = [event for event in every.rows if event.action == "arrival.take_in"]
    assert [event.detail["claims"] for event in told] == [5]


async def test_no_plain_column_holds_a_patient(
    database: Database, clone: Clone, elm: Tenant, alice: Person
) -> None:
    content = claims_file(elm, 40)
    await hand_in(database, elm, alice.actor, content)
    came, _ = read(content)
    secrets = _secrets(came)
    assert len(secrets) > 100
    words = set()
    for text in _plain_text(clone):
        words.add(text)
        words.update(re.split(r"[^A-Za-z0-9]+", text))
    assert words >= {"G0463", "queued", "imported"}  # the scan does read the columns
    assert sorted(secrets & words) == []


def _secrets(claims: list[Claim]) -> set[str]:
    """What names a patient: names, numbers, birth dates, streets, account numbers."""
    found: set[str] = set()
    staff: set[str] = set()
    for claim in claims:
        for provider in claim.providers:
            staff |= {provider.name, provider.first_name}
        for person in (claim.patient_person, claim.subscriber):
            found |= {person.name, person.first_name, person.id}
            if person.address:
                found |= {person.address.line1, person.address.postal_code}
            if person.demographics:
                found.add(person.demographics.birth_date)
                found.add(f"{person.birth_date:%Y-%m-%d}")
        found |= {claim.number, *(line.control_number for line in claim.lines)}
        found |= {code.code for code in claim.diagnoses}
        street = claim.billing_provider.address
        assert street is not None
        staff |= {street.line1, street.postal_code, street.city}
    return {word for word in found - staff if len(word) > 3}


def _plain_text(clone: Clone) -> Iterator[str]:
    """Every value of every text or JSON column of the database."""
    with psycopg.connect(clone.url("postgres")) as connection:
        columns = connection.execute(
            """
            SELECT table_name, column_name FROM information_schema.columns
            WHERE table_schema = 'public' AND data_type IN ('text', 'jsonb', 'character varying')
            """
        ).fetchall()
        for table, column in columns:
            query = f'SELECT DISTINCT "{column}"::text FROM "{table}" WHERE "{column}" IS NOT NULL'
            for (value,) in connection.execute(query.encode()):
                yield value
