from pathlib import Path

import pytest

from billing_saas.gateways.key_folder import KeyFolder


@pytest.fixture
def key_folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def keys(key_folder: Path) -> KeyFolder:
    """Shared with the processes that a test starts."""
    return KeyFolder(key_folder)
