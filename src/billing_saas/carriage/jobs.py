from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from billing_saas.outbox.jobs import Job, Queue


@dataclass(frozen=True, slots=True)
class HandleReturned(Job):
    kind: ClassVar[str] = "messages.returned"
    about: ClassVar[str] = "Let take effect what a carrier, or a patient, told of a message."
    queue: ClassVar[Queue] = "interactive"

    arrival_id: UUID


@dataclass(frozen=True, slots=True)
class SweepMessages(Job):
    kind: ClassVar[str] = "messages.sweep"
    about: ClassVar[str] = "End messages that waited longer than they are worth."
    queue: ClassVar[Queue] = "bulk"
