"""The leases of one process: taken together, kept together.

Jobs that are asked for while a claim is under way are claimed in the next, one commit for all of them.
Each is asked for by a thread that is free to run it, so no lease runs before its work can begin.
"""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from billing_saas.kit import logs
from billing_saas.kit.db import Database
from billing_saas.outbox import leasing
from billing_saas.outbox.leasing import Claim


class Answer(NamedTuple):
    mine: Claim | None = None
    suspect: bool = False
    """It can be had, but only with `claim_suspect`."""


class Claims:
    """The claims of one process, on its event loop."""

    def __init__(self, database: Database, lease: timedelta) -> None:
        self.database = database
        self.lease = lease
        self.one_suspect = asyncio.Lock()
        self._asked: dict[UUID, asyncio.Future[Answer]] = {}
        self._claiming: asyncio.Task[None] | None = None
        self._kept: dict[UUID, Claim] = {}
        self._keeping: asyncio.Task[None] | None = None

    async def claim(self, job_id: UUID) -> Answer:
        if job_id in self._asked:
            return Answer()  # the bell rang twice, and the other thread is about to have it
        answer = self._asked[job_id] = asyncio.get_running_loop().create_future()
        if self._claiming is None:
            self._claiming = asyncio.create_task(self._claim_what_is_asked())
        try:
            return await asyncio.shield(answer)
        except asyncio.CancelledError:
            mine = (await answer).mine
            if mine is not None:
                async with self.database.platform() as db:
                    await leasing.give_back(db, mine)
            raise

    async def claim_suspect(self, job_id: UUID) -> Claim | None:
        async with self.database.platform() as db:
            return await leasing.claim(db, job_id, lease=self.lease, suspect=True)

    async def _claim_what_is_asked(self) -> None:
        while self._asked:
            asked, self._asked = self._asked, {}
            try:
                answers = await self._claim_all(asked)
            except BaseException as error:
                for answer in asked.values():
                    answer.set_exception(error)
                if not isinstance(error, Exception):
                    self._claiming = None
                    raise
            else:
                for job_id, answer in asked.items():
                    answer.set_result(answers.get(job_id, Answer()))
        self._claiming = None

    async def _claim_all(self, asked: Mapping[UUID, object]) -> dict[UUID, Answer]:
        async with self.database.glance() as db:
            claimed = await leasing.claim_many(db, asked, lease=self.lease)
            answers = {mine.id: Answer(mine) for mine in claimed}
            left = asked.keys() - answers.keys()
            if left:
                suspects = await leasing.suspects(db, left)
                answers |= dict.fromkeys(suspects, Answer(suspect=True))
        return answers

    @contextmanager
    def kept(self, mine: Claim) -> Iterator[None]:
        """Renew the lease while the work goes on. It runs on the work's loop: if that hangs, it ends."""
        self._kept[mine.id] = mine
        if self._keeping is None:
            self._keeping = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            self._kept.pop(mine.id, None)
            if not self._kept and self._keeping is not None:
                self._keeping.cancel()
                self._keeping = None

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(self.lease.total_seconds() / 3)
            try:
                async with self.database.glance() as db:
                    await leasing.extend(db, list(self._kept.values()), lease=self.lease)
            except Exception as error:
                logs.get().warning("leases not renewed", exc_info=error)
