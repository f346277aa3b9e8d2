"""`billing-saas serve` as processes of their own, to be struck or asked side by side."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.cluster import Clone
from tests.operations.ports import free_port

_PATIENCE = 90.0


@contextmanager
def serving(clone: Clone, key_folder: Path, **settings: str) -> Iterator[str]:
    """Its address, once it is ready. What is left of it at the end is killed."""
    port = free_port()
    bare = {name: text for name, text in os.environ.items() if not name.startswith("BILLING_")}
    own = {"BILLING_KEY_FOLDER": str(key_folder), **clone.environment, **settings}
    process = subprocess.Popen(
        [sys.executable, "-m", "billing_saas.cli", "serve", "--port", str(port)],
        env=bare | own,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(process, address)
        yield address
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # the server's own children, too
        process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], address: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        assert process.poll() is None, "the server ended"
        assert time.monotonic() < deadline, "the server did not come up"
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{address}/ready", timeout=5).status_code == 200:
                return
        time.sleep(0.1)
