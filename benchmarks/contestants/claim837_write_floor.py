"""The floor: join the elements of the same segments, look for a delimiter in their data, and join the
segments into bytes.

The second argument says how it is looked for: in whole "segments" by calls in C, in "elements" one
by one, or not at all ("unseen": a name with `*` in it would move all that follows it).
"""

import json
import re
import sys
import time

_MARK = re.compile(r"[*^~\x00-\x1f\x7f]").search


def by_element(segments: list[list[str]]) -> bytes:
    texts = []
    for segment in segments:
        for element in segment:
            if not element.isalnum() and _MARK(element):
                raise SystemExit("an element holds a delimiter")
        texts.append("*".join(segment))
    return ("~".join(texts) + "~").encode()


def by_segment(segments: list[list[str]]) -> bytes:
    texts = []
    for segment in segments:
        text = "*".join(segment)
        if (
            text.count("*") != len(segment) - 1
            or "~" in text
            or "^" in text
            or not text.isprintable()
        ):
            raise SystemExit("an element holds a delimiter")
        texts.append(text)
    return ("~".join(texts) + "~").encode()


def unseen(segments: list[list[str]]) -> bytes:
    return ("~".join(["*".join(segment) for segment in segments]) + "~").encode()


_WAYS = {"segments": by_segment, "elements": by_element, "unseen": unseen}


def main(path: str, way: str) -> None:
    with open(path, encoding="ascii") as file:
        content = file.read()
    # The repetition separator stands in the ISA as an element.
    segments = [segment.split("*") for segment in content.split("~")[1:-1]]
    claims = sum(segment[0] == "CLM" for segment in segments)
    start = time.process_time()
    written = _WAYS[way](segments)
    seconds = time.process_time() - start
    print(json.dumps({"cpu_seconds": seconds, "claims": claims, "bytes": len(written)}))


main(*sys.argv[1:])
