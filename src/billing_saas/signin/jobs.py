from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from billing_saas.outbox.jobs import Job, Queue


@dataclass(frozen=True, slots=True)
class AnswerAsk(Job):
    kind: ClassVar[str] = "signin.answer_ask"
    about: ClassVar[str] = "Write to a person who forgot their password, if there is such a person."
    queue: ClassVar[Queue] = "interactive"
    platform: ClassVar[bool] = True

    ask_id: UUID


@dataclass(frozen=True, slots=True)
class ForgetSignIns(Job):
    kind: ClassVar[str] = "signin.forget"
    about: ClassVar[str] = "Remove sessions that ended long ago, and letters that were sent."
    queue: ClassVar[Queue] = "bulk"
    platform: ClassVar[bool] = True
