"""QR codes of one address with a code behind it, in microseconds.

A QR symbol of a given version, level and mask is an affine function of its bits: error correction is
linear over GF(2), and the mask is added. So the symbol of an address with any code of twelve letters is
that with twelve zeros, plus what each bit that differs changes. `segno` makes those once; a test holds
every symbol against its own. A symbol made whole takes as long as the rest of the statement.
"""

import re
from functools import lru_cache

import segno

_MASK = 3
"""Any mask is read as well as any other; looking for the fairest is what takes the time."""
_BITS = 7  # of an ASCII letter
_DARK = re.compile("1+")


class Symbols:
    """`prefix` is ASCII with a small letter in it, so that the symbol is of bytes; codes have `letters`."""

    def __init__(self, prefix: str, letters: int) -> None:
        self._prefix = prefix
        self._letters = letters
        blank = "0" * letters
        found = segno.make(
            prefix + blank, error="m", micro=False, mode="byte", mask=_MASK, boost_error=False
        )
        self._version = found.version
        self._base = _number(found)
        self.size = len(found.matrix)
        self._changes = [
            [self._changed(place, bit) for bit in range(_BITS)] for place in range(letters)
        ]
        self._runs: dict[tuple[int, int, int], str] = {}

    def _changed(self, place: int, bit: int) -> int:
        letters = ["0"] * self._letters
        letters[place] = chr(ord("0") ^ (1 << bit))
        made = segno.make(
            self._prefix + "".join(letters),
            error="m",
            micro=False,
            mode="byte",
            mask=_MASK,
            version=self._version,
            boost_error=False,
        )
        return _number(made) ^ self._base

    def matrix(self, code: str) -> int:
        """The modules as one number, the first row in the highest bits; 1 is dark."""
        if len(code) != self._letters or not code.isascii():
            raise ValueError("a code has its number of plain letters")
        symbol = self._base
        for letter, changes in zip(code, self._changes, strict=True):
            differs = ord(letter) ^ 0x30
            for bit in range(_BITS):
                if differs >> bit & 1:
                    symbol ^= changes[bit]
        return symbol

    def operators(self, code: str) -> str:
        """PDF path operators: rectangles in modules, from the lower left corner, filled."""
        size, runs = self.size, self._runs
        rows = f"{self.matrix(code):0{size * size}b}"
        out = []
        for row in range(size):
            for run in _DARK.finditer(rows, row * size, (row + 1) * size):
                key = (row, run.start(), run.end())
                drawn = runs.get(key)
                if drawn is None:
                    x, width = run.start() - row * size, run.end() - run.start()
                    drawn = runs[key] = f"{x} {size - 1 - row} {width} 1 re"
                out.append(drawn)
        out.append("f")
        return "\n".join(out)


@lru_cache(maxsize=64)
def symbols(prefix: str, letters: int) -> Symbols:
    return Symbols(prefix, letters)


def _number(made: segno.QRCode) -> int:
    return int("".join("1" if module else "0" for row in made.matrix for module in row), 2)
