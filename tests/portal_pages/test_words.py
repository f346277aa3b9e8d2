"""No word of these pages is one that no page says. That both languages are whole: tests/portal/test_words.py."""

import re
from pathlib import Path

from billing_saas.api.portal import seeing, words, words_money, words_record

ROOT = Path(words.__file__).parent
# Put together in templates and code: `t("plan.state." ~ one.state)`.
_BEGUN = re.compile(r"""["']([a-z_]+(?:\.[a-z_]+)*\.)["']\s*~|f["']([a-z_]+(?:\.[a-z_]+)*\.)\{""")


def test_every_word_is_said_by_a_page() -> None:
    text = "\n".join(
        file.read_text()
        for file in [*ROOT.glob("*.py"), *(ROOT / "templates").glob("*.html")]
        if "words" not in file.name
    )
    begun = {one for pair in _BEGUN.findall(text) for one in pair if one}
    assert {"plan.state.", "seen.what."} <= begun
    unused = [
        key
        for key in (*words_money.WORDS, *words_record.WORDS)
        if not re.search(rf"[\"']{re.escape(key)}[\"']", text)
        and not any(key.startswith(start) for start in begun)
    ]
    assert not unused, unused


def test_the_trail_has_words_for_whatever_stands_in_it() -> None:
    """A thing or a purpose without a word would be a page that cannot be shown."""
    for thing in {*seeing.WHAT.values(), "record"}:
        assert f"seen.what.{thing}" in words.WORDS
    for purpose in ("payment", "operations", "treatment", "patient_request", "legal", "emergency"):
        assert f"seen.purpose.{purpose}" in words.WORDS
    for kind in ("patient", "system", "client", "user"):
        assert f"seen.who.{kind}" in words.WORDS


def test_a_time_of_day_is_written_as_its_readers_do() -> None:
    assert words.time_of_day("en", 0, 5) == "12:05 AM"
    assert words.time_of_day("en", 12, 0) == "12:00 PM"
    assert words.time_of_day("es", 23, 59) == "11:59 p. m."
