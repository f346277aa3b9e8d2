from dataclasses import dataclass
from typing import ClassVar, Literal
from uuid import UUID

from billing_saas.outbox.jobs import Job


@dataclass(frozen=True, slots=True)
class RunStatements(Job):
    kind: ClassVar[str] = "statements.run"
    about: ClassVar[str] = (
        "Look at clocks and statements, and issue what is due by a practice's rules."
    )
    queue: ClassVar[Literal["bulk"]] = "bulk"


@dataclass(frozen=True, slots=True)
class IssueStatements(Job):
    """A few hundred at a time: it owes itself again until the run has no more."""

    kind: ClassVar[str] = "statements.issue"
    about: ClassVar[str] = "Issue the statements of a run."
    queue: ClassVar[Literal["bulk"]] = "bulk"

    statement_run_id: UUID


@dataclass(frozen=True, slots=True)
class GatherPrintBatch(Job):
    kind: ClassVar[str] = "statements.print"
    about: ClassVar[str] = "Put the statements of a print batch into one file."
    queue: ClassVar[Literal["bulk"]] = "bulk"

    print_batch_id: UUID
