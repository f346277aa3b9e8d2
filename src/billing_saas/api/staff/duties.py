"""What a practice keeps apart and shows, and what its coders are certified as."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import delete, get, post, put
from litestar.params import JSONBody

from billing_saas.api.declaring import declared
from billing_saas.api.deps import Asked, Db, Id, Who
from billing_saas.api.manners import Versioned, manners
from billing_saas.api.wire import In, Out, PageOut
from billing_saas.duties import credentials, settings
from billing_saas.duties.credentials import NewCredential
from billing_saas.duties.errors import AnotherMust, CredentialEnded, NoSuchMember
from billing_saas.duties.rules import Credential
from billing_saas.duties.settings import Settings
from billing_saas.duties.tables import CoderCredential
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession


class DutySettingsOut(Out, frozen=True):
    """`…_apart`: who did the first of two duties may not do the second. `version` is 0 until the practice
    has said anything: a small office keeps nothing apart."""

    front_desk_sees_diagnoses: bool
    coding_apart: bool
    posting_apart: bool
    refunds_apart: bool
    write_offs_apart: bool
    write_off_limit_cents: int
    version: int


class DutySettingsIn(In, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who coded does not approve (`coding_apart`); who posted a remittance does not take it back
    (`posting_apart`); who posted or wrote off does not refund; who wrote off more than the limit does not
    approve that."""

    front_desk_sees_diagnoses: bool
    coding_apart: bool
    posting_apart: bool
    refunds_apart: bool
    write_offs_apart: bool
    write_off_limit_cents: Annotated[int, msgspec.Meta(ge=0, le=10**12)]


class CoderCredentialIn(In, frozen=True, forbid_unknown_fields=True):
    """What a coder is certified as; `-A` is an apprentice's. Good through `expires_on`."""

    user_id: UUID
    kind: Credential
    expires_on: date


class CoderCredentialOut(Out, frozen=True):
    """`ended_at`: recorded wrongly, or withdrawn by who gave it."""

    id: UUID
    user_id: UUID
    kind: str
    expires_on: date
    recorded_by: UUID
    recorded_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, found: CoderCredential) -> "CoderCredentialOut":
        return cls(
            id=found.id,
            user_id=found.user_id,
            kind=found.kind,
            expires_on=found.expires_on,
            recorded_by=found.recorded_by,
            recorded_at=found.recorded_at,
            ended_at=found.ended_at,
        )


async def _settings(db: TenantSession, actor: Actor, _: UUID) -> DutySettingsOut:
    return DutySettingsOut(**msgspec.structs.asdict(await settings.settings(db, actor)))


@get("/duties", summary="What the practice keeps apart, and shows", opt=declared("duties.read"))
async def get_duties(db: Db, actor: Who) -> DutySettingsOut:
    return await _settings(db, actor, db.tenant_id)


@put(
    "/duties",
    summary="Keep duties apart, and say what is shown",
    opt=declared("duties.write", "duties.read")
    | manners(
        told_by=_settings,
        versioned=Versioned(lock=settings.lock, show=_settings, must=True),
    ),
)
async def put_duties(db: Db, actor: Who, data: JSONBody[DutySettingsIn]) -> DutySettingsOut:
    seen = await settings.settings(db, actor)
    await settings.change(db, actor, Settings(**msgspec.structs.asdict(data), version=seen.version))
    return await _settings(db, actor, db.tenant_id)


async def _credential(db: TenantSession, actor: Actor, credential_id: UUID) -> CoderCredentialOut:
    return CoderCredentialOut.of(await credentials.credential(db, actor, credential_id))


@get(
    "/coder-credentials",
    summary="What coders are certified as: those that stand, newest first",
    opt=declared("credentials.read"),
)
async def list_coder_credentials(db: Db, actor: Who, page: Asked) -> PageOut[CoderCredentialOut]:
    found = await credentials.credentials(db, actor, page)
    return PageOut([CoderCredentialOut.of(one) for one in found.rows], found.next_cursor)


@post(
    "/coder-credentials",
    summary="Record what a coder is certified as",
    opt=declared(
        "credentials.write",
        "credentials.read",
        refusals=[NoSuchMember, AnotherMust],
        leads_to={"end_coder_credential": {"coder_credential_id": "$response.body#/id"}},
    )
    | manners(told_by=_credential, resource="id"),
)
async def record_coder_credential(
    db: Db, actor: Who, data: JSONBody[CoderCredentialIn]
) -> CoderCredentialOut:
    new = NewCredential(user_id=data.user_id, kind=data.kind, expires_on=data.expires_on)
    return await _credential(db, actor, await credentials.record(db, actor, new))


@delete(
    "/coder-credentials/{coder_credential_id:uuid}",
    summary="End a coder's credential",
    opt=declared("credentials.write", "credentials.read", refusals=[CredentialEnded]),
)
async def end_coder_credential(db: Db, actor: Who, coder_credential_id: Id) -> None:
    await credentials.end(db, actor, coder_credential_id)


HANDLERS = [
    get_duties,
    put_duties,
    list_coder_credentials,
    record_coder_credential,
    end_coder_credential,
]
