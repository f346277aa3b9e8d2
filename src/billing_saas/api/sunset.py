"""Routes that will go: who calls one is told since when, until when, and what comes instead."""

from datetime import UTC, date, datetime
from email.utils import format_datetime

from litestar.handlers import BaseRouteHandler
from litestar.types import Scope

from billing_saas.api import manners


def headers_of(scope: Scope) -> dict[str, str]:
    """RFC 9745 (Deprecation) and RFC 8594 (Sunset)."""
    handler: BaseRouteHandler | None = scope.get("route_handler")  # none when no route was found
    going = manners.of(handler).deprecated if handler else None
    if going is None:
        return {}
    return {
        "Deprecation": f"@{int(_midnight(going.since).timestamp())}",
        "Sunset": format_datetime(_midnight(going.sunset), usegmt=True),
        "Link": f'<{going.instead}>; rel="successor-version"',
    }


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
