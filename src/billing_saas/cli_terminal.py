"""What the commands share: settings, a database that stands, and plain words for what went wrong."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar
from uuid import UUID

import click

from billing_saas.gateways import blob_store, key_provider
from billing_saas.kit import logs, settings
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import Database, Urls
from billing_saas.kit.embedded import EmbeddedPostgresFailed
from billing_saas.kit.errors import DomainError
from billing_saas.kit.protocols import KeyProviderDown, KeyRefused
from billing_saas.kit.settings import BadSettings, Settings
from billing_saas.kit.standing import DatabaseMissing, standing

T = TypeVar("T")

# Whoever may run commands on the machine; what they do is told in the audit trail under this id.
OPERATOR = Actor(kind=ActorKind.SYSTEM, id=UUID(int=1))


@contextmanager
def plainly() -> Iterator[None]:
    """What a person at a terminal can mend is said in a line, not as a traceback."""
    try:
        yield
    except BadSettings as error:
        raise click.ClickException("Settings:\n  " + "\n  ".join(error.faults)) from error
    except (EmbeddedPostgresFailed, DatabaseMissing) as error:
        raise click.ClickException(str(error)) from error
    except (KeyProviderDown, KeyRefused) as error:
        raise click.ClickException(f"Keys: {error}") from error
    except DomainError as error:
        fields = error.facts.get("fields", {})
        told = [f"\n  {field}: {message}" for field, message in fields.items()]
        raise click.ClickException(error.message + "".join(told)) from error


def read_settings() -> Settings:
    configured = settings.load()
    logs.configure(configured.log_level)
    return configured


def with_database(configured: Settings, urls: Urls, work: Callable[[Database], Awaitable[T]]) -> T:
    """Run `work` over a database on an event loop of its own."""

    async def run() -> T:
        keys = key_provider.opened(configured.key_provider)
        objects = blob_store.opened(configured.blobs)
        database = Database(urls, keys, objects=objects, pool_size=4)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())


def in_database(work: Callable[[Database], Awaitable[T]]) -> T:
    """The whole of a command: settings, a standing database, the work, and what went wrong with it."""
    with plainly():
        configured = read_settings()
        with standing(configured) as urls:
            return with_database(configured, urls, work)
