from dataclasses import dataclass
from uuid import UUID

from billing_saas.outbox.jobs import Job


@dataclass(frozen=True, slots=True)
class RotateKeys(Job):
    """One step of a rotation: `step` is the number of the one to take."""

    kind = "custody.rotate_keys"
    about = "Take one step of the rotation of a practice's key."
    queue = "bulk"

    rotation_id: UUID
    step: int


@dataclass(frozen=True, slots=True)
class StartRotation(Job):
    """A key is worn or a year old."""

    kind = "custody.start_rotation"
    about = "Start the rotation of a key that is worn or a year old."
    queue = "bulk"

    purpose: str


@dataclass(frozen=True, slots=True)
class FindWornKeys(Job):
    """Ask which practices' keys are due, and start their rotations."""

    kind = "custody.find_worn_keys"
    about = "Find the practices whose keys are due for rotation."
    queue = "bulk"
    platform = True
