"""What strangers send is kept without what hides in it, or refused with the reason."""

import io
import os
import pathlib
import subprocess
import sys

import pytest
from PIL import Image

from billing_saas.documents import inspecting, opening, rules
from billing_saas.documents.errors import DocumentRefused
from tests.documents import paper


def refused(content: bytes, declared: str = "") -> str:
    try:
        answer, kept = opening.opened(rules.media_type(content, declared), content)
    except DocumentRefused as error:
        return str(error.facts["reason"])
    assert kept == b""
    return str(answer["refused"])


def kept(content: bytes, declared: str = "") -> bytes:
    answer, written = opening.opened(rules.media_type(content, declared), content)
    assert set(answer) == {"pages"}, answer
    return written


async def test_a_pdf_is_kept_as_it_is() -> None:
    content = paper.pdf(3)
    inspected = await inspecting.inspect(content, "application/pdf")
    assert (inspected.media_type, inspected.pages) == (rules.PDF, 3)
    assert inspected.content == content


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (paper.pdf_with_script(), "active_content"),
        (paper.pdf_with_unreached_script(), "active_content"),
        (paper.pdf_with_nested_script(), "active_content"),
        (paper.pdf_that_launches(), "active_content"),
        (paper.pdf_with_file_inside(), "active_content"),
        (paper.pdf_with_giant_image(), "too_many_pixels"),
        (paper.locked_pdf(), "encrypted"),
        (paper.pdf(301), "too_many_pages"),
        (paper.pdf() + b"PK\x03\x04 another file", "something_after"),
        (b"%PDF-1.7 and nothing else", "something_after"),
        (b"%PDF-1.7\nnot one\n%%EOF", "unreadable"),
        (paper.png_bomb(), "unreadable"),
        (paper.image("PNG")[:-30], "unreadable"),
        (b"\xff\xd8\xff\xe0 no picture", "unreadable"),
        (b"MZ\x90\x00", "unknown_type"),
        (b"<html><script>", "unknown_type"),
        (b"", "unknown_type"),
        (b"\x00" * 10 + paper.pdf(), "unknown_type"),
        (b"GIF89a", "unknown_type"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_could_do_harm_is_refused(content: bytes, reason: str) -> None:
    assert refused(content) == reason


def test_a_file_that_is_not_what_it_says_is_refused() -> None:
    assert refused(paper.pdf(), "image/png") == "other_type"
    assert kept(paper.pdf(), "Application/PDF; x=y") == paper.pdf()


def test_a_photo_loses_where_and_by_whom_it_was_taken() -> None:
    assert b"Quillon" in paper.photo()
    written = kept(paper.photo(), "image/jpeg")
    assert b"Quillon" not in written
    shown = Image.open(io.BytesIO(written))
    assert (shown.format, shown.size, dict(shown.getexif())) == ("JPEG", (60, 40), {})


def test_a_photo_taken_on_its_side_stands_up() -> None:
    written = kept(paper.photo(orientation=6))
    assert Image.open(io.BytesIO(written)).size == (40, 60)
    assert b"Quillon" not in written


def test_what_hides_behind_an_image_stays_behind() -> None:
    for kind in ("PNG", "JPEG", "TIFF"):
        written = kept(paper.image(kind) + b"PK\x03\x04 Quillon")
        assert b"Quillon" not in written
        assert Image.open(io.BytesIO(written)).format == kind


def test_a_png_keeps_every_pixel() -> None:
    content = paper.image("PNG")
    before, after = (Image.open(io.BytesIO(one)) for one in (content, kept(content)))
    assert before.tobytes() == after.tobytes()


async def test_a_fax_keeps_its_pages_and_its_resolution() -> None:
    content = paper.fax(4)
    assert b"Quillon" in content
    inspected = await inspecting.inspect(content, "image/tiff")
    shown = Image.open(io.BytesIO(inspected.content))
    assert (inspected.pages, shown.info["compression"]) == (4, "group4")
    assert [round(float(side)) for side in shown.info["dpi"]] == [204, 196]
    assert b"Quillon" not in inspected.content


def test_an_image_that_grows_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST_KEPT_BYTES", 10)
    assert refused(paper.image("PNG")) == "too_large"


def test_random_bytes_behind_a_beginning_are_refused_and_never_more() -> None:
    for beginning in (b"%PDF-1.7\n", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\x00"):
        for _ in range(20):
            refused(beginning + os.urandom(5_000))


async def test_a_refusal_comes_back_from_the_opening_process() -> None:
    with pytest.raises(DocumentRefused, match="holds a script") as caught:
        await inspecting.inspect(paper.pdf_with_script(), "")
    assert caught.value.facts == {"field": "content", "reason": "active_content"}


@pytest.mark.parametrize(
    ("attempt", "ends"),
    [
        ("import os; os.write(os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY), b'x')", "too large"),
        ("bytes(2 << 30)", "MemoryError"),
    ],
)
def test_the_opening_process_may_do_nothing_else(
    attempt: str, ends: str, tmp_path: pathlib.Path
) -> None:
    program = (
        f"import sys; from billing_saas.documents import opening; opening._confine(); {attempt}"
    )
    ended = subprocess.run(
        [sys.executable, "-I", "-c", program, str(tmp_path / "stolen")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode != 0
    assert ends in ended.stderr
