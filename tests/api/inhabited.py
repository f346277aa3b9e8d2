"""A practice in which everything is: a month of work, sealed rows by their own acts, a row in every table."""

from datetime import timedelta

import psycopg

from billing_saas.documents import filing
from billing_saas.documents.filing import Filed
from billing_saas.kit import clock
from billing_saas.kit.db import Database
from billing_saas.kit.paging import PageRequest
from billing_saas.messages import contacts, pausing, threads
from billing_saas.messages.gate_rules import Pausing
from billing_saas.patient_requests import asking
from billing_saas.patient_requests.rules import Asked
from billing_saas.patients import queries as patients
from tests.blobs.test_storing import stream
from tests.build import month
from tests.cast import Person, Tenant
from tests.cluster import Clone
from tests.collections import planted
from tests.documents import paper
from tests.isolation import rows
from tests.isolation.rows import World


async def inhabit(
    database: Database, clone: Clone, elm: Tenant, boss: Person, *, claims: int = 3
) -> World:
    """What is sealed is written by the acts that seal it, so that it can be opened."""
    await month.work(database, elm, boss.actor, claims=claims)
    # The patient whom the catalogue's rows will be of: the walk opens an emergency for that one, after
    # which what is another's is not there.
    with psycopg.connect(clone.url("postgres")) as superuser:
        first = rows.row_of(superuser, "patient", elm.id)
        assert first is not None
    async with database.tenant(elm.id) as db:
        document = await filing.announce(db, boss.actor, Filed(kind="other", title="A letter"))
        await filing.keep_content(db, boss.actor, document, stream(paper.pdf(), 9_999), "")
        wanted = Asked(kind="records")
        today = clock.now().date() - timedelta(days=1)
        await asking.write_down(db, boss.actor, first["id"], wanted, today)
        await planted.work(db, boss.actor, first["id"], today)
        everybody = await patients.patients(db, boss.actor, PageRequest(limit=200))
        await contacts.seed(db, boss.actor, [one.id for one in everybody.rows])
        await threads.begin(db, boss.actor, first["id"], "other", "Hours", "Until five.")
        until = clock.now() + timedelta(days=1)
        await pausing.pause_by_hand(db, boss.actor, first["id"], Pausing.DISPUTE, until=until)
    with psycopg.connect(clone.url("postgres")) as superuser:
        return rows.fill(superuser, elm.id)
