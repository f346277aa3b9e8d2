"""Templates into answers, with the headers that keep a page to itself.

A page is `frame.page(visit, "template", "title.key", …)`; in the template `t("key", …)` says a word,
`cents | dollars` an amount and `day | day` a date, in the visitor's language.
"""

import functools
from collections.abc import Sequence
from datetime import date, datetime
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from litestar import Response
from litestar.datastructures import Cookie
from litestar.response import Redirect

from billing_saas.api import cookies
from billing_saas.api.portal import visiting, words
from billing_saas.api.portal.visiting import Visit

# Nothing inline, so no nonce is needed; no script at all; nothing from elsewhere; nobody may frame it.
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'{pays};"
    " base-uri 'none'; frame-ancestors 'none'"
)
POLICY = _POLICY.format(pays="")


def policy(pays_at: str = "") -> str:
    """With `pays_at`, the origin to which a form's answer leads on: browsers ask the policy there too."""
    return _POLICY.format(pays=f" {pays_at}" if pays_at else "")


# The way around, of who showed a code: path and word.
MENU = (
    ("/portal/home", "menu.home"),
    ("/portal/bills", "menu.bills"),
    ("/portal/payments", "menu.payments"),
    ("/portal/messages", "menu.messages"),
    ("/portal/record", "menu.record"),
    ("/portal/contact", "menu.settings"),
)


def dollars(cents: int) -> str:
    """`$1,234.50`, as Spanish in the United States writes it too; never a float on the way."""
    sign, whole = "-" if cents < 0 else "", abs(cents)
    return f"{sign}${whole // 100:,}.{whole % 100:02}"


@pass_context
def _day(context: Context, day: date) -> str:
    return words.long_day(context["language"], day.year, day.month, day.day)


@pass_context
def _at(context: Context, instant: datetime, time_zone: str) -> str:
    """A day and a time of day where the practice is."""
    there = instant.astimezone(ZoneInfo(time_zone))
    time = words.time_of_day(context["language"], there.hour, there.minute)
    return f"{_day(context, there.date())}, {time}"


@functools.cache
def _templates() -> Environment:
    made = Environment(
        loader=PackageLoader("billing_saas.api.portal"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["dollars"] = dollars
    made.filters["day"] = _day
    made.filters["at"] = _at
    return made


def page(
    visit: Visit,
    template: str,
    title: str,
    *,
    status: int = HTTPStatus.OK,
    set_cookies: Sequence[Cookie] = (),
    headers: dict[str, str] | None = None,
    pays_at: str = "",
    under: str = "",
    **filled: Any,
) -> Response[str]:
    """`title` is a key of the words, never a name: titles stand in histories and on shared screens. `under`
    is the place of the menu that the page belongs to, where its path does not say so."""
    verified = visit.visitor is not None and visit.visitor.is_verified
    given = [cookies.made(visit.meeting, visiting.BROWSER, visit.browser), *set_cookies]
    if visit.chosen:
        given.append(
            cookies.made(
                visit.meeting, visiting.LANGUAGE, visit.language, seconds=visiting.LANGUAGE_SECONDS
            )
        )
    content = _rendered(
        template,
        visit.language,
        title=title,
        csrf=visit.csrf,
        here=visit.here,
        visitor=visit.visitor,
        look=visit.look,
        menu=MENU if verified else (),
        under=under or visit.here,
        **filled,
    )
    return _answer(content, status, {**(headers or {}), **_policy(pays_at)}, given)


def problem(
    language: str, status: int, key: str, headers: dict[str, str] | None = None, **filled: object
) -> Response[str]:
    """When there may be no visit to make a page for."""
    content = _rendered(
        "problem",
        language,
        title=key,
        csrf="",
        here="",
        visitor=None,
        look=None,
        menu=(),
        under="",
        why=words.say(language, f"{key}.why", **filled),
    )
    return _answer(content, status, {**(headers or {}), **_policy("")}, [])


def go(path: str, set_cookies: Sequence[Cookie] = ()) -> Redirect:
    """After a form: the next page by GET, so that loading it again repeats nothing."""
    return Redirect(path, status_code=303, cookies=list(set_cookies))


def _rendered(template: str, language: str, **filled: Any) -> str:
    return (
        _templates()
        .get_template(f"{template}.html")
        .render(
            language=language,
            languages=words.NAMES,
            t=functools.partial(words.say, language),
            month_name=functools.partial(words.month_name, language),
            **filled,
        )
    )


def _policy(pays_at: str) -> dict[str, str]:
    return {"Content-Security-Policy": policy(pays_at)}


def _answer(
    content: str, status: int, headers: dict[str, str], given: Sequence[Cookie]
) -> Response[str]:
    return Response(
        content,
        status_code=status,
        media_type="text/html; charset=utf-8",
        headers=headers,
        cookies=list(given),
    )
