"""What pages are dressed with: the style, which is the same for everybody."""

from pathlib import Path

from litestar import Response, get

_STATIC = Path(__file__).parent / "static"
_STYLE = (_STATIC / "style.css").read_bytes()
_INNER = (_STATIC / "inner.css").read_bytes()
# A page asks for its style each time it is shown; a minute is long enough not to.
_KEPT = {"Cache-Control": "public, max-age=60"}


@get("/portal/style.css", include_in_schema=False, sync_to_thread=False)
def style() -> Response[bytes]:
    return Response(_STYLE, media_type="text/css", headers=_KEPT)


@get("/portal/inner.css", include_in_schema=False, sync_to_thread=False)
def inner_style() -> Response[bytes]:
    return Response(_INNER, media_type="text/css", headers=_KEPT)


HANDLERS = [style, inner_style]
