"""Our statements, from structs to the bytes of a file each."""

import json
import sys
import time

from benchmarks.statement_papers import papers
from billing_saas.statement_papers import pdf


def main(count: int) -> None:
    made = papers(count)
    # What a worker has once: the practice's letterhead and symbols, and the library's own tables.
    pdf.draw(made[0])
    pdf.draw(made[1])
    started = time.process_time()
    size = sum(len(pdf.draw(paper).content) for paper in made)
    seconds = time.process_time() - started
    print(json.dumps({"cpu_seconds": seconds, "statements": count, "bytes": size // count}))


main(int(sys.argv[1]))
