"""How many messages a key has sealed: counted in this process, written down now and then.

NIST SP 800-38D bounds the messages under one key with random nonces. What a process counted and did
not write before it ended is lost, at most a thousand or five minutes' worth each time: the mark for
rotation lies at a quarter of the bound, far enough below it for that.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import event, select, update

from billing_saas.kit import logs
from billing_saas.kit.db import TenantSession
from billing_saas.phi import sealing
from billing_saas.phi.errors import KeyWorn
from billing_saas.phi.tables import TenantKey

FLUSH_AT = 1000
# The caller may have added rows it has not finished: whether they are written now must not depend
# on how much was sealed before.
_ASIDE = {"autoflush": False}


class Tally:
    """One key's messages: `stored` in its row, `moving` in an open transaction, `pending` here."""

    __slots__ = ("moving", "pending", "purpose", "stored", "tenant_id", "version")

    def __init__(self, tenant_id: UUID, purpose: str, version: int) -> None:
        self.tenant_id = tenant_id
        self.purpose = purpose
        self.version = version
        self.stored = self.moving = self.pending = 0

    @property
    def messages(self) -> int:
        return self.stored + self.moving + self.pending

    @property
    def due_for_rotation(self) -> bool:
        return self.messages >= sealing.ROTATE_AT_MESSAGES

    def count(self) -> None:
        if self.stored + self.moving + self.pending >= sealing.MOST_MESSAGES:
            raise KeyWorn(f"version {self.version} of a practice's key may seal no more")
        self.pending += 1


async def flush(db: TenantSession, tallies: Iterable[Tally]) -> None:
    """Add what is pending to the keys' rows. A row that another transaction holds is left for later.

    Waiting for it could deadlock two acts that seal much and lock other rows in another order.
    """
    for tally in tallies:
        if not tally.pending:
            continue
        this = (
            TenantKey.tenant_id == db.tenant_id,
            TenantKey.purpose == tally.purpose,
            TenantKey.version == tally.version,
        )
        free = select(TenantKey.version).where(*this)
        free = free.with_for_update(key_share=True, skip_locked=True)
        if (await db.execute(free, execution_options=_ASIDE)).scalar_one_or_none() is None:
            continue
        moved = tally.pending
        tally.pending -= moved
        tally.moving += moved
        _settle_with(db, tally, moved)
        await db.execute(
            update(TenantKey).where(*this).values(messages=TenantKey.messages + moved),
            execution_options=_ASIDE | {"synchronize_session": False},
        )
        if tally.due_for_rotation:
            logs.get().warning("practice key due for rotation", tenant=db.tenant_id)


def _settle_with(db: TenantSession, tally: Tally, moved: int) -> None:
    """`moved` is stored when the transaction commits, and pending again when it does not."""
    session = db.sync_session
    committed = settled = False

    def on_commit(_session: Any) -> None:
        nonlocal committed
        committed = True

    def on_end(_session: Any, transaction: Any) -> None:
        nonlocal settled
        if settled or transaction.parent is not None:
            return
        settled = True
        tally.moving -= moved
        if committed:
            tally.stored += moved
        else:
            tally.pending += moved

    event.listen(session, "after_commit", on_commit)
    event.listen(session, "after_transaction_end", on_end)
