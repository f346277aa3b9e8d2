"""`billing-saas demo` as anyone would run it first: in a folder of its own, to its end."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from billing_saas.demo import steps
from billing_saas.kit.settings import Settings
from billing_sandbox import payer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

# In this order, whatever stands between them.
MUST_SAY = [
    r"PostgreSQL \d+",
    r"provisioned",
    r"Server and worker are up: http://127\.0\.0\.1:\d+",
    r"Elm Family Medicine handed in an 837P of [\d,]+ bytes: 60 claims of \d+ patients, .* 0 errors",
    r"Oak Orthopedics handed in an 837P of [\d,]+ bytes: 40 claims",
    r"Sent to the sandbox payer",
    r"Elm Family Medicine: the sandbox payer's 835: \d+ payments, 60 claims, \$[\d,.]+ posted",
    r"one payment taken back and corrected: 1 payment, 2 claims, .* posted",
    r"public sample united_healthcare_legacy_sample: \d+ payments?,",
    r"moov-sample2 is held, with \d+ findings:",
    r"segment \d+ \w+: .* apart",
    r"a second time answers with its first arrival: posted once",
    r"Elm Family Medicine, trial balance:",
    r"payer_cash +\$[\d,.]+",
    r"open cards: .*\d+ denial",
    r"Elm opened its own account at the sandbox Stripe",
    r"A run of statements: \d+ guarantors looked at, \d+ bills issued over \$[\d,.]+",
    r"[\d,]+ bytes of PDF: charged .* patient owes \$[\d,.]+",
    r"opens the link and says a birth date: \$[\d,.]+",
    r"the portal: Paid\. Thank you\.",
    r"Receipt [0-9a-f-]{36}: \$[\d,.]+, laid on \d+ charges?",
    r"Paid out \$[\d,.]+ after a fee of .* the difference to the processor is \$0\.00",
    r"On the books: bank \$[\d,.]+, patient_receivable -\$[\d,.]+, processor_fees \$[\d,.]+",
    r"\d+ requests to Stripe, searched for \d+ names of patients: none",
    r"404 and 404",
    r"without a tenant, over \d+ tables: 0 rows",
    r"The journal: \d+ entries, each sums to zero",
    r"\d+ answers showed sealed data; each has its audit event",
    r"All steps gave what they must",
]


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that the user whom PostgreSQL runs as can enter, too."""
    made = Path(tempfile.mkdtemp(prefix="billing-demo-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def command(name: str, folder: Path) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("BILLING_")}
    return subprocess.run(
        [sys.executable, "-m", "billing_saas.cli", name],
        env=clean | {"BILLING_DATA": str(folder), "BILLING_PORT": "0", "DEMO_SERVE": "0"},
        cwd=folder,  # it needs nothing of the checkout it was started from
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


def still_running(folder: Path) -> list[str]:
    """Processes that were left behind with this folder in their command or environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in told and int(process.name) != os.getpid():
            found.append(process.name)
    return found


def test_the_demo_shows_the_main_job_twice_and_is_gone(folder: Path) -> None:
    first = command("demo", folder)
    assert first.returncode == 0, first.stdout + first.stderr
    at = 0
    for phrase in MUST_SAY:
        found = re.compile(phrase).search(first.stdout, at)
        assert found is not None, f"{phrase!r} after:\n{first.stdout[at:]}"
        at = found.end()
    assert still_running(folder) == []

    again = command("demo", folder)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "found from an earlier run" in again.stdout
    assert "The files of an earlier run are on the books" in again.stdout
    books = re.compile(r"trial balance:\n(?: {4,}\w+ +-?\$[\d,.]+\n)+.*cards.*\n")
    (elm, oak), (elms_after, oaks_after) = (books.findall(run.stdout) for run in (first, again))
    assert oak == oaks_after
    # What the patient paid is on Elm's books, and the processor's fee.
    assert ("processor_fees" in elm, "processor_fees" in elms_after) == (False, True)
    assert still_running(folder) == []

    cleaned = command("clean-demo", folder)
    assert cleaned.returncode == 0
    assert list(folder.iterdir()) == []


def test_a_step_that_does_not_give_what_it_must_fails_the_demo(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The payer's numbers contradict each other: the file is held, where it must be posted."""
    pay = payer.pay
    monkeypatch.setattr(
        payer,
        "pay",
        lambda *given, **seed: re.sub(rb"~BPR\*I\*\d+", b"~BPR*I*1", pay(*given, **seed)),
    )
    configured = Settings(data=folder, port=0, log_level="ERROR")
    assert steps.run(configured, serve=False) == 1
    told = capsys.readouterr()
    assert "The demo failed: Elm Family Medicine: the sandbox payer's 835 was held" in told.err
    assert "All steps gave what they must" not in told.out
    assert still_running(folder) == []
