"""One patient whose every value is searched for wherever a process may leave something behind (X1).

PostgreSQL is told to log every statement with every parameter, and the processes to log all they can:
what leaks only under such settings leaks. Then a leak is planted in each sink, and each is found.
"""

import base64
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from email import message_from_string
from pathlib import Path

import psycopg
import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from prometheus_client import Gauge

from billing_saas.kit import meters, tracing
from billing_saas.kit.embedded import MIGRATOR, SUPERUSER, EmbeddedPostgres
from billing_saas.kit.ids import new_id
from billing_saas.kit.migrating import LOGIN_ROLES, migrate
from tests.canary import person, run
from tests.canary.run import Run
from tests.cluster import Clone
from tests.operations.ports import free_ports

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

TALKATIVE = {
    "log_statement": "all",
    "log_min_error_statement": "debug5",
    "log_min_messages": "log",
    "log_parameter_max_length": "-1",
    "log_parameter_max_length_on_error": "-1",
    "log_error_verbosity": "verbose",
    "log_min_duration_statement": "0",
}


@pytest.fixture(scope="module")
def played() -> Iterator[Run]:
    folder = Path(tempfile.mkdtemp(prefix="billing-canary-server-"))
    folder.chmod(0o755)
    try:
        with EmbeddedPostgres(folder, durable=False, settings=TALKATIVE) as cluster:
            cluster.prepare()
            migrate(cluster.url(MIGRATOR))
            for role in LOGIN_ROLES:
                cluster.set_password(role)
            passwords = json.loads((folder / "roles.json").read_text())
            clone = Clone("billing", cluster.port, passwords)
            with run.running(clone, folder) as made:
                run.play(made)
                run.checkpoint(made)
                yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_nothing_of_the_patient_lies_in_any_sink(played: Run) -> None:
    sinks = {name: read() for name, read in played.sinks.items()}
    empty = {"temporary files"}
    assert [name for name, content in sinks.items() if not content and name not in empty] == []
    found = {name: person.found_in(content) for name, content in sinks.items()}
    assert {name: values for name, values in found.items() if values} == {}, [
        error for error in played.errors if person.found_in(error)
    ]
    # And what was searched is what was meant.
    assert b"remittances.post" in sinks["application logs"]
    assert b"execute" in sinks["PostgreSQL's log"]
    assert b"$1 = '" in sinks["PostgreSQL's log"]
    assert b"COPY dramatiq.queue" in sinks["database dump"]
    assert b"billing_saas_jobs_total" in sinks["metrics"]
    assert b"job remittances.post" in sinks["traces"]
    assert b"/claims/{claim_id}" in sinks["traces"]
    assert b"not-found" in sinks["errors told"]
    assert b"Your payment plan is agreed" in sinks["letters"]
    assert b"Reply STOP to opt out" in sinks["texts"]
    assert b"job messages.send" in sinks["traces"]
    assert b"/hooks/texts/status/{word}" in sinks["traces"]


def in_the_log(made: Run) -> None:
    with (made.folder / "log").open("a") as log:
        log.write(
            f'{{"event": "request", "name": "{base64.b64encode(b"x: " + person.NOTE.encode()).decode()}"}}\n'
        )


def in_a_statement(made: Run) -> None:
    with psycopg.connect(made.clone.url("billing_app")) as connection:
        connection.execute("SELECT %s::text", [person.GIVEN.lower()])


def in_a_job(made: Run) -> None:
    with psycopg.connect(made.clone.url("billing_platform")) as connection:
        connection.execute(
            "INSERT INTO job (id, kind, arguments, queue, state, run_at, most_attempts, created_at)"
            " VALUES (%s, 'x', %s, 'bulk', 'dead', now(), 1, now())",
            [new_id(), json.dumps({"member": person.MEMBER_ID})],
        )


def in_a_file_of_the_server(made: Run) -> None:
    with psycopg.connect(made.clone.url(SUPERUSER), autocommit=True) as superuser:
        superuser.execute("CREATE TABLE cellar (word bytea)")
        superuser.execute("INSERT INTO cellar VALUES (%s)", [person.STREET.encode()])
        superuser.execute("CHECKPOINT")


def in_a_span(made: Run) -> None:
    tracing.record(SimpleSpanProcessor(OTLPSpanExporter(endpoint=made.collector.address)), "tests")
    try:
        with tracing.request("GET") as span:
            span.answered(f"/patients/{person.RECORD_NUMBER}", 200)
    finally:
        tracing.stop()


def in_a_temporary_file(made: Run) -> None:
    (made.folder / "tmp" / "upload.part").write_bytes(person.CITY.encode("utf-16-le"))


def in_a_letter(made: Run) -> None:
    made.post.box.letters.append(message_from_string(f"Subject: To {person.GIVEN}\n\nHello"))


def in_a_text(made: Run) -> None:
    made.post.texts.taken.append({"To": "+13125550100", "Body": f"Hello {person.SURNAME}"})


def in_an_error(made: Run) -> None:
    made.errors.append(json.dumps({"detail": f"no patient {person.SURNAME.title()}"}).encode())


def in_an_address(made: Run) -> None:
    made.headers.append("Location: /patients?note=FELL+OFF+A+QUILLBACK+TRAMPOLINE")


@pytest.mark.parametrize(
    ("sink", "plant", "value"),
    [
        ("application logs", in_the_log, person.NOTE),
        ("PostgreSQL's log", in_a_statement, person.GIVEN),
        ("database dump", in_a_job, person.MEMBER_ID),
        ("data directory", in_a_file_of_the_server, person.STREET),
        ("traces", in_a_span, person.RECORD_NUMBER),
        ("temporary files", in_a_temporary_file, person.CITY),
        ("letters", in_a_letter, person.GIVEN),
        ("texts", in_a_text, person.SURNAME),
        ("errors told", in_an_error, person.SURNAME),
        ("addresses and headers", in_an_address, person.NOTE),
    ],
)
def test_a_leak_in_each_sink_is_found(
    played: Run, sink: str, plant: Callable[[Run], None], value: str
) -> None:
    plant(played)
    found = person.found_in(played.sinks[sink]())
    assert [one for one in found if one.startswith(value)], found


def test_a_leak_in_a_metric_is_found(played: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    label = Gauge("planted", "A name as a label.", ["who"], registry=meters.REGISTRY)
    label.labels(person.SURNAME).set(1)
    try:
        first = free_ports(2)
        with meters.served("127.0.0.1", first), meters.served("127.0.0.1", first + 1):
            monkeypatch.setattr(played, "metrics", first)
            assert person.found_in(played.sinks["metrics"]())
    finally:
        meters.REGISTRY.unregister(label)


def test_every_sink_has_its_planted_leak(played: Run) -> None:
    (marks,) = [m for m in test_a_leak_in_each_sink_is_found.pytestmark if m.name == "parametrize"]  # type: ignore[attr-defined]  # pytest's own
    assert {planted[0] for planted in marks.args[1]} | {"metrics"} == set(played.sinks)
