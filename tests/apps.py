"""The application, lent from test to test: making one costs half a second, most of it its contract."""

from collections.abc import Iterator
from contextlib import contextmanager

from litestar import Litestar

from billing_saas.api.app import create_app
from billing_saas.gateways.openid import OpenIdProviders
from billing_saas.kit.db import Database

_idle: list[Litestar] = []


@contextmanager
def lent(database: Database) -> Iterator[Litestar]:
    """An application over `database`, which knows nothing of whom it served before."""
    app = _idle.pop() if _idle else create_app(_no_database)
    edge = app.state.edge
    app.state.database = database
    app.state.openid = OpenIdProviders(edge.outward)
    try:
        yield app
    finally:
        for name in app.state.dict():
            del app.state[name]
        app.state.edge = edge
        _idle.append(app)


def _no_database() -> Database:
    raise AssertionError("a test says which database")
