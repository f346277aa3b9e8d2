from billing_saas.kit.errors import Conflict, Invalid


class IdempotencyKeyReused(Invalid):
    """The Idempotency-Key came before with another request."""


class RequestInProgress(Conflict):
    """The same request with this Idempotency-Key is still being done: ask again."""


class NoRequestKey(Exception):
    """The deployment was never initialised (`billing-saas migrate` does it)."""


class TooMany(Exception):
    """More than may come; `seconds` from now one more may."""

    def __init__(self, limit: str, seconds: int) -> None:
        super().__init__(f"more than the limit {limit} allows")
        self.limit = limit
        self.seconds = seconds
