"""Both languages are whole: every word in each, with the same places, used, and none that a page lacks."""

import re
import string
from pathlib import Path

import pytest

from billing_saas.api.portal import door_words, frame, words
from billing_saas.portal import paying, rules
from billing_saas.portal_looks import rules as look_rules

ROOT = Path(words.__file__).parent
_IN_TEMPLATES = re.compile(r"""\bt\(\s*["']([a-z0-9_.]+)["']\s*(~)?""")
_IN_CODE = re.compile(r"""["']([a-z0-9_]+(?:\.[a-z0-9_]+)+)["']""")


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_word_is_said_in_every_language() -> None:
    for key, said in words.WORDS.items():
        assert len(said) == len(words.LANGUAGES), key
        assert len({bool(text.strip()) for text in said}) == 1, key
        assert len({frozenset(places(text)) for text in said}) == 1, key


def test_no_key_stands_in_two_tables() -> None:
    assert sum(len(table) for table in words.TABLES) == len(words.WORDS)


def test_what_templates_say_was_written() -> None:
    missing = []
    for template in sorted((ROOT / "templates").glob("*.html")):
        for key, begins in _IN_TEMPLATES.findall(template.read_text()):
            known = (
                any(one.startswith(key) for one in words.WORDS) if begins else key in words.WORDS
            )
            if not known:
                missing.append((template.name, key))
    assert missing == []


def test_every_word_is_used() -> None:
    text = "\n".join(
        file.read_text()
        for file in [*ROOT.glob("*.py"), *(ROOT / "templates").glob("*.html")]
        if "words" not in file.name
    )
    named = {*_IN_CODE.findall(text), *(key for key, _ in _IN_TEMPLATES.findall(text))}
    # Put together: `t("paid." ~ payment.state)`, f"problem.{status}".
    begun = {
        *re.findall(r"""["']([a-z0-9_.]+[._])["']\s*~""", text),
        *re.findall(r"""f["']([a-z0-9_.]+[._])\{""", text),
    }
    assert begun
    unused = [
        key
        for key in door_words.WORDS
        if key not in named and not any(key.startswith(start) for start in begun)
    ]
    assert not unused, unused


def test_templates_have_no_words_of_their_own() -> None:
    """Between tags stands what `t` says, or what the page was given."""
    for template in sorted((ROOT / "templates").glob("*.html")):
        bare = re.sub(
            r"{%.*?%}|{{.*?}}|{#.*?#}|<!doctype html>", "", template.read_text(), flags=re.S
        )
        bare = re.sub(r"<[^>]*>|class=\"[a-z ]*\"", "", bare)
        assert not re.search(r"[A-Za-z]{2,}", bare), (template.name, bare.split())


@pytest.mark.parametrize(
    ("typed", "cents"),
    [
        ("50", 5000),
        ("50.00", 5000),
        (" $1,250.75 ", 125075),
        ("0.50", 50),
        ("$ 7", 700),
        *(
            (bad, None)
            for bad in ("", "-5", "+5", "5.", ".5", "5.5", "5.555", "1,00", "1e3", "5,5")
        ),
        *((bad, None) for bad in ("٥", "NaN", "12345678", "1,2345", "1 000", "$", "5$", "٠.٥٠")),
    ],
)
def test_an_amount_is_read_in_one_way_or_not_at_all(typed: str, cents: int | None) -> None:
    assert paying.typed_cents(typed) == cents


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        (("7", "9", "1984"), "1984-07-09"),
        ((" 07", "09 ", "1984"), "1984-07-09"),
        *(
            (parts, None)
            for parts in (("2", "30", "1984"), ("7", "9", "84"), ("", "", ""), ("٧", "9", "1984"))
        ),
    ],
)
def test_a_birth_date_is_read_in_one_way_or_not_at_all(
    typed: tuple[str, str, str], day: str | None
) -> None:
    found = rules.typed_date(*typed)
    assert (found.isoformat() if found else None) == day


@pytest.mark.parametrize(
    ("accent", "readable"),
    [
        ("#000000", True),
        ("#0b57a4", True),
        ("#767676", False),  # 4.54 on white, 4.24 on the ground of the page
        ("#6e6e6e", True),
        ("#777777", False),
        ("#ffff00", False),
        ("#ffffff", False),
    ],
)
def test_a_colour_can_be_read_or_is_refused(accent: str, readable: bool) -> None:
    assert look_rules.is_readable(accent) is readable


def test_amounts_are_written_without_a_fraction_on_the_way() -> None:
    assert frame.dollars(123450) == "$1,234.50"
    assert frame.dollars(-5) == "-$0.05"
