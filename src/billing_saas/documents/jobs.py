from dataclasses import dataclass

from billing_saas.outbox.jobs import Job


@dataclass(frozen=True, slots=True)
class SweepFiles(Job):
    kind = "files.sweep"
    about = "Delete what the object store keeps of files that were never committed."
    queue = "bulk"
