"""The agreement as a paper: one page or two, by reportlab's canvas, with nothing in it that runs."""

from io import BytesIO

from reportlab.lib.pagesizes import LETTER
from reportlab.lib.utils import simpleSplit
from reportlab.pdfgen.canvas import Canvas

from billing_saas.kit import money
from billing_saas.plans import words
from billing_saas.plans.words import Terms

_MARGIN = 64
_WIDTH = LETTER[0] - 2 * _MARGIN
_LABELS = {
    "en": {
        "title": "Payment plan agreement",
        "number": "Plan",
        "who": "Guarantor",
        "how": "How the instalments come to be",
        "n": "No.",
        "day": "Due on",
        "cents": "Amount",
        "total": "Total",
        "card": "Charges of my saved card",
        "foot": "Agreed to electronically, or signed:",
    },
    "es": {
        "title": "Acuerdo de plan de pagos",
        "number": "Plan",
        "who": "Responsable del pago",
        "how": "Cómo se calculan las cuotas",
        "n": "N.º",
        "day": "Vence el",
        "cents": "Importe",
        "total": "Total",
        "card": "Cobros a mi tarjeta guardada",
        "foot": "Aceptado electrónicamente, o firmado:",
    },
}


class _Paper:
    """A canvas that goes down the page, and to the next."""

    def __init__(self, title: str, language: str) -> None:
        self.out = BytesIO()
        # Invariant: the same terms are the same bytes, whenever they are printed.
        self.canvas = Canvas(self.out, pagesize=LETTER, invariant=1, lang=language)
        self.canvas.setTitle(title)
        self.y = LETTER[1] - _MARGIN

    def lines(
        self, text: str, *, size: int = 10, bold: bool = False, gap: int = 6, indent: int = 0
    ) -> None:
        font = "Helvetica-Bold" if bold else "Helvetica"
        for line in simpleSplit(text, font, size, _WIDTH - indent):
            self._room(size + 4)
            self.canvas.setFont(font, size)
            self.canvas.drawString(_MARGIN + indent, self.y, line)
        self.y -= gap

    def row(self, left: str, middle: str, right: str, *, bold: bool = False) -> None:
        self._room(16)
        self.canvas.setFont("Helvetica-Bold" if bold else "Helvetica", 10)
        self.canvas.drawString(_MARGIN, self.y, left)
        self.canvas.drawString(_MARGIN + 48, self.y, middle)
        self.canvas.drawRightString(_MARGIN + 340, self.y, right)

    def rule(self, width: int) -> None:
        self._room(36)
        self.canvas.line(_MARGIN, self.y, _MARGIN + width, self.y)

    def _room(self, height: int) -> None:
        if self.y - height < _MARGIN:
            self.canvas.showPage()
            self.y = LETTER[1] - _MARGIN
        self.y -= height

    def done(self) -> bytes:
        self.canvas.showPage()
        self.canvas.save()
        return self.out.getvalue()


def drawn(terms: Terms, guarantor: str) -> bytes:
    """The PDF. `guarantor` is the name of who owes: it stands on paper, and not in the words."""
    said = _LABELS[terms.language]
    paper = _Paper(said["title"], terms.language)
    paper.lines(terms.practice, size=11, bold=True, gap=2)
    paper.lines(said["title"], size=16, bold=True, gap=10)
    paper.lines(f"{said['number']} {terms.number}", gap=0)
    paper.lines(f"{said['who']}: {_printable(guarantor)}", gap=12)
    sums, *paragraphs = words.agreement(terms)
    paper.lines(said["how"], bold=True, gap=0)
    paper.lines(sums, gap=10)
    paper.row(said["n"], said["day"], said["cents"], bold=True)
    for n, day, cents in words.rows(terms.instalments, terms.language):
        paper.row(n, day, cents)
    paper.row("", said["total"], money.dollars(terms.sum.total_cents), bold=True)
    paper.y -= 14
    for paragraph in paragraphs:
        paper.lines(paragraph, gap=5)
    charges = words.future_charges(terms)
    if charges:
        paper.y -= 8
        paper.lines(said["card"], bold=True, gap=0)
        paper.lines(charges)
    paper.y -= 8
    paper.lines(said["foot"], gap=0)
    paper.rule(260)
    return paper.done()


def _printable(name: str) -> str:
    """The standard fonts know Latin-1; what they do not know must not break the page."""
    return name.encode("cp1252", "replace").decode("cp1252")
