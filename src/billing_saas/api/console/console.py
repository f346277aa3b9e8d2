"""The pages as one router: each is asked by who visits, and refuses in a page."""

from pathlib import Path
from typing import Any

from litestar import Response, Router, get
from litestar.di import Provide

from billing_saas.api.console import (
    account,
    enrollment,
    home,
    oidc,
    passwords,
    refusing,
    sign_in,
    visiting,
)
from billing_saas.api.declaring import PAGE

_STATIC = Path(__file__).parent / "static"
_KINDS = {"style.css": "text/css", "passkeys.js": "text/javascript"}
# A page asks for its style each time it is shown; a minute is long enough not to.
_KEPT = {"Cache-Control": "public, max-age=60"}


def _static(name: str) -> Any:
    content = (_STATIC / name).read_bytes()

    @get(f"/console/{name}", include_in_schema=False, sync_to_thread=False, name=name)
    def shown() -> Response[bytes]:
        return Response(content, media_type=_KINDS[name], headers=_KEPT)

    return shown


def pages() -> Router:
    asked = Router(
        "/",
        route_handlers=[
            *account.HANDLERS,
            *enrollment.HANDLERS,
            *home.HANDLERS,
            *oidc.HANDLERS,
            *passwords.HANDLERS,
            *sign_in.HANDLERS,
        ],
        before_request=visiting.arrive,
        dependencies={"visit": Provide(visiting.visit, sync_to_thread=False)},
        exception_handlers=refusing.HANDLERS,
        include_in_schema=False,
        opt=PAGE,
    )
    return Router("/", route_handlers=[asked, *(_static(name) for name in _KINDS)], opt=PAGE)
