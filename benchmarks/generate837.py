"""The 837P under test: a month of claims of an invented practice, from a seed."""

import datetime
import subprocess
import sys
from pathlib import Path

from billing_saas.edi.parties import Address
from billing_sandbox.practice_people import npi
from billing_sandbox.practice_system import PracticeIdentity, claims_file

PRACTICE = PracticeIdentity(
    name="BENCHMARK FAMILY MEDICINE",
    npi=npi(199_900_001),
    tax_id="900000001",
    taxonomy="207Q00000X",
    address=Address(line1="1 SAMPLE ST", city="SPRINGFIELD", state="IL", postal_code="627010001"),
    contact_name="FRONT DESK",
    contact_phone="2175550100",
    submitter_id="BENCH01",
)


def file(claims: int, *, folder: Path = Path("build")) -> Path:
    """About three lines a claim; a set holds 5,000 claims at the most.

    Made in a process of its own: a contestant started from here would count our peak as its own.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"837p-{claims}.edi"
    subprocess.run(
        [sys.executable, "-m", "benchmarks.generate837", str(claims), str(path)], check=True
    )
    return path


if __name__ == "__main__":
    Path(sys.argv[2]).write_bytes(
        claims_file(PRACTICE, seed=1, month=datetime.date(2026, 10, 1), claims=int(sys.argv[1]))
    )
