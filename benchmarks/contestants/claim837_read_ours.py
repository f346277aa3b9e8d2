"""Our reader: every claim as structs with its parties and exact cents, every field hashed."""

import json
import sys
import time
from collections.abc import Iterator

from benchmarks.contestants.memory import peak_mb
from billing_saas.edi import claim837_reader
from billing_saas.edi.envelope import interchanges
from billing_saas.edi.findings import Finding


def chunks(path: str) -> Iterator[bytes]:
    with open(path, "rb") as file:
        while chunk := file.read(1 << 16):
            yield chunk


def main(path: str) -> None:
    start = time.process_time()
    digest = claims = lines = 0
    findings: list[Finding] = []
    for interchange in interchanges(chunks(path), findings):
        for group in interchange.groups():
            for transaction in group.transactions():
                for claim in claim837_reader.read(transaction, findings):
                    # A frozen struct hashes each of its fields, to the last line and party.
                    digest ^= hash(claim)
                    claims += 1
                    lines += len(claim.lines)
    seconds = time.process_time() - start
    peak = peak_mb()
    print(
        json.dumps(
            {
                "cpu_seconds": seconds,
                "claims": claims,
                "lines": lines,
                "findings": len(findings),
                "peak_mb": peak,
                "digest": digest & 0xFF,
            }
        )
    )


main(sys.argv[1])
