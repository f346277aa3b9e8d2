from dataclasses import dataclass
from typing import ClassVar

from billing_saas.outbox.jobs import Job, Queue


@dataclass(frozen=True, slots=True)
class ForgetPortal(Job):
    kind: ClassVar[str] = "portal.forget"
    about: ClassVar[str] = "Remove patients' links, sessions and codes that ran out long ago."
    queue: ClassVar[Queue] = "bulk"
    platform: ClassVar[bool] = True
