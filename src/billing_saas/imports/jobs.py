from dataclasses import dataclass
from typing import ClassVar, Literal
from uuid import UUID

from billing_saas.outbox.jobs import Job


@dataclass(frozen=True, slots=True)
class ImportClaims(Job):
    kind: ClassVar[str] = "imports.claims"
    about: ClassVar[str] = "Take in a claim file from the practice's system."
    queue: ClassVar[Literal["files"]] = "files"
    most_minutes: ClassVar[int] = 60  # a file of 256 MB holds a quarter of a million claims

    arrival_id: UUID
