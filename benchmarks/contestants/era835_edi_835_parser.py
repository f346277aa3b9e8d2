"""edi-835-parser on the same file, in its own environment; nothing is hashed: a favor."""

import json
import sys
import time
import warnings

warnings.simplefilter("ignore")

from edi_835_parser.transaction_set import (  # type: ignore[import-not-found]  # noqa: E402 - in its own environment
    transaction_set,
)

from benchmarks.contestants.memory import peak_mb  # noqa: E402 - after the filter


def main(path: str) -> None:
    start = time.process_time()
    remittance = transaction_set.TransactionSet.build(path)
    seconds = time.process_time() - start
    adjustments = cents = 0
    for claim in remittance.claims:
        for service in claim.services:
            adjustments += len(service.adjustments)
            cents += sum(round(float(one.amount) * 100) for one in service.adjustments)
    print(
        json.dumps(
            {
                "cpu_seconds": seconds,
                "claims": len(remittance.claims),
                "peak_mb": peak_mb(),
                "adjustments": adjustments,
                "adjusted_cents": cents,
                "provider_adjustments": 0,
                # One object per file, whatever the number of ST in it.
                "payments": 1,
            }
        )
    )


main(sys.argv[1])
