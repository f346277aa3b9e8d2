"""A one-time code to a contact that was verified before: what raises a visitor from knowing to being.

The code is good for ten minutes, five tries, once, and in the session that asked for it alone. What is
kept of it is its HMAC under a key that is not in the database.
"""

import hmac
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from billing_saas.audit import trail
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import Database, TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.messages import contacts, sending
from billing_saas.messages.rules import Sent, Words
from billing_saas.portal import guardians, rules, sessions
from billing_saas.portal.errors import NoVerifiedContact, WrongCode
from billing_saas.portal.sessions import PortalVisitor
from billing_saas.portal.tables import PortalCode
from billing_saas.portal.trying import Place, Tries
from billing_saas.portal_looks import settings as look_settings
from billing_saas.vault import keys as vault_keys
from billing_saas.vault.keys import VaultKeys

_CHANNELS: tuple[Sent, ...] = ("email", "text")
_PURPOSE = "portal codes"


@dataclass(frozen=True, slots=True, repr=False)
class Raised:
    secret: str
    visitor: PortalVisitor

    def __repr__(self) -> str:
        return "<Raised>"


async def channels(db: TenantSession, visitor: PortalVisitor) -> list[Sent]:
    """By which a code can be sent. To which address is not said: it would tell who has the link of it."""
    if not (await look_settings.look_of(db)).opens_record or await guardians.is_minor(
        db, visitor.guarantor_id
    ):
        return []
    row = (await contacts.rows_of(db, [visitor.guarantor_id])).get(visitor.guarantor_id)
    states = {"email": row.email_state, "text": row.phone_state} if row is not None else {}
    return [channel for channel in _CHANNELS if states.get(channel) == "verified"]


async def ask(
    database: Database, tries: Tries, actor: Actor, visitor: PortalVisitor, channel: str
) -> None:
    """Send a code. `NoVerifiedContact` where there is none, or the gate lets none through; `TooMany`."""
    held = await vault_keys.of(database)
    await tries.of_asking_for_a_code(visitor.guarantor_id)
    async with database.tenant(visitor.tenant_id) as db:
        by = next((one for one in await channels(db, visitor) if one == channel), None)
        if by is None:
            raise NoVerifiedContact("There is no verified contact to send a code to.")
        code = rules.new_code()
        await _keep(db, held, visitor, by, code)
        decision = await sending.ask(
            db, actor, visitor.guarantor_id, "one_time_code", Words(code=code), channel=by
        )
        if not decision.goes:
            raise NoVerifiedContact("No code can be sent there now.")


async def check(
    database: Database,
    tries: Tries,
    actor: Actor,
    visitor: PortalVisitor,
    typed: str,
    place: Place,
) -> Raised:
    """The session comes to mean more, under a new secret. `WrongCode` does not say what was wrong."""
    await tries.of_place(place)
    may_try = await tries.of_patient(visitor.guarantor_id)
    held = await vault_keys.of(database)
    async with database.tenant(visitor.tenant_id) as db:
        code = await _newest(db, visitor)
        if code is None or not (may_try and _fits(code, held, visitor, typed)):
            await _missed(db, actor, visitor, code)
            raised = None
        else:
            await _used(db, code)
            raised = Raised(*await sessions.raise_level(db, actor, visitor))
    if raised is None:
        raise WrongCode
    return raised


def _fits(code: PortalCode, held: VaultKeys, visitor: PortalVisitor, typed: str) -> bool:
    if not rules.plain_digits(typed) or code.key_version not in held.versions:
        return False
    key = held.of(_PURPOSE, code.key_version)
    shown = rules.code_hash(key, visitor.session_id.bytes, typed)
    return hmac.compare_digest(shown, code.code_hash)


async def _keep(
    db: TenantSession, held: VaultKeys, visitor: PortalVisitor, channel: Sent, code: str
) -> None:
    now = clock.now()
    key = held.of(_PURPOSE, held.newest)
    await db.execute(
        insert(PortalCode).values(
            tenant_id=db.tenant_id,
            id=new_id(),
            session_id=visitor.session_id,
            guarantor_id=visitor.guarantor_id,
            channel=channel,
            code_hash=rules.code_hash(key, visitor.session_id.bytes, code),
            key_version=held.newest,
            wrong_tries=0,
            made_at=now,
            expires_at=now + rules.CODE_GOOD_FOR,
        )
    )


async def _newest(db: TenantSession, visitor: PortalVisitor) -> PortalCode | None:
    """The last one asked for, while it is good; held, or five tries would be more."""
    found: PortalCode | None = await db.scalar(
        select(PortalCode)
        .where(
            PortalCode.tenant_id == db.tenant_id,
            PortalCode.session_id == visitor.session_id,
        )
        .order_by(PortalCode.id.desc())
        .limit(1)
        .with_for_update()
    )
    if found is None or found.used_at is not None or found.expires_at <= clock.now():
        return None
    return found if found.wrong_tries < rules.MOST_WRONG_CODES else None


async def _missed(
    db: TenantSession, actor: Actor, visitor: PortalVisitor, code: PortalCode | None
) -> None:
    await db.execute(
        update(PortalCode)
        .where(
            PortalCode.tenant_id == db.tenant_id,
            PortalCode.id == (code.id if code is not None else UUID(int=0)),
        )
        .values(wrong_tries=PortalCode.wrong_tries + 1)
        .execution_options(synchronize_session=False)
    )
    await trail.record(
        db,
        actor,
        "portal.refuse",
        object_type="portal_session",
        object_id=visitor.session_id,
        subjects=[visitor.guarantor_id],
        outcome="denied",
        detail={"reason": "code"},
    )


async def _used(db: TenantSession, code: PortalCode) -> None:
    await db.execute(
        update(PortalCode)
        .where(PortalCode.tenant_id == db.tenant_id, PortalCode.id == code.id)
        .values(used_at=clock.now())
        .execution_options(synchronize_session=False)
    )
