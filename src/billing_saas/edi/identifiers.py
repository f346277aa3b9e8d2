"""Check digits of identifiers that stand in X12."""

from functools import lru_cache

_PREFIX_SUM = 24  # of 80840, which NPIs carry before them when the Luhn sum is taken (45 CFR 162)
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


@lru_cache(maxsize=8192)
def is_npi(text: str) -> bool:
    """Ten digits, the first 1 or 2, with a true check digit."""
    if len(text) != 10 or not text.isascii() or not text.isdecimal() or text[0] not in "12":
        return False
    digits = [int(digit) for digit in text]
    return (_PREFIX_SUM + sum(digits[1::2]) + sum(_DOUBLED[d] for d in digits[0::2])) % 10 == 0
