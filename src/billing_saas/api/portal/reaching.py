"""How one is reached, in which language, and what one allows to be sent."""

from contextlib import suppress
from typing import Any, cast

from litestar import Response, get, post
from litestar.params import FromPath

from billing_saas.api.portal import frame, inside
from billing_saas.api.portal.visiting import Asked, Visit, Visitor
from billing_saas.carriage import wording_rules
from billing_saas.kit.errors import NotFound
from billing_saas.messages import consents
from billing_saas.messages.errors import BadConsent, BadContact
from billing_saas.messages.rules import CONSENTED, Channel, Language, Sent
from billing_saas.portal import reaching
from billing_saas.portal.errors import NoVerifiedContact, WrongCode

_PREFERRED = ("email", "text", "post")


@get("/portal/contact")
async def show_contact(visit: Visitor, request: Asked) -> Response[str]:
    return await _contact(visit, done=inside.done(request))


@post("/portal/contact")
async def change_contact(visit: Visitor) -> Response[Any]:
    form = visit.form
    preferred = form.get("preferred", "")
    try:
        async with inside.practice(visit) as (db, actor):
            await reaching.change(
                db,
                actor,
                email=form.get("email", "")[:300],
                phone=form.get("phone", "")[:40],
                preferred=cast(Channel, preferred if preferred in _PREFERRED else "email"),
                language="es" if form.get("language") == "es" else "en",
            )
    except BadContact:
        return await _contact(visit, fault="contact.bad")
    return frame.go("/portal/contact?done=saved")


@post("/portal/contact/{channel:str}/code")
async def send_code(visit: Visitor, channel: FromPath[str]) -> Response[None]:
    visitor = visit.verified
    by = _channel(channel)
    # What came back, and what was never there, is told in the same words.
    with suppress(NoVerifiedContact):
        await reaching.send_code(visit.database, visit.tries, visit.actor, visitor, by)
    return frame.go(f"/portal/contact/{by}/code")


@get("/portal/contact/{channel:str}/code")
async def show_code(visit: Visitor, channel: FromPath[str]) -> Response[str]:
    _ = visit.verified
    by = _channel(channel)
    return inside.page(
        visit, "contact_code", "contact.code.title", channel=by, under="/portal/contact"
    )


@post("/portal/contact/{channel:str}/confirmation")
async def confirm(visit: Visitor, channel: FromPath[str]) -> Response[Any]:
    visitor = visit.verified
    by = _channel(channel)
    typed = visit.form.get("code", "")[:20]
    try:
        await reaching.confirm(
            visit.database, visit.tries, visit.actor, visitor, by, typed, visit.place
        )
    except WrongCode:
        return inside.faulty(
            visit,
            "contact_code",
            "contact.code.title",
            "contact.code.wrong",
            channel=by,
            under="/portal/contact",
            at=f"/portal/contact/{by}/code",
        )
    return frame.go("/portal/contact?done=confirmed")


@get("/portal/consents")
async def show_consents(visit: Visitor) -> Response[str]:
    return await _consents(visit)


@post("/portal/consents")
async def change_consent(visit: Visitor) -> Response[Any]:
    """One channel and purpose: `what` is `email:billing`."""
    _ = visit.verified
    channel, _, purpose = visit.form.get("what", "").partition(":")
    if purpose not in CONSENTED:
        raise NotFound("There is no such purpose.")
    try:
        async with inside.practice(visit) as (db, actor):
            await reaching.allow(
                db,
                actor,
                _channel(channel),
                purpose,
                yes=visit.form.get("answer") == "yes",
            )
    except BadConsent:
        return await _consents(visit, "consents.no_address")
    return frame.go("/portal/consents")


def _channel(typed: str) -> Sent:
    if typed not in reaching.CHANNELS:
        raise NotFound("There is no such way.")
    return typed


async def _contact(visit: Visit, *, fault: str = "", done: str = "") -> Response[str]:
    async with inside.practice(visit) as (db, actor):
        found = await reaching.contact(db, actor)
    filled: dict[str, Any] = {
        "contact": found,
        "unconfirmed": reaching.unconfirmed(found),
        "typed": visit.form if fault else {},
        "under": "/portal/contact",
    }
    if fault:
        return inside.faulty(visit, "contact", "contact.title", fault, **filled)
    return inside.page(visit, "contact", "contact.title", done=done, **filled)


async def _consents(visit: Visit, fault: str = "") -> Response[str]:
    async with inside.practice(visit) as (db, actor):
        found = await reaching.allowed(db, actor)
    filled: dict[str, Any] = {
        "allowed": found,
        # The very words that a yes is kept with, by their version.
        "agreed": wording_rules.CONSENT[consents.WORDING][cast(Language, visit.language)],
        "under": "/portal/contact",
    }
    if fault:
        return inside.faulty(visit, "consents", "consents.title", fault, **filled)
    return inside.page(visit, "consents", "consents.title", **filled)


HANDLERS = [
    *(show_contact, change_contact, send_code, show_code, confirm, show_consents),
    change_consent,
]
