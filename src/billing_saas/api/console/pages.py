"""Templates into answers, with the headers that keep a page to itself."""

import functools
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import Response
from litestar.datastructures import Cookie
from litestar.response import Redirect

from billing_saas.api import cookies
from billing_saas.api.console.visiting import Visit
from billing_saas.kit.actor import AuthLevel

# Nothing inline, so no nonce is needed; nothing from elsewhere; nobody may frame it.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def dollars(cents: int) -> str:
    """For people: `$1,234.50`; money is never a float on the way."""
    sign, whole = "-" if cents < 0 else "", abs(cents)
    return f"{sign}${whole // 100:,}.{whole % 100:02}"


@functools.cache
def _templates() -> Environment:
    made = Environment(
        loader=PackageLoader("billing_saas.api.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["dollars"] = dollars
    return made


def page(
    visit: Visit,
    template: str,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    set_cookies: Sequence[Cookie] = (),
    headers: dict[str, str] | None = None,
    **words: Any,
) -> Response[str]:
    browser = cookies.made(visit.meeting, cookies.BROWSER, visit.browser)
    # The session that a page just opened has another token than the one it was asked with.
    is_in = visit.session is not None and visit.session.level is AuthLevel.TWO_FACTORS
    filled = {"signed_in": is_in, "csrf": visit.csrf, **words}
    return Response(
        _templates().get_template(f"{template}.html").render(filled),
        status_code=status,
        media_type="text/html; charset=utf-8",
        headers={"Content-Security-Policy": POLICY, **(headers or {})},
        cookies=[browser, *set_cookies],
    )


def problem(
    status: int, title: str, detail: str, headers: dict[str, str] | None = None
) -> Response[str]:
    """When there may be no visit to make a page for."""
    content = (
        _templates()
        .get_template("problem.html")
        .render(signed_in=False, csrf="", title=title, detail=detail)
    )
    return Response(
        content,
        status_code=status,
        media_type="text/html; charset=utf-8",
        headers={"Content-Security-Policy": POLICY, **(headers or {})},
    )


def go(path: str, set_cookies: Sequence[Cookie] = ()) -> Redirect:
    """After a form: the next page by GET, so that loading it again repeats nothing."""
    return Redirect(path, status_code=303, cookies=list(set_cookies))
