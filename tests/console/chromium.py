"""Debian's Chromium under Playwright, and the application on a port of its own for it to visit."""

import asyncio
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import granian.server.embed
from granian.constants import Interfaces
from playwright.sync_api import Browser, sync_playwright

from billing_saas.api.app import create_app
from billing_saas.api.edge import Edge
from billing_saas.gateways.outward import Outward
from billing_saas.kit.db import Database
from tests.cluster import Clone
from tests.fakes import MemoryKeys

CHROMIUM = shutil.which("chromium") or ""
_ARGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
_NOWHERE_INSIDE = Outward()


@contextmanager
def served(
    clone: Clone,
    keys: MemoryKeys,
    outward: Outward = _NOWHERE_INSIDE,
    open_database: Callable[[str], Database] | None = None,
) -> Iterator[str]:
    """The application in a thread with a loop of its own; its address. `open_database` is told it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    site = f"http://localhost:{port}"
    edge = Edge(site=site, outward=outward)
    opened = open_database or (lambda _: Database(clone.urls, keys, pool_size=4))
    app: Any = create_app(lambda: opened(site), edge=edge)
    server = granian.server.embed.Server(
        app, address="127.0.0.1", port=port, interface=Interfaces.ASGI
    )
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=lambda: loop.run_until_complete(server.serve()), daemon=True)
    thread.start()
    while True:
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                break
    yield site
    loop.call_soon_threadsafe(server.stop)
    thread.join(10)
    loop.close()


@contextmanager
def opened() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGS)
        yield browser
        browser.close()


def pictures() -> Path | None:
    """Where pictures of pages are put for a person to look at; by default nowhere."""
    import os

    folder = os.environ.get("PICTURES")
    return Path(folder) if folder else None
