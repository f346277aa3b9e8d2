"""Passkeys (WebAuthn): a key in a device that lets nobody use it but its user, so two factors at once."""

import json
import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

import webauthn
from sqlalchemy import delete, select, update
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from billing_saas.kit import clock
from billing_saas.kit.db import PlatformSession
from billing_saas.kit.ids import new_id
from billing_saas.signin import rules
from billing_saas.signin.errors import PasskeyNotGood, WrongCredential
from billing_saas.signin.tables import Passkey, PasskeyChallenge

_MOST_PER_PERSON = 10


@dataclass(frozen=True, slots=True)
class Site:
    """Whose passkeys they are: an authenticator signs for this origin and no other."""

    origin: str
    """`https://billing.example.com`, as a browser says it."""
    name: str = "billing_saas"

    @property
    def host(self) -> str:
        return urlsplit(self.origin).hostname or ""


async def offer_new(
    db: PlatformSession, site: Site, browser: str, *, user_id: UUID, email: str, display_name: str
) -> str:
    """What the browser is told to make a passkey by, as JSON."""
    held = await _of(db, user_id)
    if len(held) >= _MOST_PER_PERSON:
        raise PasskeyNotGood(f"{_MOST_PER_PERSON} passkeys are enough: remove one first.")
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=site.name,
        user_id=user_id.bytes,
        user_name=email,
        user_display_name=display_name,
        challenge=await _challenge(db, browser, user_id),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one.credential_id) for one in held],
    )
    return webauthn.options_to_json(options)


async def keep(
    db: PlatformSession, site: Site, challenge: bytes, *, user_id: UUID, answer: str, name: str
) -> UUID:
    """The passkey that the browser made; `PasskeyNotGood` when what it says does not fit."""
    try:
        made = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError) as error:
        raise PasskeyNotGood("The passkey could not be made. Try again.") from error
    passkey_id = new_id()
    db.add(
        Passkey(
            id=passkey_id,
            user_id=user_id,
            credential_id=made.credential_id,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            name=name,
            created_at=clock.now(),
            used_at=None,
        )
    )
    await db.flush()
    return passkey_id


async def offer(db: PlatformSession, site: Site, browser: str, user_id: UUID | None = None) -> str:
    """What the browser is told to sign by, as JSON. Without a person, it shows those that it holds."""
    held = await _of(db, user_id) if user_id is not None else []
    options = webauthn.generate_authentication_options(
        rp_id=site.host,
        challenge=await _challenge(db, browser, user_id),
        user_verification=UserVerificationRequirement.REQUIRED,
        allow_credentials=[PublicKeyCredentialDescriptor(id=one.credential_id) for one in held],
    )
    return webauthn.options_to_json(options)


async def spend(
    db: PlatformSession, site: Site, challenge: bytes, answer: str, user_id: UUID | None = None
) -> UUID:
    """Whose passkey signed the challenge; `WrongCredential` whatever was wrong."""
    held = await db.scalar(
        select(Passkey).where(Passkey.credential_id == _named_in(answer)).with_for_update()
    )
    if held is None or (user_id is not None and held.user_id != user_id):
        raise WrongCredential
    try:
        shown = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=held.public_key,
            # A counter that does not rise is a copy of the key (WebAuthn 7.2, step 22).
            credential_current_sign_count=held.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError) as error:
        raise WrongCredential from error
    await db.execute(
        update(Passkey)
        .where(Passkey.id == held.id)
        .values(sign_count=shown.new_sign_count, used_at=clock.now())
    )
    return held.user_id


async def of(db: PlatformSession, user_id: UUID) -> list[Passkey]:
    return await _of(db, user_id)


async def remove(db: PlatformSession, user_id: UUID, passkey_id: UUID | None = None) -> bool:
    """One of the person's, or all."""
    gone = delete(Passkey).where(Passkey.user_id == user_id)
    if passkey_id is not None:
        gone = gone.where(Passkey.id == passkey_id)
    return bool(list(await db.scalars(gone.returning(Passkey.id))))


async def _of(db: PlatformSession, user_id: UUID) -> list[Passkey]:
    found = await db.scalars(
        select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.created_at)
    )
    return list(found)


async def _challenge(db: PlatformSession, browser: str, user_id: UUID | None) -> bytes:
    """One per browser: a newer takes the place of an older."""
    now = clock.now()
    mine = PasskeyChallenge.browser_hash == rules.secret_hash(browser)
    await db.execute(delete(PasskeyChallenge).where(mine | (PasskeyChallenge.expires_at < now)))
    challenge = secrets.token_bytes(32)
    db.add(
        PasskeyChallenge(
            id=new_id(),
            browser_hash=rules.secret_hash(browser),
            challenge=challenge,
            user_id=user_id,
            expires_at=now + rules.CHALLENGE_GOOD_FOR,
        )
    )
    await db.flush()
    return challenge


async def take_challenge(db: PlatformSession, browser: str, user_id: UUID | None = None) -> bytes:
    """What the browser was offered last. In a transaction of its own: it is gone by this, whether the
    answer is right or wrong."""
    mine = PasskeyChallenge.browser_hash == rules.secret_hash(browser)
    taken = (
        await db.execute(
            delete(PasskeyChallenge)
            .where(mine)
            .returning(
                PasskeyChallenge.challenge, PasskeyChallenge.user_id, PasskeyChallenge.expires_at
            )
        )
    ).one_or_none()
    if taken is None or taken.expires_at < clock.now() or taken.user_id != user_id:
        raise WrongCredential
    return bytes(taken.challenge)


def _named_in(answer: str) -> bytes:
    try:
        named = json.loads(answer)["id"]
        return webauthn.base64url_to_bytes(named)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise WrongCredential from None
