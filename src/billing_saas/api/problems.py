"""What a client is told when it cannot have what it asked for (RFC 9457, problem+json)."""

from typing import Any

import msgspec


class FieldFault(msgspec.Struct, frozen=True):
    """One field of the request, by its path, and what is wrong with it."""

    field: str
    message: str


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`type` is stable and names the kind of problem; `detail` is for a person."""

    type: str
    title: str
    status: int
    detail: str = ""
    request_id: str = ""
    fields: list[FieldFault] = []
    facts: dict[str, str] = {}


MEDIA_TYPE = "application/problem+json"
PREFIX = "/problems/"

# What a fact of an error may be shown as: short words and numbers, never a record.
_SHOWN = frozenset({"now", "to", "state", "permission", "most_bytes", "count", "line", "moves"})


def facts_of(facts: dict[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in facts.items() if key in _SHOWN}


def fields_of(facts: dict[str, Any]) -> list[FieldFault]:
    """`fields` maps names to messages; `field` names one whose message is the detail."""
    named = facts.get("fields")
    if isinstance(named, dict):
        return [FieldFault(field, message) for field, message in sorted(named.items())]
    field = facts.get("field")
    return [FieldFault(field, "See the detail.")] if isinstance(field, str) else []
