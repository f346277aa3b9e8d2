"""Give an access token to a client that showed who it is, or tell the trail that one did not."""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from billing_saas.audit import trail
from billing_saas.clients import rules
from billing_saas.clients.assertions import Used
from billing_saas.clients.errors import AssertionRefused
from billing_saas.clients.presenting import Applicant
from billing_saas.clients.tables import ClientAssertion, ClientToken
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a request for a token came from, for the trail."""

    request_id: str
    ip_prefix: str

    def actor(self, client_id: UUID, token_id: UUID | None = None) -> Actor:
        return Actor(
            kind=ActorKind.CLIENT,
            id=client_id,
            session=token_id,
            request_id=self.request_id,
            ip_prefix=self.ip_prefix,
        )


@dataclass(frozen=True, slots=True)
class Shown:
    """By what the client showed who it is: one of its secrets, or an assertion under one of its keys."""

    secret_id: UUID | None = None
    assertion: Used | None = None


async def issue(
    db: TenantSession, caller: Caller, applicant: Applicant, shown: Shown, scopes: Iterable[str]
) -> str:
    """The token, told this once; only its hash is kept. `AssertionRefused` when the assertion was used."""
    if shown.assertion is not None:
        await _use(db, applicant.client_id, shown.assertion)
    token = rules.TOKEN_PREFIX + secrets.token_urlsafe(32)
    now = clock.now()
    token_id = new_id()
    given = rules.joined(scopes)
    await db.execute(
        insert(ClientToken).values(
            tenant_id=db.tenant_id,
            id=token_id,
            client_id=applicant.client_id,
            secret_id=shown.secret_id,
            token_hash=rules.digest(token),
            scopes=given,
            created_at=now,
            expires_at=now + rules.TOKEN_GOOD_FOR,
        )
    )
    await trail.record(
        db,
        caller.actor(applicant.client_id, token_id),
        "client_token.issue",
        object_type="client",
        object_id=applicant.client_id,
        detail={
            "count": len(rules.listed(given)),
            "kind": "secret" if shown.secret_id is not None else "assertion",
        },
    )
    return token


async def record_refused(db: TenantSession, caller: Caller, applicant: Applicant) -> None:
    """In the practice's log; where there is no such client, in the platform's."""
    await trail.record(
        db,
        caller.actor(applicant.client_id),
        "client_token.refuse",
        object_type="client",
        object_id=applicant.client_id,
        outcome="denied",
    )


async def _use(db: TenantSession, client_id: UUID, assertion: Used) -> None:
    """Whichever process writes it first: the others wait for its commit, and find it used."""
    used = await db.scalar(
        insert(ClientAssertion)
        .values(
            tenant_id=db.tenant_id,
            client_id=client_id,
            jti_digest=hashlib.sha256(assertion.jti.encode()).digest(),
            expires_at=assertion.expires_at,
        )
        .on_conflict_do_nothing()
        .returning(ClientAssertion.client_id)
    )
    if used is None:
        raise AssertionRefused
