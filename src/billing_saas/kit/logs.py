"""Logs that cannot carry protected health information, by construction.

An event is a fixed lower-case phrase; its facts come from a short list of keys, each with the shape
its value must have. Everything else is dropped and counted in `dropped`, so that a mistake shows
without showing what it was. Exceptions are logged as their type and the place they were raised:
messages may hold data (PostgreSQL's DETAIL quotes row values).
"""

import logging
import re
import sys
import traceback
from collections.abc import Callable, MutableMapping
from datetime import date
from enum import Enum
from typing import Any, cast
from uuid import UUID

import structlog

_EVENT = re.compile(r"[a-z][a-z0-9 _.-]{0,79}\Z")
_WORD = re.compile(r"[a-z][a-z0-9_.-]{0,79}\Z")
_ROUTE = re.compile(r"/[A-Za-z0-9_/{}:.-]{0,199}\Z")
_TYPE = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,79}\Z")
_REQUEST = re.compile(r"[0-9a-f-]{1,36}\Z")
_HASH = re.compile(r"[0-9a-f]{64}\Z")


def _matches(pattern: re.Pattern[str]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and pattern.match(value) is not None


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float))


def _is_id(value: Any) -> bool:
    return isinstance(value, UUID)


def _is_day(value: Any) -> bool:
    return isinstance(value, date)


ALLOWED: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(
        [
            "count",
            "attempt",
            "attempts",
            "head",
            "milliseconds",
            "port",
            "rows",
            "status",
            "workers",
        ],
        _is_number,
    ),
    **dict.fromkeys(["job", "arrival", "tenant", "remittance", "lease"], _is_id),
    **dict.fromkeys(
        ["invariant", "job_kind", "queue", "state", "step", "schedule", "method_name"],
        _matches(_WORD),
    ),
    "day": _is_day,
    "route": _matches(_ROUTE),
    "method": lambda value: value in {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"},
    "request_id": _matches(_REQUEST),
    "head_hash": _matches(_HASH),
    "error": _matches(_TYPE),
    "logger": _matches(_TYPE),
    "level": _matches(_WORD),
    "timestamp": lambda value: isinstance(value, str),
    "places": lambda value: isinstance(value, list),
}


def only_allowed(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """structlog processor: keep what is allowed, count what is not."""
    kept: dict[str, Any] = {}
    dropped = 0
    phrase = event.pop("event", "")
    failure = event.pop("exc_info", None)
    for key, value in event.items():
        plain = value.value if isinstance(value, Enum) else value
        check = ALLOWED.get(key)
        if check is not None and key != "places" and check(plain):
            kept[key] = str(plain) if isinstance(plain, (UUID, date)) else plain
        else:
            dropped += 1
    if failure:
        kept |= _described(failure)
    if not (isinstance(phrase, str) and _EVENT.match(phrase)):
        phrase, dropped = "unnamed event", dropped + 1
    if dropped:
        kept["dropped"] = dropped
    return {"event": phrase, **kept}


def _described(failure: Any) -> dict[str, Any]:
    error = failure if isinstance(failure, BaseException) else sys.exc_info()[1]
    if isinstance(failure, tuple):
        error = failure[1]
    if error is None:
        return {}
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    places = [f"{frame.name}:{frame.lineno}" for frame in frames]
    return {"error": type(error).__name__, "places": places}


class _Foreign(logging.Handler):
    """Other libraries' records: that they spoke, how loudly and from where, never what they said."""

    def emit(self, record: logging.LogRecord) -> None:
        facts: dict[str, Any] = {"logger": record.name, "count": record.lineno}
        if record.exc_info:
            facts["exc_info"] = record.exc_info
        level = "error" if record.levelno >= logging.ERROR else "warning"
        getattr(get(), level)("library message", **facts)


def configure(level: str = "INFO") -> None:
    """Call once per process, before anything logs."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            only_allowed,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers[:] = [_Foreign()]
    root.setLevel(logging.WARNING)


def get() -> structlog.typing.FilteringBoundLogger:
    if not structlog.is_configured():
        configure()  # structlog's own default prints exceptions with every local variable
    return cast(structlog.typing.FilteringBoundLogger, structlog.get_logger())
