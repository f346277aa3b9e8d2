"""With whom a practice exchanges files, and under which ids."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post, put
from litestar.params import JSONBody

from billing_saas.api.declaring import declared
from billing_saas.api.deps import Asked, Db, Id, Who
from billing_saas.api.manners import Versioned, manners
from billing_saas.api.wire import In, Out, PageOut
from billing_saas.connections import making, queries, rules
from billing_saas.connections.errors import BadConnection, ConnectionExists
from billing_saas.connections.making import Changed
from billing_saas.connections.rules import Kind, NewConnection, Qualifier, Side, Usage
from billing_saas.connections.tables import Connection
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession


class ConnectionOut(Out, frozen=True):
    """`own_` is the practice, `partner_` the other side, as ISA05 to ISA08 and GS02 and GS03 name them.
    `usage` is ISA15: T for test, P for production; the two are never mixed."""

    id: UUID
    name: str
    kind: str
    usage: str
    own_qualifier: str
    own_id: str
    own_group_id: str
    partner_qualifier: str
    partner_id: str
    partner_group_id: str
    refuses_repeats: bool
    active: bool
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Connection) -> "ConnectionOut":
        return cls(**{name: getattr(row, name) for name in cls.__struct_fields__})


Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
PartyId = Annotated[str, msgspec.Meta(min_length=1, max_length=15, pattern=f"^{rules.ID}$")]
GroupId = Annotated[str, msgspec.Meta(min_length=2, max_length=15, pattern=f"^{rules.ID}$")]


class ConnectionIn(In, frozen=True, forbid_unknown_fields=True):
    """Ids and usage stay for good. Repeats of ISA13 are refused only where a practice's system sends
    claims: a clearinghouse uses its numbers again."""

    name: Name
    kind: Kind
    usage: Usage
    own_qualifier: Qualifier
    own_id: PartyId
    own_group_id: GroupId
    partner_qualifier: Qualifier
    partner_id: PartyId
    partner_group_id: GroupId
    refuses_repeats: bool = False

    def new(self) -> NewConnection:
        return NewConnection(
            name=self.name,
            kind=self.kind,
            usage=self.usage,
            own=Side(self.own_qualifier, self.own_id, self.own_group_id),
            partner=Side(self.partner_qualifier, self.partner_id, self.partner_group_id),
            refuses_repeats=self.refuses_repeats,
        )


class ConnectionChanged(In, frozen=True, forbid_unknown_fields=True):
    """What may change, as it is to be."""

    name: Name
    refuses_repeats: bool
    active: bool


_ONE = {"connection_id": "$response.body#/id"}
_LEADS_TO = {"get_connection": _ONE, "change_connection": _ONE}


@get(
    "/connections",
    summary="Connections, newest first",
    opt=declared(
        "connections.read",
        leads_to={"get_connection": {"connection_id": "$response.body#/rows/0/id"}},
    ),
)
async def list_connections(db: Db, actor: Who, page: Asked) -> PageOut[ConnectionOut]:
    found = await queries.connections(db, actor, page)
    return PageOut([ConnectionOut.of(row) for row in found.rows], found.next_cursor)


async def _connection(db: TenantSession, actor: Actor, connection_id: UUID) -> ConnectionOut:
    return ConnectionOut.of(await queries.connection(db, actor, connection_id))


@post(
    "/connections",
    summary="Agree with a partner on ids, and on test or production",
    opt=declared(
        "connections.write",
        "connections.read",
        refusals=[BadConnection, ConnectionExists],
        leads_to=_LEADS_TO,
    )
    | manners(told_by=_connection, resource="id"),
)
async def make_connection(db: Db, actor: Who, data: JSONBody[ConnectionIn]) -> ConnectionOut:
    connection_id = await making.make(db, actor, data.new())
    return await _connection(db, actor, connection_id)


@get(
    "/connections/{connection_id:uuid}",
    summary="One connection",
    opt=declared("connections.read"),
)
async def get_connection(db: Db, actor: Who, connection_id: Id) -> ConnectionOut:
    return await _connection(db, actor, connection_id)


@put(
    "/connections/{connection_id:uuid}",
    summary="Rename a connection, let it rest, or say whether repeats are refused",
    opt=declared("connections.write", "connections.read", refusals=[BadConnection])
    | manners(
        told_by=_connection,
        versioned=Versioned(lock=queries.locked, show=_connection, must=True),
    ),
)
async def change_connection(
    db: Db, actor: Who, connection_id: Id, data: JSONBody[ConnectionChanged]
) -> ConnectionOut:
    to = Changed(name=data.name, refuses_repeats=data.refuses_repeats, active=data.active)
    await making.change(db, actor, connection_id, to)
    return await _connection(db, actor, connection_id)


HANDLERS = [list_connections, make_connection, get_connection, change_connection]
