"""Secrets that were shown where they must not be: worth nothing from then on.

What stood in a URL stands in histories, proxies and logs of others. Only who holds the whole secret
can end it so, and they could do worse with it.
"""

from uuid import UUID

from sqlalchemy import update

from billing_saas.audit import trail
from billing_saas.clients import rules
from billing_saas.clients.issuing import Caller
from billing_saas.clients.tables import ClientSecret, ClientToken
from billing_saas.identity import enrolling
from billing_saas.kit import clock
from billing_saas.kit.db import PlatformSession


async def end_shown(db: PlatformSession, caller: Caller, shown: str) -> bool:
    """End the token or secret, and tell the log of whose it was; whether there was one."""
    if shown.startswith(rules.TOKEN_PREFIX):
        return await _end_token(db, caller, rules.digest(shown))
    if shown.startswith(rules.SECRET_PREFIX):
        return await _end_secret(db, caller, rules.digest(shown))
    return await enrolling.revoke_shown(
        db, shown, request_id=caller.request_id, ip_prefix=caller.ip_prefix
    )


async def _end_token(db: PlatformSession, caller: Caller, digest: bytes) -> bool:
    ended = await db.execute(
        update(ClientToken)
        .where(ClientToken.token_hash == digest, ClientToken.revoked_at.is_(None))
        .values(revoked_at=clock.now())
        .returning(ClientToken.tenant_id, ClientToken.client_id)
    )
    row = ended.one_or_none()
    if row is None:
        return False
    await _record(db, caller, row.tenant_id, row.client_id, "token")
    return True


async def _end_secret(db: PlatformSession, caller: Caller, digest: bytes) -> bool:
    now = clock.now()
    ended = await db.execute(
        update(ClientSecret)
        .where(ClientSecret.secret_hash == digest, ClientSecret.ended_at.is_(None))
        .values(ended_at=now)
        .returning(ClientSecret.tenant_id, ClientSecret.client_id, ClientSecret.id)
    )
    row = ended.one_or_none()
    if row is None:
        return False
    await db.execute(
        update(ClientToken)
        .where(
            ClientToken.tenant_id == row.tenant_id,
            ClientToken.secret_id == row.id,
            ClientToken.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )
    await _record(db, caller, row.tenant_id, row.client_id, "secret")
    return True


async def _record(
    db: PlatformSession, caller: Caller, log: UUID, client_id: UUID, kind: str
) -> None:
    await trail.record_in(
        db,
        log,
        caller.actor(client_id),
        "client.leak",
        object_type="client",
        object_id=client_id,
        outcome="denied",
        detail={"kind": kind, "reason": "in-url"},
    )
