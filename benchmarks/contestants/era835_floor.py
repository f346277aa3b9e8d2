"""The floor: split the file into segments and elements as it streams, and digest every element.

The second argument says how: by one call of `hash` for the "records", as ours does with its structs,
or for the "elements", each by itself.
"""

import json
import sys
import time

from benchmarks.contestants.memory import peak_mb


def by_element(path: str) -> tuple[int, int]:
    digest = claims = 0
    rest = ""
    with open(path, "rb") as file:
        while chunk := file.read(1 << 16):
            segments = (rest + chunk.decode("latin-1")).split("~")
            rest = segments.pop()
            for segment in segments:
                elements = segment.split("*")
                for element in elements:
                    digest ^= hash(element)
                if elements[0] == "CLP":
                    claims += 1
    return claims, digest


def by_record(path: str) -> tuple[int, int]:
    digest = claims = 0
    rest = ""
    with open(path, "rb") as file:
        while chunk := file.read(1 << 16):
            segments = (rest + chunk.decode("latin-1")).split("~")
            rest = segments.pop()
            for segment in segments:
                elements = segment.split("*")
                digest ^= hash(tuple(elements))
                if elements[0] == "CLP":
                    claims += 1
    return claims, digest


def main(path: str, way: str) -> None:
    start = time.process_time()
    claims, digest = by_element(path) if way == "elements" else by_record(path)
    seconds = time.process_time() - start
    print(
        json.dumps(
            {
                "cpu_seconds": seconds,
                "claims": claims,
                "peak_mb": peak_mb(),
                "digest": digest & 0xFF,
            }
        )
    )


main(sys.argv[1], sys.argv[2])
