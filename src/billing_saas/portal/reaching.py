"""How a verified visitor is reached: changed by them, and a new address confirmed by a code sent there.

The code is bound to the session, to the channel and to the number of the address, so that it confirms no
other address than the one it was sent to, whoever changes it meanwhile.
"""

import hmac
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import insert, select, update

from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import Database, TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.messages import consents, contacts, sending
from billing_saas.messages.contacts import Contact, Wanted
from billing_saas.messages.errors import ContactNotFound
from billing_saas.messages.gate_rules import Standing
from billing_saas.messages.rules import CONSENTED, Channel, Language, Purpose, Sent, Words
from billing_saas.portal import own, rules
from billing_saas.portal.errors import NoVerifiedContact, WrongCode
from billing_saas.portal.sessions import PortalVisitor
from billing_saas.portal.tables import PortalCode
from billing_saas.portal.trying import Place, Tries
from billing_saas.vault import keys as vault_keys

CHANNELS: tuple[Sent, ...] = ("email", "text")
# Another purpose than that of codes that let somebody in: a code of the one is never one of the other.
_PURPOSE = "portal contact checks"


async def contact(db: TenantSession, actor: Actor) -> Contact | None:
    """None while nothing was ever put down."""
    try:
        return await contacts.contact_of(db, actor, own.must_be_verified(actor))
    except ContactNotFound:
        return None


async def change(
    db: TenantSession,
    actor: Actor,
    *,
    email: str,
    phone: str,
    preferred: Channel,
    language: Language,
) -> Contact:
    """`BadContact` for what is no address. A changed one waits for its code before anything is sent."""
    standing = await contact(db, actor)
    wanted = Wanted(
        email=email,
        phone=phone,
        preferred=preferred,
        language=language,
        time_zone=standing.time_zone if standing else "",
    )
    return await contacts.put(db, actor, actor.id, wanted)


async def send_code(
    database: Database, tries: Tries, actor: Actor, visitor: PortalVisitor, channel: Sent
) -> None:
    """To the address that stands unconfirmed. `NoVerifiedContact` where the gate lets none through."""
    own.must_be_verified(actor)
    held = await vault_keys.of(database)
    await tries.of_asking_for_a_code(visitor.guarantor_id)
    async with database.tenant(visitor.tenant_id) as db:
        number = await _address_no(db, visitor, channel)
        if number is None:
            raise NoVerifiedContact("There is no address to confirm.")
        code, now = rules.new_code(), clock.now()
        key = held.of(_PURPOSE, held.newest)
        await db.execute(
            insert(PortalCode).values(
                tenant_id=db.tenant_id,
                id=new_id(),
                session_id=visitor.session_id,
                guarantor_id=visitor.guarantor_id,
                channel=channel,
                code_hash=rules.code_hash(key, _bound_to(visitor, channel, number), code),
                key_version=held.newest,
                wrong_tries=0,
                made_at=now,
                expires_at=now + rules.CODE_GOOD_FOR,
            )
        )
        decision = await sending.ask(
            db, actor, visitor.guarantor_id, "contact_check", Words(code=code), channel=channel
        )
        if not decision.goes:
            raise NoVerifiedContact("No code can be sent there now.")


async def confirm(
    database: Database,
    tries: Tries,
    actor: Actor,
    visitor: PortalVisitor,
    channel: Sent,
    typed: str,
    place: Place,
) -> None:
    """`WrongCode` does not say what was wrong; five wrong ones end the code."""
    own.must_be_verified(actor)
    await tries.of_place(place)
    may_try = await tries.of_patient(visitor.guarantor_id)
    held = await vault_keys.of(database)
    async with database.tenant(visitor.tenant_id) as db:
        code = await _newest(db, visitor, channel)
        number = await _address_no(db, visitor, channel)
        fits = False
        if code is not None and number is not None and code.key_version in held.versions:
            key = held.of(_PURPOSE, code.key_version)
            shown = rules.code_hash(key, _bound_to(visitor, channel, number), typed)
            fits = bool(rules.plain_digits(typed)) and hmac.compare_digest(shown, code.code_hash)
        if code is not None:
            await _tried(db, code.id, used=fits and may_try)
        if fits and may_try:
            await contacts.verify(db, actor, visitor.guarantor_id, channel, how="code")
    if not (fits and may_try):
        raise WrongCode


async def allowed(
    db: TenantSession, actor: Actor
) -> list[tuple[Sent, Purpose, Standing, consents.Given | None]]:
    """Each channel and purpose, whether it is allowed now, and by which word."""
    patient_id = own.must_be_verified(actor)
    given = await consents.consents_of(db, actor, patient_id)
    row = (await contacts.rows_of(db, [patient_id])).get(patient_id)
    await own.tell(db, actor, "consent.list", object_type="patient", object_id=patient_id)
    return [
        (
            channel,
            purpose,
            consents.standing(given, row, channel, purpose),
            next((one for one in given if (one.channel, one.purpose) == (channel, purpose)), None),
        )
        for channel in CHANNELS
        for purpose in CONSENTED
    ]


async def allow(
    db: TenantSession, actor: Actor, channel: Sent, purpose: Purpose, *, yes: bool
) -> None:
    patient_id = own.must_be_verified(actor)
    act = consents.give if yes else consents.withdraw
    await act(db, actor, patient_id, channel, purpose, source="portal")


def _bound_to(visitor: PortalVisitor, channel: Sent, number: int) -> bytes:
    return visitor.session_id.bytes + f"|{channel}|{number}".encode()


async def _address_no(db: TenantSession, visitor: PortalVisitor, channel: Sent) -> int | None:
    """Which address of this channel stands; None for none."""
    row = (await contacts.rows_of(db, [visitor.guarantor_id])).get(visitor.guarantor_id)
    if row is None:
        return None
    state, number = (
        (row.email_state, row.email_no) if channel == "email" else (row.phone_state, row.phone_no)
    )
    return None if state == "none" else number


async def _newest(db: TenantSession, visitor: PortalVisitor, channel: Sent) -> PortalCode | None:
    """Held, or five tries would be more."""
    found: PortalCode | None = await db.scalar(
        select(PortalCode)
        .where(
            PortalCode.tenant_id == db.tenant_id,
            PortalCode.session_id == visitor.session_id,
            PortalCode.channel == channel,
        )
        .order_by(PortalCode.id.desc())
        .limit(1)
        .with_for_update()
    )
    if found is None or found.used_at is not None or found.expires_at <= clock.now():
        return None
    return found if found.wrong_tries < rules.MOST_WRONG_CODES else None


async def _tried(db: TenantSession, code_id: UUID, *, used: bool) -> None:
    values = {"used_at": clock.now()} if used else {"wrong_tries": PortalCode.wrong_tries + 1}
    await db.execute(
        update(PortalCode)
        .where(PortalCode.tenant_id == db.tenant_id, PortalCode.id == code_id)
        .values(values)
        .execution_options(synchronize_session=False)
    )


def unconfirmed(found: Contact | None) -> Sequence[Sent]:
    """Where a code could be sent to."""
    if found is None:
        return ()
    states = {"email": found.email_state, "text": found.phone_state}
    return tuple(one for one in CHANNELS if states[one] in ("unverified", "undeliverable"))
