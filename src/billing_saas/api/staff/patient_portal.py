"""The patients' portal, from the office: links that are given, and how the portal looks."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, delete, get, post, put
from litestar.params import JSONBody

from billing_saas.api.declaring import declared
from billing_saas.api.deps import Asked, Db, Id, Who
from billing_saas.api.edge import Edge
from billing_saas.api.manners import Versioned, manners
from billing_saas.api.wire import In, Out, PageOut
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.links import queries as links
from billing_saas.links.queries import LinkShown
from billing_saas.portal.errors import MinorWithoutGuarantor, NoBirthDate
from billing_saas.portal_looks import settings as looks
from billing_saas.portal_looks.errors import LookChanged, LookNotGood
from billing_saas.portal_office import giving
from billing_saas.portal_office.giving import Given


class PortalLinkOut(Out, frozen=True):
    """`form` is link, or code (on paper). `state`: open; opened (a link opens once); expired; ended.
    `about` is the statement, plan or contact it is for; null: all that is owed."""

    id: UUID
    kind: str
    form: str
    guarantor_id: UUID
    about: UUID | None
    state: str
    end_reason: str
    wrong_tries: int
    created_by: UUID
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None

    @classmethod
    def of(cls, shown: LinkShown) -> "PortalLinkOut":
        return cls(**msgspec.structs.asdict(shown))


class PortalLinkIn(In, frozen=True, kw_only=True):
    """Without a `statement_id` the link is to all that is owed. `send`: by which way it goes to who pays,
    if the message gate lets it; null: it is only told here, to be shown."""

    statement_id: UUID | None = None
    send: Literal["email", "text"] | None = None


class NewPortalLinkOut(Out, frozen=True):
    """`url` is told once: null when the request is asked again under its key. It opens for who knows the
    birth date of `guarantor_id`. `send_outcome` is what the message gate said: allowed, later, refused, or
    empty when nothing was to be sent."""

    id: UUID
    url: str | None
    guarantor_id: UUID
    expires_at: datetime
    send_outcome: str
    send_reasons: list[str]

    @classmethod
    def of(cls, given: Given, site: str) -> "NewPortalLinkOut":
        return cls(
            id=given.id,
            url=site + given.path,
            guarantor_id=given.guarantor_id,
            expires_at=given.expires_at,
            send_outcome=given.outcome,
            send_reasons=list(given.reasons),
        )


class PortalSettingsOut(Out, frozen=True):
    """`version` is 0 until the practice has said anything. `pays_part`: less than the whole may be paid.
    `opens_record`: who confirms by a one-time code sees bills in detail, insurance and requests."""

    shown_name: str
    accent: str
    logo_document_id: UUID | None
    languages: list[str]
    pays_part: bool
    opens_record: bool
    version: int


class PortalSettingsIn(In, frozen=True, kw_only=True):
    """`accent`: a colour as #rrggbb that can be read on white, 4.5 to 1 (WCAG 2.2). `logo_document_id`:
    a PNG or JPEG document about no patient. `languages`: the first is for who asks for none of them."""

    shown_name: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    accent: Annotated[str, msgspec.Meta(pattern="^#[0-9a-f]{6}$")]
    languages: Annotated[list[Literal["en", "es"]], msgspec.Meta(min_length=1, max_length=2)]
    logo_document_id: UUID | None = None
    pays_part: bool = True
    opens_record: bool = True


@get(
    "/patients/{patient_id:uuid}/portal-links",
    summary="Links and codes that were given to who pays for a patient, newest first",
    opt=declared(links.READ),
)
async def list_portal_links(
    db: Db, actor: Who, patient_id: Id, page: Asked
) -> PageOut[PortalLinkOut]:
    found = await giving.given(db, actor, patient_id, page)
    return PageOut([PortalLinkOut.of(one) for one in found.rows], found.next_cursor)


async def _without_url(db: TenantSession, actor: Actor, link_id: UUID) -> NewPortalLinkOut:
    found = await links.link(db, actor, link_id)
    return NewPortalLinkOut(
        id=found.id,
        url=None,
        guarantor_id=found.guarantor_id,
        expires_at=found.expires_at,
        send_outcome="",
        send_reasons=[],
    )


@post(
    "/patients/{patient_id:uuid}/portal-links",
    summary="Give who pays for a patient a link, to be shown or sent",
    opt=declared(
        links.WRITE,
        links.READ,
        refusals=[NoBirthDate, MinorWithoutGuarantor],
        leads_to={
            "end_portal_link": {
                "patient_id": "$request.path.patient_id",
                "portal_link_id": "$response.body#/id",
            }
        },
    )
    | manners(told_by=_without_url, resource="id"),
)
async def give_portal_link(
    db: Db,
    actor: Who,
    patient_id: Id,
    data: JSONBody[PortalLinkIn],
    request: Request[Any, Any, Any],
) -> NewPortalLinkOut:
    given = await giving.give(db, actor, patient_id, statement_id=data.statement_id, send=data.send)
    meeting: Edge = request.app.state.edge
    return NewPortalLinkOut.of(given, meeting.portal_site or meeting.site)


@delete(
    "/patients/{patient_id:uuid}/portal-links/{portal_link_id:uuid}",
    summary="End a link or code: it opens nothing any more",
    opt=declared(links.WRITE),
)
async def end_portal_link(db: Db, actor: Who, patient_id: Id, portal_link_id: Id) -> None:
    await giving.end(db, actor, patient_id, portal_link_id)


@delete(
    "/patients/{patient_id:uuid}/portal-sessions",
    summary="Sign out whoever is in the portal for a patient, as when a phone was lost",
    opt=declared(links.WRITE),
)
async def end_portal_sessions(db: Db, actor: Who, patient_id: Id) -> None:
    await giving.sign_out(db, actor, patient_id)


async def _settings(db: TenantSession, actor: Actor, _: UUID) -> PortalSettingsOut:
    look = await looks.settings(db, actor)
    return PortalSettingsOut(
        shown_name=look.shown_name,
        accent=look.accent,
        logo_document_id=look.logo_document_id,
        languages=list(look.languages),
        pays_part=look.pays_part,
        opens_record=look.opens_record,
        version=look.version,
    )


async def _lock(db: TenantSession, _: UUID) -> None:
    await looks.lock(db)


@get(
    "/portal-settings",
    summary="How the patients' portal looks, and what it allows",
    opt=declared(looks.READ),
)
async def get_portal_settings(db: Db, actor: Who) -> PortalSettingsOut:
    return await _settings(db, actor, db.tenant_id)


@put(
    "/portal-settings",
    summary="Say how the patients' portal looks, and what it allows",
    opt=declared(looks.WRITE, looks.READ, refusals=[LookNotGood, LookChanged])
    | manners(told_by=_settings, versioned=Versioned(lock=_lock, show=_settings, must=True)),
)
async def put_portal_settings(
    db: Db, actor: Who, data: JSONBody[PortalSettingsIn]
) -> PortalSettingsOut:
    wanted = looks.Wanted(
        shown_name=data.shown_name,
        accent=data.accent,
        languages=tuple(data.languages),
        logo_document_id=data.logo_document_id,
        pays_part=data.pays_part,
        opens_record=data.opens_record,
    )
    await looks.replace(db, actor, wanted)
    return await _settings(db, actor, db.tenant_id)


HANDLERS = [
    list_portal_links,
    give_portal_link,
    end_portal_link,
    end_portal_sessions,
    get_portal_settings,
    put_portal_settings,
]
