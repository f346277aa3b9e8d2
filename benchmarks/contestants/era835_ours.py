"""Our reader: every claim as structs with exact cents, all balances checked, every field hashed."""

import json
import sys
import time
from collections.abc import Iterator

from benchmarks.contestants.memory import peak_mb
from billing_saas.edi import era835


def chunks(path: str) -> Iterator[bytes]:
    with open(path, "rb") as file:
        while chunk := file.read(1 << 16):
            yield chunk


def main(path: str) -> None:
    start = time.process_time()
    digest = claims = 0
    balanced = True
    for reading in era835.readings(chunks(path)):
        digest ^= hash(reading.remittance)
        for claim in reading.claims():
            # A frozen struct hashes each of its fields, to the last adjustment.
            digest ^= hash(claim)
            claims += 1
        digest ^= hash(reading.provider_adjustments)
        balanced = balanced and reading.balanced is True and not reading.findings
    seconds = time.process_time() - start
    print(
        json.dumps(
            {
                "cpu_seconds": seconds,
                "claims": claims,
                "peak_mb": peak_mb(),
                "balanced": balanced,
                "digest": digest & 0xFF,
            }
        )
    )


main(sys.argv[1])
