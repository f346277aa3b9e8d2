"""What arrives in these tests, and the job that would handle it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from billing_saas.outbox.jobs import Job


@dataclass(frozen=True, slots=True)
class HandleArrival(Job):
    kind = "tests.handle_arrival"

    arrival_id: UUID


async def chunks(content: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for at in range(0, len(content), size):
        yield content[at : at + size]
