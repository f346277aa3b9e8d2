"""What this process counts, and the port it is read at.

A label has few values and names nobody: a route's template, a kind of job, a state. No practice, no
person, no id, and never a path. Each process serves its own figures; whoever reads them adds them up.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    start_http_server,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from billing_saas.kit import logs
from billing_saas.kit.db import Database

disable_created_metrics()  # type: ignore[no-untyped-call]  # a series more for each, which no rule of ours asks
REGISTRY = CollectorRegistry(auto_describe=False)
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)

REQUESTS = Counter(
    "billing_saas_requests",
    "Answered requests.",
    ["route", "method", "status"],
    registry=REGISTRY,
)
REQUEST_SECONDS = Histogram(
    "billing_saas_request_seconds",
    "From the first byte asked to the last answered.",
    ["route", "method"],
    buckets=_SECONDS,
    registry=REGISTRY,
)
REQUESTS_LIMITED = Counter(
    "billing_saas_requests_limited",
    "Requests refused for coming too often, by the limit that was reached.",
    ["route", "limit"],
    registry=REGISTRY,
)
JOBS = Counter("billing_saas_jobs", "Jobs run, by outcome.", ["kind", "outcome"], registry=REGISTRY)
JOB_SECONDS = Histogram(
    "billing_saas_job_seconds",
    "From claim to outcome.",
    ["kind"],
    buckets=_SECONDS,
    registry=REGISTRY,
)
KEY_CALLS = Counter(
    "billing_saas_key_provider_calls",
    "Calls to the key provider: done, refused (a key that is gone or does not fit), or down.",
    ["call", "outcome"],
    registry=REGISTRY,
)
PASSWORD_HASHES = Counter(
    "billing_saas_password_hashes",
    "Argon2id runs: each takes 19 MiB and tens of milliseconds of a core.",
    registry=REGISTRY,
)
PORTAL_TRIES = Counter(
    "billing_saas_portal_tries",
    "Links and codes shown by patients with a birth date: right, wrong, or died of the fifth wrong one.",
    ["outcome"],
    registry=REGISTRY,
)
LOOKS_FAILED = Counter(
    "billing_saas_looks_failed",
    "Times the database could not be asked for the gauges.",
    ["look"],
    registry=REGISTRY,
)


class Measure(NamedTuple):
    """One gauge's value. Its name says the unit."""

    name: str
    help: str
    labels: dict[str, str]
    value: float


class Latest(Collector):
    """Gauges of the last look at what is shared. An old look is shown to nobody: a figure that has
    stopped moving looks well."""

    def __init__(self, good_for: float, now: Callable[[], float] = time.monotonic) -> None:
        self._good_for = good_for
        self._now = now
        self._seen: dict[str, tuple[float, list[Measure]]] = {}

    def saw(self, look: str, measures: Iterable[Measure]) -> None:
        self._seen[look] = (self._now(), list(measures))

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for at, measures in list(self._seen.values()):
            if self._now() - at <= self._good_for:
                yield from families(measures)


class Asked(Collector):
    """Gauges that are read when they are asked for, such as a pool's; from the reader's thread."""

    def __init__(self, read: Callable[[], Iterable[Measure]]) -> None:
        self._read = read

    def collect(self) -> Iterator[GaugeMetricFamily]:
        return families(self._read())


def families(measures: Iterable[Measure]) -> Iterator[GaugeMetricFamily]:
    found: dict[str, GaugeMetricFamily] = {}
    for one in measures:
        family = found.setdefault(
            one.name, GaugeMetricFamily(one.name, one.help, labels=sorted(one.labels))
        )
        family.add_metric([one.labels[label] for label in sorted(one.labels)], one.value)
    yield from found.values()


def pools(database: Database) -> Iterator[Measure]:
    """Connections by role and use. A pool at its most makes requests wait."""
    for role, engine in database.engines.items():
        pool: Any = engine.pool
        used = pool.checkedout()
        told = "Connections to the database that this process holds."
        for state, count in (("used", used), ("idle", pool.checkedin())):
            yield Measure(
                "billing_saas_pool_connections", told, {"role": role, "state": state}, count
            )
        most = pool.size() + pool._max_overflow
        yield Measure(
            "billing_saas_pool_most", "Connections that it may hold.", {"role": role}, most
        )


@contextmanager
def shown(collector: Collector) -> Iterator[None]:
    """Among the figures for as long as what it reads lives."""
    REGISTRY.register(collector)
    try:
        yield
    finally:
        REGISTRY.unregister(collector)


@contextmanager
def served(address: str, port: int, processes: int = 1) -> Iterator[int]:
    """Serve the figures at the first free port of `processes` ones from `port` on; 0: nowhere.

    Processes that share an address each have a port, so that a restart is seen as one and no figure
    outlives its process. A port that cannot be had stops no work: the alarm is the missing target.
    """
    server: Any = None
    served_at = 0
    for candidate in range(port, port + processes) if port else ():
        try:
            server, _ = start_http_server(candidate, addr=address, registry=REGISTRY)
        except OSError:
            continue
        served_at = candidate
        break
    if port and server is None:
        logs.get().error("metrics are not served", port=port)
    try:
        yield served_at
    finally:
        if server is not None:
            server.shutdown()
            server.server_close()
