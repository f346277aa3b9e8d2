"""`billing-saas` at a terminal."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from billing_saas import cli
from tests.cluster import Clone

Run = Callable[..., Result]


@pytest.fixture
def key_folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def run(clone: Clone, key_folder: Path, tmp_path: Path) -> Run:
    """A command over a database of one's own."""

    def invoke(*arguments: str, **environ: str) -> Result:
        given = {
            **clone.environment,
            "BILLING_KEY_FOLDER": str(key_folder),
            "BILLING_DATA": str(tmp_path / "data"),
            "BILLING_LOG_LEVEL": "ERROR",
            **environ,
        }
        return CliRunner().invoke(cli.main, arguments, env=given)

    return invoke
