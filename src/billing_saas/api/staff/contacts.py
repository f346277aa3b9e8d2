"""How patients are reached, what they allowed, and why messages to them stop."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import delete, get, post, put
from litestar.params import JSONBody

from billing_saas.api.declaring import declared
from billing_saas.api.deps import Asked, Db, Id, Who
from billing_saas.api.manners import Versioned, manners
from billing_saas.api.wire import In, Out, PageOut
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.messages import consents, contacts, pausing
from billing_saas.messages.contacts import Contact, Wanted
from billing_saas.messages.errors import (
    BadConsent,
    BadContact,
    ContactNotFound,
    NothingToVerify,
    PauseIsOfAnother,
    PauseNotFound,
)
from billing_saas.messages.gate_rules import Pausing
from billing_saas.messages.rules import Channel, Language, Sent
from billing_saas.messages.tables import ConsentEvent, MessagePause

READ, WRITE = contacts.READ, contacts.WRITE


class ContactOut(Out, frozen=True):
    """The state of an address is none, unverified, verified or undeliverable. An empty `time_zone` is the
    practice's."""

    id: UUID
    patient_id: UUID
    email: str
    email_state: str
    email_verified_at: datetime | None
    phone: str
    phone_state: str
    phone_verified_at: datetime | None
    preferred: str
    language: str
    time_zone: str
    version: int

    @classmethod
    def of(cls, found: Contact) -> "ContactOut":
        return cls(**{name: getattr(found, name) for name in cls.__struct_fields__})


class ContactIn(In, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of it: what is left out is none. The phone can take texts. `confirmed`: the person said so, and it
    was read back to them; otherwise an address that changed is not written to before it is verified."""

    email: Annotated[str, msgspec.Meta(max_length=254)] = ""
    phone: Annotated[str, msgspec.Meta(max_length=40)] = ""
    preferred: Channel = "email"
    language: Language = "en"
    time_zone: Annotated[str, msgspec.Meta(max_length=60)] = ""
    confirmed: bool = False

    def wanted(self) -> Wanted:
        return Wanted(**msgspec.structs.asdict(self))


class VerificationIn(In, frozen=True, forbid_unknown_fields=True):
    channel: Sent


class ConsentIn(In, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`given` false takes it back. `source` is where the patient said so."""

    channel: Sent
    purpose: Literal["billing", "receipts", "office"]
    given: bool
    source: Literal["desk", "paper", "telephone"]


class ConsentOut(Out, frozen=True):
    """The newest of a channel and purpose counts. `wording` is the version of the words that were agreed to."""

    id: UUID
    patient_id: UUID
    channel: str
    purpose: str
    given: bool
    source: str
    wording: str
    at: datetime
    by_kind: str
    by_id: UUID

    @classmethod
    def of(cls, found: ConsentEvent) -> "ConsentOut":
        return cls(**{name: getattr(found, name) for name in cls.__struct_fields__})


class MessagePauseIn(In, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What staff learnt. An empty `channel` is all of them; without `until` it stands until it is lifted."""

    kind: Literal["dispute", "bankruptcy", "deceased", "opt_out", "returned_mail", "hardship"]
    channel: Literal["", "email", "text", "post"] = ""
    until: datetime | None = None


class MessagePauseOut(Out, frozen=True):
    """`source_type` tells what set it: `staff` by hand, else a plan, a claim, a case, the patient's own word.
    It stands while `lifted_at` is null and `until` is to come."""

    id: UUID
    patient_id: UUID
    kind: str
    channel: str
    source_type: str
    source_id: UUID
    begun_at: datetime
    until: datetime | None
    lifted_at: datetime | None

    @classmethod
    def of(cls, found: MessagePause) -> "MessagePauseOut":
        return cls(**{name: getattr(found, name) for name in cls.__struct_fields__})


async def _contact(db: TenantSession, actor: Actor, patient_id: UUID) -> ContactOut:
    return ContactOut.of(await contacts.contact_of(db, actor, patient_id))


async def _consent(db: TenantSession, actor: Actor, event_id: UUID) -> ConsentOut:
    return ConsentOut.of(await consents.event(db, actor, event_id))


async def _pause(db: TenantSession, actor: Actor, pause_id: UUID) -> MessagePauseOut:
    return MessagePauseOut.of(await pausing.one(db, actor, pause_id))


@get(
    "/patients/{patient_id:uuid}/contact",
    summary="How a patient is reached",
    opt=declared(READ, refusals=[ContactNotFound]),
)
async def get_contact(db: Db, actor: Who, patient_id: Id) -> ContactOut:
    return await _contact(db, actor, patient_id)


@post(
    "/patients/{patient_id:uuid}/contact",
    summary="Put down what the patient's record says, unless something was put down before",
    opt=declared(WRITE, READ) | manners(told_by=_contact, resource="patient_id"),
)
async def seed_contact(db: Db, actor: Who, patient_id: Id) -> ContactOut:
    return ContactOut.of(await contacts.seed_one(db, actor, patient_id))


@put(
    "/patients/{patient_id:uuid}/contact",
    summary="Change how a patient is reached",
    opt=declared(WRITE, READ, refusals=[BadContact, ContactNotFound])
    | manners(told_by=_contact, versioned=Versioned(lock=contacts.lock, show=_contact, must=True)),
)
async def put_contact(db: Db, actor: Who, patient_id: Id, data: JSONBody[ContactIn]) -> ContactOut:
    return ContactOut.of(await contacts.put(db, actor, patient_id, data.wanted()))


@post(
    "/patients/{patient_id:uuid}/contact-verifications",
    status_code=204,
    summary="Say that an address on file is the patient's: they were asked",
    opt=declared(WRITE, refusals=[NothingToVerify]),
)
async def verify_contact(
    db: Db, actor: Who, patient_id: Id, data: JSONBody[VerificationIn]
) -> None:
    await contacts.verify(db, actor, patient_id, data.channel, how="desk")


@get(
    "/patients/{patient_id:uuid}/consents",
    summary="What a patient allowed and took back, newest first",
    opt=declared(READ),
)
async def list_consents(db: Db, actor: Who, patient_id: Id, page: Asked) -> PageOut[ConsentOut]:
    found = await consents.history_of(db, actor, patient_id, page)
    return PageOut([ConsentOut.of(one) for one in found.rows], found.next_cursor)


@post(
    "/patients/{patient_id:uuid}/consents",
    summary="Record that a patient allows messages, or takes it back",
    opt=declared(WRITE, READ, refusals=[BadConsent]) | manners(told_by=_consent, resource="id"),
)
async def record_consent(
    db: Db, actor: Who, patient_id: Id, data: JSONBody[ConsentIn]
) -> ConsentOut:
    act: Any = consents.give if data.given else consents.withdraw
    event_id = await act(db, actor, patient_id, data.channel, data.purpose, source=data.source)
    return await _consent(db, actor, event_id)


@get(
    "/patients/{patient_id:uuid}/message-pauses",
    summary="Why messages to a patient stop or stopped, newest first",
    opt=declared(
        READ, leads_to={"lift_message_pause": {"message_pause_id": "$response.body#/rows/0/id"}}
    ),
)
async def list_message_pauses(
    db: Db, actor: Who, patient_id: Id, page: Asked
) -> PageOut[MessagePauseOut]:
    found = await pausing.listed(db, actor, patient_id, page)
    return PageOut([MessagePauseOut.of(one) for one in found.rows], found.next_cursor)


@post(
    "/patients/{patient_id:uuid}/message-pauses",
    summary="Stop messages to a patient",
    opt=declared(
        WRITE, READ, leads_to={"lift_message_pause": {"message_pause_id": "$response.body#/id"}}
    )
    | manners(told_by=_pause, resource="id"),
)
async def pause_messages(
    db: Db, actor: Who, patient_id: Id, data: JSONBody[MessagePauseIn]
) -> MessagePauseOut:
    pause_id = await pausing.pause_by_hand(
        db, actor, patient_id, Pausing(data.kind), until=data.until, channel=data.channel
    )
    return await _pause(db, actor, pause_id)


@delete(
    "/message-pauses/{message_pause_id:uuid}",
    summary="Let messages go on that staff had stopped",
    opt=declared(WRITE, refusals=[PauseNotFound, PauseIsOfAnother]),
)
async def lift_message_pause(db: Db, actor: Who, message_pause_id: Id) -> None:
    await pausing.lift_by_hand(db, actor, message_pause_id)


HANDLERS = [
    get_contact,
    seed_contact,
    put_contact,
    verify_contact,
    list_consents,
    record_consent,
    list_message_pauses,
    pause_messages,
    lift_message_pause,
]
