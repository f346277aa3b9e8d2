"""Our validator: the whole file against its guide and every rule, and the 999 written."""

import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from billing_saas.edi.acknowledging import answer
from billing_saas.edi.examining import examine

NOW = datetime(2026, 11, 2, 8, 30, tzinfo=UTC)


class Numbers:
    def interchange(self) -> int:
        return 1

    def group(self) -> int:
        return 1


def chunks(path: str) -> Iterator[bytes]:
    with open(path, "rb") as file:
        while chunk := file.read(1 << 16):
            yield chunk


def peak_mb() -> float:
    """The peak of this process alone: ru_maxrss counts what the process that started it held."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("the system does not say how much memory was used")


def main(path: str) -> None:
    start = time.process_time()
    findings = sets = 0
    written = b""
    for examined in examine(chunks(path)):
        findings += sum(1 for _ in examined.every())
        sets += sum(len(group.sets) for group in examined.groups)
        written += answer(examined, now=NOW, control_numbers=Numbers())
    seconds = time.process_time() - start
    peak = peak_mb()
    with open(path, encoding="latin-1") as file:
        claims = file.read().count("~CLM*")
    accepted = written.count(b"IK5*A~")
    print(
        json.dumps(
            {
                "cpu_seconds": seconds,
                "claims": claims,
                "findings": findings,
                "accepted": accepted == sets,
                "peak_mb": peak,
            }
        )
    )


main(sys.argv[1])
