"""Second factors of one's own: the first before anything else is reachable, more from the account."""

from http import HTTPStatus

import segno
from litestar import Response, get, post

from billing_saas.api.console import pages
from billing_saas.api.console.visiting import Visit, Visitor
from billing_saas.kit.actor import AuthLevel
from billing_saas.signin import entering, factors, passkeys, totp
from billing_saas.signin.entering import Entered
from billing_saas.signin.errors import PasskeyNotGood, SecondFactorMissing, WrongCredential
from billing_saas.signin.factors import Factors

_WRONG = "That code did not match. Wait for the next one, then type it."


@get("/enrollment")
async def show_enrollment(visit: Visitor) -> Response[str]:
    standing = await _may_enroll(visit)
    return pages.page(visit, "enrollment", factors=standing, fault="")


@get("/enrollment/app")
async def show_app(visit: Visitor) -> Response[str]:
    standing = await _may_enroll(visit)
    return await _app_page(visit, standing, "")


@post("/enrollment/app")
async def enroll_app(visit: Visitor) -> Response[str]:
    """The first code that the new app shows."""
    standing = await _may_enroll(visit)
    async with visit.database.platform() as db:
        if await factors.add_totp(db, visit.actor, visit.form.get("code", "")):
            entered = await entering.by_new_factor(
                db, visit.tries, visit.secret, frozenset({"otp"}), visit.place
            )
            codes = await factors.new_codes(db, visit.actor) if not standing.any else []
            return await _enrolled(visit, entered, codes)
    return await _app_page(visit, standing, _WRONG)


@post("/enrollment/passkey/options")
async def offer_passkey(visit: Visitor) -> Response[str]:
    standing = await _may_enroll(visit)
    async with visit.database.platform() as db:
        options = await passkeys.offer_new(
            db,
            visit.site,
            visit.browser,
            user_id=visit.entering.user_id,
            email=standing.email,
            display_name=standing.display_name,
        )
    return Response(options, media_type="application/json")


@post("/enrollment/passkey")
async def enroll_passkey(visit: Visitor) -> Response[str]:
    standing = await _may_enroll(visit)
    name = visit.form.get("name", "").strip()[:60] or visit.place.user_agent_hint
    try:
        async with visit.database.platform() as db:
            challenge = await passkeys.take_challenge(db, visit.browser, visit.entering.user_id)
        async with visit.database.platform() as db:
            await factors.add_passkey(
                db, visit.actor, visit.site, challenge, answer=visit.form["answer"], name=name
            )
            entered = await entering.by_new_factor(
                db, visit.tries, visit.secret, frozenset({"hwk", "user"}), visit.place
            )
            codes = await factors.new_codes(db, visit.actor) if not standing.any else []
            return await _enrolled(visit, entered, codes)
    except (PasskeyNotGood, WrongCredential, KeyError):
        return pages.page(
            visit,
            "enrollment",
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
            factors=standing,
            fault="The passkey could not be made. Try again.",
        )


@post("/recovery-codes")
async def new_codes(visit: Visitor) -> Response[str]:
    """Ten new ones, shown this once."""
    visit.must_be_signed_in()
    visit.actor.must_have_stepped_up()
    async with visit.database.platform() as db:
        codes = await factors.new_codes(db, visit.actor)
    return pages.page(visit, "recovery_codes", codes=codes)


async def _may_enroll(visit: Visit) -> Factors:
    """A first factor is made with the password alone; any other only by who just showed one."""
    session = visit.entering
    standing = await visit.factors(session.user_id)
    if session.level < AuthLevel.TWO_FACTORS:
        if standing.any:
            raise SecondFactorMissing
    else:
        visit.actor.must_have_stepped_up()
    return standing


async def _app_page(visit: Visit, standing: Factors, fault: str) -> Response[str]:
    async with visit.database.platform() as db:
        secret = await totp.begin(db, visit.entering.user_id)
    uri = totp.uri(secret, email=standing.email, issuer=visit.site.name)
    drawn = segno.make(uri, error="m").svg_inline(scale=5, dark="#000", light="#fff")
    grouped = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK
    return pages.page(visit, "enrollment_app", status=status, qr=drawn, secret=grouped, fault=fault)


async def _enrolled(visit: Visit, entered: Entered, codes: list[str]) -> Response[str]:
    given = visit.entered(entered)
    if codes:
        return pages.page(visit, "recovery_codes", set_cookies=given, codes=codes, signed_in=False)
    return pages.go("/account", given)


HANDLERS = [show_enrollment, show_app, enroll_app, offer_passkey, enroll_passkey, new_codes]
