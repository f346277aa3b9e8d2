"""One's record: what one may ask of it by right, what was asked, and who has seen it."""

from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from billing_saas.api import cursors
from billing_saas.api.portal import frame, inside, seeing, typing
from billing_saas.api.portal.visiting import Asked as AskedHttp
from billing_saas.api.portal.visiting import Visitor
from billing_saas.kit import paging
from billing_saas.kit.errors import NotFound
from billing_saas.patient_requests import asking, queries, rules
from billing_saas.patient_requests.errors import BadPatientRequest, TooManyOpen
from billing_saas.patient_requests.rules import Asked
from billing_saas.patients import accounting
from billing_saas.tenants import queries as tenants

Id = FromPath[UUID]
_UNDER = "/portal/record"
_SEEN_AT_ONCE = 25


@get("/portal/record")
async def show_requests(visit: Visitor) -> Response[str]:
    async with inside.practice(visit) as (db, actor):
        shown = await queries.own(db, actor, actor.id)
    return inside.page(visit, "record", "requests.title", requests=shown)


@get("/portal/record/new/{kind:str}")
async def show_new_request(
    visit: Visitor, request: AskedHttp, kind: FromPath[str]
) -> Response[str]:
    _ = visit.verified
    about = request.query_params.get("about", "record")
    return inside.page(visit, "new_request", _title(kind), **_typed(kind, {"about": about}))


@post("/portal/record/new/{kind:str}")
async def make_request(visit: Visitor, kind: FromPath[str]) -> Response[Any]:
    typed = _typed(kind, visit.form)
    try:
        async with inside.practice(visit) as (db, actor):
            request_id = await asking.ask(db, actor, actor.id, _asked(kind, visit.form))
    except BadPatientRequest:
        return inside.faulty(visit, "new_request", _title(kind), "request.faulty", **typed)
    except TooManyOpen:
        return inside.faulty(visit, "new_request", _title(kind), "request.too_many", **typed)
    return frame.go(f"/portal/record/{request_id}")


@get("/portal/record/{request_id:uuid}")
async def show_request(visit: Visitor, request_id: Id) -> Response[str]:
    async with inside.practice(visit) as (db, actor):
        shown, documents = await queries.own_one(db, actor, request_id)
    return inside.page(
        visit, "request", "request.title", one=shown, documents=documents, under=_UNDER
    )


@post("/portal/record/{request_id:uuid}/withdrawal")
async def withdraw_request(visit: Visitor, request_id: Id) -> Response[None]:
    async with inside.practice(visit) as (db, actor):
        await asking.withdraw(db, actor, request_id)
    return frame.go(f"/portal/record/{request_id}")


@post("/portal/record/{request_id:uuid}/disagreement")
async def disagree(visit: Visitor, request_id: Id) -> Response[Any]:
    try:
        async with inside.practice(visit) as (db, actor):
            await asking.disagree(db, actor, request_id, visit.form.get("words", ""))
    except BadPatientRequest:
        async with inside.practice(visit) as (db, actor):
            shown, documents = await queries.own_one(db, actor, request_id)
        return inside.faulty(
            visit,
            "request",
            "request.title",
            "request.faulty",
            one=shown,
            documents=documents,
            under=_UNDER,
            at=f"/portal/record/{request_id}",
        )
    return frame.go(f"/portal/record/{request_id}")


@get("/portal/record/{request_id:uuid}/documents/{document_id:uuid}")
async def save_document(visit: Visitor, request_id: Id, document_id: Id) -> Response[bytes]:
    async with inside.practice(visit) as (db, actor):
        content = await queries.own_document(db, actor, request_id, document_id)
    return inside.file(content.content, "record", content.media_type)


@get("/portal/access")
async def show_access(visit: Visitor, request: AskedHttp) -> Response[str]:
    """Who saw or changed the visitor's record."""
    cursor = request.query_params.get("cursor", "")
    asked = paging.request(_SEEN_AT_ONCE, cursors.unseal(request, cursor) if cursor else None)
    async with inside.practice(visit) as (db, actor):
        found = await accounting.own_accesses(db, actor, asked)
        zone = (await tenants.this_practice(db)).time_zone
    told = seeing.listed(visit.language, visit.style.shown_name, zone, found.rows)
    older = cursors.seal(request, found.next_cursor) if found.next_cursor else ""
    return inside.page(visit, "access", "seen.title", told=told, older=older, under=_UNDER)


def _title(kind: str) -> str:
    if kind not in rules.KINDS:
        raise NotFound("There is no such request.")
    return f"request.title.{kind}"


def _typed(kind: str, form: dict[str, str]) -> dict[str, Any]:
    """What a form is filled with, as it was typed; `under` for the menu."""
    typed = {name: form.get(name, "") for name in ("words", "since", "until", "form")}
    return {"kind": kind, "about": form.get("about", "record"), "under": _UNDER, **typed}


def _asked(kind: str, form: dict[str, str]) -> Asked:
    """`BadPatientRequest` for what no field of ours could have sent."""
    _title(kind)
    typed: dict[str, Any] = {
        "kind": kind,
        "words": form.get("words", ""),
        "about": form.get("about", "record"),
        "form": form.get("form", ""),
        "since": _day(form.get("since", "")),
        "until": _day(form.get("until", "")),
    }
    try:
        return msgspec.convert(typed, Asked)
    except msgspec.ValidationError:
        raise BadPatientRequest("There is no such choice.", field="about") from None


def _day(typed: str) -> date | None:
    """Empty for no day."""
    if not typed.strip():
        return None
    found = typing.day(typed)
    if found is None:
        raise BadPatientRequest("There is no such day.", field="since")
    return found


HANDLERS = [
    *(show_requests, show_new_request, make_request, show_request, withdraw_request, disagree),
    *(save_document, show_access),
]
