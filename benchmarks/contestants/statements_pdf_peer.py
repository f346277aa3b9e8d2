"""The same statement as one writes it with these libraries at first: `canvas` draws string by string, and
`platypus` lays out a table; the QR code is segno's, made whole for each."""

import io
import json
import sys
import time

import segno
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from benchmarks.statement_papers import papers
from billing_saas.statement_papers import pdf
from billing_saas.statement_papers.pdf import Paper, Row
from billing_saas.statements import words


def _amounts(row: Row) -> list[str]:
    cents = (row.charge_cents, row.plan_paid_cents, row.reduced_cents, row.patient_paid_cents)
    return [words.money(one) for one in (*cents, row.owed_cents)]


def _symbol(canvas: Canvas, paper: Paper, x: float, y: float) -> None:
    made = segno.make(paper.letterhead.link + paper.code, error="m", micro=False)
    side = 88 / len(made.matrix)
    path = canvas.beginPath()
    for down, row in enumerate(made.matrix):
        for across, dark in enumerate(row):
            if dark:
                path.rect(x + across * side, y + 88 - (down + 1) * side, side, side)
    canvas.drawPath(path, fill=1, stroke=0)


def by_canvas(paper: Paper) -> bytes:
    out, language = io.BytesIO(), paper.language
    canvas = Canvas(out, pagesize=(pdf.WIDTH, pdf.HEIGHT), pageCompression=1)
    canvas.setTitle("Statement")
    canvas.setFont("Helvetica-Bold", 13)
    canvas.drawString(43, 748, paper.letterhead.name)
    canvas.drawRightString(569, 748, words.paper("title", language))
    canvas.setFont("Helvetica", 9)
    said = [paper.number, words.day(paper.issued_on, language), words.day(paper.due_on, language)]
    for n, label in enumerate(("number", "issued", "due", "total")):
        canvas.drawRightString(569, 718 - 30 * n, words.paper(label, language))
    for n, shown in enumerate([*said, words.money(paper.total_cents)]):
        canvas.drawRightString(569, 706 - 30 * n, shown)
    for n, line in enumerate(paper.letterhead.address):
        canvas.drawString(43, 734 - 11 * n, line)
    for n, line in enumerate(paper.to):
        canvas.drawString(64, 652 - 13 * n, line)
    canvas.drawString(43, 552, words.stage(paper.stage, language))
    canvas.drawString(43, 226, words.paper("help", language))
    canvas.drawString(43, 190, words.paper("coupon", language))
    canvas.drawString(43, 163, words.paper("pay_how", language))
    for n, line in enumerate(paper.letterhead.pay_to):
        canvas.drawString(43, 97 - 11 * n, line)
    for x, name in zip((285, 365, 435, 505, 569), _HEADS, strict=True):
        canvas.drawRightString(x, 496, words.paper(name, language))
    for n, row in enumerate(paper.rows):
        y = 478 - 14 * n
        canvas.drawString(43, y, row.patient)
        canvas.drawString(135, y, words.short_day(row.service_on))
        for x, shown in zip((285, 365, 435, 505, 569), _amounts(row), strict=True):
            canvas.drawRightString(x, y, shown)
    canvas.setFont("Helvetica-Bold", 13)
    canvas.drawString(43, 138, paper.code)
    _symbol(canvas, paper, 477, 76)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


_HEADS = ("charge", "plan_paid", "reduced", "patient_paid", "owed")
_STYLES = getSampleStyleSheet()


class _Symbol(Flowable):  # type: ignore[misc]  # untyped in reportlab
    def __init__(self, paper: Paper) -> None:
        super().__init__()
        self.paper = paper

    def wrap(self, *_: float) -> tuple[float, float]:
        return 88, 88

    def draw(self) -> None:
        _symbol(self.canv, self.paper, 0, 0)


def by_platypus(paper: Paper) -> bytes:
    out, language = io.BytesIO(), paper.language
    plain = _STYLES["BodyText"]
    head = [words.paper(name, language) for name in ("patient", "service", *_HEADS)]
    rows = [[row.patient, words.short_day(row.service_on), *_amounts(row)] for row in paper.rows]
    story = [
        Paragraph(paper.letterhead.name, _STYLES["Title"]),
        *(Paragraph(line, plain) for line in (*paper.letterhead.address, *paper.to)),
        Paragraph(words.day(paper.due_on, language), plain),
        Paragraph(words.money(paper.total_cents), _STYLES["Heading1"]),
        Paragraph(words.stage(paper.stage, language), plain),
        Table([head, *rows], style=TableStyle([("ALIGN", (2, 0), (-1, -1), "RIGHT")])),
        Spacer(1, 12),
        Paragraph(words.paper("help", language), plain),
        Paragraph(words.paper("pay_how", language), plain),
        Paragraph(paper.code, _STYLES["Heading2"]),
        _Symbol(paper),
    ]
    SimpleDocTemplate(out, pagesize=(pdf.WIDTH, pdf.HEIGHT), pageCompression=1).build(story)
    return out.getvalue()


def main(way: str, count: int) -> None:
    draw = {"canvas": by_canvas, "platypus": by_platypus}[way]
    made = papers(count)
    draw(made[0])
    started = time.process_time()
    size = sum(len(draw(paper)) for paper in made)
    seconds = time.process_time() - started
    print(json.dumps({"cpu_seconds": seconds, "statements": count, "bytes": size // count}))


main(sys.argv[1], int(sys.argv[2]))
