from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from billing_saas.outbox.jobs import Job, Queue


@dataclass(frozen=True, slots=True)
class WatchPlans(Job):
    kind: ClassVar[str] = "plans.watch"
    about: ClassVar[str] = "See what was paid on plans, what is late, and tell of it."
    queue: ClassVar[Queue] = "bulk"


@dataclass(frozen=True, slots=True)
class ChargePlans(Job):
    kind: ClassVar[str] = "plans.charge"
    about: ClassVar[str] = "Find the instalments whose day has come, for cards that may be charged."
    queue: ClassVar[Queue] = "bulk"


@dataclass(frozen=True, slots=True)
class ChargeInstalment(Job):
    kind: ClassVar[str] = "plans.charge_instalment"
    about: ClassVar[str] = "Charge one instalment of a plan to the card that was saved for it."
    queue: ClassVar[Queue] = "files"

    plan_id: UUID
    instalment_id: UUID
