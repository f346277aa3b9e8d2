from dataclasses import dataclass
from typing import ClassVar, Literal

from billing_saas.outbox.jobs import Job


@dataclass(frozen=True, slots=True)
class FollowStatements(Job):
    kind: ClassVar[str] = "statements.follow"
    about: ClassVar[str] = "Let statements follow money that moved lately."
    queue: ClassVar[Literal["bulk"]] = "bulk"
