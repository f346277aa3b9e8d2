"""The example of docs/api-conventions.md for machines, run as it stands there: by a shell, with curl."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from billing_saas.gateways.key_folder import KeyFolder
from billing_saas.kit.db import Database
from tests.api.servers import serving
from tests.cast import Tenant
from tests.clients.desk import client_of, secret_of
from tests.cluster import Clone

PAGE = Path(__file__).parents[2] / "docs" / "api-conventions.md"


@pytest.fixture
def key_folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def keys(key_folder: Path) -> KeyFolder:
    """As the server reads them."""
    return KeyFolder(key_folder)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
async def test_the_example_of_the_page_asks_as_a_machine(
    database: Database, clone: Clone, key_folder: Path, elm: Tenant
) -> None:
    (example,) = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    client_id = await client_of(database, elm)
    made = await secret_of(database, elm, client_id)
    with serving(clone, key_folder) as address:
        told = {
            "API": address,
            "CLIENT_ID": str(client_id),
            "SECRET": made.secret,
            "PRACTICE": str(elm.id),
        }
        ran = subprocess.run(
            ["sh", "-euc", example],
            env={"PATH": os.environ["PATH"], **told},
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
    assert json.loads(ran.stdout) == {"rows": [], "next_cursor": None}, ran.stderr
