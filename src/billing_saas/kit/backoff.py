"""How long to wait before trying again."""

import secrets
from datetime import timedelta

_STEPS = 1 << 20


def delay(
    attempt: int,
    *,
    first: timedelta = timedelta(seconds=2),
    most: timedelta = timedelta(minutes=15),
) -> timedelta:
    """After the `attempt`-th failure (from 1): twice as long each time, half of it by chance.

    The chance keeps those that failed together from coming back together.
    """
    whole = min(most, first * (1 << min(max(attempt, 1) - 1, 30)))
    return whole / 2 + whole / 2 * (secrets.randbelow(_STEPS) / _STEPS)
