"""Fixtures that every folder shares. The people are in `tests.cast`."""

from collections.abc import AsyncIterator, Iterator

import pytest

from billing_saas.kit import logs
from billing_saas.kit.db import Database
from billing_saas.kit.embedded import EmbeddedPostgres
from tests import cluster as clusters
from tests.fakes import MemoryKeys

pytest_plugins = ["tests.cast", "tests.doorbells", "tests.invariants"]
_cluster = pytest.StashKey[object]()


def pytest_configure(config: pytest.Config) -> None:
    logs.configure("ERROR")
    is_worker = hasattr(config, "workerinput")
    if not is_worker and not config.option.collectonly:
        config.stash[_cluster] = clusters.start()


def pytest_unconfigure(config: pytest.Config) -> None:
    cluster = config.stash.get(_cluster, None)
    if isinstance(cluster, EmbeddedPostgres):
        clusters.stop(cluster)


@pytest.fixture
def clone() -> Iterator[clusters.Clone]:
    made = clusters.clone()
    yield made
    clusters.drop(made)


@pytest.fixture
def keys() -> MemoryKeys:
    return MemoryKeys()


@pytest.fixture
async def database(clone: clusters.Clone, keys: MemoryKeys) -> AsyncIterator[Database]:
    made = Database(clone.urls, keys, pool_size=4)
    yield made
    await made.close()


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """The address of a bucket, for as long as the run."""
    from tests.s3 import bucket  # the server behind it takes a second to import

    with bucket() as address:
        yield address
