"""Jobs that only tests ask for."""

from dataclasses import dataclass
from uuid import UUID

from billing_saas.outbox.jobs import Job


@dataclass(frozen=True, slots=True)
class Jot(Job):
    kind = "tests.jot"
    queue = "interactive"
    most_attempts = 3

    note_id: UUID
    number: int = 0
    word: str = "none"


@dataclass(frozen=True, slots=True)
class Sweep(Job):
    kind = "tests.sweep"
    queue = "bulk"
    platform = True
