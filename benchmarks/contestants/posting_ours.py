"""Receive an 835 and run its jobs in this process: from file to ledger, claim states and audit."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

from benchmarks.contestants import memory
from billing_saas.gateways.key_folder import KeyFolder
from billing_saas.identity.rules import permissions_of
from billing_saas.kit import collecting, logs
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import Database, Urls
from billing_saas.remittances import receiving
from billing_saas.workers import running


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(1 << 18):
            yield chunk


async def main(tenant: UUID, path: Path, keys: Path) -> float:
    urls = Urls(
        app=os.environ["BILLING_DATABASE_URL"],
        platform=os.environ["BILLING_PLATFORM_DATABASE_URL"],
        company_reader=os.environ["BILLING_COMPANY_READER_DATABASE_URL"],
        migrator=os.environ["BILLING_MIGRATOR_DATABASE_URL"],
    )
    database = Database(urls, KeyFolder(keys), pool_size=2)
    actor = Actor(
        kind=ActorKind.SYSTEM, id=UUID(int=3), permissions=permissions_of(["biller", "supervisor"])
    )
    started = time.perf_counter()
    async with database.tenant(tenant) as db:
        await receiving.receive_file(db, actor, "bench.835", _chunks(path))
    outcomes = await running.drain(database)
    seconds = time.perf_counter() - started
    await database.close()
    if set(outcomes) != {running.Outcome.DONE}:
        raise RuntimeError(f"jobs ended as {dict(outcomes)}")
    return seconds


logs.configure("ERROR")
collecting.seldom()  # as a worker's process does
spent = asyncio.run(main(UUID(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])))
print(
    json.dumps({"seconds": spent, "cpu_seconds": time.process_time(), "peak_mb": memory.peak_mb()})
)
