"""What second factors a person has, and how one is added or goes."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from billing_saas.audit import trail
from billing_saas.audit.rules import PLATFORM_LOG
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import PlatformSession
from billing_saas.signin import passkeys, recovery_codes, totp
from billing_saas.signin.errors import LastFactor
from billing_saas.signin.passkeys import Site

_STANDING = text(
    """
    SELECT u.email, u.display_name,
      EXISTS (SELECT FROM totp_factor t WHERE t.user_id = u.id AND t.confirmed_at IS NOT NULL) AS totp,
      (SELECT count(*) FROM passkey p WHERE p.user_id = u.id) AS passkeys,
      (SELECT count(*) FROM recovery_code c WHERE c.user_id = u.id AND c.used_at IS NULL) AS codes
    FROM app_user u WHERE u.id = :user_id
    """
)


@dataclass(frozen=True, slots=True)
class Factors:
    email: str
    display_name: str
    totp: bool
    passkeys: int
    codes_left: int

    @property
    def any(self) -> bool:
        """Codes on paper are for the day that another factor is gone: alone they are none."""
        return self.totp or self.passkeys > 0


async def of(db: PlatformSession, user_id: UUID) -> Factors:
    row = (await db.execute(_STANDING, {"user_id": user_id})).one()
    return Factors(row.email, row.display_name, row.totp, row.passkeys, row.codes)


async def add_totp(db: PlatformSession, actor: Actor, code: str) -> bool:
    """The app that was begun shows its first code."""
    if not await totp.confirm(db, actor.id, code):
        return False
    await _record(db, actor, "factor.add", "totp")
    return True


async def add_passkey(
    db: PlatformSession, actor: Actor, site: Site, challenge: bytes, *, answer: str, name: str
) -> UUID:
    passkey_id = await passkeys.keep(
        db, site, challenge, user_id=actor.id, answer=answer, name=name
    )
    await _record(db, actor, "factor.add", "passkey")
    return passkey_id


async def new_codes(db: PlatformSession, actor: Actor) -> list[str]:
    """Ten new recovery codes, shown this once."""
    codes = await recovery_codes.make(db, actor.id)
    await _record(db, actor, "factor.add", "recovery_codes")
    return codes


async def remove_passkey(db: PlatformSession, actor: Actor, passkey_id: UUID) -> None:
    actor.must_have_stepped_up()
    standing = await of(db, actor.id)
    if standing.passkeys == 1 and not standing.totp:
        raise LastFactor("It is your only second factor: make another before this one goes.")
    if await passkeys.remove(db, actor.id, passkey_id):
        await _record(db, actor, "factor.remove", "passkey")


async def remove_totp(db: PlatformSession, actor: Actor) -> None:
    actor.must_have_stepped_up()
    standing = await of(db, actor.id)
    if not standing.passkeys:
        raise LastFactor("It is your only second factor: make another before this one goes.")
    await totp.remove(db, actor.id)
    await _record(db, actor, "factor.remove", "totp")


async def remove_all(db: PlatformSession, actor: Actor, user_id: UUID) -> None:
    """Of somebody who lost them: for `recovering`, which needs two persons for it."""
    await totp.remove(db, user_id)
    await passkeys.remove(db, user_id)
    await recovery_codes.remove(db, user_id)
    await _record(db, actor, "factor.remove", "all", user_id)


async def _record(
    db: PlatformSession, actor: Actor, action: str, kind: str, user_id: UUID | None = None
) -> None:
    await trail.record_in(
        db,
        PLATFORM_LOG,
        actor,
        action,
        object_type="user",
        object_id=user_id or actor.id,
        detail={"kind": kind},
    )
