from dataclasses import dataclass
from typing import ClassVar

from billing_saas.outbox.jobs import Job, Queue


@dataclass(frozen=True, slots=True)
class WatchEmergencies(Job):
    kind: ClassVar[str] = "emergencies.watch"
    about: ClassVar[str] = "Open a card again for each emergency access that nobody reviewed."
    queue: ClassVar[Queue] = "bulk"


@dataclass(frozen=True, slots=True)
class TellOfEmergencies(Job):
    kind: ClassVar[str] = "emergencies.tell"
    about: ClassVar[str] = "Write to the admins of a practice that was entered in an emergency."
    queue: ClassVar[Queue] = "interactive"
    platform: ClassVar[bool] = True
