"""What a practice lets be proposed, and the agencies it has agreements with."""

from datetime import date
from typing import Any, Literal
from uuid import UUID

import msgspec
from sqlalchemy import insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from billing_saas.audit import trail
from billing_saas.collections.errors import (
    AgencyNotFound,
    BadAgency,
    CollectionPolicyChanged,
    NoAgency,
    NoAgreement,
)
from billing_saas.collections.rules import LEAST_AGE_DAYS, Limits
from billing_saas.collections.tables import CollectionAgency, CollectionPolicy
from billing_saas.documents import queries as documents
from billing_saas.documents.errors import DocumentNotFound
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.kit.paging import Page, PageRequest, encode
from billing_saas.tenants import queries as tenants

READ = "agencies.read"
WRITE = "agencies.write"

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """`propose`: the clock looks every night. `agency_id`: to whom accounts are proposed."""

    propose: bool = False
    agency_id: UUID | None = None
    minimum_cents: int = 5_000
    age_days: int = LEAST_AGE_DAYS
    notice_days: int = 30
    version: int = 0

    @property
    def limits(self) -> Limits:
        return Limits(self.minimum_cents, self.age_days, self.notice_days)


class NewAgency(msgspec.Struct, frozen=True, kw_only=True):
    """`baa_…`: the signed business associate agreement, who signed it, and its paper if it was filed."""

    name: str
    rate_bps: int
    remits: Literal["gross", "net"]
    state: Literal["active", "ended"] = "active"
    baa_signed_on: date | None = None
    baa_signed_by: str = ""
    baa_ends_on: date | None = None
    baa_document_id: UUID | None = None


async def of(db: TenantSession) -> Policy:
    """For acts: asks nobody's permission."""
    row = await db.scalar(
        select(CollectionPolicy)
        .where(CollectionPolicy.tenant_id == db.tenant_id)
        .execution_options(populate_existing=True)
    )
    if row is None:
        return Policy()
    return Policy(**{name: getattr(row, name) for name in Policy.__struct_fields__})


async def policy(db: TenantSession, actor: Actor) -> Policy:
    actor.must(READ)
    return await of(db)


async def lock_policy(db: TenantSession, _: UUID) -> None:
    """For an act that changes it, also where the practice has said nothing yet."""
    await db.execute(_LOCK, {"name": f"collection-policy:{db.tenant_id}"})


async def change_policy(db: TenantSession, actor: Actor, wanted: Policy) -> None:
    """`wanted.version` is the one that was read."""
    actor.must(WRITE)
    await lock_policy(db, db.tenant_id)
    if (await of(db)).version != wanted.version:
        raise CollectionPolicyChanged("The policy was changed since you read it.")
    if wanted.agency_id is not None:
        await _agency(db, wanted.agency_id)
    values = msgspec.structs.asdict(wanted) | {
        "version": wanted.version + 1,
        "changed_by": actor.id,
        "changed_at": clock.now(),
    }
    made = upsert(CollectionPolicy).values(tenant_id=db.tenant_id, **values)
    await db.execute(made.on_conflict_do_update(index_elements=["tenant_id"], set_=values))
    await trail.record(
        db,
        actor,
        "collections.policy",
        object_type="practice",
        object_id=db.tenant_id,
        detail={"version": wanted.version + 1, "cents": wanted.minimum_cents},
    )


async def add_agency(db: TenantSession, actor: Actor, new: NewAgency) -> UUID:
    actor.must(WRITE)
    agency_id = new_id()
    now = clock.now()
    await db.execute(
        insert(CollectionAgency).values(
            tenant_id=db.tenant_id,
            id=agency_id,
            created_by=actor.id,
            created_at=now,
            updated_at=now,
            **await _checked(db, new),
        )
    )
    await _tell(db, actor, "agency.add", agency_id, new)
    return agency_id


async def lock_agency(db: TenantSession, agency_id: UUID) -> None:
    """For an act that changes it."""
    await _agency(db, agency_id, lock=True)


async def change_agency(
    db: TenantSession, actor: Actor, agency_id: UUID, wanted: NewAgency
) -> None:
    """Another rate is of what is placed from now on."""
    actor.must(WRITE)
    await _agency(db, agency_id, lock=True)
    await db.execute(
        update(CollectionAgency)
        .where(CollectionAgency.tenant_id == db.tenant_id, CollectionAgency.id == agency_id)
        .values(
            **await _checked(db, wanted),
            version=CollectionAgency.version + 1,
            updated_at=clock.now(),
        )
        .execution_options(synchronize_session=False)
    )
    await _tell(db, actor, "agency.change", agency_id, wanted)


async def agency(db: TenantSession, actor: Actor, agency_id: UUID) -> CollectionAgency:
    actor.must(READ)
    return await _agency(db, agency_id)


async def agencies(db: TenantSession, actor: Actor, page: PageRequest) -> Page[CollectionAgency]:
    """Newest first."""
    actor.must(READ)
    query = select(CollectionAgency).where(CollectionAgency.tenant_id == db.tenant_id)
    if page.after is not None:
        query = query.where(CollectionAgency.id < page.after)
    found = await db.scalars(query.order_by(CollectionAgency.id.desc()).limit(page.limit + 1))
    rows = list(found)
    shown = rows[: page.limit]
    return Page(shown, encode(shown[-1].id) if len(rows) > page.limit else None)


async def agency_named(db: TenantSession, agency_id: UUID) -> CollectionAgency:
    """For acts: asks nobody's permission."""
    return await _agency(db, agency_id)


async def agreed(db: TenantSession, agency_id: UUID | None) -> CollectionAgency:
    """The agency, active and with an agreement that is good today; a share lock keeps it so."""
    if agency_id is None:
        raise NoAgency("The practice has not said which agency accounts go to.")
    found = await db.scalar(
        select(CollectionAgency)
        .where(CollectionAgency.tenant_id == db.tenant_id, CollectionAgency.id == agency_id)
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise AgencyNotFound("There is no such agency.")
    if found.state != "active":
        raise NoAgency("The agency was ended.")
    today = clock.today((await tenants.this_practice(db)).time_zone)
    signed, ends = found.baa_signed_on, found.baa_ends_on
    if signed is None or signed > today or (ends is not None and ends < today):
        raise NoAgreement(
            "A business associate agreement with the agency that is good today must be on record."
        )
    return found


async def _agency(db: TenantSession, agency_id: UUID, *, lock: bool = False) -> CollectionAgency:
    query = (
        select(CollectionAgency)
        .where(CollectionAgency.tenant_id == db.tenant_id, CollectionAgency.id == agency_id)
        .execution_options(populate_existing=True)
    )
    found: CollectionAgency | None = await db.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise AgencyNotFound("There is no such agency.")
    return found


async def _checked(db: TenantSession, new: NewAgency) -> dict[str, Any]:
    signed_by = new.baa_signed_by.strip()
    if not new.name.strip():
        raise BadAgency("An agency has a name.", field="name")
    if (new.baa_signed_on is None) != (not signed_by):
        raise BadAgency("An agreement has a day and who signed it.", field="baa_signed_by")
    if new.baa_signed_on and new.baa_ends_on and new.baa_ends_on < new.baa_signed_on:
        raise BadAgency("An agreement ends after it was signed.", field="baa_ends_on")
    if new.baa_document_id is not None:
        try:
            await documents.kept_of(db, new.baa_document_id)
        except DocumentNotFound:
            raise BadAgency("There is no such document.", field="baa_document_id") from None
    return msgspec.structs.asdict(new) | {"name": new.name.strip(), "baa_signed_by": signed_by}


async def _tell(
    db: TenantSession, actor: Actor, action: str, agency_id: UUID, new: NewAgency
) -> None:
    await trail.record(
        db,
        actor,
        action,
        object_type="collection_agency",
        object_id=agency_id,
        detail={
            "count": new.rate_bps,
            "state": new.state,
            "kind": "agreed" if new.baa_signed_on else "not_agreed",
        },
    )
