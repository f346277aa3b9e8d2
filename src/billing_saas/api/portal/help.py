"""Help with paying: an application for financial assistance, and what became of it."""

from typing import Any

from litestar import Response, get, post

from billing_saas.api.portal import frame, inside, typing
from billing_saas.api.portal.visiting import Asked, Visit, Visitor
from billing_saas.hardship import applying, policies, queries
from billing_saas.hardship.errors import ApplicationOpen, NoHardshipPolicy, NotAGuarantor
from billing_saas.hardship.rules import MOST_PEOPLE, OPEN, Answers
from billing_saas.kit.paging import PageRequest

_MOST_NOTE = 2_000
_MOST_INCOME_CENTS = 1_000_000_000


@get("/portal/help")
async def show_help(visit: Visitor, request: Asked) -> Response[str]:
    return await _help(visit, done=inside.done(request))


@post("/portal/help")
async def apply(visit: Visitor) -> Response[Any]:
    answers = _answers(visit.form)
    if answers is None:
        return await _help(visit, fault="help.faulty")
    try:
        async with inside.practice(visit) as (db, actor):
            await applying.apply(db, actor, actor.id, answers)
    except (ApplicationOpen, NoHardshipPolicy, NotAGuarantor):
        return await _help(visit, fault="help.not_now")
    return frame.go("/portal/help?done=applied")


def _answers(form: dict[str, str]) -> Answers | None:
    household = typing.whole(form.get("household", ""))
    income = typing.cents(form.get("income", ""))
    note = form.get("note", "").strip()
    if household is None or not 1 <= household <= MOST_PEOPLE or len(note) > _MOST_NOTE:
        return None
    if income is None or income > _MOST_INCOME_CENTS or form.get("true") != "yes":
        return None
    return Answers(household=household, yearly_income_cents=income, note=note)


async def _help(visit: Visit, *, fault: str = "", done: str = "") -> Response[str]:
    async with inside.practice(visit) as (db, actor):
        mine = await queries.applications(db, actor, PageRequest(limit=20), guarantor_id=actor.id)
        offered = bool((await policies.of(db)).steps)
    filled: dict[str, Any] = {
        "applications": mine.rows,
        "offered": offered,
        "waits": any(one.state in OPEN for one in mine.rows),
        "typed": visit.form if fault else {},
        "most_people": MOST_PEOPLE,
        "under": "/portal/bills",
    }
    if fault:
        return inside.faulty(visit, "help", "help.title", fault, **filled)
    return inside.page(visit, "help", "help.title", done=done, **filled)


HANDLERS = [show_help, apply]
