from pathlib import Path

import pytest

from billing_saas.gateways.key_folder import KeyFolder
from billing_saas.kit import logs


@pytest.fixture
def key_folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def keys(key_folder: Path) -> KeyFolder:
    """Shared with the processes that `tests.chaos` starts."""
    return KeyFolder(key_folder)


@pytest.fixture(autouse=True, scope="session")
def logs_as_in_a_process() -> None:
    logs.configure()
