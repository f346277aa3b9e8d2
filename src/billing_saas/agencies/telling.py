"""Make a file for an agency, and open one: each a disclosure, told in the trail of everybody in it.

Minimum necessary (45 CFR 164.502(b)): who owes, where they can be reached, how much, since when. No
birth date, no number of ours, no day of service, nothing of what was done or why. Of an account that
the agency knows already, its own reference alone.
"""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from billing_saas.agencies import rules
from billing_saas.agencies.errors import AgencyFileNotFound, NothingToTell
from billing_saas.agencies.rules import Debtor, Told
from billing_saas.agencies.tables import AgencyFile
from billing_saas.audit import contents, trail
from billing_saas.audit.rules import Classes
from billing_saas.blobs import storing
from billing_saas.collections import ending, policies
from billing_saas.collections.tables import AgencyNotice, Placement
from billing_saas.followups import cards
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor, ActorKind, NotPermitted
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.patients import finding
from billing_saas.patients.finding import Known
from billing_saas.phi.registry import BLOB_SEALED_KEY
from billing_saas.tenants import queries as tenants

DISCLOSE = "agencies.disclose"
MEDIA_TYPE = "text/csv"
_MOST_AT_A_TIME = 5_000


async def make_file(db: TenantSession, actor: Actor, agency_id: UUID) -> UUID:
    """All that the agency must be told and was not, in one sealed file. It leaves when it is opened."""
    _must_disclose(actor)
    agency = await policies.agreed(db, agency_id)
    notices = await _untold(db, agency_id)
    if not notices:
        raise NothingToTell("The agency knows all that it must.")
    placements = await _placements(db, {notice.placement_id for notice in notices})
    new_ones = {notice.placement_id for notice in notices if notice.kind == "place"}
    people = await finding.known(db, {placements[one].guarantor_id for one in new_ones})
    practice = await tenants.this_practice(db)
    content = rules.written(
        [_told(notice, placements[notice.placement_id], people) for notice in notices],
        practice.name,
    )
    stored = await storing.store(db, _once(content))
    file_id = new_id()
    await db.execute(
        insert(AgencyFile).values(
            tenant_id=db.tenant_id,
            id=file_id,
            agency_id=agency.id,
            blob_id=stored.id,
            sha256=stored.sha256_hex,
            rows=len(notices),
            amount_cents=sum(n.amount_cents for n in notices if n.kind == "place"),
            made_by=actor.id,
            made_at=clock.now(),
        )
    )
    await db.execute(
        update(AgencyNotice)
        .where(
            AgencyNotice.tenant_id == db.tenant_id,
            AgencyNotice.id
            == bindparam("notices", [notice.id for notice in notices], ARRAY(Uuid)).any_(),
        )
        .values(file_id=file_id)
        .execution_options(synchronize_session=False)
    )
    if len(notices) < _MOST_AT_A_TIME:
        await cards.withdraw(db, actor, [agency_id], outcome="told", kind=ending.CARD_TELL)
    await trail.record(
        db,
        actor,
        "agency.file",
        object_type="agency_file",
        object_id=file_id,
        subjects=[placements[notice.placement_id].guarantor_id for notice in notices],
        classes=Classes.DEMOGRAPHIC | Classes.FILE,
        sealed=[contents.of(BLOB_SEALED_KEY, stored.id, stored.sealed_key)],
        detail={"count": len(notices), "to": str(agency_id)},
    )
    return file_id


async def open_file(db: TenantSession, actor: Actor, file_id: UUID) -> bytes:
    """The file as it was made, for who hands it over: the disclosure itself (45 CFR 164.528)."""
    _must_disclose(actor)
    row = await db.scalar(
        select(AgencyFile)
        .where(AgencyFile.tenant_id == db.tenant_id, AgencyFile.id == file_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise AgencyFileNotFound("There is no such file.")
    await policies.agreed(db, row.agency_id)
    subjects = await db.scalars(
        select(Placement.guarantor_id)
        .join(
            AgencyNotice,
            (AgencyNotice.tenant_id == Placement.tenant_id)
            & (AgencyNotice.placement_id == Placement.id),
        )
        .where(AgencyNotice.tenant_id == db.tenant_id, AgencyNotice.file_id == file_id)
    )
    await trail.record(
        db,
        actor,
        "agency.disclose",
        object_type="agency_file",
        object_id=file_id,
        subjects=subjects.all(),
        classes=Classes.DEMOGRAPHIC | Classes.FILE,
        detail={"count": row.rows, "to": str(row.agency_id)},
    )
    if row.opened_at is None:
        await db.execute(
            update(AgencyFile)
            .where(AgencyFile.tenant_id == db.tenant_id, AgencyFile.id == file_id)
            .values(opened_by=actor.id, opened_at=clock.now())
            .execution_options(synchronize_session=False)
        )
    return b"".join([chunk async for chunk in storing.read(db, row.blob_id)])


def _must_disclose(actor: Actor) -> None:
    actor.must(DISCLOSE)
    if actor.kind is not ActorKind.USER:
        raise NotPermitted("Only a person discloses to an agency.", permission=DISCLOSE)
    actor.must_have_stepped_up()


async def _untold(db: TenantSession, agency_id: UUID) -> Sequence[AgencyNotice]:
    """In the order it happened. Locked, so that two files do not tell the same."""
    found = await db.scalars(
        select(AgencyNotice)
        .where(
            AgencyNotice.tenant_id == db.tenant_id,
            AgencyNotice.agency_id == agency_id,
            AgencyNotice.file_id.is_(None),
            AgencyNotice.dropped.is_(False),
        )
        .order_by(AgencyNotice.id)
        .limit(_MOST_AT_A_TIME)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found.all()


async def _placements(db: TenantSession, ids: set[UUID]) -> dict[UUID, Placement]:
    found = await db.scalars(
        select(Placement)
        .where(
            Placement.tenant_id == db.tenant_id,
            Placement.id == bindparam("ids", list(ids), ARRAY(Uuid)).any_(),
        )
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in found}


def _told(notice: AgencyNotice, placement: Placement, people: dict[UUID, Known]) -> Told:
    new = notice.kind == "place"
    return Told(
        action=notice.kind,
        reference=placement.reference,
        cents=notice.amount_cents,
        day=notice.happened_on,
        reason=notice.reason,
        debtor=_debtor(people[placement.guarantor_id]) if new else None,
        first_billed_on=placement.first_statement_on if new else None,
        last_billed_on=placement.last_statement_on if new else None,
    )


def _debtor(known: Known) -> Debtor:
    person = known.demographics
    address = person.address
    return Debtor(
        last_name=person.last_name,
        first_name=person.first_name,
        suffix=person.suffix,
        address_1=address.line1 if address else "",
        address_2=address.line2 if address else "",
        city=address.city if address else "",
        state=address.state if address else "",
        postal_code=address.postal_code if address else "",
        phone=person.phones[0] if person.phones else "",
    )


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
