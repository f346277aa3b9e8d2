"""What is given to a person: roles in a company and in its practices; how long an invitation is good."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

INVITATION_GOOD_FOR = timedelta(days=7)
# Of one request; who has more practices to give asks again.
MOST_PRACTICES = 500


@dataclass(frozen=True, slots=True)
class Roles:
    """In the company itself, and by practice."""

    company: frozenset[str] = frozenset()
    practices: Mapping[UUID, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, company: Iterable[str], practices: Iterable[tuple[UUID, Iterable[str]]] = ()
    ) -> "Roles":
        gathered: dict[UUID, frozenset[str]] = {}
        for practice_id, roles in practices:
            gathered[practice_id] = gathered.get(practice_id, frozenset()) | frozenset(roles)
        return cls(frozenset(company), {p: roles for p, roles in gathered.items() if roles})

    @property
    def in_practices(self) -> frozenset[str]:
        return frozenset[str]().union(*self.practices.values())

    @property
    def pairs(self) -> list[tuple[UUID, str]]:
        return [
            (practice_id, role)
            for practice_id, roles in self.practices.items()
            for role in sorted(roles)
        ]

    def __bool__(self) -> bool:
        return bool(self.company or self.practices)

    def written(self) -> dict[str, Any]:
        """As an invitation carries it."""
        return {
            "company": sorted(self.company),
            "practices": {str(p): sorted(roles) for p, roles in self.practices.items()},
        }

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> "Roles":
        practices = ((UUID(p), roles) for p, roles in written.get("practices", {}).items())
        return cls.of(written.get("company", ()), practices)
