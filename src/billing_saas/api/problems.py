"""What a client is told when it cannot have what it asked for (RFC 9457, problem+json)."""

from typing import Any

import msgspec


class Fault(msgspec.Struct, frozen=True):
    """One place of the request (`name`, `address.city`, `charges[0].units`), and what is wrong there."""

    path: str
    message: str


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`type` is stable and names the kind of problem; `detail` is for a person."""

    type: str
    title: str
    status: int
    detail: str = ""
    request_id: str = ""
    errors: list[Fault] = []
    facts: dict[str, str] = {}


MEDIA_TYPE = "application/problem+json"
PREFIX = "/problems/"

# What a fact of an error may be shown as: short words and numbers, never a record.
_SHOWN = frozenset({"now", "to", "state", "permission", "most_bytes", "count", "line", "moves"})


def facts_of(facts: dict[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in facts.items() if key in _SHOWN}


def faults_of(facts: dict[str, Any]) -> list[Fault]:
    """`fields` maps paths to messages; `field` names one whose message is the detail."""
    named = facts.get("fields")
    if isinstance(named, dict):
        return [Fault(path, message) for path, message in sorted(named.items())]
    path = facts.get("field")
    return [Fault(path, "See the detail.")] if isinstance(path, str) else []
