"""The floor: join the elements of the same segments, and the segments of each set, into bytes."""

import json
import sys
import time


def main(path: str) -> None:
    with open(path, encoding="ascii") as file:
        segments = [segment.split("*") for segment in file.read().split("~")[:-1]]
    claims = sum(segment[0] == "CLM" for segment in segments)
    start = time.process_time()
    written = ("~".join(["*".join(segment) for segment in segments]) + "~").encode()
    seconds = time.process_time() - start
    print(json.dumps({"cpu_seconds": seconds, "claims": claims, "bytes": len(written)}))


main(sys.argv[1])
