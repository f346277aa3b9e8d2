"""Traces name templates and kinds; a statement shows its shape; switched off, nothing is imported."""

import subprocess
import sys
from collections.abc import Iterator
from uuid import UUID

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from billing_saas.kit import tracing
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.outbox import queue
from billing_saas.workers import running
from tests.api.walking import knocking
from tests.cast import Person, Tenant
from tests.workers import acts


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    tracing.record(SimpleSpanProcessor(exporter), "tests")
    yield exporter
    tracing.stop()


def told(exported: tuple[ReadableSpan, ...]) -> str:
    return "\n".join(span.to_json() for span in exported)


async def test_a_request_is_named_by_its_template_and_tells_no_id(
    spans: InMemorySpanExporter,
    database: Database,
    elm: Tenant,
    alice: Person,
) -> None:
    strange = new_id()
    spans.clear()
    async with knocking(database) as client:
        path = f"/v1/practices/{elm.id}/claims/{strange}"
        assert (await client.http.get(path, headers=alice.headers)).status_code == 404
        await client.http.get(f"/nowhere/{strange}?name=CANARY")
    found = spans.get_finished_spans()
    names = [span.name for span in found]
    assert "GET /v1/practices/{practice_id}/claims/{claim_id}" in names
    assert "GET none" in names
    assert "SELECT" in names
    shapes = [str((span.attributes or {}).get("db.query.text", "")) for span in found]
    assert any(shape.startswith("SELECT") and "$1" in shape for shape in shapes)
    request = next(span for span in found if "claim_id" in span.name)
    assert [
        span
        for span in found
        if span.parent and request.context and span.parent.span_id == request.context.span_id
    ]
    everything = told(found)
    for secret in (elm.id, strange, alice.actor.id, alice.token, "CANARY"):
        assert str(secret) not in everything
        if isinstance(secret, UUID):
            assert secret.hex not in everything


async def test_a_job_is_named_by_its_kind_and_an_error_by_its_type(
    spans: InMemorySpanExporter, database: Database, elm: Tenant
) -> None:
    async with database.tenant(elm.id) as db:
        done = await queue.add(db, acts.Mark(new_id()))
        failed = await queue.add(db, acts.Stumble(new_id(), "weather"))
    await running.run_job(database, done)
    await running.run_job(database, failed)
    jobs = [span for span in spans.get_finished_spans() if span.name.startswith("job ")]
    assert [(span.name, (span.attributes or {})["job.outcome"]) for span in jobs] == [
        ("job tests.mark", "done"),
        ("job tests.stumble", "retried"),
    ]
    everything = told(spans.get_finished_spans())
    assert str(done) not in everything
    assert str(elm.id) not in everything
    assert "exception.message" not in everything


def test_a_statement_shows_its_shape() -> None:
    shape = tracing.without_literals(
        "SELECT a FROM t  WHERE n = $12::VARCHAR AND s = 'O''Brien'\n AND year = 1961 LIMIT 5"
    )
    assert shape == "SELECT a FROM t WHERE n = $12::VARCHAR AND s = ? AND year = ? LIMIT ?"


def test_switched_off_nothing_of_it_is_imported() -> None:
    code = (
        "import sys, billing_saas.cli, billing_saas.api.serving, billing_saas.workers.main\n"
        "from billing_saas.kit import tracing\n"
        "tracing.configure('', 'api')\n"
        "with tracing.request('GET') as span: span.answered('/', 200)\n"
        "sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
