"""Form-encoded nested parameters (`a[b][0][c]=d`), and reading them as what they mean."""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from billing_sandbox.stripe import errors

_PARTS = re.compile(r"\[([^\]]*)\]")


def decoded(text: str) -> dict[str, Any]:
    """The nested mapping that a query or a form body spells; values stay strings."""
    tree: dict[str, Any] = {}
    for key, value in parse_qsl(text, keep_blank_values=True):
        head, _, rest = key.partition("[")
        path = [head, *_PARTS.findall("[" + rest)] if rest else [head]
        _put(tree, path, value)
    return {name: _lists(value) for name, value in tree.items()}


def _put(tree: dict[str, Any], path: list[str], value: str) -> None:
    for part in path[:-1]:
        inner = tree.setdefault(part or str(len(tree)), {})
        if not isinstance(inner, dict):
            raise errors.invalid("Invalid hash", param=path[0])
        tree = inner
    tree[path[-1] or str(len(tree))] = value


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _lists(each) for name, each in value.items()}
    if inner and all(name.isdigit() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner


class Params:
    """What was sent. Reading a thing says what it must be; what cannot be is refused in Stripe's words."""

    def __init__(self, values: dict[str, Any], within: str = "") -> None:
        self.values = values
        self._within = within

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def _called(self, name: str) -> str:
        return f"{self._within}[{name}]" if self._within else name

    def only(self, names: Iterable[str]) -> None:
        strange = sorted(set(self.values) - set(names))
        if strange:
            raise errors.unknown([self._called(name) for name in strange])

    def text(self, name: str) -> str | None:
        value = self.values.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise errors.invalid("Invalid string", param=self._called(name))
        return value

    def need(self, name: str) -> str:
        value = self.text(name)
        if value is None:
            raise errors.missing(self._called(name))
        return value

    def whole(self, name: str) -> int | None:
        value = self.text(name)
        if value is None:
            return None
        try:
            return int(value)
        except ValueError:
            raise errors.invalid(
                f"Invalid integer: {value}", self._called(name), "parameter_invalid_integer"
            ) from None

    def amount(self, name: str = "amount") -> int:
        value = self.whole(name)
        if value is None:
            raise errors.missing(self._called(name))
        if value < 0:
            raise errors.invalid("Invalid non-negative integer", self._called(name))
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.text(name)
        if value is None:
            return default
        if value not in ("true", "false"):
            raise errors.invalid(f"Invalid boolean: {value}", self._called(name))
        return value == "true"

    def one_of(self, name: str, allowed: Iterable[str], default: str | None = None) -> str | None:
        value = self.text(name)
        if value is None:
            return default
        words = tuple(allowed)
        if value not in words:
            raise errors.invalid(
                f"Invalid {self._called(name)}: must be one of {', '.join(words)}",
                self._called(name),
            )
        return value

    def inner(self, name: str) -> "Params":
        value = self.values.get(name)
        if value in (None, ""):
            value = {}
        if not isinstance(value, dict):
            raise errors.invalid("Invalid hash", param=self._called(name))
        return Params(value, self._called(name))

    def texts(self, name: str) -> list[str]:
        value = self.values.get(name)
        if value in (None, ""):
            return []
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise errors.invalid("Invalid array", param=self._called(name))
        return list(value)

    def inners(self, name: str) -> list["Params"]:
        value = self.values.get(name)
        if value in (None, ""):
            return []
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise errors.invalid("Invalid array", param=self._called(name))
        return [Params(each, f"{self._called(name)}[{at}]") for at, each in enumerate(value)]

    def metadata(self, before: dict[str, str] | None = None) -> dict[str, str]:
        """What stands after this call: an empty value takes a key away, an empty hash takes all."""
        if "metadata" not in self.values:
            return dict(before or {})
        if self.values["metadata"] == "":
            return {}
        merged = dict(before or {})
        for key, value in self.inner("metadata").values.items():
            if not isinstance(value, str):
                raise errors.invalid("Metadata values must be strings", self._called("metadata"))
            if len(key) > 40 or len(value) > 500:
                raise errors.invalid(
                    "Metadata keys have up to 40 characters and values up to 500.",
                    self._called("metadata"),
                )
            merged[key] = value
        if len(merged) > 50:
            raise errors.invalid("Metadata can have up to 50 keys.", self._called("metadata"))
        return {key: value for key, value in merged.items() if value != ""}
