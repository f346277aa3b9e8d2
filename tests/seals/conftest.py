import os
from collections.abc import Iterator

import pytest

from billing_saas.kit.db import Database
from billing_saas.tenants import provisioning
from tests import cluster as clusters
from tests.flows.conftest import key_folder, run

__all__ = ["clone", "initialised", "key_folder", "quiet", "run"]


@pytest.fixture
async def initialised(database: Database) -> Database:
    """A deployment with its audit keys, and nobody in it yet."""
    await provisioning.initialise(database)
    return database


@pytest.fixture(scope="session")
def quiet() -> Iterator[str]:
    """A cluster where nobody else writes: an open transaction anywhere in one holds up all sealing."""
    shared = os.environ[clusters.FOLDER]
    cluster = clusters.start()
    mine, os.environ[clusters.FOLDER] = os.environ[clusters.FOLDER], shared
    yield mine
    clusters.stop(cluster)


@pytest.fixture
def clone(quiet: str) -> Iterator[clusters.Clone]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(clusters.FOLDER, quiet)
        made = clusters.clone()
        yield made
        clusters.drop(made)
