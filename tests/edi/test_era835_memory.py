"""A remittance of any size is read in the same memory."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import generate835
from benchmarks.measuring import run_once
from billing_saas.edi import era835


def test_a_generated_remittance_balances_and_nothing_of_it_is_lost(tmp_path: Path) -> None:
    path, totals = generate835.file(60, payments=3, folder=tmp_path)
    facts = run_once("era835_facts.py", path)
    assert facts == {
        "claims": totals.claims,
        "adjustments": totals.adjustments,
        "adjusted_cents": totals.adjusted_cents,
        "provider_adjustments": totals.provider_adjustments,
        "payments": 3,
    }
    with path.open("rb") as file:
        for reading in era835.readings(iter(lambda: file.read(1000), b"")):
            assert sum(claim.paid_cents for claim in reading.claims()) == reading.paid_cents
            assert reading.findings == []
            assert reading.balanced


def test_the_reader_imports_nothing_heavy() -> None:
    script = (
        "import sys, json; from billing_saas.edi import era835;"
        "print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loaded = set(json.loads(done.stdout))
    assert not loaded & {"sqlalchemy", "litestar", "pydantic", "asyncio", "numpy", "cryptography"}


@pytest.mark.slow
def test_peak_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    small, _ = generate835.file(2_000, folder=tmp_path)
    large, _ = generate835.file(60_000, folder=tmp_path)
    peaks = [run_once("era835_ours.py", path)["peak_mb"] for path in (small, large)]
    assert max(peaks) < 30
    assert peaks[1] - peaks[0] < 2
