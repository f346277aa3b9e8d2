"""The floor: split the file into segments and elements as it streams, and hash every element."""

import json
import resource
import sys
import time


def main(path: str) -> None:
    start = time.process_time()
    digest = claims = 0
    rest = ""
    with open(path, "rb") as file:
        while chunk := file.read(1 << 16):
            segments = (rest + chunk.decode("latin-1")).split("~")
            rest = segments.pop()
            for segment in segments:
                elements = segment.split("*")
                digest ^= hash(tuple(elements))
                if elements[0] == "CLM":
                    claims += 1
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        json.dumps(
            {"cpu_seconds": seconds, "claims": claims, "peak_mb": peak, "digest": digest & 0xFF}
        )
    )


main(sys.argv[1])
