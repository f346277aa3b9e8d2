"""What a process imports by itself, where no test has imported the rest before."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("entrance", ["billing_saas.api.serving", "billing_saas.workers.main"])
def test_a_process_knows_the_table_of_every_foreign_key(entrance: str) -> None:
    """Else the first change that writes two rows at once is a 500."""
    asked = f"import {entrance}; from billing_saas.kit.db import Row; Row.metadata.sorted_tables"
    subprocess.run([sys.executable, "-c", asked], check=True)
