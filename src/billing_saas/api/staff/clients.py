"""Machines of a practice: who may ask in its name, for what, from where and until when."""

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import delete, get, post, put
from litestar.params import JSONBody

from billing_saas.api.declaring import declared
from billing_saas.api.deps import Asked, Db, Id, Who
from billing_saas.api.manners import Versioned, manners
from billing_saas.api.wire import In, Out, PageOut
from billing_saas.clients import key_rules, making, queries, rotating, rules
from billing_saas.clients.errors import BadClient, BeyondYourOwn, ClientRevoked, TwoSecretsStand
from billing_saas.clients.rotating import NewSecret
from billing_saas.clients.rules import NewClient
from billing_saas.clients.tables import ApiClient, ClientSecret
from billing_saas.kit.actor import Actor, StepUpRequired
from billing_saas.kit.db import TenantSession


class PublicKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A public key as RFC 7517 has it: `crv`, `x` and `y` of an elliptic curve, `n` and `e` of RSA.
    Its `alg` is the only one that it is good for."""

    kty: Annotated[str, msgspec.Meta(max_length=3)]
    kid: Annotated[str, msgspec.Meta(max_length=64)]
    alg: Annotated[str, msgspec.Meta(max_length=10)]
    use: Annotated[str, msgspec.Meta(max_length=3)] = ""
    crv: Annotated[str, msgspec.Meta(max_length=10)] = ""
    x: Annotated[str, msgspec.Meta(max_length=100)] = ""
    y: Annotated[str, msgspec.Meta(max_length=100)] = ""
    n: Annotated[str, msgspec.Meta(max_length=700)] = ""
    e: Annotated[str, msgspec.Meta(max_length=10)] = ""


class ClientOut(Out, frozen=True):
    """`id` is the `client_id` by which it asks for tokens. `networks`: from where alone it may ask;
    none means from anywhere."""

    id: UUID
    name: str
    scopes: list[str]
    networks: list[str]
    public_keys: list[PublicKey]
    created_by: UUID
    created_at: datetime
    updated_at: datetime
    expires_at: datetime
    revoked_at: datetime | None

    @classmethod
    def of(cls, row: ApiClient) -> "ClientOut":
        return cls(
            id=row.id,
            name=row.name,
            scopes=list(rules.listed(row.scopes)),
            networks=list(rules.listed(row.networks)),
            public_keys=[msgspec.convert(key, PublicKey) for key in row.public_keys],
            created_by=row.created_by,
            created_at=row.created_at,
            updated_at=row.updated_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
        )


Scope = Annotated[str, msgspec.Meta(max_length=60)]
Block = Annotated[str, msgspec.Meta(max_length=50)]


class ClientIn(In, frozen=True):
    """How it is to be, whole. Scopes are permissions that who makes it holds; it may last a year."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    scopes: Annotated[list[Scope], msgspec.Meta(min_length=1, max_length=60)]
    expires_at: datetime
    networks: Annotated[list[Block], msgspec.Meta(max_length=rules.MOST_NETWORKS)] = msgspec.field(
        default_factory=list
    )
    public_keys: Annotated[list[PublicKey], msgspec.Meta(max_length=key_rules.MOST_KEYS)] = (
        msgspec.field(default_factory=list)
    )

    def new(self) -> NewClient:
        return NewClient(
            name=self.name,
            scopes=self.scopes,
            expires_at=self.expires_at,
            networks=self.networks,
            public_keys=[_as_jwk(key) for key in self.public_keys],
        )


def _as_jwk(key: PublicKey) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(key)
    return found


class ClientSecretOut(Out, frozen=True):
    id: UUID
    created_by: UUID
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, row: ClientSecret) -> "ClientSecretOut":
        return cls(**{name: getattr(row, name) for name in cls.__struct_fields__})


class NewClientSecretOut(Out, frozen=True):
    """`secret` is told once: null when the request is asked again under its key. `others_until`: how long
    the one before it is good as well, null as well then."""

    id: UUID
    secret: str | None
    expires_at: datetime
    others_until: datetime | None

    @classmethod
    def of(cls, new: NewSecret) -> "NewClientSecretOut":
        return cls(**{name: getattr(new, name) for name in cls.__struct_fields__})


_LONGEST_OVERLAP_HOURS = rules.LONGEST_OVERLAP // timedelta(hours=1)


class SecretWanted(In, frozen=True):
    """For how many hours the secret before it stays good: time to bring the new one everywhere."""

    overlap_hours: Annotated[int, msgspec.Meta(ge=0, le=_LONGEST_OVERLAP_HOURS)] = 24


_ONE = {"client_id": "$response.body#/id"}
_LEADS_TO = {"get_client": _ONE, "change_client": _ONE}
_NOT_SO = [BadClient, BeyondYourOwn, StepUpRequired]


@get(
    "/clients",
    summary="The practice's machines, newest first",
    opt=declared(
        "clients.read", leads_to={"get_client": {"client_id": "$response.body#/rows/0/id"}}
    ),
)
async def list_clients(db: Db, actor: Who, page: Asked) -> PageOut[ClientOut]:
    found = await queries.clients(db, actor, page)
    return PageOut([ClientOut.of(row) for row in found.rows], found.next_cursor)


async def _client(db: TenantSession, actor: Actor, client_id: UUID) -> ClientOut:
    return ClientOut.of(await queries.client(db, actor, client_id))


@post(
    "/clients",
    summary="Let a machine in, with no more than you hold yourself",
    opt=declared("clients.write", "clients.read", refusals=_NOT_SO, leads_to=_LEADS_TO)
    | manners(told_by=_client, resource="id"),
)
async def make_client(db: Db, actor: Who, data: JSONBody[ClientIn]) -> ClientOut:
    return await _client(db, actor, await making.make(db, actor, data.new()))


@get("/clients/{client_id:uuid}", summary="One machine", opt=declared("clients.read"))
async def get_client(db: Db, actor: Who, client_id: Id) -> ClientOut:
    return await _client(db, actor, client_id)


@put(
    "/clients/{client_id:uuid}",
    summary="Say anew what a machine may, from where and until when",
    opt=declared("clients.write", "clients.read", refusals=[*_NOT_SO, ClientRevoked])
    | manners(
        told_by=_client,
        versioned=Versioned(lock=queries.lock, show=_client, must=True),
    ),
)
async def change_client(db: Db, actor: Who, client_id: Id, data: JSONBody[ClientIn]) -> ClientOut:
    await making.change(db, actor, client_id, data.new())
    return await _client(db, actor, client_id)


@post(
    "/clients/{client_id:uuid}/revocation",
    status_code=204,
    summary="End a machine for good, with its secrets and tokens",
    opt=declared("clients.write"),
)
async def revoke_client(db: Db, actor: Who, client_id: Id) -> None:
    await making.revoke(db, actor, client_id)


@get(
    "/clients/{client_id:uuid}/secrets",
    summary="Since when and until when a machine has secrets, newest first",
    opt=declared("clients.read"),
)
async def list_client_secrets(
    db: Db, actor: Who, client_id: Id, page: Asked
) -> PageOut[ClientSecretOut]:
    found = await queries.secrets(db, actor, client_id, page)
    return PageOut([ClientSecretOut.of(row) for row in found.rows], found.next_cursor)


async def _without_secret(db: TenantSession, actor: Actor, secret_id: UUID) -> NewClientSecretOut:
    found = await queries.secret(db, actor, secret_id)
    return NewClientSecretOut(
        id=found.id, secret=None, expires_at=found.expires_at, others_until=None
    )


@post(
    "/clients/{client_id:uuid}/secrets",
    summary="Give a machine a secret, or a new one beside the old",
    opt=declared(
        "clients.write", "clients.read", refusals=[StepUpRequired, ClientRevoked, TwoSecretsStand]
    )
    | manners(told_by=_without_secret, resource="id"),
)
async def add_client_secret(
    db: Db, actor: Who, client_id: Id, data: JSONBody[SecretWanted]
) -> NewClientSecretOut:
    overlap = timedelta(hours=data.overlap_hours)
    return NewClientSecretOut.of(await rotating.add(db, actor, client_id, overlap=overlap))


@delete(
    "/clients/{client_id:uuid}/secrets/{client_secret_id:uuid}",
    summary="End a secret at once, with the tokens that were asked for by it",
    opt=declared("clients.write"),
)
async def end_client_secret(db: Db, actor: Who, client_id: Id, client_secret_id: Id) -> None:
    await rotating.end(db, actor, client_id, client_secret_id)


HANDLERS = [
    list_clients,
    make_client,
    get_client,
    change_client,
    revoke_client,
    list_client_secrets,
    add_client_secret,
    end_client_secret,
]
