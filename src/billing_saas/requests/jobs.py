from dataclasses import dataclass

from billing_saas.outbox.jobs import Job


@dataclass(frozen=True, slots=True)
class ForgetRequests(Job):
    """Forget keys of requests that are past their time, and rate buckets that are full."""

    kind = "requests.forget"
    about = "Forget keys of requests that are past their time."
    queue = "bulk"
    platform = True
