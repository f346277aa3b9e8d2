from billing_saas.kit.db import Database
from billing_saas.inbox import queries as inbox
from billing_saas.kit.paging import PageRequest
from billing_saas.claims import queries as claims
from tests.cast import Person, Tenant
from tests.imports.practice_files import claims_file, hand_in


async def test_a_file_becomes_claims(database: Database, elm: Tenant, alice: Person) -> None:
    import time
    t=time.time()
    content = claims_file(elm, 60)
    print(time.time()-t)
    arrival_id = await hand_in(database, elm, alice.actor, content)
    async with database.tenant(elm.id) as db:
        arrival = await inbox.arrival(db, alice.actor, arrival_id)
        found = await inbox.findings(db, alice.actor, arrival_id, PageRequest())
        print([(f.code, f.message, f.segment, f.loop) for f in found.rows])
        assert arrival.state == "handled"
        page = await claims.claims(db, alice.actor, PageRequest(limit=100))
        assert len(page.rows) == 60
