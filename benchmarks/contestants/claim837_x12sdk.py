"""x12sdk on the same file, in its own environment: typed models read, or written to text."""

import json
import resource
import sys
import time

from x12sdk.io import X12ModelReader  # type: ignore[import-not-found]  # only in its own environment


def main(path: str, what: str) -> None:
    start = time.process_time()
    claims = 0
    models = []
    with X12ModelReader(path) as reader:
        for model in reader.models():
            claims += sum(1 for _ in model.claims())
            if what == "write":
                models.append(model)
    if what == "write":
        start = time.process_time()
        written = sum(len(model.x12().encode()) for model in models)
        assert written > 0
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"cpu_seconds": seconds, "claims": claims, "peak_mb": peak}))


main(*sys.argv[1:])
