"""What our reader keeps of a file, for the table of correctness."""

import json
import sys
from pathlib import Path

from billing_saas.edi import era835


def main(path: str) -> None:
    claims = adjustments = cents = pairs = 0
    traces = set()
    with Path(path).open("rb") as file:
        for reading in era835.readings(iter(lambda: file.read(1 << 16), b"")):
            traces.add(reading.remittance.trace_number)
            for claim in reading.claims():
                claims += 1
                every = [*claim.adjustments]
                for service in claim.services:
                    every += service.adjustments
                adjustments += len(every)
                cents += sum(adjustment.amount_cents for adjustment in every)
            pairs += len(reading.provider_adjustments)
    print(
        json.dumps(
            {
                "claims": claims,
                "adjustments": adjustments,
                "adjusted_cents": cents,
                "provider_adjustments": pairs,
                "payments": len(traces),
            }
        )
    )


main(sys.argv[1])
