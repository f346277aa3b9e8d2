"""Exact amounts and quantities (X12 type R). No float and no rounding anywhere.

Money is integer cents. Quantities (units, days, minutes) are kept as exact decimal text in X12's
canonical form ("1", "2.5", "-3"): they are compared and shown, never summed into money, and a
scaled integer would need one scale for minutes and milligrams alike.
"""

import re

# Real payers send "187.50", "0.00", ".5" and "5."; X12 (RFI 1526, RFI 2819) wants none of these.
_LENIENT = re.compile(r"(-?)([0-9]*)(?:\.([0-9]*))?", re.ASCII)
MOST_DIGITS = 18


class AmountError(ValueError):
    """Not an amount. The message never repeats the value."""


def cents(text: str) -> int:
    """Integer cents of an X12 amount; raises AmountError rather than round or guess.

    Payers' leading and trailing zeros are accepted.
    """
    whole, _, fraction = text.partition(".")
    try:
        return _DOLLARS[whole] + _CENTS[fraction]
    except KeyError:
        pass
    if whole.isdecimal() and whole.isascii() and len(whole) <= MOST_DIGITS - 2:
        value = int(whole) * 100
        if fraction in _CENTS:
            if len(_DOLLARS) < _MOST_DOLLARS:
                _DOLLARS[whole] = value
            return value + _CENTS[fraction]
    if text[:1] == "-" and text[1:2].isdecimal():
        return -cents(text[1:])
    return _cents_by_rule(text)


# The cents of whole numbers of dollars that were read before. Nearly every amount of a file is
# below a few thousand dollars, and a look-up both checks the text and reads it.
_MOST_DOLLARS = 10_000
_DOLLARS: dict[str, int] = {}
# The fractions an amount may have: none, one digit or two.
_CENTS = {"": 0}
_CENTS.update({f"{tenths}": tenths * 10 for tenths in range(10)})
_CENTS.update({f"{hundredths:02d}": hundredths for hundredths in range(100)})


def _cents_by_rule(text: str) -> int:
    """Negative amounts, amounts without a whole part, more zeros than needed, and refusals."""
    sign, whole, fraction = _parts(text)
    fraction = fraction.rstrip("0")
    if len(fraction) > 2:
        raise AmountError("an amount has at most two decimals")
    value = int(whole or "0") * 100 + int((fraction + "00")[:2])
    return -value if sign else value


def _parts(text: str) -> tuple[str, str, str]:
    found = _LENIENT.fullmatch(text) if len(text) <= 2 * MOST_DIGITS else None
    if found is None:
        raise AmountError("not a decimal number")
    sign, whole, fraction = found.group(1), found.group(2), found.group(3) or ""
    if not whole and not fraction:
        raise AmountError("not a decimal number: no digits")
    if len(whole) + len(fraction) > MOST_DIGITS:
        raise AmountError(f"a number has at most {MOST_DIGITS} digits")
    return sign, whole, fraction


def format_cents(value: int) -> str:
    """Canonical X12: 18750 is "187.5", 5 is ".05", 0 is "0" (RFI 1526)."""
    sign = "-" if value < 0 else ""
    whole, fraction = divmod(abs(value), 100)
    if not fraction:
        return f"{sign}{whole}"
    decimals = f"{fraction:02d}".rstrip("0")
    return f"{sign}{whole or ''}.{decimals}"


# Small counts are canonical as they stand.
COUNTS = frozenset(map(str, range(1000)))


def quantity(text: str) -> str:
    """The canonical text of a decimal quantity: "01.50" is "1.5", "-0" is "0"."""
    if text in COUNTS:
        return text
    sign, whole, fraction = _parts(text)
    whole = whole.lstrip("0")
    fraction = fraction.rstrip("0")
    if not whole and not fraction:
        return "0"
    return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"
