"""The same files where each page is at hand as the operators it is made of: what reportlab's canvas takes
for a document with two fonts and one compressed page."""

import io
import json
import sys
import time

from reportlab import rl_config
from reportlab.pdfgen.canvas import Canvas

from benchmarks.statement_papers import papers
from billing_saas.statement_papers import pdf


def main(count: int) -> None:
    rl_config.useA85 = 0
    made = papers(count)
    pages = [pdf._page(paper, paper.rows, 1, 1) for paper in made]
    size = 0
    started = time.process_time()
    for page in pages:
        out = io.BytesIO()
        canvas = Canvas(out, pagesize=(pdf.WIDTH, pdf.HEIGHT), pageCompression=1)
        canvas.setFont("Helvetica-Bold", 9)
        canvas.addLiteral(page)
        canvas.showPage()
        canvas.save()
        size += len(out.getvalue())
    seconds = time.process_time() - started
    print(json.dumps({"cpu_seconds": seconds, "statements": count, "bytes": size // count}))


main(int(sys.argv[1]))
