"""Feed damaged files to every reader: none may crash, hang, or answer with anything but findings.

    python -m benchmarks.fuzz_edi [CASES=1000000] [SEED=1] [SECONDS=0]

Runs at low priority. A case that fails is kept in build/fuzz with the error beside it. Other
errors than the ones that say "this cannot be read" count as failures, and so do ten seconds
for one case.
"""

import contextlib
import os
import random
import signal
import sys
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from benchmarks.mutating import mutated, seeds
from billing_saas.edi import checking, differing, envelope, era835, explaining, showing
from billing_saas.edi.delimiters import Unreadable
from billing_saas.edi.findings import Finding
from billing_saas.edi.writing import Unwritable

CRASHES = Path(__file__).resolve().parent.parent / "build" / "fuzz"
_NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


class Hanging(Exception):
    """One case took longer than any file of its size may."""


def feed(content: bytes, dice: random.Random) -> None:
    """Every reader once; Unreadable is an answer, anything else is not."""
    size = dice.choice((1 << 16, 1 << 16, 7, 130))
    chunks = [content[at : at + size] for at in range(0, len(content), size)]
    with contextlib.suppress(Unreadable):
        showing.show_chunks(chunks)
    try:
        for line in explaining.explain(chunks):
            assert isinstance(line, str)
    except Unreadable:
        pass
    _write_again(chunks)
    envelope.kind_of(content[:2000])
    if dice.random() < 0.2:
        answering = checking.Answering(now=_NOW, control_numbers=checking.Numbers())
        checking.check(content, answering=answering)
    if dice.random() < 0.1:
        with contextlib.suppress(Unreadable):
            assert not list(differing.diff_chunks(chunks, chunks))


def _write_again(chunks: list[bytes]) -> None:
    """What is read of an 835 can be written, or the writer names what cannot."""
    envelope_faults: list[Finding] = []
    try:
        for reading in era835.readings(chunks, envelope_faults):
            remittance = reading.gather()
            try:
                era835.write(remittance)
            except Unwritable:
                continue
    except (Unreadable, era835.UnsupportedVersion):
        pass


def _too_long(number: int, frame: FrameType | None) -> None:
    raise Hanging


def run(cases: int, seed: int, seconds: float = 0) -> tuple[int, int]:
    """(cases fed, failures)."""
    samples = seeds()
    signal.signal(signal.SIGALRM, _too_long)
    start = time.monotonic()
    failures = 0
    for number in range(cases):
        if seconds and time.monotonic() - start > seconds:
            return number, failures
        dice = random.Random(f"{seed}-{number}")
        content = mutated(samples, dice)
        signal.alarm(10)
        try:
            feed(content, dice)
        except Exception:  # whatever it is, it is what the fuzzer looks for
            failures += 1
            _keep(content, f"{seed}-{number}")
        finally:
            signal.alarm(0)
        if number % 10_000 == 9_999:
            print(f"{number + 1:,} cases, {failures} failures", file=sys.stderr, flush=True)
    return cases, failures


def _keep(content: bytes, name: str) -> None:
    CRASHES.mkdir(parents=True, exist_ok=True)
    (CRASHES / f"{name}.edi").write_bytes(content)
    (CRASHES / f"{name}.txt").write_text(traceback.format_exc(), encoding="utf-8")


def main(arguments: list[str]) -> int:
    given = dict(argument.split("=", 1) for argument in arguments)
    os.nice(19)
    fed, failures = run(
        int(given.get("CASES", 1_000_000)),
        int(given.get("SEED", 1)),
        float(given.get("SECONDS", 0)),
    )
    print(f"{fed:,} damaged files, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
