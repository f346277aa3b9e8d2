from dataclasses import dataclass
from typing import ClassVar, Literal
from uuid import UUID

from billing_saas.outbox.jobs import Job


@dataclass(frozen=True, slots=True)
class TakeInAgencyReport(Job):
    kind: ClassVar[str] = "agencies.take_in"
    about: ClassVar[str] = "Take in what a collection agency says it collected."
    queue: ClassVar[Literal["files"]] = "files"

    arrival_id: UUID
    agency_id: UUID


@dataclass(frozen=True, slots=True)
class WatchPlacements(Job):
    kind: ClassVar[str] = "agencies.watch"
    about: ClassVar[str] = (
        "Recognise money paid to the office after placement, and what insurers changed."
    )
    queue: ClassVar[Literal["bulk"]] = "bulk"
