"""A worker killed anywhere between an 835's arrival and its books leaves what an undisturbed one does.

Each practice is made once; every blow falls on a copy of it, with the same files owed.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace
from sqlalchemy import DateTime, LargeBinary, Uuid, text

from billing_saas.edi.claim837 import Claim
from billing_saas.edi.remittance import Remittance
from billing_saas.gateways.key_folder import KeyFolder
from billing_saas.kit.db import Database, Row, Urls
from billing_saas.outbox import leasing
from billing_saas.remittances import receiving
from billing_saas.workers import running
from billing_sandbox import payer
from tests import chaos, invariants
from tests import cluster as clusters
from tests.cluster import Clone
from tests.remittances.desk import PAID_ON, Desk

POINTS = [
    "remittances.intake.taken",
    "inbox.handling.handled",
    "remittances.posting.matched",
    "ledger.journal.entries_written",
    "ledger.journal.lines_written",
    "remittances.posting.lines",
    "remittances.posting.claims",
    "remittances.posting.journalled",
    "remittances.posting.told",
    "workers.running.claimed",
    "workers.running.acted",
    "workers.running.finished",
    "workers.running.committed",
]
# How the work was done, not what came of it.
NOT_BUSINESS = {"job", "audit_event", "audit_subject", "tenant_key"}
OF_THE_DATABASE = {"xid"}

Dump = dict[str, Any]


@pytest.fixture
def key_folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def keys(key_folder: Path) -> KeyFolder:
    """Shared with the processes that are killed."""
    return KeyFolder(key_folder)


@pytest.mark.slow
@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_killed_anywhere_and_taken_up_again_it_comes_to_the_same(
    clone: Clone, desk: Desk, keys: KeyFolder, key_folder: Path, seed: int
) -> None:
    await owe_files(desk, seed)
    await desk.database.close()  # a database that is copied has no guests
    undisturbed = await worked(clone, desk, keys)
    assert len(undisturbed["remittance"]) > 4
    assert {"posted", "out_of_balance"} == {row["state"] for row in undisturbed["remittance"]}
    assert "reversed" in {row["state"] for row in undisturbed["claim_payment"]}
    for point in POINTS:
        struck = await worked(clone, desk, keys, fault=f"{point}:{seed}", key_folder=key_folder)
        for table, rows in undisturbed.items():
            assert struck[table] == rows, f"{table} after a kill at {point}, time {seed}"


async def owe_files(desk: Desk, seed: int) -> None:
    """The first payer's money is on the books. Owed: the other payers', a payment that is taken back
    and corrected, money for nobody, and a file that does not add up."""
    by_payer: dict[str, list[Claim]] = {}
    for claim in payer.claims_of(desk.batch):
        by_payer.setdefault(claim.payer.id, []).append(claim)
    first, *others = by_payer.values()
    checks = [desk.check() for _ in range(4)]
    await desk.remit(payer.file_of([payment(desk, first, checks[0], seed)], desk.payee, checks[0]))
    payments = [payment(desk, claims, checks[1], seed) for claims in others]
    odd = payment(desk, first[:1], desk.check(), seed + 100)
    odd = replace(odd, payment_cents=odd.payment_cents + 1)
    files = [
        payer.file_of(payments, desk.payee, checks[1]),
        payer.take_back_and_correct(desk.batch, desk.payee, checks[0], checks[2], seed=seed),
        payer.stray(desk.batch, desk.payee, checks[3], seed=seed),
        payer.file_of([odd], desk.payee, desk.check()),
    ]
    for file in files:
        async with desk.database.tenant(desk.tenant.id) as db:
            await receiving.receive_file(db, desk.person.actor, "some.835", whole(file))


def payment(desk: Desk, claims: list[Claim], check: payer.Check, seed: int) -> Remittance:
    chance = random.Random(f"{claims[0].payer.id}/{seed}")
    paid = [payer.adjudicate(claim, chance) for claim in claims]
    assert check.paid_on == PAID_ON
    return payer.payment_of(claims[0], desk.payee, check, paid, ())


async def whole(file: bytes) -> AsyncIterator[bytes]:
    yield file


async def worked(
    template: Clone, desk: Desk, keys: KeyFolder, fault: str = "", key_folder: Path | None = None
) -> Dump:
    """A copy of the practice after all that is owed was done, by a second worker where one was killed."""
    copy = clusters.clone(template.name)
    database = Database(copy.urls, keys, pool_size=4)
    try:
        if key_folder is not None:
            with chaos.Worker(copy, key_folder, fault=fault, task=work) as worker:
                await asyncio.to_thread(worker.wait_until_killed)
        await work_on(database)
        await invariants.check_all(database, [desk.tenant.id])
        return await dump(database, desk.tenant.id)
    finally:
        await database.close()
        clusters.drop(copy)


def work(urls: Urls, keys: KeyFolder) -> None:
    """In the process that is killed."""
    asyncio.run(work_on(Database(urls, keys, pool_size=4)))


async def work_on(database: Database) -> None:
    """Until nothing is owed, with a lease so short that a death is soon noticed."""
    while True:
        async with database.platform() as db:
            await leasing.recover(db)
            due = await leasing.due(db)
            owed = await db.scalar(text("SELECT count(*) FROM job WHERE state <> 'done'"))
        for job_id in due:
            await running.run_job(database, job_id, lease=chaos.LEASE)
        if not owed:
            return
        if not due:
            await asyncio.sleep(0.1)


async def dump(database: Database, tenant_id: UUID) -> Dump:
    """The practice's tables without ids of their own, instants and sealed cells, in one order; what
    is owed, and what the audit trail tells, counted."""
    found: Dump = {}
    async with database.tenant(tenant_id) as db:
        for table, columns in business_columns().items():
            if not columns:
                continue  # of nothing but ids and instants
            told = await db.execute(text(f"SELECT {', '.join(columns)} FROM {table}"))
            found[table] = sorted((dict(row) for row in told.mappings()), key=repr)
        audited = await db.execute(text("SELECT action, outcome FROM audit_event"))
        found["audit"] = Counter(tuple(row) for row in audited)
        jobs = await db.execute(text("SELECT kind, state FROM job"))
        found["outbox"] = Counter(tuple(row) for row in jobs)
        books = await db.execute(
            text(
                "SELECT account, party_kind, party_id, patient_id, claim_id, charge_id, group_code,"
                " reason_code, sum(amount_cents) FROM ledger_line"
                " GROUP BY 1, 2, 3, 4, 5, 6, 7, 8"
            )
        )
        # Claims, charges and parties were there before the blow: their ids are the same in every copy.
        found["books"] = sorted((tuple(row) for row in books), key=repr)
        claims = await db.execute(
            text(
                "SELECT c.id, c.receivable, c.next_action_owner, s.id, s.adjudication FROM claim c"
                " JOIN submission s ON s.tenant_id = c.tenant_id AND s.claim_id = c.id"
            )
        )
        found["claims"] = sorted((tuple(row) for row in claims), key=repr)
    return found


def business_columns() -> dict[str, list[str]]:
    """By table of a practice; `source` of a card or an entry ends in ids, and is told without."""
    return {
        table.name: [
            "split_part(source, ':', 1) AS source" if column.name == "source" else column.name
            for column in table.columns
            if not isinstance(column.type, Uuid | DateTime | LargeBinary)
            and column.name not in OF_THE_DATABASE
        ]
        for table in Row.metadata.sorted_tables
        if "tenant_id" in table.columns and table.name not in NOT_BUSINESS
    }
