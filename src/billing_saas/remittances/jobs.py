from dataclasses import dataclass
from typing import ClassVar, Literal
from uuid import UUID

from billing_saas.outbox.jobs import Job


@dataclass(frozen=True, slots=True)
class TakeInRemittances(Job):
    kind: ClassVar[str] = "remittances.take_in"
    about: ClassVar[str] = "Read a remittance file that arrived."
    queue: ClassVar[Literal["files"]] = "files"

    arrival_id: UUID


@dataclass(frozen=True, slots=True)
class PostRemittance(Job):
    kind: ClassVar[str] = "remittances.post"
    about: ClassVar[str] = "Post a remittance to the books."
    queue: ClassVar[Literal["files"]] = "files"

    remittance_id: UUID
