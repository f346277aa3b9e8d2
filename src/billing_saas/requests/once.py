"""A request with an Idempotency-Key is done once: its row commits with what it did, or not at all.

An act that takes several transactions (one that talks to a vendor) writes the row in the first, with
the resource that this one leaves behind; from then on the resource says how far it is, and the job
owed in that same transaction ends it. So whoever asks again is told what there is, and never does
any of it twice.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from billing_saas.kit import clock
from billing_saas.requests import rules
from billing_saas.requests.errors import IdempotencyKeyReused, RequestInProgress
from billing_saas.requests.keys import Keys, RequestKeys
from billing_saas.requests.tables import DoneRequest

# PostgreSQL: another transaction held what this one waited for, too long.
_LOCK_NOT_AVAILABLE = "55P03"


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks for what, and under which key."""

    tenant_id: UUID
    """The practice, or `audit.rules.PLATFORM_LOG` for what is asked of the platform."""
    principal_id: UUID
    idempotency_key: str
    method: str
    address: str
    """Path and query."""
    body: bytes

    def __repr__(self) -> str:
        return f"<Request {self.method}>"

    def place(self, keys: Keys) -> bytes:
        return rules.key_digest(keys.done, self.tenant_id, self.principal_id, self.idempotency_key)

    def fingerprint(self, keys: Keys) -> bytes:
        return rules.fingerprint(keys.done, self.method, self.address, self.body)


@dataclass(frozen=True, slots=True)
class Done:
    status: int
    resource_id: UUID | None


async def begin(
    db: AsyncSession,
    keys: RequestKeys,
    request: Request,
    *,
    status: int,
    resource_id: UUID | None = None,
) -> Done | None:
    """None: it is now this transaction's to do. Otherwise what was done when it came before.

    Waits for another transaction that is doing it. `IdempotencyKeyReused`: the key came with another
    request; `RequestInProgress`: the other one takes longer than the role's lock timeout.
    """
    found = await _found(db, request, [k for k in keys.versions.values() if k is not keys.newest])
    if found is not None:
        return found
    row = {
        "tenant_id": request.tenant_id,
        "key_digest": request.place(keys.newest),
        "fingerprint": request.fingerprint(keys.newest),
        "status": status,
        "resource_id": resource_id,
        "done_at": clock.now(),
    }
    try:
        written = await db.scalar(
            insert(DoneRequest).values(row).on_conflict_do_nothing().returning(DoneRequest.status)
        )
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
        raise RequestInProgress("The same request is still being done.") from error
    if written is not None:
        return None
    found = await _found(db, request, [keys.newest])
    if found is None:  # purged between the two statements
        raise RequestInProgress("The same request was just forgotten: ask again.")
    return found


async def left(db: AsyncSession, keys: RequestKeys, request: Request, resource_id: UUID) -> None:
    """Which resource the request left behind, when only the doing of it tells."""
    await db.execute(
        update(DoneRequest)
        .where(
            DoneRequest.tenant_id == request.tenant_id,
            DoneRequest.key_digest == request.place(keys.newest),
        )
        .values(resource_id=resource_id)
    )


async def _found(db: AsyncSession, request: Request, versions: list[Keys]) -> Done | None:
    for keys in versions:
        query = select(DoneRequest.fingerprint, DoneRequest.status, DoneRequest.resource_id).where(
            DoneRequest.tenant_id == request.tenant_id,
            DoneRequest.key_digest == request.place(keys),
        )
        row = (await db.execute(query)).one_or_none()
        if row is None:
            continue
        if row.fingerprint != request.fingerprint(keys):
            raise IdempotencyKeyReused("This Idempotency-Key came with another request.")
        return Done(row.status, row.resource_id)
    return None
