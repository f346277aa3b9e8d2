"""Traces by switch (`BILLING_TRACING`): spans named by route template and by kind of job.

A span carries no path, no id, no parameter and no message of an error. A statement is shown with its
literals taken out. Without the switch nothing of OpenTelemetry is imported, and a span costs a test.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from billing_saas import __version__
from billing_saas.kit.settings import BadSettings

_tracer: Any = None
_provider: Any = None
# Ours bind every value; a literal could only be a constant, or a mistake.
_LITERAL = re.compile(r"'(?:[^']|'')*'|\b\d[\d.]*\b(?!\$)")
_PLACEHOLDER = re.compile(r"\$\d+")
_LONGEST_STATEMENT = 2_000


class Span:
    """What may be said about a piece of work. This one is not recorded."""

    def answered(self, route: str, status: int) -> None:
        """By which route's template, and with which status."""

    def ended(self, outcome: str) -> None:
        """The outcome of a job."""


class _Recorded(Span):
    def __init__(self, span: Any) -> None:
        self._span = span

    def answered(self, route: str, status: int) -> None:
        self._span.update_name(f"{self._span.attributes['http.request.method']} {route}")
        self._span.set_attribute("http.route", route)
        self._span.set_attribute("http.response.status_code", status)
        if status >= 500:
            _failed(self._span)

    def ended(self, outcome: str) -> None:
        self._span.set_attribute("job.outcome", outcome)
        if outcome not in ("done", "not-ours"):
            _failed(self._span)


_NOT_RECORDED = Span()


@contextmanager
def request(method: str) -> Iterator[Span]:
    """Its route is not known before it is answered."""
    with _span(method, "SERVER", {"http.request.method": method}) as span:
        yield span


@contextmanager
def job(kind: str, attempt: int) -> Iterator[Span]:
    with _span(f"job {kind}", "CONSUMER", {"job.kind": kind, "job.attempt": attempt}) as span:
        yield span


@contextmanager
def _span(name: str, kind: str, attributes: dict[str, Any]) -> Iterator[Span]:
    if _tracer is None:
        yield _NOT_RECORDED
        return
    from opentelemetry.trace import SpanKind

    # Its own way with exceptions is to keep their message and traceback.
    with _tracer.start_as_current_span(
        name,
        kind=SpanKind[kind],
        attributes=attributes,
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        try:
            yield _Recorded(span)
        except BaseException as error:
            span.set_attribute("error.type", type(error).__name__)
            _failed(span)
            raise


def _failed(span: Any) -> None:
    from opentelemetry.trace import StatusCode

    span.set_status(StatusCode.ERROR)


def configure(endpoint: str, part: str) -> None:
    """Send traces of this process to `endpoint` (OTLP over HTTP); empty: none."""
    if not endpoint:
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ModuleNotFoundError:
        raise BadSettings(["BILLING_TRACING: needs the extra `tracing`"]) from None
    record(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)), part)


def record(processor: Any, part: str) -> None:
    """Hand every span to `processor`, one of OpenTelemetry's."""
    global _tracer, _provider
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

    resource = Resource({"service.name": f"billing-saas-{part}", "service.version": __version__})
    _provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    _provider.add_span_processor(processor)
    _tracer = _provider.get_tracer("billing_saas", __version__)
    for name, listener in _LISTENERS.items():
        event.listen(Engine, name, listener)


def stop() -> None:
    """Send what is left, and record no more."""
    global _tracer, _provider
    if _provider is None:
        return
    for name, listener in _LISTENERS.items():
        event.remove(Engine, name, listener)
    _provider.shutdown()
    _tracer = _provider = None


# --- statements ---


def without_literals(statement: str) -> str:
    """The statement's shape. Placeholders stay; whatever could be a value goes."""
    parts = _PLACEHOLDER.split(statement)
    marks = _PLACEHOLDER.findall(statement)
    bare = [_LITERAL.sub("?", part) for part in parts]
    joined = "".join(part + mark for part, mark in zip(bare, [*marks, ""], strict=True))
    return " ".join(joined.split())[:_LONGEST_STATEMENT]


def _before(
    _connection: Any, _cursor: Any, statement: str, _parameters: Any, context: Any, _many: bool
) -> None:
    from opentelemetry.trace import SpanKind

    shape = without_literals(statement)
    context._billing_span = _tracer.start_span(
        shape.partition(" ")[0].upper() or "STATEMENT",
        kind=SpanKind.CLIENT,
        attributes={"db.system.name": "postgresql", "db.query.text": shape},
    )


def _after(
    _connection: Any, _cursor: Any, _statement: str, _parameters: Any, context: Any, _many: bool
) -> None:
    context._billing_span.end()


def _error(told: Any) -> None:
    span = getattr(told.execution_context, "_billing_span", None)
    if span is not None:
        span.set_attribute("error.type", type(told.original_exception).__name__)
        _failed(span)
        span.end()


_LISTENERS: dict[str, Callable[..., None]] = {
    "before_cursor_execute": _before,
    "after_cursor_execute": _after,
    "handle_error": _error,
}
