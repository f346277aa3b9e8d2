"""How each patient is reached: sealed addresses, what is known of them, language and time zone."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID
from zoneinfo import available_timezones

import msgspec
from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from billing_saas.audit import contents, trail
from billing_saas.audit.rules import Classes
from billing_saas.kit import bulk, clock
from billing_saas.kit.actor import Actor, ActorKind, AuthLevel, NotPermitted
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.messages import pausing, rules
from billing_saas.messages.errors import BadContact, ContactNotFound, NothingToVerify
from billing_saas.messages.gate_rules import Pausing, Reach
from billing_saas.messages.rules import Addresses, Channel, Language, Sent
from billing_saas.messages.tables import PatientContact
from billing_saas.patients import finding, queries
from billing_saas.patients.rules import Demographics
from billing_saas.phi import indexing, keyring
from billing_saas.phi.keyring import Keyring
from billing_saas.phi.registry import CONTACT_PHONE, PATIENT_CONTACT_PHI_DEMO

READ, WRITE = "messages.read", "messages.write"
ADDRESS = "contact_address"
"""The source of a pause because of an address: it is lifted when another one stands."""

How = Literal["code", "link", "desk"]
"""How an address was found to be the patient's: by a code or link sent there, or by staff."""


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """`time_zone` is empty for the practice's. An address is "" and its state `none` when there is none."""

    id: UUID
    patient_id: UUID
    version: int
    email: str
    email_state: Reach
    email_verified_at: datetime | None
    phone: str
    phone_state: Reach
    phone_verified_at: datetime | None
    preferred: Channel
    language: Language
    time_zone: str

    def __repr__(self) -> str:
        return f"<Contact {self.id}>"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is put down. `confirmed`: the person said so at the desk or by telephone, and it was read back."""

    email: str = ""
    phone: str = ""
    preferred: Channel = "email"
    language: Language = "en"
    time_zone: str = ""
    confirmed: bool = False

    def __repr__(self) -> str:
        return "<Wanted>"


def must(actor: Actor, permission: str, patient_id: UUID | None) -> None:
    """Staff by their roles. A patient for nobody but himself, and not by a link alone: whoever found one
    and knows a birth date would have what is sent there sent to themselves."""
    if actor.kind is not ActorKind.PATIENT:
        actor.must(permission)
    elif actor.id != patient_id or actor.auth_level < AuthLevel.ONE_FACTOR:
        raise NotPermitted("This is not open to you here.", permission=permission)


async def put(db: TenantSession, actor: Actor, patient_id: UUID, wanted: Wanted) -> Contact:
    """Put down how a patient is reached, whole. An address that changed must be verified anew, and a
    consent for the old one is none for the new."""
    must(actor, WRITE, patient_id)
    await lock(db, patient_id)
    plain = _checked(wanted)
    standing = await _row(db, patient_id, lock=True)
    if standing is None:
        await _insert(db, actor, {patient_id: plain})
    else:
        await _replace(db, actor, standing, plain)
    return await contact_of(db, actor, patient_id)


async def contact_of(db: TenantSession, actor: Actor, patient_id: UUID) -> Contact:
    """One contact, opened and told. `ContactNotFound` when nothing was put down yet."""
    must(actor, READ, patient_id)
    found = await contacts_of(db, [patient_id]) if actor.may_see(patient_id) else {}
    if patient_id not in found:
        raise ContactNotFound("Nothing was put down on how to reach this patient.")
    await trail.record(
        db,
        actor,
        "contact.read",
        object_type="contact",
        object_id=found[patient_id].id,
        subjects=[patient_id],
        classes=Classes.DEMOGRAPHIC,
    )
    return found[patient_id]


async def lock(db: TenantSession, patient_id: UUID) -> None:
    """For an act that changes it. There may be no row yet to hold: who comes second waits here."""
    await queries.must_exist(db, patient_id)
    held = func.hashtextextended(f"contact:{patient_id}", 0)
    await db.execute(select(func.pg_advisory_xact_lock(held)))


async def contacts_of(db: TenantSession, patient_ids: Collection[UUID]) -> dict[UUID, Contact]:
    """Contacts, opened. For acts that check who asks and tell the trail themselves."""
    rows = await rows_of(db, patient_ids)
    ring = await keyring.of(db, max((row.key_ver for row in rows.values()), default=0))
    return {patient_id: _contact(ring, row) for patient_id, row in rows.items()}


async def rows_of(db: TenantSession, patient_ids: Collection[UUID]) -> dict[UUID, PatientContact]:
    """What is known without opening anything: states, language, time zone."""
    if not patient_ids:
        return {}
    found = await db.scalars(
        select(PatientContact).where(
            PatientContact.tenant_id == db.tenant_id,
            PatientContact.patient_id == bindparam("ids", list(patient_ids), ARRAY(Uuid)).any_(),
        )
    )
    return {row.patient_id: row for row in found}


async def verify(
    db: TenantSession, actor: Actor, patient_id: UUID, channel: Sent, *, how: How
) -> None:
    """The address that stands is the patient's. The caller has seen the code, or staff say so."""
    must(actor, WRITE, patient_id)
    await lock(db, patient_id)
    row = (await rows_of(db, [patient_id])).get(patient_id)
    name = _COLUMN[channel]
    if row is None or getattr(row, f"{name}_state") == "none":
        raise NothingToVerify("There is no such address to verify.", field=name)
    now = clock.now()
    await _change(
        db,
        row,
        **{f"{name}_state": "verified", f"{name}_verified_at": now, f"{name}_verified_how": how},
    )
    await pausing.lift_kind(
        db, actor, patient_id, Pausing.BOUNCE, channel=channel, source_type=ADDRESS
    )
    await _tell(db, actor, "contact.verify", row, kind=name)


async def undeliverable(
    db: TenantSession, actor: Actor, patient_id: UUID, channel: Sent, address_no: int
) -> bool:
    """What was sent there came back for good. Says whether it is still the address that stands."""
    row = await _row(db, patient_id, lock=True)
    name = _COLUMN[channel]
    if (
        row is None
        or getattr(row, f"{name}_state") == "none"
        or number_of(row, channel) != address_no
    ):
        return False
    await _change(
        db,
        row,
        **{
            f"{name}_state": "undeliverable",
            f"{name}_verified_at": None,
            f"{name}_verified_how": "",
        },
    )
    await _tell(db, actor, "contact.undeliverable", row, kind=name)
    return True


async def seed_one(db: TenantSession, actor: Actor, patient_id: UUID) -> Contact:
    """As `seed`; what was put down before stays as it is."""
    actor.must(WRITE)
    await lock(db, patient_id)
    await seed(db, actor, [patient_id])
    return await contact_of(db, actor, patient_id)


async def seed(db: TenantSession, actor: Actor, patient_ids: Collection[UUID]) -> int:
    """Put down what the patients' own records say, where nothing was: unverified. Says of how many."""
    actor.must(WRITE)
    there = await rows_of(db, patient_ids)
    known = await finding.known(db, [one for one in patient_ids if one not in there])
    wanted = {asked: _seeded(one.demographics) for asked, one in known.items() if one.id == asked}
    await _insert(db, actor, wanted)
    return len(wanted)


async def by_phone(db: TenantSession, number: str) -> list[UUID]:
    """Patients whose phone this is, by blind index, opened and compared again."""
    if not (phone := rules.phone_of(number)):
        return []
    token = (await keyring.of(db)).token(CONTACT_PHONE, phone)
    ids = (await indexing.find(db, CONTACT_PHONE, [token])).get(token, [])
    rows = (
        await db.scalars(
            select(PatientContact).where(
                PatientContact.tenant_id == db.tenant_id,
                PatientContact.id == bindparam("ids", ids, ARRAY(Uuid)).any_(),
            )
        )
    ).all()
    ring = await keyring.of(db, max((row.key_ver for row in rows), default=0))
    return [row.patient_id for row in rows if _opened(ring, row).phone == phone]


def number_of(row: PatientContact, channel: Sent) -> int:
    """Which of the addresses that ever stood this one is."""
    return row.email_no if channel == "email" else row.phone_no


_COLUMN: Mapping[Sent, str] = {"email": "email", "text": "phone"}
_CHANNEL = {"email": "email", "phone": "text"}


def _checked(wanted: Wanted) -> Wanted:
    faults = {}
    email, phone = rules.email_of(wanted.email), rules.phone_of(wanted.phone)
    if wanted.email.strip() and not email:
        faults["email"] = "This is no e-mail address."
    if wanted.phone.strip() and not phone:
        faults["phone"] = "This is no telephone number of the North American plan."
    if wanted.time_zone and wanted.time_zone not in available_timezones():
        faults["time_zone"] = "The time zone is not a known one, such as America/New_York."
    if faults:
        raise BadContact("The contact cannot be put down like this.", fields=faults)
    return msgspec.structs.replace(wanted, email=email, phone=phone)


def _seeded(person: Demographics) -> Wanted:
    phones = [plain for one in person.phones if (plain := rules.phone_of(one))]
    email = rules.email_of(person.email)
    return Wanted(
        email=email,
        phone=phones[0] if phones else "",
        preferred="email" if email else "post",
    )


async def _insert(db: TenantSession, actor: Actor, people: Mapping[UUID, Wanted]) -> None:
    if not people:
        return
    ring = await keyring.of(db)
    now = clock.now()
    rows = []
    for patient_id, wanted in people.items():
        row_id = new_id()
        rows.append(
            {
                "id": row_id,
                "patient_id": patient_id,
                "phi_demo": ring.seal(PATIENT_CONTACT_PHI_DEMO, row_id, _addresses(wanted)),
                "key_ver": ring.key_ver,
                "preferred": wanted.preferred,
                "language": wanted.language,
                "time_zone": wanted.time_zone,
                **_of_address("email", wanted.email, wanted.confirmed, 1, now),
                **_of_address("phone", wanted.phone, wanted.confirmed, 1, now),
                "version": 1,
                "created_at": now,
                "updated_at": now,
            }
        )
    await bulk.insert_rows(db, PatientContact, rows)
    await _index(db, ring, {row["id"]: people[row["patient_id"]] for row in rows})
    await _told(db, actor, rows)


async def _replace(
    db: TenantSession, actor: Actor, standing: PatientContact, wanted: Wanted
) -> None:
    ring = await keyring.of(db, standing.key_ver)
    before = _opened(ring, standing)
    now = clock.now()
    changes: dict[str, Any] = {}
    for name in ("email", "phone"):
        address = getattr(wanted, name)
        changed = address.casefold() != getattr(before, name).casefold()
        if changed or (wanted.confirmed and address):
            number = getattr(standing, f"{name}_no") + changed
            changes |= _of_address(name, address, wanted.confirmed, number, now)
            await pausing.lift_kind(
                db,
                actor,
                standing.patient_id,
                Pausing.BOUNCE,
                channel=_CHANNEL[name],
                source_type=ADDRESS,
            )
    sealed = ring.seal(PATIENT_CONTACT_PHI_DEMO, standing.id, _addresses(wanted))
    await _change(
        db,
        standing,
        phi_demo=sealed,
        key_ver=ring.key_ver,
        preferred=wanted.preferred,
        language=wanted.language,
        time_zone=wanted.time_zone,
        **changes,
    )
    await _index(db, ring, {standing.id: wanted})
    await _told(
        db, actor, [{"id": standing.id, "patient_id": standing.patient_id, "phi_demo": sealed}]
    )


def _of_address(
    name: str, address: str, confirmed: bool, number: int, now: datetime
) -> dict[str, Any]:
    state = "none" if not address else "verified" if confirmed else "unverified"
    return {
        f"{name}_state": state,
        f"{name}_no": number,
        f"{name}_verified_at": now if state == "verified" else None,
        f"{name}_verified_how": "desk" if state == "verified" else "",
    }


async def _index(db: TenantSession, ring: Keyring, people: Mapping[UUID, Wanted]) -> None:
    """Who texts is known by the number alone; letters that come back say which letter they were."""
    pairs = [
        (ring.token(CONTACT_PHONE, wanted.phone) if wanted.phone else None, row_id)
        for row_id, wanted in people.items()
    ]
    await indexing.replace(db, CONTACT_PHONE, pairs)


async def _row(db: TenantSession, patient_id: UUID, *, lock: bool) -> PatientContact | None:
    query = select(PatientContact).where(
        PatientContact.tenant_id == db.tenant_id, PatientContact.patient_id == patient_id
    )
    return await db.scalar(query.with_for_update() if lock else query)


async def _change(db: TenantSession, row: PatientContact, **changed: Any) -> None:
    await db.execute(
        update(PatientContact)
        .where(PatientContact.tenant_id == db.tenant_id, PatientContact.id == row.id)
        .values(**changed, version=PatientContact.version + 1, updated_at=clock.now())
    )


def _addresses(wanted: Wanted) -> Addresses:
    return Addresses(email=wanted.email, phone=wanted.phone)


def _opened(ring: Keyring, row: PatientContact) -> Addresses:
    return ring.open(PATIENT_CONTACT_PHI_DEMO, row.id, row.phi_demo, Addresses)


def _contact(ring: Keyring, row: PatientContact) -> Contact:
    addresses = _opened(ring, row)
    plain = set(Contact.__struct_fields__) - {"email", "phone"}
    told = {name: getattr(row, name) for name in plain}
    return Contact(**told, email=addresses.email, phone=addresses.phone)


async def _told(db: TenantSession, actor: Actor, rows: Sequence[Mapping[str, Any]]) -> None:
    await trail.record(
        db,
        actor,
        "contact.put",
        object_type="contact",
        object_id=rows[0]["id"] if len(rows) == 1 else None,
        subjects=[row["patient_id"] for row in rows],
        classes=Classes.DEMOGRAPHIC,
        sealed=contents.of_rows(rows, PATIENT_CONTACT_PHI_DEMO),
        detail={"count": len(rows)},
    )


async def _tell(
    db: TenantSession, actor: Actor, action: str, row: PatientContact, *, kind: str
) -> None:
    await trail.record(
        db,
        actor,
        action,
        object_type="contact",
        object_id=row.id,
        subjects=[row.patient_id],
        detail={"kind": kind},
    )
