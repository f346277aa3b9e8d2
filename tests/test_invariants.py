"""The invariants hold after a month of work, and each is seen when it is broken from above."""

import psycopg
import pytest
from sqlalchemy import select

from billing_saas.kit.db import Database
from billing_saas.remittances import posting, unposting
from billing_saas.remittances.tables import Remittance
from tests import cluster as clusters
from tests import invariants
from tests.build import month
from tests.cast import Person, Tenant, actor_with
from tests.cluster import Clone
from tests.fakes import MemoryKeys

SUPERVISOR = actor_with(["supervisor", "biller"])


async def test_a_month_of_work_keeps_them_all(
    database: Database, elm: Tenant, oak: Tenant, alice: Person, mallory: Person
) -> None:
    await month.work(database, elm, alice.actor)
    await month.work(database, oak, mallory.actor, seed=2)
    await invariants.check_all(database, [elm.id, oak.id])


async def test_undoing_and_posting_again_keeps_them(
    database: Database, elm: Tenant, alice: Person, invariants_hold: None
) -> None:
    await month.work(database, elm, alice.actor)
    async with database.tenant(elm.id) as db:
        posted = select(Remittance.id).where(Remittance.tenant_id == elm.id)
        remittances = list(await db.scalars(posted.order_by(Remittance.id)))
    for remittance_id in reversed(remittances):  # what was taken back later first
        async with database.tenant(elm.id) as db:
            await unposting.unpost(db, SUPERVISOR, remittance_id)
    await invariants.check_all(database, [elm.id])
    async with database.tenant(elm.id) as db:
        await posting.post(db, SUPERVISOR, remittances[0])


# As someone above all rules: triggers and foreign keys at rest. {} is Elm, {oak} is Oak.
BROKEN: tuple[tuple[str, str], ...] = (
    (
        "UPDATE patient SET name_ct = name_ct || '.' WHERE id ="
        " (SELECT id FROM patient WHERE tenant_id = '{elm}' LIMIT 1)",
        "every_sealed_cell_is_as_told: patient.name_ct",
    ),
    (
        "DELETE FROM audit_content WHERE tenant_id = '{elm}' AND table_number = 8",
        "every_sealed_cell_is_as_told: event",
    ),
    (
        "UPDATE ledger_line SET amount_cents = amount_cents + 1 WHERE (tenant_id, entry_id, n) ="
        " (SELECT tenant_id, entry_id, n FROM ledger_line WHERE tenant_id = '{elm}' LIMIT 1)",
        "books_balance: entry",
    ),
    (
        "DELETE FROM ledger_line WHERE entry_id ="
        " (SELECT id FROM ledger_entry WHERE tenant_id = '{elm}' AND kind = 'claim_payment' LIMIT 1)",
        "books_balance: entry",
    ),
    (
        "UPDATE ledger_entry SET effective_on = effective_on - 1 WHERE id ="
        " (SELECT id FROM ledger_entry WHERE tenant_id = '{elm}' LIMIT 1)",
        "books_balance: line",
    ),
    (
        "UPDATE ledger_line SET account = 'bank' WHERE account = 'payer_cash' AND entry_id ="
        " (SELECT id FROM ledger_entry WHERE tenant_id = '{elm}' AND reverses IS NOT NULL LIMIT 1)",
        "books_balance: entry",
    ),
    (
        "UPDATE remittance SET payment_cents = payment_cents + 1 WHERE tenant_id = '{elm}'",
        "posted_is_what_was_paid: remittance",
    ),
    (
        "UPDATE remittance SET state = 'balanced' WHERE tenant_id = '{elm}'",
        "posted_is_what_was_paid: remittance",
    ),
    (
        "ALTER TABLE arrival DROP CONSTRAINT arrival_tenant_id_source_external_id_key;"
        " UPDATE arrival SET external_id = 'the same' WHERE tenant_id = '{elm}'",
        "nothing_stands_twice: arrival (tenant_id, source, external_id) stands 4 times",
    ),
    (
        "UPDATE ledger_entry SET source = 'claim-payment:' || (SELECT id FROM claim_payment"
        " WHERE tenant_id = '{elm}' LIMIT 1) || ':' || id WHERE tenant_id = '{elm}'"
        " AND kind = 'claim_payment' AND reverses IS NULL",
        "nothing_stands_twice: claim-payment:",
    ),
    (
        "UPDATE card SET worth_cents = 1 WHERE tenant_id = '{elm}'",
        "every_change_is_told: 3 rows of card",
    ),
    (
        "DELETE FROM audit_event WHERE tenant_id = '{elm}' AND action = 'remittance.post'",
        "every_step_is_told: remittance",
    ),
    (
        "DELETE FROM audit_event WHERE tenant_id = '{elm}' AND action = 'arrival.receive'",
        "was received and nobody was told",
    ),
    (
        "DELETE FROM audit_event WHERE tenant_id = '{elm}' AND action = 'practice.provision'",
        "was set up and nobody was told",
    ),
    (
        "UPDATE audit_event SET actor_id = gen_random_uuid() WHERE tenant_id = '{elm}'"
        " AND action = 'practice.provision'",
        "no_event_was_edited: event",
    ),
    (
        "INSERT INTO blob (tenant_id, id, bytes, chunks, sealed_key, key_ver, created_at)"
        " SELECT tenant_id, gen_random_uuid(), bytes, chunks, sealed_key, key_ver, created_at"
        " FROM blob WHERE tenant_id = '{elm}' LIMIT 1",
        "every_file_belongs_somewhere: blob",
    ),
    (
        "UPDATE charge SET encounter_id = (SELECT id FROM encounter WHERE tenant_id = '{oak}' LIMIT 1)"
        " WHERE (tenant_id, id) = (SELECT tenant_id, id FROM charge WHERE tenant_id = '{elm}' LIMIT 1)",
        "references_stay_at_home: 1 rows of charge refer by encounter_id",
    ),
    (
        "UPDATE ledger_line SET claim_id = (SELECT id FROM claim WHERE tenant_id = '{oak}' LIMIT 1)"
        " WHERE (tenant_id, entry_id, n) = (SELECT tenant_id, entry_id, n FROM ledger_line"
        " WHERE tenant_id = '{elm}' AND claim_id IS NOT NULL LIMIT 1)",
        "references_stay_at_home: 1 rows of ledger_line refer by claim_id",
    ),
    (
        "ALTER TABLE claim NO FORCE ROW LEVEL SECURITY",
        "every_table_is_walled: table claim does not force",
    ),
    (
        "CREATE POLICY open ON card TO billing_app USING (true)",
        "every_table_is_walled: policy open of card",
    ),
    (
        "UPDATE arrival SET state = 'received', received_at = received_at - interval '61 minutes'"
        " WHERE tenant_id = '{elm}'",
        "no_arrival_waits: arrival",
    ),
    (
        "UPDATE job SET state = 'queued' WHERE tenant_id = '{elm}'",
        "nothing_is_owed: 8 due",
    ),
    ("UPDATE job SET state = 'dead' WHERE tenant_id = '{elm}'", "nothing_is_owed: 8 dead letters"),
)


@pytest.mark.slow
async def test_whatever_is_broken_is_found(
    database: Database,
    elm: Tenant,
    oak: Tenant,
    alice: Person,
    mallory: Person,
    clone: Clone,
    keys: MemoryKeys,
) -> None:
    await month.work(database, elm, alice.actor)
    await month.work(database, oak, mallory.actor, claims=2)
    await database.close()
    unseen = {}
    for statement, finding in BROKEN:
        found = await _broken(clone, keys, elm, statement.format(elm=elm.id, oak=oak.id))
        if not any(finding in one for one in found):
            unseen[statement] = found
    assert unseen == {}


async def _broken(clone: Clone, keys: MemoryKeys, elm: Tenant, statement: str) -> list[str]:
    """What is found in a copy of the database in which `statement` was done."""
    copy = clusters.clone(clone.name)
    database = Database(copy.urls, keys, pool_size=2)
    try:
        with psycopg.connect(copy.url("postgres")) as above:
            above.execute("SET session_replication_role = replica")
            above.execute(statement.encode())
        return await invariants.violations(database, [elm.id])
    finally:
        await database.close()
        clusters.drop(copy)


def test_every_invariant_of_the_rows_was_broken_once() -> None:
    """The trial balance is added up from the lines themselves: only a wrong sum could differ."""
    broken = {invariant.__name__ for invariant in invariants.INVARIANTS}
    named = " ".join(finding for _, finding in BROKEN)
    assert {name for name in broken if name not in named} <= {
        "trial_balance_is_the_sum_of_lines",
    }
