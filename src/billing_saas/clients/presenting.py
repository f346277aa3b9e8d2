"""Who asks for a token, and who shows one: each found by one statement, before there is a practice."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVarTuple
from uuid import UUID

from sqlalchemy import Select, and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from billing_saas.audit.rules import PLATFORM_LOG
from billing_saas.clients import rules
from billing_saas.clients.rules import Address
from billing_saas.clients.tables import ApiClient, ClientSecret, ClientToken
from billing_saas.identity.errors import NotSignedIn
from billing_saas.identity.signing_in import Principal
from billing_saas.kit import clock
from billing_saas.kit.actor import ActorKind
from billing_saas.kit.db import PlatformSession
from billing_saas.tenants.tables import Practice

_Looking = AsyncConnection | PlatformSession
Ts = TypeVarTuple("Ts")


@dataclass(frozen=True, slots=True, repr=False)
class Applicant:
    """A client that stands now, or nobody: both are asked for the same, and take as long to answer."""

    client_id: UUID
    tenant_id: UUID
    scopes: frozenset[str]
    networks: tuple[str, ...]
    public_keys: tuple[Mapping[str, Any], ...]
    secrets: tuple[tuple[UUID, bytes], ...]

    @property
    def is_known(self) -> bool:
        return self.tenant_id != PLATFORM_LOG

    def secret_of(self, secret: str) -> UUID | None:
        """Which of the client's secrets this is. Each is compared, whether or not one has fitted."""
        shown = rules.digest(secret)
        padding = [(self.client_id, bytes(32))] * (rules.SECRETS_AT_ONCE - len(self.secrets))
        fitting = [
            secret_id
            for secret_id, held in (*self.secrets, *padding)
            if hmac.compare_digest(shown, held)
        ]
        return fitting[0] if fitting else None


@dataclass(frozen=True, slots=True)
class Machine(Principal):
    """Who shows a good token of a client: of one practice, with scopes where people have roles.

    `user_id` is the client's id, `token_id` the token's.
    """

    kind: ClassVar[ActorKind] = ActorKind.CLIENT

    scopes: frozenset[str] = frozenset()

    def permissions_in(self, practice_id: UUID) -> frozenset[str]:
        return self.scopes if practice_id in self.roles else frozenset()


def _nobody(client_id: UUID) -> Applicant:
    return Applicant(client_id, PLATFORM_LOG, frozenset(), (), (), ())


def _standing(query: Select[*Ts]) -> Select[*Ts]:
    """Of clients that were not revoked, in practices that are open."""
    return query.join(Practice, Practice.tenant_id == ApiClient.tenant_id).where(
        Practice.status.in_(["active", "leaving"]),
        ApiClient.revoked_at.is_(None),
        ApiClient.expires_at > clock.now(),
    )


async def applicant(db: _Looking, named: str) -> Applicant:
    """The client of this name, if there is one that may ask for tokens."""
    client_id = _id(named)
    good_secrets = and_(
        ClientSecret.tenant_id == ApiClient.tenant_id,
        ClientSecret.client_id == ApiClient.id,
        ClientSecret.ended_at.is_(None),
        ClientSecret.expires_at > clock.now(),
    )
    query = (
        select(
            ApiClient.tenant_id,
            ApiClient.scopes,
            ApiClient.networks,
            ApiClient.public_keys,
            ClientSecret.id.label("secret_id"),
            ClientSecret.secret_hash,
        )
        .select_from(ApiClient)
        .outerjoin(ClientSecret, good_secrets)
        .where(ApiClient.id == client_id)
    )
    rows = (await db.execute(_standing(query))).all()
    if not rows:
        return _nobody(client_id)
    return Applicant(
        client_id=client_id,
        tenant_id=rows[0].tenant_id,
        scopes=frozenset(rules.listed(rows[0].scopes)),
        networks=rules.listed(rows[0].networks),
        public_keys=tuple(rows[0].public_keys),
        secrets=tuple((row.secret_id, row.secret_hash) for row in rows if row.secret_id),
    )


async def machine_of(db: _Looking, token: str, address: Address | None) -> Machine:
    """The client whose token this is, asking from where it may; or `NotSignedIn`, which does not say
    why. What was taken from the client since the token was given, the token has no longer."""
    query = (
        select(
            ClientToken.id.label("token_id"),
            ClientToken.scopes.label("given"),
            ApiClient.id.label("client_id"),
            ApiClient.tenant_id,
            ApiClient.scopes,
            ApiClient.networks,
        )
        .select_from(ClientToken)
        .join(
            ApiClient,
            and_(
                ApiClient.tenant_id == ClientToken.tenant_id,
                ApiClient.id == ClientToken.client_id,
            ),
        )
        .where(
            ClientToken.token_hash == rules.digest(token),
            ClientToken.revoked_at.is_(None),
            ClientToken.expires_at > clock.now(),
        )
    )
    row = (await db.execute(_standing(query))).one_or_none()
    if row is None or not rules.lets_in(rules.listed(row.networks), address):
        raise NotSignedIn
    tenant_id = UUID(bytes=row.tenant_id.bytes)
    return Machine(
        user_id=row.client_id,
        token_id=row.token_id,
        roles={tenant_id: frozenset()},
        scopes=frozenset(rules.listed(row.given)) & frozenset(rules.listed(row.scopes)),
    )


def _id(named: str) -> UUID:
    """As we write it; whatever else was sent is the name of nobody."""
    try:
        found = UUID(named)
    except ValueError:
        return UUID(int=0)
    return found if str(found) == named else UUID(int=0)
