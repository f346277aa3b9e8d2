from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from billing_saas.outbox.jobs import Job, Queue


@dataclass(frozen=True, slots=True)
class SendMessage(Job):
    kind: ClassVar[str] = "messages.send"
    about: ClassVar[str] = "Send a message to a patient, if the gate still lets it."
    queue: ClassVar[Queue] = "interactive"
    most_minutes: ClassVar[int] = 1

    message_id: UUID
