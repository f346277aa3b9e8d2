"""What a patient allowed, and took back: by channel and purpose, told once and never changed."""

from collections.abc import Collection
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on
from sqlalchemy.types import Uuid

from billing_saas.audit import trail
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.kit.paging import Page, PageRequest, encode
from billing_saas.messages import contacts, pausing
from billing_saas.messages.contacts import READ, WRITE, must
from billing_saas.messages.errors import BadConsent, ConsentNotFound
from billing_saas.messages.gate_rules import Pausing, Standing
from billing_saas.messages.rules import CONSENTED, Purpose, Sent
from billing_saas.messages.tables import ConsentEvent, PatientContact
from billing_saas.patients import queries as patients
from billing_saas.patients.errors import PatientNotFound

Source = Literal[
    "portal",
    "paper",
    "desk",
    "telephone",
    "text_keyword",
    "unsubscribe_link",
    "complaint",
    "import",
]
WORDING = "2026-11"
"""Which version of the words was agreed to: `carriage.wording_rules.CONSENT` has them."""


class Given(NamedTuple):
    """The newest event of one channel and purpose."""

    channel: str
    purpose: str
    given: bool
    source: str
    wording: str
    address_no: int
    at: datetime
    by_kind: str
    by_id: UUID


async def give(
    db: TenantSession,
    actor: Actor,
    patient_id: UUID,
    channel: Sent,
    purpose: Purpose,
    *,
    source: Source,
    wording: str = WORDING,
) -> UUID:
    """For the address that stands now; `BadConsent` when there is none to consent for."""
    must(actor, WRITE, patient_id)
    await patients.must_exist(db, patient_id)
    rows = await contacts.rows_of(db, [patient_id])
    if purpose not in CONSENTED:
        raise BadConsent("Nobody is asked before messages of this purpose.", field="purpose")
    if patient_id not in rows or _address(rows[patient_id], channel)[0] == "none":
        raise BadConsent("Put down the address first: a consent is for one.", field="channel")
    number = _address(rows[patient_id], channel)[1]
    # Who agrees anew has opted in again, whatever stopped it before.
    for kind in (Pausing.OPT_OUT, Pausing.COMPLAINT):
        await pausing.lift_kind(
            db, actor, patient_id, kind, channel=channel, source_type=pausing.SAID
        )
    return await _write(db, actor, patient_id, channel, purpose, True, source, wording, number)


async def withdraw(
    db: TenantSession,
    actor: Actor,
    patient_id: UUID,
    channel: Sent,
    purpose: Purpose,
    *,
    source: Source,
    wording: str = WORDING,
) -> UUID:
    """At once, and for every address: what waits is looked at again before it leaves."""
    must(actor, WRITE, patient_id)
    await patients.must_exist(db, patient_id)
    if purpose not in CONSENTED:
        raise BadConsent("Nobody is asked before messages of this purpose.", field="purpose")
    return await _write(db, actor, patient_id, channel, purpose, False, source, wording, 0)


async def withdraw_all(
    db: TenantSession, actor: Actor, patient_id: UUID, channel: Sent, *, source: Source
) -> None:
    """Of every purpose that stands given on this channel."""
    for one in (await newest_of(db, [patient_id])).get(patient_id, []):
        if one.channel == channel and one.given:
            await _write(db, actor, patient_id, channel, one.purpose, False, source, WORDING, 0)


async def restore(
    db: TenantSession,
    actor: Actor,
    patient_id: UUID,
    channel: Sent,
    purpose: str,
    *,
    source: Source,
) -> None:
    """What was taken back, given again by the patient's own word, for the address that stands."""
    contact = (await contacts.rows_of(db, [patient_id])).get(patient_id)
    if contact is not None:
        number = _address(contact, channel)[1]
        await _write(db, actor, patient_id, channel, purpose, True, source, WORDING, number)


async def consents_of(db: TenantSession, actor: Actor, patient_id: UUID) -> list[Given]:
    """What stands, by channel and purpose."""
    must(actor, READ, patient_id)
    return (await newest_of(db, [patient_id])).get(patient_id, [])


async def history_of(
    db: TenantSession, actor: Actor, patient_id: UUID, page: PageRequest
) -> Page[ConsentEvent]:
    """Every event, newest first."""
    must(actor, READ, patient_id)
    if not actor.may_see(patient_id):
        raise PatientNotFound("There is no such patient.")
    await patients.must_exist(db, patient_id)
    query = select(ConsentEvent).where(
        ConsentEvent.tenant_id == db.tenant_id, ConsentEvent.patient_id == patient_id
    )
    if page.after is not None:
        query = query.where(ConsentEvent.id < page.after)
    found = (await db.scalars(query.order_by(ConsentEvent.id.desc()).limit(page.limit + 1))).all()
    rows = list(found[: page.limit])
    return Page(rows, encode(rows[-1].id) if len(found) > page.limit else None)


async def event(db: TenantSession, actor: Actor, event_id: UUID) -> ConsentEvent:
    found = await db.scalar(
        select(ConsentEvent).where(
            ConsentEvent.tenant_id == db.tenant_id, ConsentEvent.id == event_id
        )
    )
    if found is None or not actor.may_see(found.patient_id):
        raise ConsentNotFound("There is no such consent.")
    must(actor, READ, found.patient_id)
    return found


async def newest_of(db: TenantSession, patient_ids: Collection[UUID]) -> dict[UUID, list[Given]]:
    """Set-based, for the gate."""
    if not patient_ids:
        return {}
    event = ConsentEvent
    found = await db.execute(
        select(
            event.patient_id,
            event.channel,
            event.purpose,
            event.given,
            event.source,
            event.wording,
            event.address_no,
            event.at,
            event.by_kind,
            event.by_id,
        )
        .ext(distinct_on(event.patient_id, event.channel, event.purpose))
        .where(
            event.tenant_id == db.tenant_id,
            event.patient_id == bindparam("ids", list(patient_ids), ARRAY(Uuid)).any_(),
        )
        .order_by(event.patient_id, event.channel, event.purpose, event.at.desc(), event.id.desc())
    )
    newest: dict[UUID, list[Given]] = {}
    for patient_id, *rest in found:
        newest.setdefault(patient_id, []).append(Given(*rest))
    return newest


def standing(
    given: Collection[Given], contact: PatientContact | None, channel: str, purpose: str
) -> Standing:
    """As the gate sees it."""
    found = [one for one in given if one.channel == channel and one.purpose == purpose]
    if not found:
        return "never"
    if not found[0].given:
        return "withdrawn"
    if contact is None or _address(contact, channel)[1] != found[0].address_no:
        return "other_address"
    return "given"


def _address(contact: PatientContact, channel: str) -> tuple[str, int]:
    if channel == "email":
        return contact.email_state, contact.email_no
    return contact.phone_state, contact.phone_no


async def _write(
    db: TenantSession,
    actor: Actor,
    patient_id: UUID,
    channel: str,
    purpose: str,
    given: bool,
    source: str,
    wording: str,
    address_no: int,
) -> UUID:
    event = ConsentEvent(
        tenant_id=db.tenant_id,
        id=new_id(),
        patient_id=patient_id,
        channel=channel,
        purpose=purpose,
        given=given,
        source=source,
        wording=wording,
        address_no=address_no,
        at=clock.now(),
        by_kind=actor.kind.value,
        by_id=actor.id,
    )
    db.add(event)
    await db.flush()
    await trail.record(
        db,
        actor,
        "consent.give" if given else "consent.withdraw",
        object_type="consent",
        object_id=event.id,
        subjects=[patient_id],
        detail={"kind": f"{channel}:{purpose}", "source": source},
    )
    return event.id
