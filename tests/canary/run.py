"""The demo's flow once more, with the one patient in it, through a server and a worker of their own.

Whatever a process leaves behind lies in one folder: `Run.sinks` names it.
"""

import asyncio
import contextlib
import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg

from billing_saas.demo import cast, steps
from billing_saas.gateways.key_folder import KeyFolder
from billing_saas.kit import clock
from billing_saas.kit.db import Database
from billing_saas.kit.embedded import SUPERUSER
from billing_sandbox import payer, practice_system
from billing_sandbox.office import Desk
from tests.canary import correspondence, person
from tests.canary.collector import Collector
from tests.canary.correspondence import Post
from tests.cluster import Clone
from tests.operations.conftest import binary
from tests.operations.ports import free_ports

CLAIMS = 6
SEED = 5


@dataclass
class Run:
    clone: Clone
    folder: Path
    postgres: Path
    """Folder of the server: its log, and its data."""
    http: int
    metrics: int
    collector: Collector
    post: Post
    desk: Desk | None = None
    errors: list[bytes] = field(default_factory=list)
    """Bodies of answers that were no success."""
    headers: list[str] = field(default_factory=list)
    """Of every answer, and the address that it answered."""

    @property
    def sinks(self) -> dict[str, Callable[[], bytes]]:
        return {
            "application logs": (self.folder / "log").read_bytes,
            "PostgreSQL's log": (self.postgres / "postgres.log").read_bytes,
            "database dump": self._dump,
            "data directory": lambda: _all(self.postgres / "postgres"),
            "metrics": self._metrics,
            "traces": (self.folder / "traces").read_bytes,
            "temporary files": lambda: _all(self.folder / "tmp"),
            "letters": self.post.letters_told,
            "texts": self.post.texts_told,
            "errors told": lambda: b"\n".join(self.errors),
            "addresses and headers": lambda: "\n".join(self.headers).encode(),
        }

    def _dump(self) -> bytes:
        """Everything in plain text: rows of every table, the broker's and the job table's with them."""
        url = self.clone.url(SUPERUSER)
        return subprocess.run([binary("pg_dump"), url], capture_output=True, check=True).stdout

    def _metrics(self) -> bytes:
        found = b""
        for port in (self.metrics, self.metrics + 1):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                found += answer.read()
        return found

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        kind: str = "",
        version: str = "",
    ) -> Any:
        """As the person at the desk; what is told around the answer is kept."""
        assert self.desk is not None
        url = f"{self.desk.address}/v1/practices/{self.desk.practice_id}{path}"
        request = urllib.request.Request(url, data=body, method=method)
        request.add_header("Authorization", f"Bearer {self.desk.token}")
        if kind:
            request.add_header("Content-Type", kind)
        if version:
            request.add_header("If-Match", version)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                self.headers.append(str(answer.headers))
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            self.headers.append(str(error.headers))
            self.errors.append(error.read())
            return None


def _all(folder: Path) -> bytes:
    found = []
    for path in sorted(folder.rglob("*")):
        found.append(path.name.encode())
        with contextlib.suppress(OSError):
            if path.is_file():
                content = path.read_bytes()
                found.append(gzip.decompress(content) if path.suffix == ".gz" else content)
    return b"\n".join(found)


@contextmanager
def running(clone: Clone, postgres: Path) -> Iterator[Run]:
    """A server and a worker, and all that they write in one folder."""
    folder = Path(tempfile.mkdtemp(prefix="billing-canary-"))
    for name in ("tmp", "keys"):
        (folder / name).mkdir(mode=0o700)
    for name in ("log", "traces"):
        (folder / name).touch()
    collector = Collector(folder / "traces")
    first = free_ports(3)
    with correspondence.post() as post:
        made = Run(clone, folder, postgres, first, first + 1, collector, post)
        process = _started(made)
        try:
            _until_ready(made, process)
            yield made
        finally:
            _end(process)
            collector.stop()
            shutil.rmtree(folder, ignore_errors=True)


def _started(made: Run) -> "subprocess.Popen[bytes]":
    bare = {name: text for name, text in os.environ.items() if not name.startswith("BILLING_")}
    ours = (
        made.clone.environment
        | made.post.settings
        | {
            "BILLING_KEY_FOLDER": str(made.folder / "keys"),
            "BILLING_LOG_LEVEL": "DEBUG",
            "BILLING_PORT": str(made.http),
            "BILLING_METRICS_PORT": str(made.metrics),
            "BILLING_TRACING": made.collector.address,
            "TMPDIR": str(made.folder / "tmp"),
            "OTEL_BSP_SCHEDULE_DELAY": "200",
        }
    )
    with (made.folder / "log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "billing_saas.cli", "serve", "--with-worker"],
            env=bare | ours,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=made.folder,
        )


def _until_ready(made: Run, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{made.http}/ready", timeout=5).close()
        except OSError:
            told = (made.folder / "log").read_text()[-3000:]
            assert process.poll() is None, told
            assert time.monotonic() < deadline, told
            time.sleep(0.1)
        else:
            return


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=45)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def play(made: Run) -> None:
    """Claims in, out to the payer, paid, taken back; everything looked at; and much that goes wrong."""
    database_work = _in_database(made)
    _, given = database_work(cast.provision)
    practice_id, token = given[0]
    desk = made.desk = Desk(f"http://127.0.0.1:{made.http}", practice_id, token)
    today = clock.today(cast.ELM.new.time_zone)
    file = person.of(
        practice_system.claims_file(
            cast.ELM.identity,
            seed=SEED,
            month=clock.first_of_month(today),
            claims=CLAIMS,
            today=today,
            delivery=practice_system.Delivery(usage="P"),
        )
    )
    arrival = desk.wait_for(_upload(made, "/claim-files", file)["arrival_id"])
    assert arrival["state"] == "handled", arrival
    batch = database_work(lambda database: steps._send(database, practice_id, cast.ELM, 1))
    assert person.found_in(batch), "the person is not in what leaves for the payer"
    checks = [
        payer.Check(trace_prefix=f"C{n}", paid_on=today - timedelta(days=2 - n), control_number=n)
        for n in (1, 2)
    ]
    first = person.paid(payer.pay(batch, cast.ELM.payee, checks[0], seed=SEED))
    assert person.PAYER_CLAIM_NUMBER.encode() in first
    _remit(made, first)
    _remit(made, payer.take_back_and_correct(batch, cast.ELM.payee, *checks, seed=SEED))
    correspondence.correspond(made, database_work)
    go_wrong(made, file, first)
    look_at_everything(made)


def _remit(made: Run, file: bytes) -> None:
    assert made.desk is not None
    received = _upload(made, "/remittance-files", file)
    arrival = made.desk.wait_for(received["arrival_id"])
    assert arrival["state"] == "handled", arrival
    assert all(one["state"] == "posted" for one in made.desk.settled(received["arrival_id"]))


def _upload(made: Run, path: str, file: bytes) -> Any:
    return made.ask("POST", path, file, "application/edi-x12")


def go_wrong(made: Run, claims_file: bytes, remittance_file: bytes) -> None:
    """The same person in files and requests that are refused, in part or whole."""
    assert made.desk is not None
    born, surname = person.BORN.encode(), person.SURNAME.encode()
    broken = [
        ("/claim-files", claims_file.replace(born, b"19439917" + born)),  # no such day
        ("/claim-files", claims_file.replace(b"*MI*", b"*" + surname + b"*")),  # a name as a code
        ("/claim-files", claims_file.replace(b"~SV1*HC:", b"~" + surname[:3] + b"*HC:" + surname)),
        ("/claim-files", claims_file[: len(claims_file) // 2]),
        ("/remittance-files", remittance_file.replace(b"~BPR*I*", b"~BPR*I*9")),  # does not balance
        ("/remittance-files", remittance_file.replace(b"~CLP*", b"~CLP*" + surname, 1)),
        ("/remittance-files", surname + b" is no X12 at all"),
    ]
    for path, file in broken:
        received = _upload(made, path, file)
        if received is not None:
            made.desk.wait_for(received["arrival_id"])
            made.ask("GET", f"/arrivals/{received['arrival_id']}/findings")
    json_kind = "application/json"
    for body in (
        {"surname": person.SURNAME, "born_on": person.BORN},
        {"surname": [person.SURNAME]},
        {person.SURNAME: person.NOTE},
        {"record_number": person.RECORD_NUMBER + "\0", "surname": person.SURNAME},
    ):
        made.ask("POST", "/patients/searches", json.dumps(body).encode(), json_kind)
    made.ask("POST", "/patients/searches", b'{"surname": "' + surname, json_kind)
    # Somebody puts a name where none belongs: in a path, a query, a header.
    for path in (
        f"/patients/{person.SURNAME}",
        f"/claims?cursor={person.MEMBER_ID}",
        f"/{person.SURNAME}?name={person.GIVEN}",
        f"/cards?limit={person.SURNAME}",
    ):
        made.ask("GET", path)


def look_at_everything(made: Run) -> None:
    """Every list, and the first rows of each, as whoever works there does."""
    assert made.desk is not None
    for path in ("/audit-events", "/balances", "/cards", "/arrivals"):
        made.desk.get(path, opens=True)
    found = made.desk.all("/patients", opens=True)
    ours = [one for one in found if person.found_in(json.dumps(one).encode())]
    assert ours, "the person is not among the patients"
    made.desk.get(f"/patients/{ours[0]['id']}", opens=True)
    for claim in made.desk.all("/claims", opens=True):
        for path in ("", "/timeline", "/entries"):
            made.ask("GET", f"/claims/{claim['id']}{path}")
    for remittance in made.desk.all("/remittances"):
        for path in ("", "/claim-payments"):
            made.ask("GET", f"/remittances/{remittance['id']}{path}")


def _in_database(made: Run) -> Callable[[Callable[[Database], Any]], Any]:
    def work(act: Callable[[Database], Any]) -> Any:
        async def with_it() -> Any:
            keys = KeyFolder(made.folder / "keys")
            database = Database(made.clone.urls, keys, pool_size=2)
            try:
                return await act(database)
            finally:
                await database.close()

        return asyncio.run(with_it())

    return work


def checkpoint(made: Run) -> None:
    with psycopg.connect(made.clone.url(SUPERUSER), autocommit=True) as superuser:
        superuser.execute("CHECKPOINT")
