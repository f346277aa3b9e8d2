from dataclasses import dataclass
from typing import ClassVar, Literal

from billing_saas.outbox.jobs import Job


@dataclass(frozen=True, slots=True)
class ExpireHardship(Job):
    kind: ClassVar[str] = "hardship.expire"
    about: ClassVar[str] = (
        "End applications whose evidence never came, and approvals that are over."
    )
    queue: ClassVar[Literal["bulk"]] = "bulk"
