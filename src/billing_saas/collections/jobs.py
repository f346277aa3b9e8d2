from dataclasses import dataclass
from typing import ClassVar, Literal

from billing_saas.outbox.jobs import Job


@dataclass(frozen=True, slots=True)
class ProposePlacements(Job):
    kind: ClassVar[str] = "collections.propose"
    about: ClassVar[str] = "Look through what is owed for accounts that a person may place."
    queue: ClassVar[Literal["bulk"]] = "bulk"
    most_minutes: ClassVar[int] = 60

    asked: int = 0
    """1: a person asked. 0: the clock did, where the practice lets it."""
