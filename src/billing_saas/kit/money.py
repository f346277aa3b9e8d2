"""Money is integer cents of US dollars. Debits are positive and credits negative where it is journalled."""

from collections.abc import Sequence


def dollars(cents: int) -> str:
    """Cents for a person: `-1234` is `-$12.34`."""
    sign = "-" if cents < 0 else ""
    whole, part = divmod(abs(cents), 100)
    return f"{sign}${whole:,}.{part:02d}"


def split(cents: int, weights: Sequence[int]) -> list[int]:
    """Share `cents` over `weights` (not all zero, none negative) so that the parts sum exactly.

    The remainder goes cent by cent to the largest fractions, earliest first, so the answer is the
    same on every run.
    """
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        raise ValueError("weights must be non-negative and not all zero")
    sign = -1 if cents < 0 else 1
    amount = abs(cents)
    parts = [amount * weight // total for weight in weights]
    fractions = [(amount * weight % total, -index) for index, weight in enumerate(weights)]
    for _, negative_index in sorted(fractions, reverse=True)[: amount - sum(parts)]:
        parts[-negative_index] += 1
    return [sign * part for part in parts]
