"""How a practice looks to its patients, and what it lets them do there."""

from dataclasses import dataclass
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from billing_saas.audit import trail
from billing_saas.blobs import storing
from billing_saas.documents.tables import DocumentRow
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.portal_looks import rules
from billing_saas.portal_looks.errors import LookChanged, LookNotGood
from billing_saas.portal_looks.tables import PortalLook
from billing_saas.tenants import queries as tenants
from billing_saas.tenants.tables import Practice

READ = "portal_settings.read"
WRITE = "portal_settings.write"


@dataclass(frozen=True, slots=True)
class Look:
    """`version` 0: nobody chose, and these are the defaults."""

    shown_name: str
    accent: str = rules.ACCENT
    logo_document_id: UUID | None = None
    languages: tuple[str, ...] = rules.LANGUAGES
    pays_part: bool = True
    opens_record: bool = True
    version: int = 0


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    shown_name: str
    accent: str
    languages: tuple[str, ...]
    logo_document_id: UUID | None = None
    pays_part: bool = True
    opens_record: bool = True


async def look_of(db: TenantSession) -> Look:
    """For whoever visits; nothing of it is protected."""
    row = (
        await db.execute(
            select(Practice.name, PortalLook)
            .outerjoin(PortalLook, PortalLook.tenant_id == Practice.tenant_id)
            .where(Practice.tenant_id == db.tenant_id)
        )
    ).one()
    look: PortalLook | None = row[1]
    if look is None:
        return Look(shown_name=row.name)
    return Look(
        shown_name=look.shown_name,
        accent=look.accent,
        logo_document_id=look.logo_document_id,
        languages=tuple(look.languages.split()),
        pays_part=look.pays_part,
        opens_record=look.opens_record,
        version=look.version,
    )


async def settings(db: TenantSession, actor: Actor) -> Look:
    actor.must(READ)
    return await look_of(db)


async def lock(db: TenantSession) -> None:
    """For who replaces it: the practice's row, because there may be no look yet."""
    await tenants.this_practice(db)
    await db.execute(
        select(PortalLook.version).where(PortalLook.tenant_id == db.tenant_id).with_for_update()
    )


async def replace(db: TenantSession, actor: Actor, wanted: Wanted) -> None:
    """`LookNotGood` names the field: a colour that cannot be read, a logo that is no image of ours."""
    actor.must(WRITE)
    await _check(db, wanted)
    before = await look_of(db)
    row = {
        "tenant_id": db.tenant_id,
        "shown_name": wanted.shown_name.strip(),
        "accent": wanted.accent,
        "logo_document_id": wanted.logo_document_id,
        "languages": " ".join(wanted.languages),
        "pays_part": wanted.pays_part,
        "opens_record": wanted.opens_record,
        "version": before.version + 1,
        "changed_by": actor.id,
        "changed_at": clock.now(),
    }
    changed = {key: value for key, value in row.items() if key != "tenant_id"}
    written = await db.scalar(
        insert(PortalLook)
        .values(row)
        .on_conflict_do_update(
            index_elements=[PortalLook.tenant_id],
            set_=changed,
            where=PortalLook.version == before.version,
        )
        .returning(PortalLook.version)
    )
    if written is None:
        raise LookChanged("Somebody changed it since it was read.")
    await trail.record(
        db,
        actor,
        "portal_settings.replace",
        object_type="practice",
        object_id=db.tenant_id,
        detail={"version": before.version + 1},
    )


async def logo(db: TenantSession, look: Look) -> tuple[str, bytes] | None:
    """Its media type and bytes. It was inspected and written anew when it was filed."""
    if look.logo_document_id is None:
        return None
    row = await _document(db, look.logo_document_id)
    if row is None or row.blob_id is None or row.media_type not in rules.LOGO_TYPES:
        return None
    return row.media_type, b"".join([chunk async for chunk in storing.read(db, row.blob_id)])


async def _check(db: TenantSession, wanted: Wanted) -> None:
    if not 1 <= len(wanted.shown_name.strip()) <= 80:
        raise LookNotGood("The name has 1 to 80 characters.", field="shown_name")
    if not rules.is_colour(wanted.accent):
        raise LookNotGood("A colour is # and six of 0-9 a-f.", field="accent")
    if not rules.is_readable(wanted.accent):
        raise LookNotGood(
            "This colour cannot be read on white: it needs a contrast of 4.5 to 1.", field="accent"
        )
    if not wanted.languages or set(wanted.languages) - set(rules.LANGUAGES):
        raise LookNotGood("The languages are en and es, or one of them.", field="languages")
    if len(set(wanted.languages)) < len(wanted.languages):
        raise LookNotGood("A language is named twice.", field="languages")
    if wanted.logo_document_id is not None:
        await _check_logo(db, wanted.logo_document_id)


async def _check_logo(db: TenantSession, document_id: UUID) -> None:
    row = await _document(db, document_id)
    if row is None:
        raise LookNotGood("There is no such document.", field="logo_document_id")
    if row.patient_id is not None:
        # It is shown to every patient.
        raise LookNotGood("A document of a patient is no logo.", field="logo_document_id")
    if row.media_type not in rules.LOGO_TYPES:
        raise LookNotGood("A logo is a PNG or JPEG image.", field="logo_document_id")
    if row.bytes > rules.MOST_LOGO_BYTES:
        raise LookNotGood("A logo has 200 kB at most.", field="logo_document_id")


async def _document(db: TenantSession, document_id: UUID) -> DocumentRow | None:
    found: DocumentRow | None = await db.scalar(
        select(DocumentRow).where(
            DocumentRow.tenant_id == db.tenant_id,
            DocumentRow.id == document_id,
            DocumentRow.state == "kept",
        )
    )
    return found
