"""A practice's own colour and logo, for who entered there; by no address that names the practice."""

from litestar import Response, get

from billing_saas.api.portal.visiting import Visitor
from billing_saas.portal.errors import NotEntered
from billing_saas.portal_looks import settings as looks


@get("/portal/colours.css")
async def colours(visit: Visitor) -> Response[str]:
    # Only ever a colour that was checked to be one.
    return Response(f":root {{ --act: {visit.style.accent}; }}\n", media_type="text/css")


@get("/portal/logo")
async def logo(visit: Visitor) -> Response[bytes]:
    async with visit.practice() as db:
        kept = await looks.logo(db, visit.style)
    if kept is None:
        raise NotEntered
    media_type, content = kept
    return Response(content, media_type=media_type)


HANDLERS = [colours, logo]
