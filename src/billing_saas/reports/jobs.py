from dataclasses import dataclass
from typing import ClassVar, Literal

from billing_saas.outbox.jobs import Job


@dataclass(frozen=True, slots=True)
class CheckInvariants(Job):
    kind: ClassVar[str] = "reports.check_invariants"
    about: ClassVar[str] = "Ask whether the practice's books, trail and rows are as they must be."
    queue: ClassVar[Literal["bulk"]] = "bulk"


@dataclass(frozen=True, slots=True)
class CountReceivables(Job):
    kind: ClassVar[str] = "reports.count_receivables"
    about: ClassVar[str] = "Sum what payers and patients owe the practice, by age."
    queue: ClassVar[Literal["bulk"]] = "bulk"
