"""pyx12 on the same kind of file: validated against its map, and the 999 written."""

import io
import json
import logging
import resource
import sys
import time

from pyx12.params import params
from pyx12.x12n_document import x12n_document


def main(path: str) -> None:
    logging.disable(logging.CRITICAL)
    start = time.process_time()
    written = io.StringIO()
    valid = x12n_document(params(), path, written, None)
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    with open(path, encoding="latin-1") as file:
        claims = file.read().count("~CLM*")
    print(
        json.dumps(
            {
                "cpu_seconds": seconds,
                "claims": claims,
                "accepted": bool(valid) and "IK5*R" not in written.getvalue(),
                "peak_mb": peak,
            }
        )
    )


main(sys.argv[1])
