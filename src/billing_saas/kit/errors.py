"""What can go wrong, in four kinds. A room names its own errors as subclasses in business words.

`api.errors` turns a kind into a status and problem+json; a worker never retries one, because it is
an answer. Any other exception is weather, and is retried. Messages are shown to people: no PHI.
"""

from typing import Any, ClassVar


class DomainError(Exception):
    """An answer, not an accident."""

    kind: ClassVar[str] = "domain"

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts

    @classmethod
    def word(cls) -> str:
        """The stable word for this error: `AlreadyPosted` is `already-posted`."""
        return "".join(f"-{c.lower()}" if c.isupper() else c for c in cls.__name__).lstrip("-")

    @property
    def name(self) -> str:
        return self.word()


class NotFound(DomainError):
    """It does not exist, or you may not see it: the two look alike."""

    kind = "not_found"


class Refused(DomainError):
    """You may see it, but not do this with it."""

    kind = "refused"


class Conflict(DomainError):
    """It is not in a state that allows this."""

    kind = "conflict"


class Invalid(DomainError):
    """What was handed in cannot be right; `facts` name the place."""

    kind = "invalid"
