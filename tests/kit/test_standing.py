"""A database that comes up late, or never."""

import socket
import threading
import time
from dataclasses import replace

import pytest

from billing_saas.kit import standing
from billing_saas.kit.safety import Finding
from billing_saas.kit.settings import BadSettings, Settings
from billing_saas.kit.standing import DatabaseMissing
from tests.cluster import Clone


def test_one_that_is_there_is_not_waited_for(clone: Clone) -> None:
    before = time.monotonic()
    standing.wait_for(clone.urls.app, 0)
    assert time.monotonic() - before < 1


def test_one_that_comes_up_late_is_waited_for(
    clone: Clone, capsys: pytest.CaptureFixture[str]
) -> None:
    # Its port answers nobody at first, as that of a server that has not started.
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    late = clone.urls.app.replace(f":{clone.port}/", f":{port}/")
    opener = threading.Timer(0.7, _forward, (port, clone.port))
    opener.daemon = True
    opener.start()
    standing.wait_for(late, 20)
    opener.join()


def _forward(port: int, to: int) -> None:
    listening = socket.create_server(("127.0.0.1", port))

    def accept() -> None:
        while True:
            near, _ = listening.accept()
            far = socket.create_connection(("127.0.0.1", to))
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=_pump, args=(one, other), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


def _pump(one: socket.socket, other: socket.socket) -> None:
    try:
        while heard := one.recv(1 << 16):
            other.sendall(heard)
        other.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def test_one_that_never_comes_is_given_up_with_the_reason() -> None:
    with pytest.raises(DatabaseMissing, match=r"within 1 s: .*127\.0\.0\.1") as caught:
        standing.wait_for("postgresql://billing_app:s3cr3t@127.0.0.1:1/billing", 1)
    assert "s3cr3t" not in str(caught.value)


def test_one_without_a_schema_is_waited_for_but_not_by_who_makes_it(clone: Clone) -> None:
    empty = clone.url("postgres").replace(f"/{clone.name}", "/postgres")
    standing.wait_for(empty, 0, schema=False)
    with pytest.raises(DatabaseMissing, match="no schema yet"):
        standing.wait_for(empty, 0)


def test_production_refuses_what_development_does_not_look_for() -> None:
    unsafe = Finding("Something", ("a fault", "another"), "")
    production = Settings(environment="production")
    with pytest.raises(BadSettings) as caught:
        standing.refuse_unsafe(production, lambda: [unsafe])
    assert caught.value.faults == ["a fault", "another"]
    standing.refuse_unsafe(replace(production, environment="development"), lambda: [unsafe])
