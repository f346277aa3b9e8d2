"""Files that nobody should send: kept, told, never posted, and the worker goes on. Who sees what of them."""

import re
from collections.abc import AsyncIterator

import msgspec
import pytest

from billing_saas.edi.parties import Party
from billing_saas.inbox import queries as inbox
from billing_saas.kit.errors import NotFound
from billing_saas.kit.paging import PageRequest
from billing_saas.remittances import posting, queries, receiving
from billing_saas.workers import running
from tests.cast import Person, Tenant
from tests.remittances.desk import Desk
from tests.remittances.held import (
    full,
    not_taken,
    nothing_posted,
    off_at_the_claim,
    still_at_work,
)


async def test_other_delimiters_and_a_byte_order_mark_are_read_like_any(desk: Desk) -> None:
    claims = [desk.claim() for _ in range(2)]
    for n, claim in enumerate(claims):
        plain = desk.remittance(claim, full(claim))
        file = [
            b"\xef\xbb\xbf" + plain,
            plain.translate(bytes.maketrans(b"*:~^", b"|>\x1d!")),
        ][n]
        arrival = await desk.remit(file)
        assert (arrival.state, arrival.errors) == ("handled", 0)
        assert (await desk.record(claim)).claim.receivable == "settled"


NOT_X12: dict[str, bytes] = {
    "nothing": b"",
    "prose": b"Dear practice, please find our payment attached.",
    "a PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n",
    "NULs": b"\0" * 5_000,
    "an ISA and no more": b"ISA*00*",
    "noise": bytes(range(256)) * 40,
}


@pytest.mark.parametrize("what", NOT_X12)
async def test_what_is_not_x12_is_kept_and_told(desk: Desk, what: str) -> None:
    arrival = await desk.remit(NOT_X12[what])
    assert (arrival.state, arrival.errors) == ("unreadable", 1)
    await not_taken(desk, arrival, NOT_X12[what])


async def test_a_nul_inside_a_name_does_not_stop_the_worker(desk: Desk) -> None:
    """PostgreSQL's text takes no NUL: every text of a file that is written down may hold one."""
    claim = desk.claim()
    file = desk.remittance(claim, full(claim))
    places = [b"N1*PR*", b"~TRN*1*", b"*XX*", b"~REF*6R*", b"~SVC*HC:", b"~CLP*", b"REF*2U*"]
    for place in places:
        assert place in file, place
        arrival = await desk.remit(file.replace(place, place + b"A\0B", 1))
        assert arrival.state in ("held", "unreadable", "handled"), place
        assert arrival.errors > 0, place
    await nothing_posted(desk)
    assert await desk.sql("SELECT id FROM job WHERE state <> 'done'") == []
    await still_at_work(desk)


async def test_a_claim_of_more_lines_than_one_can_have_is_told(desk: Desk) -> None:
    claim = desk.claim()
    said = full(claim)
    line = msgspec.structs.replace(said.services[0], charge_cents=0, paid_cents=0)
    file = desk.remittance(
        claim, msgspec.structs.replace(said, services=(*said.services, *[line] * 33_000))
    )
    arrival = await desk.remit(file)
    assert arrival.state in ("held", "unreadable")
    assert arrival.errors > 0
    await nothing_posted(desk)
    await still_at_work(desk)


@pytest.mark.slow
async def test_a_hundred_megabytes_of_one_segment_stay_out_of_memory(desk: Desk) -> None:
    import resource

    claim = desk.claim()
    head, tail = desk.remittance(claim, full(claim)).split(b"~CLP*", 1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    async def endless() -> AsyncIterator[bytes]:
        yield head + b"~CLP*"
        for _ in range(100):
            yield b"A" * 1_000_000
        yield tail

    async with desk.database.tenant(desk.tenant.id) as db:
        received = await receiving.receive_file(db, desk.person.actor, "big.835", endless())
    await running.drain(desk.database)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64_000  # KiB
    async with desk.database.tenant(desk.tenant.id) as db:
        arrival = await inbox.arrival(db, desk.person.actor, received.arrival_id)
    assert (arrival.state, arrival.bytes > 100_000_000) == ("unreadable", True)
    await nothing_posted(desk)
    await still_at_work(desk)


# --- who sees what ---


@pytest.mark.slow
async def test_no_text_of_the_database_names_the_patient(desk: Desk) -> None:
    """The names and member id stand in good files, in held ones, and where they do not belong."""
    claim = desk.claim()
    person = claim.patient_person
    canaries = ["ZWIEBELHAUSER", "QWENDOLINA", "ZQ99887766"]
    named = Party(
        entity="QC",
        entity_type="1",
        name=canaries[0],
        first_name=canaries[1],
        id_qualifier="MI",
        id=canaries[2],
    )
    said = msgspec.structs.replace(full(claim), parties=(named,))
    good = desk.remittance(claim, said)
    assert person.name
    misplaced = [
        good.replace(b"~SVC*", b"~" + b"*".join(c.encode() for c in canaries) + b"~SVC*", 1),
        re.sub(rb"(~CLP\*[^*]*\*1\*)([0-9.]+)", rb"\g<1>ZWIEBELHAUSER", good),
        re.sub(rb"~SE\*\d+", b"~SE*ZQ99887766", good),
        re.sub(rb"~IEA\*", b"~ZWIEBELHAUSER*QWENDOLINA~IEA*", good),
    ]
    for n, file in enumerate([*misplaced, good]):
        await desk.remit(file.replace(b"~TRN*1*", b"~TRN*1*%d" % n))
    columns = await desk.sql(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND data_type IN ('text', 'character varying', 'jsonb')"
        " AND has_column_privilege("
        "   format('%I.%I', table_schema, table_name)::regclass, column_name, 'SELECT')"
    )
    assert len(columns) > 100
    for table, column in columns:
        for canary in canaries:
            hits = await desk.sql(
                f"SELECT count(*) FROM {table} WHERE {column}::text ILIKE :sought",
                sought=f"%{canary}%",
            )
            assert hits[0][0] == 0, (table, column, canary)
    (posted,) = [one for one in await desk.remittances() if one.state == "posted"]
    async with desk.database.tenant(desk.tenant.id) as db:
        page = await queries.claim_payments(db, desk.person.actor, posted.id, PageRequest())
    assert page.rows[0].identity.patient_last_name == canaries[0]  # sealed, and there


async def test_a_stranger_finds_nothing(desk: Desk, oak: Tenant, mallory: Person) -> None:
    claim = desk.claim()
    arrival = await desk.remit(desk.remittance(claim, off_at_the_claim(claim)))
    (remittance,) = await desk.remittances()
    page = PageRequest()
    async with desk.database.tenant(oak.id) as db:
        assert (await queries.remittances(db, mallory.actor, page)).rows == []
        for asked in (
            queries.remittance(db, mallory.actor, remittance.id),
            queries.claim_payments(db, mallory.actor, remittance.id, page),
            posting.post(db, mallory.actor, remittance.id),
            inbox.arrival(db, mallory.actor, arrival.id),
            inbox.findings(db, mallory.actor, arrival.id, page),
        ):
            with pytest.raises(NotFound):
                await asked
