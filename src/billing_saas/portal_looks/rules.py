"""Whether a practice's colour can be read (WCAG 2.2, 1.4.3), and what a look is when nobody chose one."""

import re
from decimal import Decimal

LANGUAGES = ("en", "es")
ACCENT = "#0b57a4"
GROUNDS = ("#ffffff", "#f6f7f9")
"""Letters in the accent stand on these, and white ones on it."""
LEAST_CONTRAST = (9, 2)
"""4.5 to 1, as a fraction: contrast is compared in whole numbers."""
_COLOUR = re.compile(r"#[0-9a-f]{6}\Z")
_SCALE = 10**9

# What every browser shows; a scan may be a TIFF.
LOGO_TYPES = frozenset({"image/png", "image/jpeg"})
MOST_LOGO_BYTES = 200_000


def is_colour(text: str) -> bool:
    return bool(_COLOUR.match(text))


def is_readable(accent: str) -> bool:
    """At least 4.5 to 1 against every ground."""
    return all(_contrasts(accent, ground) for ground in GROUNDS)


def _contrasts(one: str, other: str) -> bool:
    first, second = _luminance(one), _luminance(other)
    light, dark = max(first, second), min(first, second)
    offset = _SCALE * 10_000 // 20  # 0.05
    least, of = LEAST_CONTRAST
    return (light + offset) * of >= (dark + offset) * least


def _luminance(colour: str) -> int:
    """In units of 10^-13."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return 2126 * _linear(red) + 7152 * _linear(green) + 722 * _linear(blue)


def _linear(value: int) -> int:
    """sRGB to linear light, in billionths; in `Decimal`, so that no machine differs."""
    share = Decimal(value) / 255
    if share <= Decimal("0.04045"):
        return int(share / Decimal("12.92") * _SCALE)
    return int(((share + Decimal("0.055")) / Decimal("1.055")) ** Decimal("2.4") * _SCALE)
