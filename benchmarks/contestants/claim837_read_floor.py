"""The floor: split the file into segments and elements as it streams, and hash every element."""

import json
import sys
import time

from benchmarks.contestants.memory import peak_mb


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
    peak = peak_mb()
    print(
        json.dumps(
            {"cpu_seconds": seconds, "claims": claims, "peak_mb": peak, "digest": digest & 0xFF}
        )
    )


main(sys.argv[1])
