"""The application as a server process makes it, from the environment."""

import functools

from litestar import Litestar

from billing_saas.api.app import create_app
from billing_saas.gateways.key_folder import KeyFolder
from billing_saas.kit import logs, settings
from billing_saas.kit.db import Database
from billing_saas.kit.standing import standing


def from_environment() -> Litestar:
    """Called once per server process. The database stands already: whoever serves saw to that."""
    configured = settings.load()
    logs.configure(configured.log_level)
    with standing(configured, migrated=False) as urls:
        open_database = functools.partial(Database, urls, KeyFolder(configured.keys))
    return create_app(open_database)
