"""Make a client, say anew what it may, and take everything from it at once."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import update

from billing_saas.audit import trail
from billing_saas.clients import queries, rules
from billing_saas.clients.errors import BadClient, BeyondYourOwn, ClientRevoked
from billing_saas.clients.rules import NewClient
from billing_saas.clients.tables import ApiClient, ClientToken
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id

WRITE = "clients.write"


async def make(db: TenantSession, actor: Actor, new: NewClient) -> UUID:
    """A client that has no secret yet: `secrets.add` gives one, or its public keys make do."""
    actor.must(WRITE)
    now = clock.now()
    _must_be_good(new, made_at=now)
    _must_hold(actor, new.scopes)
    actor.must_have_stepped_up()
    client = ApiClient(
        tenant_id=db.tenant_id,
        id=new_id(),
        name=new.name.strip(),
        scopes=rules.joined(new.scopes),
        networks=rules.joined(new.networks),
        public_keys=list(new.public_keys),
        created_by=actor.id,
        created_at=now,
        updated_at=now,
        expires_at=new.expires_at,
        revoked_at=None,
    )
    db.add(client)
    await db.flush()
    await trail.record(
        db,
        actor,
        "client.make",
        object_type="client",
        object_id=client.id,
        detail={"count": len(set(new.scopes))},
    )
    return client.id


async def change(db: TenantSession, actor: Actor, client_id: UUID, to: NewClient) -> None:
    """As it is to be. What is taken away is gone at once, also from tokens that were given before."""
    actor.must(WRITE)
    client = await queries.found(db, client_id, lock=True)
    _must_stand(client)
    _must_be_good(to, made_at=client.created_at)
    _must_hold(actor, set(to.scopes) - set(rules.listed(client.scopes)))
    actor.must_have_stepped_up()
    wanted = {
        "name": to.name.strip(),
        "scopes": rules.joined(to.scopes),
        "networks": rules.joined(to.networks),
        "public_keys": list(to.public_keys),
        "expires_at": to.expires_at,
    }
    changed = [field for field, value in wanted.items() if getattr(client, field) != value]
    if not changed:
        return
    await db.execute(
        update(ApiClient)
        .where(ApiClient.tenant_id == db.tenant_id, ApiClient.id == client_id)
        .values(**wanted, updated_at=clock.now())
    )
    await trail.record(
        db,
        actor,
        "client.change",
        object_type="client",
        object_id=client_id,
        detail={"field": " ".join(changed)},
    )


async def revoke(db: TenantSession, actor: Actor, client_id: UUID) -> None:
    """For good, with its secrets and tokens. Who takes away need not show a second factor: in an
    emergency every minute counts, and nobody gains by it."""
    actor.must(WRITE)
    client = await queries.found(db, client_id, lock=True)
    if client.revoked_at is not None:
        return
    now = clock.now()
    await db.execute(
        update(ApiClient)
        .where(ApiClient.tenant_id == db.tenant_id, ApiClient.id == client_id)
        .values(revoked_at=now, updated_at=now)
    )
    await db.execute(
        update(ClientToken)
        .where(
            ClientToken.tenant_id == db.tenant_id,
            ClientToken.client_id == client_id,
            ClientToken.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )
    await trail.record(db, actor, "client.revoke", object_type="client", object_id=client_id)


def _must_stand(client: ApiClient) -> None:
    if client.revoked_at is not None:
        raise ClientRevoked("The client was revoked.")


def _must_be_good(new: NewClient, *, made_at: datetime) -> None:
    bad = rules.faults(new, made_at=made_at, now=clock.now())
    if bad:
        raise BadClient("A client cannot be so.", fields=bad)


def _must_hold(actor: Actor, scopes: Iterable[str]) -> None:
    missing = sorted(scope for scope in set(scopes) if not actor.may(scope))
    if missing:
        raise BeyondYourOwn(
            "You cannot give a machine what you do not hold yourself.", permission=missing[0]
        )
