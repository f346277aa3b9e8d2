"""Seals the audit trail while the process lives, anchors its heads, and says so when it lags."""

import asyncio
import time

import msgspec

from billing_saas.kit import logs
from billing_saas.kit.db import Database
from billing_saas.kit.protocols import Anchor
from billing_saas.seals import sealing
from billing_saas.seals.head_rules import SignedHead
from billing_saas.seals.sealing import Sealer

SEAL_EVERY_SECONDS = 1.0
ANCHOR_EVERY_SECONDS = 60.0
ANCHOR_AGAIN_SECONDS = 5.0
LOOK_EVERY_SECONDS = 5.0
ALARM_SECONDS = 30.0


class Watch:
    """What one process remembers from round to round."""

    def __init__(self, database: Database, anchor: Anchor | None) -> None:
        self._database = database
        self._anchor = anchor
        self._sealer = Sealer()
        self._anchored: SignedHead | None = None
        self._anchor_at = 0.0
        self._look_at = 0.0

    async def round(self) -> None:
        """Seal all that waits; then look whether something is late."""
        while True:
            async with self._database.sealer() as db:
                sealed = await self._sealer.seal(db)
            if sealed is None or sealed.is_all:
                break
        now = time.monotonic()
        if now >= self._anchor_at:
            self._anchor_at = now + ANCHOR_EVERY_SECONDS
            await self.anchor()
        if now >= self._look_at:
            self._look_at = now + LOOK_EVERY_SECONDS
            await self._alarm(now)

    async def anchor(self) -> None:
        """Put the newest head where the database's owner cannot reach it."""
        async with self._database.sealer() as db:
            signed = await sealing.last_head(db)
        if signed is None or signed == self._anchored:
            return
        head = signed.head
        logs.get().info("audit head", head=head.number, head_hash=head.hash().hex())
        if self._anchor is not None:
            name = f"{head.epoch:06d}-{head.number:012d}.json"
            try:
                await self._anchor.append(name, msgspec.json.encode(signed))
            except Exception as error:  # sealing goes on; it is tried again soon
                self._anchor_at = time.monotonic() + ANCHOR_AGAIN_SECONDS
                logs.get().error("audit anchor failed", head=head.number, exc_info=error)
                return
        self._anchored = signed

    async def _alarm(self, now: float) -> None:
        async with self._database.sealer() as db:
            lag = await sealing.lag_seconds(db)
        if lag > ALARM_SECONDS:
            self._look_at = now + ALARM_SECONDS
            logs.get().error("audit sealing lags", milliseconds=round(lag * 1000))


async def run(database: Database, anchor: Anchor | None) -> None:
    """Until cancelled. A round that fails is tried again: the database may be away for a while."""
    watch = Watch(database, anchor)
    while True:
        try:
            await watch.round()
        except Exception as error:
            logs.get().error("audit sealing failed", exc_info=error)
        await asyncio.sleep(SEAL_EVERY_SECONDS)
