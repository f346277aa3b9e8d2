"""A practice's keys in a process: read once, kept for a while, never made up."""

from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.phi import indexing, keyring, registry
from billing_saas.phi.sealing import Document
from tests.cast import Tenant


class Demo(Document):
    last: str
    first: str


async def test_what_is_sealed_opens_in_its_place(database: Database, elm: Tenant) -> None:
    row_id = new_id()
    async with database.tenant(elm.id) as db:
        ring = await keyring.of(db)
        sealed = ring.seal(registry.PATIENT_PHI_DEMO, row_id, Demo("Garcia", "Ana"))
        opened = ring.open(registry.PATIENT_PHI_DEMO, row_id, sealed, Demo)
        token = ring.token(registry.PATIENT_SURNAME_DOB, "Garcia", "1980-01-31")
        await indexing.put(db, registry.PATIENT_SURNAME_DOB, [(token, row_id)])
        assert await indexing.find(db, registry.PATIENT_SURNAME_DOB, [token]) == {token: [row_id]}
        await indexing.replace(db, registry.PATIENT_SURNAME_DOB, [(None, row_id)])
        assert await indexing.find(db, registry.PATIENT_SURNAME_DOB, [token]) == {}
    assert (opened.last, opened.first) == ("Garcia", "Ana")
    assert b"Garcia" not in sealed
