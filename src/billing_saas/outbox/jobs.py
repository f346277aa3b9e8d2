"""What a job is: a name and ids. Rooms declare theirs in their own `jobs.py`.

@dataclass(frozen=True, slots=True)
class PostRemittance(Job):
    kind = "remittances.post"
    queue = "files"
    about = "Post a remittance to the books."

    remittance_id: UUID
"""

import re
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal, TypeVar
from uuid import UUID

import msgspec

from billing_saas.outbox.errors import NotAnId

Queue = Literal["interactive", "files", "bulk"]
J = TypeVar("J", bound="Job")

# Long enough for a code or a day, too short and too plain for a name, an address or a sentence.
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,39}\Z")
_LARGEST = 2**53  # larger whole numbers change when JSON is read elsewhere


@dataclass(frozen=True, slots=True)
class Job:
    kind: ClassVar[str]
    about: ClassVar[str] = ""
    """What it is for, in a sentence for who finds it among the dead letters."""
    queue: ClassVar[Queue] = "files"
    most_attempts: ClassVar[int] = 8
    """Attempts that ended in weather before the job is a dead letter."""
    most_minutes: ClassVar[int] = 15
    """An attempt that takes longer is broken off and counts as weather."""
    platform: ClassVar[bool] = False
    """The platform's own: it has no practice, and its act gets a `PlatformSession`."""


def arguments_of(job: Job) -> dict[str, str | int]:
    """The job's ids as they are stored; `NotAnId` for anything that could carry more than an id."""
    return {field.name: _plain(job, field.name) for field in fields(job)}


def _plain(job: Job, name: str) -> str | int:
    value: Any = getattr(job, name)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST:
        return value
    if isinstance(value, str) and _TOKEN.match(value):
        return value
    # The value itself stays out of the message: it may be the very thing that must not be told.
    raise NotAnId(f"{job.kind}: {name} must be a UUID, a whole number or a short token")


def read(job_class: type[J], arguments: dict[str, Any]) -> J:
    """The job as it was added. `msgspec.ValidationError` when the arguments are another version's."""
    return msgspec.convert(arguments, job_class)


def known() -> dict[str, type[Job]]:
    """The jobs of every room that this process has imported, by kind."""
    found: dict[str, type[Job]] = {}
    waiting = [Job]
    while waiting:
        for job_class in waiting.pop().__subclasses__():
            waiting.append(job_class)
            if hasattr(job_class, "kind"):
                found[job_class.kind] = job_class
    return found


@dataclass(frozen=True, slots=True)
class PurgeJobs(Job):
    kind: ClassVar[str] = "outbox.purge"
    about: ClassVar[str] = "Remove jobs that were done long ago."
    queue: ClassVar[Queue] = "bulk"
    platform: ClassVar[bool] = True

    days: int
