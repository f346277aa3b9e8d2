"""pyx12 on the same file: each claim as a tree of loops, its charge and its lines looked up."""

import json
import resource
import sys
import time

from pyx12.error_handler import errh_null
from pyx12.params import params
from pyx12.x12context import X12ContextReader


def main(path: str) -> None:
    start = time.process_time()
    claims = lines = 0
    with open(path, encoding="ascii") as file:
        for node in X12ContextReader(params(), errh_null(), file).iter_segments("2300"):
            if node.id == "2300":
                claims += 1
                node.get_value("CLM02")
                lines += sum(1 for _ in node.select("2400"))
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"cpu_seconds": seconds, "claims": claims, "lines": lines, "peak_mb": peak}))


main(sys.argv[1])
