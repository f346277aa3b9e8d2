"""Make a connection known, and change what may change: its ids and usage stay for good."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from billing_saas.audit import trail
from billing_saas.connections import queries, rules
from billing_saas.connections.errors import BadConnection, ConnectionExists
from billing_saas.connections.rules import NewConnection
from billing_saas.connections.tables import Connection, ConnectionNumber
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id

WRITE = "connections.write"


@dataclass(frozen=True, slots=True)
class Changed:
    """What may change, as it is to be."""

    name: str
    refuses_repeats: bool
    active: bool


async def make(db: TenantSession, actor: Actor, new: NewConnection) -> UUID:
    actor.must(WRITE)
    bad = rules.faults(new)
    if bad:
        raise _bad(bad)
    connection_id = new_id()
    now = clock.now()
    made = await db.scalar(
        insert(Connection)
        .values(
            tenant_id=db.tenant_id,
            id=connection_id,
            name=new.name.strip(),
            kind=new.kind,
            usage=new.usage,
            own_qualifier=new.own.qualifier,
            own_id=new.own.id,
            own_group_id=new.own.group_id,
            partner_qualifier=new.partner.qualifier,
            partner_id=new.partner.id,
            partner_group_id=new.partner.group_id,
            refuses_repeats=new.refuses_repeats,
            active=True,
            created_at=now,
            updated_at=now,
        )
        .on_conflict_do_nothing()
        .returning(Connection.id)
    )
    if made is None:
        raise ConnectionExists("There is a connection with these ids and this usage.")
    numbers = insert(ConnectionNumber).values(
        tenant_id=db.tenant_id,
        connection_id=connection_id,
        last_interchange=0,
        last_group=0,
        last_set=0,
        last_batch=0,
    )
    await db.execute(numbers)
    await trail.record(
        db,
        actor,
        "connection.make",
        object_type="connection",
        object_id=connection_id,
        detail={"kind": new.kind, "state": new.usage},
    )
    return connection_id


async def change(db: TenantSession, actor: Actor, connection_id: UUID, to: Changed) -> None:
    actor.must(WRITE)
    standing = await queries.connection(db, actor, connection_id)
    bad = rules.faults_of_changes(standing.kind, to.name, to.refuses_repeats)
    if bad:
        raise _bad(bad)
    wanted = {
        "name": to.name.strip(),
        "refuses_repeats": to.refuses_repeats,
        "active": to.active,
    }
    changed = [field for field, value in wanted.items() if getattr(standing, field) != value]
    if not changed:
        return
    await db.execute(
        update(Connection)
        .where(Connection.tenant_id == db.tenant_id, Connection.id == connection_id)
        .values(**wanted, updated_at=clock.now())
    )
    await trail.record(
        db,
        actor,
        "connection.change",
        object_type="connection",
        object_id=connection_id,
        detail={"field": " ".join(changed), "state": "active" if to.active else "inactive"},
    )


def _bad(fields: list[str]) -> BadConnection:
    return BadConnection(f"A connection cannot be so: {', '.join(fields)}.", fields=fields)
