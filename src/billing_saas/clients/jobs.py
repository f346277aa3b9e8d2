from dataclasses import dataclass
from typing import ClassVar

from billing_saas.outbox.jobs import Job, Queue


@dataclass(frozen=True, slots=True)
class ForgetTokens(Job):
    kind: ClassVar[str] = "clients.forget"
    about: ClassVar[str] = "Remove machines' tokens and assertions that ran out."
    queue: ClassVar[Queue] = "bulk"
    platform: ClassVar[bool] = True
