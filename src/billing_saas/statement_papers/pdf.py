"""A statement on paper: reportlab's canvas, and a page's operators written by ourselves.

What is the same on every statement of a practice in a language (letterhead, headings, rules, the coupon)
is written once and kept; what differs is a few dozen strings. Only the fonts that every reader has are
named, none is carried. Through the window of an envelope nothing is seen but a name and an address
(`WINDOW`), and the file says nothing of itself but that it is a statement.
"""

import io
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache

import msgspec
from reportlab import rl_config
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from billing_saas.statement_papers import qr
from billing_saas.statements import words
from billing_saas.statements.words import Language

# Compressed streams as they are: written out in ASCII they take a third more room and twice the time.
rl_config.useA85 = 0

WIDTH, HEIGHT = 612, 792  # US Letter, in points
# Of a No. 10 envelope with the page folded in three: x and y of its corners, with room to slip.
WINDOW = (54, 590, 380, 668)

_LEFT, _RIGHT = 43, 569
_ADDRESS = (64, 652)
_COLUMNS = (("charge", 285), ("plan_paid", 365), ("reduced", 435), ("patient_paid", 505))
_ROW = 14
_FIRST_ROW, _LAST_ROW = 478, 262
_FIRST_ROW_LATER, _LAST_ROW_LATER = 700, 60
_REGULAR, _BOLD = "Helvetica", "Helvetica-Bold"
# What canvas calls the two in the file: the first font that it is told is F1.
_NAMES = {_REGULAR: "/F1", _BOLD: "/F2"}


class Letterhead(msgspec.Struct, frozen=True):
    """Of the practice. `site` is what a person types, without a scheme; `link`, what the QR code says
    before the code."""

    name: str
    address: tuple[str, ...]
    pay_to: tuple[str, ...]
    phone: str
    site: str
    link: str


class Row(msgspec.Struct, frozen=True, gc=False):
    """One visit, or one charge of an itemised statement; `details` are lines below it."""

    patient: str
    service_on: date
    charge_cents: int
    plan_paid_cents: int
    reduced_cents: int
    patient_paid_cents: int
    owed_cents: int
    details: tuple[str, ...] = ()


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """What stands on a statement. Without a `code` there is no coupon and no QR code."""

    letterhead: Letterhead
    language: Language
    number: str
    issued_on: date
    due_on: date
    stage: str
    to: tuple[str, ...]
    rows: Sequence[Row]
    total_cents: int
    code: str = ""

    def __repr__(self) -> str:
        return f"<Paper {self.number}>"


class Drawn(msgspec.Struct, frozen=True):
    content: bytes
    pages: int

    def __repr__(self) -> str:
        return f"<Drawn {self.pages} pages>"


def draw(paper: Paper) -> Drawn:
    # Compressed pages are half the size for a tenth of the time: see benchmarks/cases/statements_pdf.py.
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(WIDTH, HEIGHT), pageCompression=1, initialFontName=_REGULAR)
    canvas.setTitle("Statement")
    canvas.setAuthor("")
    canvas.setSubject("")
    canvas.setCreator("")
    canvas.setProducer("")
    canvas.setViewerPreference("DisplayDocTitle", "true")
    pages = list(_pages(paper))
    for n, rows in enumerate(pages, 1):
        canvas.setFont(_BOLD, 9)  # the canvas names a font in the file when it is told of it
        canvas.addLiteral(_page(paper, rows, n, len(pages)))
        canvas.showPage()
    canvas.save()
    return Drawn(out.getvalue(), len(pages))


def _pages(paper: Paper) -> Iterable[Sequence[Row]]:
    """Rows by the page that they fit on; there is one page at least."""
    room = (_FIRST_ROW - _LAST_ROW) // _ROW
    page: list[Row] = []
    for row in paper.rows:
        height = 1 + len(row.details)
        if page and room < height:
            yield page
            page, room = [], (_FIRST_ROW_LATER - _LAST_ROW_LATER) // _ROW
        page.append(row)
        room -= height
    yield page


def _page(paper: Paper, rows: Sequence[Row], n: int, of: int) -> str:
    language = paper.language
    out: list[str] = []
    if n == 1:
        out += [_first_page(paper.letterhead, language, bool(paper.code)), _heading(paper)]
        y = _FIRST_ROW
    else:
        y = _FIRST_ROW_LATER
        out += [_table_head(language, y + 18), _text(_LEFT, 740, _BOLD, 10, paper.number)]
    for row in rows:
        out.append(_row(row, y))
        y -= _ROW
        for detail in row.details:
            out.append(_text(_LEFT + 92, y, _REGULAR, 8, _fitted(detail, 8, _RIGHT - _LEFT - 92)))
            y -= _ROW
    if n == of:
        out.append(_rule(y + 9))
        out.append(_text(_LEFT, y - 4, _BOLD, 11, words.paper("total", language)))
        out.append(_right(_RIGHT, y - 4, _BOLD, 11, words.money(paper.total_cents)))
    else:
        out.append(_text(_LEFT, y - 4, _REGULAR, 8, words.paper("continued", language)))
    if of > 1:
        label = words.paper("page", language).format(n=n, of=of)
        out.append(_right(_RIGHT, 770, _REGULAR, 8, label))
    return "\n".join(out)


def _heading(paper: Paper) -> str:
    """What only this statement says, on its first page, beside its rows."""
    language = paper.language
    out = [
        _right(_RIGHT, 706, _REGULAR, 10, paper.number),
        _right(_RIGHT, 676, _REGULAR, 10, words.day(paper.issued_on, language)),
        _right(_RIGHT, 646, _REGULAR, 10, words.day(paper.due_on, language)),
        _right(_RIGHT, 610, _BOLD, 16, words.money(paper.total_cents)),
    ]
    said = _wrapped(words.stage(paper.stage, language), 10, _RIGHT - _LEFT)
    out += [_text(_LEFT, 552 - 13 * n, _REGULAR, 10, line) for n, line in enumerate(said)]
    x, y = _ADDRESS
    for line in paper.to[:5]:
        out.append(_text(x, y, _REGULAR, 10, _fitted(line, 10, WINDOW[2] - x)))
        y -= 13
    if paper.code:
        symbols = qr.symbols(paper.letterhead.link, len(paper.code))
        side = 88 / symbols.size
        out += [
            f"q {side:.3f} 0 0 {side:.3f} {_RIGHT - 92} 76 cm",
            symbols.operators(paper.code),
            "Q",
            _text(_LEFT, 138, _BOLD, 13, paper.code),
            _text(_LEFT + 300, 62, _REGULAR, 9, paper.number),
            _text(_LEFT + 300, 48, _BOLD, 10, words.money(paper.total_cents)),
        ]
    return "\n".join(out)


@lru_cache(maxsize=256)
def _first_page(letterhead: Letterhead, language: Language, coupon: bool) -> str:
    """All that is the same on every statement of a practice."""
    out = [_text(_LEFT, 748, _BOLD, 13, _fitted(letterhead.name, 13, 330))]
    out += [
        _text(_LEFT, 734 - 11 * n, _REGULAR, 9, line)
        for n, line in enumerate(letterhead.address[:4])
    ]
    out.append(_right(_RIGHT, 748, _BOLD, 13, words.paper("title", language)))
    for label, y in (("number", 718), ("issued", 688), ("due", 658), ("total", 628)):
        out.append(_right(_RIGHT, y, _REGULAR, 8, words.paper(label, language)))
    if letterhead.phone:
        called = words.paper("questions", language).format(phone=letterhead.phone)
        out.append(_text(_LEFT, 526, _REGULAR, 10, called))
    out.append(_table_head(language, _FIRST_ROW + 18))
    for n, line in enumerate(_wrapped(words.paper("help", language), 8, _RIGHT - _LEFT)):
        out.append(_text(_LEFT, 226 - 10 * n, _REGULAR, 8, line))
    if coupon:
        out.append(_coupon(letterhead, language))
    return "\n".join(out)


def _coupon(letterhead: Letterhead, language: Language) -> str:
    out = [
        f"q [3 3] 0 d 0.5 w {_LEFT} 200 m {_RIGHT} 200 l S Q",
        _text(_LEFT, 190, _REGULAR, 7, words.paper("coupon", language)),
        _text(_LEFT, 174, _BOLD, 10, words.paper("pay_online", language)),
    ]
    how = words.paper("pay_how", language).format(site=letterhead.site)
    for n, line in enumerate(_wrapped(how, 8, 400)):
        out.append(_text(_LEFT, 163 - 10 * n, _REGULAR, 8, line))
    out.append(_text(_LEFT, 108, _REGULAR, 8, words.paper("pay_to", language)))
    for n, line in enumerate((letterhead.name, *letterhead.pay_to)[:5]):
        out.append(_text(_LEFT, 97 - 11 * n, _REGULAR, 9, _fitted(line, 9, 270)))
    out += [
        _text(_LEFT + 300, 108, _REGULAR, 8, words.paper("enclosed", language)),
        f"0.5 w {_LEFT + 300} 84 110 18 re S",
        _text(_LEFT + 300, 73, _REGULAR, 7, words.paper("number", language)),
        _text(_LEFT, 36, _REGULAR, 7, words.paper("write_number", language)),
    ]
    return "\n".join(out)


@lru_cache(maxsize=8)
def _table_head(language: Language, y: int) -> str:
    out = [
        _text(_LEFT, y, _BOLD, 8, words.paper("patient", language)),
        _text(_LEFT + 92, y, _BOLD, 8, words.paper("service", language)),
        _right(_RIGHT, y, _BOLD, 8, words.paper("owed", language)),
    ]
    out += [_right(x, y, _BOLD, 8, words.paper(name, language)) for name, x in _COLUMNS]
    out.append(_rule(y - 4))
    return "\n".join(out)


def _row(row: Row, y: int) -> str:
    amounts = (
        row.charge_cents,
        row.plan_paid_cents,
        row.reduced_cents,
        row.patient_paid_cents,
    )
    out = [
        _text(_LEFT, y, _REGULAR, 9, _fitted(row.patient, 9, 86)),
        _text(_LEFT + 92, y, _REGULAR, 9, words.short_day(row.service_on)),
        _right(_RIGHT, y, _BOLD, 9, words.money(row.owed_cents)),
    ]
    out += [
        _right(x, y, _REGULAR, 9, words.money(cents))
        for (_, x), cents in zip(_COLUMNS, amounts, strict=True)
    ]
    return "\n".join(out)


# --- operators (ISO 32000-2, 8 and 9) ---


def _text(x: float, y: float, font: str, size: int, shown: str) -> str:
    return f"BT {_NAMES[font]} {size} Tf {x:g} {y:g} Td ({_escaped(shown)}) Tj ET"


def _right(x: float, y: float, font: str, size: int, shown: str) -> str:
    plain = _plain(shown)
    return _text(round(x - _width(plain, font, size), 2), y, font, size, plain)


def _rule(y: float) -> str:
    return f"0.5 w {_LEFT} {y:g} m {_RIGHT} {y:g} l S"


@lru_cache(maxsize=8_192)
def _width(plain: str, font: str, size: int) -> float:
    return float(stringWidth(plain, font, size))


# Beyond ASCII in octal, which any writer of the file leaves alone.
_ESCAPES = {ord(sign): f"\\{sign}" for sign in "\\()"} | {
    code: f"\\{code:03o}" for code in (*range(32), *range(127, 256))
}


def _escaped(shown: str) -> str:
    if shown.isascii() and shown.isprintable():
        plain = shown
        return plain.translate(_ESCAPES) if any(sign in plain for sign in "\\()") else plain
    return _plain(shown).encode("cp1252", "replace").decode("latin-1").translate(_ESCAPES)


# What does not fall apart into a letter and a mark.
_OTHERS = str.maketrans(dict(zip("łŁđĐħĦıŋŊ", "lLdDhHinN", strict=True)))


def _plain(shown: str) -> str:
    """As the readers' own fonts can show it, and as the post office wants it: without marks that Western
    European letters do not have."""
    if shown.isascii() and shown.isprintable():
        return shown
    return "".join(_known(sign) for sign in shown)


@lru_cache(maxsize=4_096)
def _known(sign: str) -> str:
    if not sign.isprintable():
        return " "
    try:
        sign.encode("cp1252")
    except UnicodeEncodeError:
        apart = unicodedata.normalize("NFKD", sign.translate(_OTHERS))
        return "".join(part for part in apart if not unicodedata.combining(part))
    return sign


def _fitted(shown: str, size: int, width: float, font: str = _REGULAR) -> str:
    """Cut where it is wider than its place."""
    plain = _plain(shown)
    if len(plain) * size < width or _width(plain, font, size) <= width:
        return plain
    while plain and _width(f"{plain}...", font, size) > width:
        plain = plain[:-1]
    return f"{plain}..."


def _wrapped(shown: str, size: int, width: float) -> list[str]:
    lines = [""]
    for word in _plain(shown).split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and _width(longer, _REGULAR, size) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
