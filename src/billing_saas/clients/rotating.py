"""Secrets of a client, changed without a gap: a new one beside the old for a time that is stated."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update

from billing_saas.audit import trail
from billing_saas.clients import queries, rules
from billing_saas.clients.errors import ClientRevoked, ClientSecretNotFound, TwoSecretsStand
from billing_saas.clients.making import WRITE
from billing_saas.clients.tables import ClientSecret, ClientToken
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id


@dataclass(frozen=True, slots=True, repr=False)
class NewSecret:
    """Shown this once; only its hash is kept."""

    id: UUID
    secret: str
    expires_at: datetime
    others_until: datetime | None
    """Until when the secret before it is good as well."""


async def add(db: TenantSession, actor: Actor, client_id: UUID, *, overlap: timedelta) -> NewSecret:
    """A new secret; the one before it runs out when `overlap` is over."""
    actor.must(WRITE)
    client = await queries.found(db, client_id, lock=True)
    actor.must_have_stepped_up()
    now = clock.now()
    if client.revoked_at is not None or client.expires_at <= now:
        raise ClientRevoked("The client was revoked, or has run out.")
    standing = await _standing(db, client_id, now)
    if len(standing) >= rules.SECRETS_AT_ONCE:
        raise TwoSecretsStand("Two secrets are good already: end one first.")
    until = None
    for before in standing:
        until = min(before.expires_at, now + min(overlap, rules.LONGEST_OVERLAP))
        await _set(db, before.id, expires_at=until)
    secret = rules.SECRET_PREFIX + secrets.token_urlsafe(32)
    made = ClientSecret(
        tenant_id=db.tenant_id,
        id=new_id(),
        client_id=client_id,
        secret_hash=rules.digest(secret),
        created_by=actor.id,
        created_at=now,
        expires_at=client.expires_at,
        ended_at=None,
    )
    db.add(made)
    await db.flush()
    await _record(db, actor, "client_secret.add", made.id, count=len(standing) + 1)
    return NewSecret(made.id, secret, made.expires_at, until)


async def end(db: TenantSession, actor: Actor, client_id: UUID, secret_id: UUID) -> None:
    """At once, with the tokens that were asked for by it."""
    actor.must(WRITE)
    await queries.found(db, client_id, lock=True)
    secret = await db.scalar(
        select(ClientSecret).where(
            ClientSecret.tenant_id == db.tenant_id,
            ClientSecret.client_id == client_id,
            ClientSecret.id == secret_id,
        )
    )
    if secret is None:
        raise ClientSecretNotFound("The client has no such secret.")
    if secret.ended_at is not None:
        return
    now = clock.now()
    await _set(db, secret_id, ended_at=now)
    await db.execute(
        update(ClientToken)
        .where(
            ClientToken.tenant_id == db.tenant_id,
            ClientToken.client_id == client_id,
            ClientToken.secret_id == secret_id,
            ClientToken.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )
    await _record(db, actor, "client_secret.end", secret_id)


async def _standing(db: TenantSession, client_id: UUID, now: datetime) -> list[ClientSecret]:
    found = await db.scalars(
        select(ClientSecret).where(
            ClientSecret.tenant_id == db.tenant_id,
            ClientSecret.client_id == client_id,
            ClientSecret.ended_at.is_(None),
            ClientSecret.expires_at > now,
        )
    )
    return list(found)


async def _set(db: TenantSession, secret_id: UUID, **to: datetime) -> None:
    await db.execute(
        update(ClientSecret)
        .where(ClientSecret.tenant_id == db.tenant_id, ClientSecret.id == secret_id)
        .values(**to)
    )


async def _record(
    db: TenantSession, actor: Actor, action: str, secret_id: UUID, **detail: int
) -> None:
    await trail.record(
        db, actor, action, object_type="client_secret", object_id=secret_id, detail=detail
    )
