from dataclasses import dataclass
from uuid import UUID

from billing_saas.outbox.jobs import Job


@dataclass(frozen=True, slots=True)
class RotateKeys(Job):
    """One step of a rotation: `step` is the number of the one to take."""

    kind = "custody.rotate_keys"
    queue = "bulk"

    rotation_id: UUID
    step: int


@dataclass(frozen=True, slots=True)
class StartRotation(Job):
    """A key is worn or a year old."""

    kind = "custody.start_rotation"
    queue = "bulk"

    purpose: str


@dataclass(frozen=True, slots=True)
class FindWornKeys(Job):
    """Ask which practices' keys are due, and start their rotations."""

    kind = "custody.find_worn_keys"
    queue = "bulk"
    platform = True
