"""The facts that the gate decides over, read for many at once and mostly from plain columns."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from billing_saas.kit import clock
from billing_saas.kit.db import TenantSession
from billing_saas.messages import consents, contacts, gate_rules, minor_rules, pausing, settings
from billing_saas.messages.consents import Given
from billing_saas.messages.gate_rules import Facts, Paused, Policy
from billing_saas.messages.pausing import Pause
from billing_saas.messages.rules import KINDS, Channel, Kind
from billing_saas.messages.tables import Message, PatientContact
from billing_saas.patients import guarantors, queries
from billing_saas.patients.tables import Patient

_COUNTED = tuple(name for name, kind in KINDS.items() if kind.dunning)
_LONGEST = timedelta(days=16)  # a cap's week, before which something may have waited for another


@dataclass(frozen=True, slots=True)
class Gathered:
    """Of a number of patients: who hears of each, and what is known of those."""

    now: datetime
    time_zone: str
    policy: Policy
    recipients: Mapping[UUID, UUID]
    orphans: frozenset[UUID]
    """Minors for whom nobody else on file pays."""
    contacts: Mapping[UUID, PatientContact]
    consents: Mapping[UUID, Sequence[Given]]
    pauses: Mapping[UUID, Sequence[Pause]]
    sent: Mapping[UUID, Sequence[tuple[UUID, datetime]]]
    has_sender: bool

    def facts(
        self,
        patient_id: UUID,
        kind: Kind,
        channel: Channel,
        stale_at: datetime,
        before: UUID | None = None,
    ) -> Facts:
        """`before` is the message that is asked about itself, once it is on file. Only what was asked for before
        it counts then: two that counted each other would wait for each other for ever."""
        recipient = self.recipients[patient_id]
        contact = self.contacts.get(recipient)
        both = {recipient, patient_id}
        return Facts(
            now=self.now,
            channel=channel,
            kind=kind,
            time_zone=self.zone_of(recipient),
            reach=_reach(contact, channel),
            consent=consents.standing(
                self.consents.get(recipient, ()), contact, channel, kind.purpose
            ),
            stale_at=stale_at,
            # What stands against telling of a child stands against telling its parent of it.
            pauses=tuple(
                Paused(one.kind, one.channel, one.until)
                for person in both
                for one in self.pauses.get(person, ())
            ),
            sent_at=tuple(
                at for one, at in self.sent.get(recipient, ()) if before is None or one < before
            ),
            orphaned_minor=recipient in self.orphans,
            has_sender=channel != "text" or self.has_sender,
            policy=self.policy,
        )

    def zone_of(self, recipient: UUID) -> str:
        contact = self.contacts.get(recipient)
        return (contact.time_zone if contact else "") or self.time_zone

    def language_of(self, recipient: UUID) -> str:
        contact = self.contacts.get(recipient)
        return contact.language if contact else "en"


async def gather(db: TenantSession, patient_ids: Collection[UUID]) -> Gathered:
    now = clock.now()
    recipients = await guarantors.guarantor_of(db, patient_ids)
    for patient_id in patient_ids:
        if patient_id not in recipients:
            await queries.must_exist(db, patient_id)
            recipients[patient_id] = patient_id
    people = set(recipients.values())
    practice = await settings.of(db)
    return Gathered(
        now=now,
        time_zone=practice.time_zone,
        policy=practice.policy,
        recipients=recipients,
        orphans=await _minors(db, people, now.astimezone(ZoneInfo(practice.time_zone)).date()),
        contacts=await contacts.rows_of(db, people),
        consents=await consents.newest_of(db, people),
        pauses=await pausing.pauses_of(db, people | set(patient_ids)),
        sent=await _sent(db, people, now),
        has_sender=bool(practice.text_number),
    )


async def _minors(db: TenantSession, people: Collection[UUID], today: date) -> frozenset[UUID]:
    """Those who hear for themselves and may not yet. Only who was born in the last decades is opened."""
    young = (
        await db.execute(
            select(Patient.id, Patient.state).where(
                Patient.tenant_id == db.tenant_id,
                Patient.id == bindparam("ids", list(people), ARRAY(Uuid)).any_(),
                Patient.birth_decade >= minor_rules.youngest_decade(today),
            )
        )
    ).all()
    states = {row.id: row.state for row in young}
    names = await queries.names(db, states) if states else {}
    return frozenset(
        patient_id
        for patient_id, name in names.items()
        if name.birth_date is not None
        and minor_rules.is_minor(name.birth_date, today, states[patient_id])
    )


async def _sent(
    db: TenantSession, people: Collection[UUID], now: datetime
) -> dict[UUID, list[tuple[UUID, datetime]]]:
    """What asked for money in the last days, or waits to: the gate counts it."""
    at = func.greatest(Message.asked_at, Message.send_after)
    found = await db.execute(
        select(Message.id, Message.recipient_id, at.label("at")).where(
            Message.tenant_id == db.tenant_id,
            Message.recipient_id == bindparam("ids", list(people), ARRAY(Uuid)).any_(),
            Message.state.notin_(("refused", "dropped")),
            Message.template.in_(_COUNTED),
            Message.channel != "post",
            Message.asked_at > now - _LONGEST,
        )
    )
    counted: dict[UUID, list[tuple[UUID, datetime]]] = {}
    for row in found:
        counted.setdefault(row.recipient_id, []).append((row.id, row.at))
    return counted


def _reach(contact: PatientContact | None, channel: Channel) -> gate_rules.Reach:
    if channel == "post":
        return "verified"
    if contact is None:
        return "none"
    state: gate_rules.Reach = contact.email_state if channel == "email" else contact.phone_state  # type: ignore[assignment]  # a CHECK of the table
    return state
