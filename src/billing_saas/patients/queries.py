"""Patients as those who may see them see them. Every answer is an event with the people it showed."""

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from billing_saas.audit import trail
from billing_saas.audit.rules import Classes
from billing_saas.duties import visibility
from billing_saas.duties.visibility_rules import Field, Sight
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.paging import Page, PageRequest, encode
from billing_saas.patients import finding, rules
from billing_saas.patients.errors import BadPatient, PatientNotFound
from billing_saas.patients.rules import Demographics, NameOnly
from billing_saas.patients.tables import Patient
from billing_saas.phi import keyring, masking
from billing_saas.phi.registry import PATIENT_NAME_CT, PATIENT_PHI_DEMO

_OPEN_AT_ONCE = 5_000
_SHORTEST_PREFIX = 2
# Put together once, not at every request.
_ONE = select(Patient).where(
    Patient.tenant_id == bindparam("tenant_id"), Patient.id == bindparam("patient_id")
)


_SHOWN = (Field.CONTACT, Field.IDENTIFIERS)


class PatientRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One patient, opened. `masked` names the classes of field that are blank because of who asks."""

    id: UUID
    merged_into: UUID | None
    version: int
    demographics: Demographics
    masked: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<PatientRecord {self.id}>"


async def patient(db: TenantSession, actor: Actor, patient_id: UUID) -> PatientRecord:
    actor.must("patients.read")
    found = await db.scalar(_ONE, {"tenant_id": db.tenant_id, "patient_id": patient_id})
    if found is None or not actor.may_see(found.id):
        raise PatientNotFound("There is no such patient.")
    records = await _opened(db, actor, [found])
    await _tell(db, actor, "patient.read", records, patient_id)
    return records[0]


async def must_exist(db: TenantSession, patient_id: UUID) -> None:
    """For what hangs on a patient; opens nothing, so there is nothing to record."""
    found = await db.scalar(
        select(Patient.id).where(Patient.tenant_id == db.tenant_id, Patient.id == patient_id)
    )
    if found is None:
        raise PatientNotFound("There is no such patient.")


async def patients(db: TenantSession, actor: Actor, page: PageRequest) -> Page[PatientRecord]:
    """Newest first; those merged into another are not listed."""
    actor.must("patients.read")
    query = select(Patient).where(Patient.tenant_id == db.tenant_id, Patient.merged_into.is_(None))
    if actor.only_patient is not None:
        query = query.where(Patient.id == actor.only_patient)
    if page.after is not None:
        query = query.where(Patient.id < page.after)
    found = (await db.scalars(query.order_by(Patient.id.desc()).limit(page.limit + 1))).all()
    records = await _opened(db, actor, found[: page.limit])
    await _tell(db, actor, "patient.list", records)
    more = len(found) > page.limit
    return Page(records, encode(records[-1].id) if more else None)


async def search(
    db: TenantSession, actor: Actor, name: str, birth_date: date | None
) -> list[PatientRecord]:
    """By a whole last name and birth date, or by how a name begins."""
    if birth_date is not None:
        return await by_name_and_birth(db, actor, name, birth_date)
    return await by_name(db, actor, name)


async def by_name_and_birth(
    db: TenantSession, actor: Actor, last_name: str, birth_date: date
) -> list[PatientRecord]:
    """Exactly this surname (as the blind index compares it) and birth date."""
    actor.must("patients.read")
    sought = Demographics(last_name=last_name, birth_date=birth_date)
    (found,) = await finding.by_name_and_birth(db, [sought])
    ids = [patient_id for patient_id in found if actor.may_see(patient_id)]
    records = [
        record
        for record in await _opened(db, actor, await _rows(db, ids))
        if record.demographics.birth_date == birth_date
        and rules.comparable(record.demographics.last_name) == rules.comparable(last_name)
    ]
    ring = await keyring.of(db)
    token = finding.name_and_birth(ring, sought)
    await _tell(db, actor, "patient.search", records, token=token.hex() if token else "")
    return records


async def by_name(
    db: TenantSession, actor: Actor, prefix: str, *, limit: int = 50
) -> list[PatientRecord]:
    """Names that begin as typed: `gar` or `garcia, an`. Opens one small column per patient."""
    actor.must("patients.read")
    last, _, first = (rules.comparable(part) for part in prefix.partition(","))
    if len(last) < _SHORTEST_PREFIX:
        raise BadPatient(
            f"Type at least {_SHORTEST_PREFIX} letters of the last name.", field="name"
        )
    ids = await _named(db, actor, last, first, limit)
    records = await _opened(db, actor, await _rows(db, ids))
    records.sort(
        key=lambda record: (
            rules.comparable(record.demographics.last_name),
            rules.comparable(record.demographics.first_name),
            record.id,
        )
    )
    await _tell(db, actor, "patient.search", records)
    return records


async def names(db: TenantSession, ids: Iterable[UUID]) -> dict[UUID, NameOnly]:
    """Names for the lists of rooms above, which check what the actor may and record whom it saw."""
    rows = (
        await db.execute(
            select(Patient.id, Patient.name_ct, Patient.key_ver).where(
                Patient.tenant_id == db.tenant_id,
                Patient.id == bindparam("ids", list(ids), ARRAY(Uuid)).any_(),
            )
        )
    ).all()
    ring = await keyring.of(db, max((row.key_ver for row in rows), default=0))
    return {row.id: ring.open(PATIENT_NAME_CT, row.id, row.name_ct, NameOnly) for row in rows}


async def _named(db: TenantSession, actor: Actor, last: str, first: str, limit: int) -> list[UUID]:
    """The first `limit` patients by name. All are looked at: an order by a sealed name has no index."""
    found: list[tuple[str, str, UUID]] = []
    after: UUID | None = None
    while True:
        query = select(Patient.id, Patient.name_ct, Patient.key_ver).where(
            Patient.tenant_id == db.tenant_id, Patient.merged_into.is_(None)
        )
        if actor.only_patient is not None:
            query = query.where(Patient.id == actor.only_patient)
        if after is not None:
            query = query.where(Patient.id > after)
        rows = (await db.execute(query.order_by(Patient.id).limit(_OPEN_AT_ONCE))).all()
        ring = await keyring.of(db, max((row.key_ver for row in rows), default=0))
        for row in rows:
            name = ring.open(PATIENT_NAME_CT, row.id, row.name_ct, NameOnly)
            if rules.begins(name, last, first):
                plain = rules.comparable(name.last_name), rules.comparable(name.first_name)
                found.append((*plain, row.id))
        if len(rows) < _OPEN_AT_ONCE:
            break
        after = rows[-1].id
    return [patient_id for _, _, patient_id in sorted(found)[:limit]]


async def _rows(db: TenantSession, ids: Sequence[UUID]) -> Sequence[Patient]:
    if not ids:
        return []
    return (
        await db.scalars(
            select(Patient)
            .where(
                Patient.tenant_id == db.tenant_id,
                Patient.id == bindparam("ids", list(ids), ARRAY(Uuid)).any_(),
                Patient.merged_into.is_(None),
            )
            .order_by(Patient.id)
        )
    ).all()


async def _opened(db: TenantSession, actor: Actor, rows: Sequence[Patient]) -> list[PatientRecord]:
    """Whoever may see a patient may see the name (a test holds the two tables to that)."""
    sight = await visibility.of(db, actor, *_SHOWN)
    masked = sight.masked(*_SHOWN)
    ring = await keyring.of(db, max((row.key_ver for row in rows), default=0))
    return [
        PatientRecord(
            id=row.id,
            merged_into=row.merged_into,
            version=row.version,
            demographics=_shown(
                ring.open(PATIENT_PHI_DEMO, row.id, row.phi_demo, Demographics), sight
            ),
            masked=masked,
        )
        for row in rows
    ]


def _shown(person: Demographics, sight: Sight) -> Demographics:
    if not sight.sees(Field.CONTACT):
        person = masking.blanked(person, "address", "phones", "email")
    if not sight.sees(Field.IDENTIFIERS):
        person = masking.blanked(person, "ssn", "medical_record_number")
    return person


async def _tell(
    db: TenantSession,
    actor: Actor,
    action: str,
    records: Sequence[PatientRecord],
    object_id: UUID | None = None,
    *,
    token: str = "",
) -> None:
    detail: dict[str, int | str] = {"count": len(records)}
    if token:
        detail["token"] = token  # a search is told by its token, never by what was typed
    await trail.record(
        db,
        actor,
        action,
        object_type="patient",
        object_id=object_id,
        subjects=[record.id for record in records],
        classes=Classes.DEMOGRAPHIC if records else Classes.NONE,
        detail=detail,
    )
