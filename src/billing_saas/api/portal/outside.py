"""What pages are dressed with: the style, which is the same for everybody."""

from pathlib import Path

from litestar import Response, get

_STYLE = (Path(__file__).parent / "static" / "style.css").read_bytes()


@get("/portal/style.css", include_in_schema=False, sync_to_thread=False)
def style() -> Response[bytes]:
    # A page asks for its style each time it is shown; a minute is long enough not to.
    return Response(_STYLE, media_type="text/css", headers={"Cache-Control": "public, max-age=60"})


HANDLERS = [style]
