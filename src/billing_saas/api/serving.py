"""The application as a server process makes it, from the environment."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager

from litestar import Litestar

import billing_saas.schema  # noqa: F401  # foreign keys name tables of rooms that no route imports
from billing_saas.api import edge
from billing_saas.api.app import create_app
from billing_saas.gateways import blob_store, carriers, key_provider, processor
from billing_saas.gateways.counted_keys import CountedKeys
from billing_saas.kit import collecting, logs, meters, settings, tracing
from billing_saas.kit.db import Database
from billing_saas.kit.settings import Settings
from billing_saas.kit.standing import standing


def from_environment() -> Litestar:
    """Called once per server process. The database stands already: whoever serves saw to that."""
    configured = settings.load()
    logs.configure(configured.log_level)
    tracing.configure(configured.tracing, "api")
    with standing(configured, migrated=False) as urls:
        keys = CountedKeys(key_provider.opened(configured.key_provider))
        objects = blob_store.opened(configured.blobs)
        open_database = functools.partial(
            Database,
            urls,
            keys,
            objects=objects,
            carriers=carriers.opened(configured),
            processor=processor.opened(configured),
        )
    app = create_app(open_database, functools.partial(_watched, configured), edge.of(configured))
    collecting.seldom()
    return app


@contextmanager
def _watched(configured: Settings, database: Database) -> Iterator[None]:
    pools = meters.Asked(functools.partial(meters.pools, database))
    port, processes = configured.metrics_port, configured.processes
    with meters.shown(pools), meters.served(configured.metrics_address, port, processes):
        yield
    tracing.stop()
