from dataclasses import dataclass
from typing import ClassVar, Literal
from uuid import UUID

from billing_saas.outbox.jobs import Job


@dataclass(frozen=True, slots=True)
class ImportClaims(Job):
    kind: ClassVar[str] = "imports.claims"
    queue: ClassVar[Literal["files"]] = "files"

    arrival_id: UUID
