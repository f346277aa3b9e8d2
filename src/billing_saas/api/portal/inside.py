"""What the pages for a verified visitor share: the practice's transaction, the menu, files to save."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from litestar import Response

from billing_saas.api.portal import frame
from billing_saas.api.portal.visiting import Asked, Visit
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.payments.errors import NoPaymentAccount, NoProcessor, NotTakingPayments


@asynccontextmanager
async def practice(visit: Visit) -> AsyncIterator[tuple[TenantSession, Actor]]:
    """For who showed a one-time code; anybody else is led to where one is sent."""
    _ = visit.verified
    async with visit.practice() as db:
        yield db, visit.actor


def page(
    visit: Visit,
    template: str,
    title: str,
    *,
    status: int = HTTPStatus.OK,
    pays_at: str = "",
    under: str = "",
    at: str = "",
    **filled: Any,
) -> Response[str]:
    """`under` is the place of the menu that the page belongs to, where its path does not say so; `at`, where
    the page is had by GET, where it answers a form that was sent elsewhere."""
    filled = {"fault": "", "done": "", **filled}
    return frame.page(
        replace(visit, here=at) if at else visit,
        template,
        title,
        status=status,
        pays_at=pays_at,
        under=under,
        **filled,
    )


# What was done, told on the page behind the form: its address can be loaded again, the form's cannot.
_DONE = {
    "saved": "done.saved",
    "confirmed": "contact.verified",
    "removed": "cards.removed",
    "applied": "help.sent",
}


def done(request: Asked) -> str:
    return _DONE.get(request.query_params.get("done", ""), "")


def faulty(visit: Visit, template: str, title: str, fault: str, **filled: Any) -> Response[str]:
    """The form again, with what was typed and a word on what is wrong."""
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return page(visit, template, title, status=status, fault=fault, **filled)


# The practice takes no money by card now: told in a sentence, and nothing was begun.
CANNOT_PAY = (NoPaymentAccount, NoProcessor, NotTakingPayments)


def to_processor(visit: Visit, url: str) -> Response[str]:
    """On to the processor by a page of ours that leads there at once, as `balance` does it."""
    return frame.page(
        replace(visit, here=""),
        "to_processor",
        "pay.title",
        headers={"Refresh": f"0; url={url}"},
        url=url,
    )


_ENDINGS = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg", "image/tiff": "tif"}


def file(content: bytes, name: str, media_type: str = "application/pdf") -> Response[bytes]:
    """To be saved, and never shown inside a page. `name` is a word of ours: names of files stand in lists
    of downloads that others see."""
    ending = _ENDINGS.get(media_type, "bin")
    return Response(
        content,
        media_type=media_type,
        headers={
            "Content-Disposition": f'attachment; filename="{name}.{ending}"',
            "Cache-Control": "no-store",
        },
    )
