"""A blind index finds what was put, for its own practice."""

from uuid import UUID

from sqlalchemy import text

from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_ids
from billing_saas.phi import indexing, keyring, registry
from tests.cast import Tenant

FIELD = registry.PATIENT_SURNAME_DOB
ANA, BEN, CLEO = new_ids(3)


async def test_a_patient_is_found_however_the_name_is_written(
    database: Database, elm: Tenant
) -> None:
    async with database.tenant(elm.id) as db:
        ring = await keyring.of(db)
        token = ring.token(FIELD, "O'Brien-Garcia", "1980-01-31")
        await indexing.put(db, FIELD, [(token, ANA)])
        for written in ("OBRIEN GARCIA", "O’Brien‑García", "O'Brien-Garcia Jr"):
            asked = ring.token(FIELD, written, "19800131")
            assert await indexing.find(db, FIELD, [asked]) == {token: [ANA]}
        other_day = ring.token(FIELD, "OBRIEN GARCIA", "19800130")
        assert await indexing.find(db, FIELD, [other_day]) == {}
        assert await indexing.find(db, registry.PATIENT_MRN, [token]) == {}


async def test_many_are_put_and_found_in_one_go(database: Database, elm: Tenant) -> None:
    rows = new_ids(2_000)
    async with database.tenant(elm.id) as db:
        ring = await keyring.of(db)
        pairs = [
            (ring.token(registry.PATIENT_MRN, f"MRN{n // 2}"), row) for n, row in enumerate(rows)
        ]
        await indexing.put(db, registry.PATIENT_MRN, iter(pairs))
        wanted = [*(token for token, _ in pairs), ring.token(registry.PATIENT_MRN, "nobody")]
        found = await indexing.find(db, registry.PATIENT_MRN, wanted)
    assert len(found) == 1_000
    assert all(found[token] == rows[n * 2 : n * 2 + 2] for n, (token, _) in enumerate(pairs[::2]))


async def test_putting_again_changes_nothing(database: Database, elm: Tenant) -> None:
    async with database.tenant(elm.id) as db:
        token = (await keyring.of(db)).token(FIELD, "Garcia", "1980-01-31")
        for _ in range(2):
            await indexing.put(db, FIELD, [(token, ANA), (token, BEN), (token, ANA)])
        assert await indexing.find(db, FIELD, [token, token]) == {token: [ANA, BEN]}


async def test_a_changed_value_leaves_no_old_token(database: Database, elm: Tenant) -> None:
    async with database.tenant(elm.id) as db:
        ring = await keyring.of(db)
        before, after = (ring.token(FIELD, name, "1980-01-31") for name in ("Garcia", "Gray"))
        mrn = ring.token(registry.PATIENT_MRN, "12")
        await indexing.put(db, FIELD, [(before, ANA), (before, BEN), (before, CLEO)])
        await indexing.put(db, registry.PATIENT_MRN, [(mrn, ANA)])
        await indexing.replace(db, FIELD, [(after, ANA), (None, CLEO)])
        assert await indexing.find(db, FIELD, [before, after]) == {before: [BEN], after: [ANA]}
        assert await indexing.find(db, registry.PATIENT_MRN, [mrn]) == {mrn: [ANA]}


async def test_nothing_asked_is_nothing_found(database: Database, elm: Tenant) -> None:
    async with database.tenant(elm.id) as db:
        await indexing.put(db, FIELD, [])
        await indexing.replace(db, FIELD, [])
        assert await indexing.find(db, FIELD, []) == {}


async def test_a_stranger_finds_nothing(database: Database, elm: Tenant, oak: Tenant) -> None:
    async with database.tenant(elm.id) as db:
        elms = (await keyring.of(db)).token(FIELD, "Garcia", "1980-01-31")
        await indexing.put(db, FIELD, [(elms, ANA)])
    async with database.tenant(oak.id) as db:
        oaks = (await keyring.of(db)).token(FIELD, "Garcia", "1980-01-31")
        assert oaks != elms
        assert await indexing.find(db, FIELD, [elms, oaks]) == {}
        await indexing.replace(db, FIELD, [(None, ANA)])
    async with database.tenant(elm.id) as db:
        assert await indexing.find(db, FIELD, [elms]) == {elms: [ANA]}


async def test_the_posting_table_holds_no_value(database: Database, elm: Tenant) -> None:
    async with database.tenant(elm.id) as db:
        token = (await keyring.of(db)).token(registry.PATIENT_EMAIL, "ana@example.com")
        await indexing.put(db, registry.PATIENT_EMAIL, [(token, ANA)])
        (row,) = (await db.execute(text("SELECT * FROM blind_index"))).all()
    assert tuple(row) == (elm.id, 5, 1, token, ANA)
    assert isinstance(row.row_id, UUID)
    assert len(token) == 8
