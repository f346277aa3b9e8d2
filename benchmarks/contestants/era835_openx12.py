"""openx12 on the same file, in its own environment. It is eager, so nothing is hashed: a favor."""

import json
import sys
import time

from openx12 import x835  # type: ignore[import-not-found]  # in its own environment

from benchmarks.contestants.memory import peak_mb


def main(path: str) -> None:
    start = time.process_time()
    with open(path, encoding="latin-1") as file:
        era = x835.parse(file.read())
    seconds = time.process_time() - start
    adjustments = cents = 0
    for claim in era.claims:
        every = list(claim.get("adjustments", []))
        for service in claim["services"]:
            every += service["adjustments"]
        adjustments += len(every)
        cents += sum(round(one["amount"] * 100) for one in every)
    print(
        json.dumps(
            {
                "cpu_seconds": seconds,
                "claims": len(era.claims),
                "peak_mb": peak_mb(),
                "adjustments": adjustments,
                "adjusted_cents": cents,
                # It keeps PLB segments as raw text and never takes them apart.
                "provider_adjustments": 0,
                "payments": 1 if era.check_number else 0,
            }
        )
    )


main(sys.argv[1])
