"""Messages with the office: what was written, a new thread, an answer."""

from typing import Any, cast
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from billing_saas.api.portal import frame, inside
from billing_saas.api.portal.visiting import Visit, Visitor
from billing_saas.kit.paging import PageRequest
from billing_saas.messages import threads
from billing_saas.messages.errors import BadLetter, ThreadClosed
from billing_saas.messages.threads import KINDS, LONGEST_SUBJECT, LONGEST_TEXT, Kind
from billing_saas.tenants import queries as tenants

Id = FromPath[UUID]
_UNDER = "/portal/messages"
_SHOWN = 100
_LIMITS: dict[str, Any] = {"longest_subject": LONGEST_SUBJECT, "longest_text": LONGEST_TEXT}


@get("/portal/messages")
async def show_threads(visit: Visitor) -> Response[str]:
    async with inside.practice(visit) as (db, actor):
        found = await threads.threads_of(db, actor, PageRequest(limit=_SHOWN))
        zone = (await tenants.this_practice(db)).time_zone
    return inside.page(
        visit, "messages", "messages.title", threads=found.rows, zone=zone, under=_UNDER
    )


@get("/portal/messages/new")
async def show_new_thread(visit: Visitor) -> Response[str]:
    _ = visit.verified
    return inside.page(
        visit, "new_message", "messages.new", typed={}, kinds=KINDS, under=_UNDER, **_LIMITS
    )


@post("/portal/messages/new")
async def begin_thread(visit: Visitor) -> Response[Any]:
    form = visit.form
    kind = cast(Kind, form.get("kind") if form.get("kind") in KINDS else "other")
    try:
        async with inside.practice(visit) as (db, actor):
            thread_id = await threads.begin(
                db, actor, actor.id, kind, form.get("subject", ""), form.get("text", "")
            )
    except BadLetter:
        return inside.faulty(
            visit,
            "new_message",
            "messages.new",
            "messages.faulty",
            typed=form,
            kinds=KINDS,
            under=_UNDER,
            **_LIMITS,
        )
    return frame.go(f"/portal/messages/{thread_id}")


@get("/portal/messages/{thread_id:uuid}")
async def show_thread(visit: Visitor, thread_id: Id) -> Response[str]:
    return await _thread(visit, thread_id)


@post("/portal/messages/{thread_id:uuid}")
async def answer(visit: Visitor, thread_id: Id) -> Response[Any]:
    try:
        async with inside.practice(visit) as (db, actor):
            await threads.write(db, actor, thread_id, visit.form.get("text", ""))
    except BadLetter:
        return await _thread(visit, thread_id, "messages.faulty")
    except ThreadClosed:
        return await _thread(visit, thread_id, "messages.full")
    return frame.go(f"/portal/messages/{thread_id}")


async def _thread(visit: Visit, thread_id: UUID, fault: str = "") -> Response[str]:
    async with inside.practice(visit) as (db, actor):
        read = await threads.thread(db, actor, thread_id)
        zone = (await tenants.this_practice(db)).time_zone
    filled: dict[str, Any] = {
        "read": read,
        "zone": zone,
        "typed": visit.form if fault else {},
        "under": _UNDER,
        **_LIMITS,
    }
    if fault:
        return inside.faulty(visit, "message", "messages.thread", fault, **filled)
    return inside.page(visit, "message", "messages.thread", **filled)


HANDLERS = [show_threads, show_new_thread, begin_thread, show_thread, answer]
