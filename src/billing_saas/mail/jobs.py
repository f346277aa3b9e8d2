from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from billing_saas.outbox.jobs import Job, Queue


@dataclass(frozen=True, slots=True)
class SendLetter(Job):
    kind: ClassVar[str] = "mail.send"
    about: ClassVar[str] = "Send a letter to a person who works here."
    queue: ClassVar[Queue] = "interactive"
    most_minutes: ClassVar[int] = 1
    platform: ClassVar[bool] = True

    letter_id: UUID
