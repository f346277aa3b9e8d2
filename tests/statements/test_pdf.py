"""What stands on paper, where it stands, and what the file tells of itself."""

import io
from typing import Any

import pytest
from pypdf import PdfReader

from billing_saas.statement_papers import pdf
from billing_saas.statement_papers.pdf import WINDOW, Paper
from billing_saas.statements import words
from tests.statements.papers import CODE, paper, row

Placed = list[tuple[float, float, str]]


def read(content: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(content))


def placed(content: bytes, page: int = 0) -> Placed:
    """Every string of a page, and where it begins."""
    found: Placed = []

    def visit(text: str, cm: Any, tm: Any, _font: Any, _size: Any) -> None:
        if text.strip():
            found.append((tm[4], tm[5], text.strip()))

    read(content).pages[page].extract_text(visitor_text=visit)
    return found


def text_of(made: Paper) -> str:
    pages = read(pdf.draw(made).content).pages
    return "\n".join(page.extract_text() for page in pages)


def test_a_statement_says_what_is_owed_by_when_and_how_to_pay() -> None:
    said = text_of(paper())
    for part in ("$90.03", "October 26, 2026", "4821-0037-19", CODE, "pay.example.test", "Ana"):
        assert part in said, part
    assert "217-555-0100" in said


def test_through_the_window_nothing_is_seen_but_a_name_and_an_address() -> None:
    made = paper(rows=40, stage="final_notice")
    left, bottom, right, top = WINDOW
    seen = [
        text
        for x, y, text in placed(pdf.draw(made).content)
        if x < right and bottom - 10 < y < top and x + 4 * len(text) > left
    ]
    assert seen == list(made.to)


def test_the_file_says_nothing_of_itself() -> None:
    content = pdf.draw(paper()).content
    told: dict[str, Any] = dict(read(content).metadata or {})
    assert told.get("/Title") == "Statement"
    kept = {key: value for key, value in told.items() if value and "Date" not in key}
    assert set(kept.values()) <= {"Statement", "untitled", "unspecified", "anonymous", "/False"}
    for secret in (b"Quillfeather", b"Elm", b"4821", CODE.encode()):
        assert secret not in content  # also not beside the compressed pages


def test_many_rows_go_on_over_pages_and_the_total_stands_at_the_end() -> None:
    made = paper(rows=100)
    drawn = pdf.draw(made)
    assert drawn.pages == len(read(drawn.content).pages) > 2
    said = text_of(made)
    assert said.count("09/01/2026") == len([n for n in range(100) if n % 27 == 0])
    assert f"Page {drawn.pages} of {drawn.pages}" in said
    last = placed(drawn.content, drawn.pages - 1)
    assert words.money(made.total_cents) in [text for _, _, text in last]
    assert all(
        20 < y < 780 for page in range(drawn.pages) for _, y, _ in placed(drawn.content, page)
    )


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("stage", list(words._STAGES))
def test_nothing_runs_over_the_edge(language: Any, stage: str) -> None:
    made = paper(
        language=language,
        stage=stage,
        to=("W" * 80, "M" * 90, "1 Main Street"),
        rows=[row(patient="W" * 60, details=("W" * 300,), charge_cents=99_999_999)],
    )
    for x, _, text in placed(pdf.draw(made).content):
        assert x >= 40
        assert x + pdf._width(text, "Helvetica", 8) <= pdf.WIDTH - 36 or text.isupper()


def test_spanish_is_spanish_to_the_last_accent() -> None:
    said = text_of(paper(language="es", to=("Núñez Begoña", "1 Main Street")))
    for part in ("Estado de cuenta", "Número", "Núñez Begoña", "Pagó el seguro", "1 de octubre"):
        assert part in said, part


def test_a_name_in_other_letters_is_written_as_the_post_office_wants_it() -> None:
    said = text_of(paper(to=("Łukasz Żółć", "Phạm Thị", "1 Main Street")))
    assert "Lukasz Zólc" in said
    assert "Pham Thi" in said


@pytest.mark.parametrize(
    "name",
    [
        ") Tj ET /JS (app.alert(1)) (",
        "\\) Tj /OpenAction",
        "<script>alert(1)</script>",
        "A\nB\x00C\x07",
        "((((",
        "\u202eevil",
        "=cmd|' /C calc'!A0",
    ],
)
def test_markup_in_a_name_is_a_name(name: str) -> None:
    """E8: nothing of it is an operator, an action or a new line."""
    made = paper(to=(name, "1 Main Street"), rows=[row(patient=name)])
    reader = read(pdf.draw(made).content)
    root: Any = reader.trailer["/Root"]
    assert not {"/OpenAction", "/Names", "/AA"} & set(root)
    plain = text_of(paper(to=("Plain", "1 Main Street"), rows=[row(patient="Plain")]))
    said = reader.pages[0].extract_text()
    assert len(said.splitlines()) == len(plain.splitlines())


def test_without_a_code_there_is_no_coupon() -> None:
    said = text_of(paper(code=""))
    assert words.paper("coupon", "en") not in said
    assert "pay.example.test" not in said
