"""Every symbol is the one that segno makes, to the module."""

import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_saas.links import rules
from billing_saas.statement_papers import qr

PREFIX = "https://pay.example.test/s/"
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ-"


@given(st.text(alphabet=LETTERS, min_size=14, max_size=14))
@settings(max_examples=60, deadline=None)
def test_a_symbol_is_the_one_that_segno_makes(code: str) -> None:
    made = segno.make(PREFIX + code, error="m", micro=False, mode="byte", mask=3, boost_error=False)
    ours = qr.symbols(PREFIX, 14)
    size = made.symbol_size(border=0)[0]
    rows = f"{ours.matrix(code):0{size * size}b}"
    assert size == ours.size
    assert rows == "".join(str(module) for row in made.matrix for module in row)


def test_what_is_drawn_are_the_dark_modules() -> None:
    ours = qr.symbols(PREFIX, 14)
    code = rules.new_code()
    dark = set()
    *rectangles, last = ours.operators(code).split("\n")
    assert last == "f"
    for rectangle in rectangles:
        x, y, width, height, _ = rectangle.split()
        assert height == "1"
        dark |= {(ours.size - 1 - int(y), int(x) + n) for n in range(int(width))}
    bits = f"{ours.matrix(code):0{ours.size * ours.size}b}"
    assert dark == {divmod(place, ours.size) for place, bit in enumerate(bits) if bit == "1"}


def test_a_code_of_another_length_or_of_other_letters_is_none() -> None:
    ours = qr.symbols(PREFIX, 14)
    for wrong in ("", "A" * 13, "é" * 14):
        with pytest.raises(ValueError, match="plain letters"):
            ours.matrix(wrong)
