"""How long an emergency lasts, what it must say, and when nobody having judged it is an alarm."""

from datetime import timedelta
from typing import Literal

from billing_saas.phi.sealing import Document

LEAST_MINUTES = 5
USUAL_MINUTES = 60
MOST_MINUTES = 240
SHORTEST_REASON = 10
UNREVIEWED_AFTER = timedelta(days=7)

Judgment = Literal["justified", "not_justified"]


class Why(Document, kw_only=True):
    """`emergency_access.phi_clin`: in a person's own words, among which may be a patient's name."""

    reason: str
    ticket: str = ""


def says_something(reason: str) -> bool:
    """Ten letters or digits at the least: `.` and `emergency` are no reasons."""
    return sum(character.isalnum() for character in reason) >= SHORTEST_REASON
