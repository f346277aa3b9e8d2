"""The floor: look at every element for a delimiter, join the elements of the same segments, and the
segments, into bytes.

With "unseen" as second argument nothing is looked at: a name with `*` in it would move all that
follows it.
"""

import json
import re
import sys
import time

_MARK = re.compile(r"[*^~\x00-\x1f\x7f]").search


def plain(segments: list[list[str]]) -> bytes:
    texts = []
    for segment in segments:
        for element in segment:
            if not element.isalnum() and _MARK(element):
                raise SystemExit("an element holds a delimiter")
        texts.append("*".join(segment))
    return ("~".join(texts) + "~").encode()


def unseen(segments: list[list[str]]) -> bytes:
    return ("~".join(["*".join(segment) for segment in segments]) + "~").encode()


def main(path: str, way: str) -> None:
    with open(path, encoding="ascii") as file:
        content = file.read()
    # The repetition separator stands in the ISA as an element.
    segments = [segment.split("*") for segment in content.split("~")[1:-1]]
    claims = sum(segment[0] == "CLM" for segment in segments)
    start = time.process_time()
    written = unseen(segments) if way == "unseen" else plain(segments)
    seconds = time.process_time() - start
    print(json.dumps({"cpu_seconds": seconds, "claims": claims, "bytes": len(written)}))


main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "")
