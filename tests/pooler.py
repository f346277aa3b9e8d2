"""A pgbouncer in transaction mode before the tests' cluster, when TESTS_POOLER asks for one.

    TESTS_POOLER=transaction .venv/bin/pytest tests/isolation

Then every address of a clone leads through it, but the migrator's and the superuser's. Four connections
to the server per database and role, so that transactions of many clients do share them.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.operations.ports import free_port

WISH = "TESTS_POOLER"
PORT = "TESTS_POOLER_PORT"
_NOBODY = 65534

_INI = """
[databases]
* = host=127.0.0.1 port={server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {folder}/users.txt
pool_mode = transaction
default_pool_size = {size}
max_client_conn = 500
max_db_connections = 0
query_wait_timeout = 60
server_idle_timeout = 5
logfile = {folder}/log
"""


def binary() -> str | None:
    return shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")


_running: list[tuple[subprocess.Popen[bytes], Path]] = []


def start(server_port: int, passwords: dict[str, str], *, size: int = 4) -> None:
    """For the rest of this run, and of the processes that it starts."""
    found = binary()
    if found is None:
        raise RuntimeError("pgbouncer is not installed: apt-get install pgbouncer")
    folder = Path(tempfile.mkdtemp(prefix="billing-pooler-"))
    folder.chmod(0o755)
    port = free_port()
    users = "".join(f'"{role}" "{password}"\n' for role, password in passwords.items())
    (folder / "users.txt").write_text(users)
    ini = _INI.format(server=server_port, port=port, folder=folder, size=size)
    (folder / "pgbouncer.ini").write_text(ini)
    as_whom: dict[str, Any] = {}
    if os.geteuid() == 0:  # it refuses to be root
        as_whom = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}
        for path in (folder, *folder.iterdir()):
            os.chown(path, _NOBODY, _NOBODY)
    process = subprocess.Popen(
        [found, "-q", str(folder / "pgbouncer.ini")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **as_whom,
    )
    _running.append((process, folder))
    deadline = time.monotonic() + 20
    while not _listens(port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"pgbouncer did not start:\n{(folder / 'log').read_text()}")
        time.sleep(0.05)
    os.environ[PORT] = str(port)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def stop() -> None:
    os.environ.pop(PORT, None)
    while _running:
        process, folder = _running.pop()
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)
