"""What can go wrong with a job."""

from billing_saas.kit.errors import Conflict, NotFound


class JobNotFound(NotFound):
    pass


class JobNotDead(Conflict):
    """Only a dead letter is replayed or discarded: the others are to come, done, or dealt with."""


class NotAnId(Exception):
    """A job carries ids only; this argument could carry more, so it is refused (a fault of ours)."""


class LeaseLost(Exception):
    """Another worker has this job by now: whatever this one did must be rolled back."""
