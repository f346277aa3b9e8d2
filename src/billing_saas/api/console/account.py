"""One's own account: where one is signed in, and by what one signs in."""

from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from billing_saas.api.console import pages
from billing_saas.api.console.visiting import Visitor
from billing_saas.signin import factors, listing, passkeys, sessions


@get("/account")
async def show_account(visit: Visitor) -> Response[str]:
    session = visit.signed_in
    async with visit.database.platform() as db:
        standing = await factors.of(db, session.user_id)
        held = await passkeys.of(db, session.user_id)
        listed = await listing.own(db, visit.actor)
    return pages.page(
        visit, "account", factors=standing, passkeys=held, sessions=listed, here=session.id
    )


@post("/account/sessions/{session_id:uuid}/end")
async def end_session(visit: Visitor, session_id: FromPath[UUID]) -> Response[None]:
    session = visit.signed_in
    async with visit.database.platform() as db:
        await listing.end(db, visit.actor, session_id)
    if session_id == session.id:
        return pages.go("/sign-in", visit.left())
    return pages.go("/account")


@post("/account/sessions/end-others")
async def end_others(visit: Visitor) -> Response[None]:
    session = visit.signed_in
    async with visit.database.platform() as db:
        await sessions.end_all_of(
            db, session.user_id, reason="by_person", by=visit.actor, but=session.id
        )
    return pages.go("/account")


@post("/account/passkeys/{passkey_id:uuid}/remove")
async def remove_passkey(visit: Visitor, passkey_id: FromPath[UUID]) -> Response[None]:
    visit.must_be_signed_in()
    async with visit.database.platform() as db:
        await factors.remove_passkey(db, visit.actor, passkey_id)
    return pages.go("/account")


@post("/account/app/remove")
async def remove_app(visit: Visitor) -> Response[None]:
    visit.must_be_signed_in()
    async with visit.database.platform() as db:
        await factors.remove_totp(db, visit.actor)
    return pages.go("/account")


HANDLERS = [show_account, end_session, end_others, remove_passkey, remove_app]
