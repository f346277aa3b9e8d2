"""Is an answer of the sandbox shaped as the official library's generated classes say?

The library's classes are generated from Stripe's published OpenAPI document: field names, which fields are
never null, the words of enumerations, and the classes within. `problems` walks an answer beside them.
"""

import inspect
import sys
import types
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, ForwardRef, Literal, Union, get_args, get_origin, get_type_hints

import stripe
from stripe import ListObject, StripeObject
from stripe._object_classes import get_object_class

_HINTS: dict[type, dict[str, Any]] = {}


class _Names(dict[str, Any]):
    """Forward references name classes that modules import for type checkers only."""

    def __missing__(self, name: str) -> Any:
        for home in (stripe, stripe.checkout, stripe.test_helpers):
            if hasattr(home, name):
                return getattr(home, name)
        if name.endswith("Resource"):
            return self[name.removesuffix("Resource")]
        # A corner of Stripe that the sandbox does not have (a card it issued, say): only null is ours.
        return None


def _hints(kind: type) -> dict[str, Any]:
    if kind not in _HINTS:
        module = sys.modules[kind.__module__]
        inner = {name: each for name, each in vars(kind).items() if inspect.isclass(each)}
        outer: Any = module
        for part in kind.__qualname__.split(".")[:-1]:
            outer = getattr(outer, part)
            inner = {n: e for n, e in vars(outer).items() if inspect.isclass(e)} | inner
        own = {
            name: hint
            for base in reversed(kind.__mro__)
            if issubclass(base, StripeObject) and base is not StripeObject
            for name, hint in vars(base).get("__annotations__", {}).items()
            if not name.startswith("_") and name != "OBJECT_NAME"
        }
        shell = type("Shell", (), {"__annotations__": own})
        _HINTS[kind] = get_type_hints(shell, vars(module), _Names(inner))
    return _HINTS[kind]


def problems(answer: Mapping[str, Any]) -> list[str]:
    """Everything in which the answer differs from the class of its `object`."""
    kind = get_object_class("V1", answer["object"])
    return list(_of_class(answer, kind, answer["object"]))


def _of_class(value: Mapping[str, Any], kind: type, path: str) -> Iterator[str]:
    hints = _hints(kind)
    for name in value:
        if name not in hints:
            yield f"{path}.{name}: there is no such field"
    for name, hint in hints.items():
        if name in value:
            yield from _of_hint(value[name], hint, f"{path}.{name}")
        elif not _may_be_none(hint):
            yield f"{path}.{name}: missing"


def _may_be_none(hint: Any) -> bool:
    return type(None) in get_args(hint)


def _of_hint(value: Any, hint: Any, path: str) -> Iterator[str]:
    if isinstance(hint, ForwardRef):
        hint = _Names()[hint.__forward_arg__]
    origin = get_origin(hint)
    if hint is Any or (origin is None and getattr(hint, "__name__", "") == "UntypedStripeObject"):
        return
    if origin in (Union, types.UnionType):
        yield from _of_union(value, get_args(hint), path)
    elif origin is Literal:
        if value not in get_args(hint):
            yield f"{path}: {value!r} is not one of its words"
    elif origin is list:
        if not isinstance(value, list):
            yield f"{path}: {value!r} is no list"
            return
        for at, each in enumerate(value):
            yield from _of_hint(each, get_args(hint)[0], f"{path}[{at}]")
    elif origin is ListObject:
        for at, each in enumerate(value["data"]):
            yield from _of_hint(each, get_args(hint)[0], f"{path}[{at}]")
    elif inspect.isclass(origin or hint) and issubclass(origin or hint, StripeObject):
        if not isinstance(value, dict):
            yield f"{path}: {value!r} is no object"
        elif origin is None:
            yield from _of_class(value, hint, path)
    elif hint is Decimal:
        # Decimals are strings on the wire.
        if not isinstance(value, str) or not Decimal(value).is_finite():
            yield f"{path}: {value!r} is no decimal"
    elif inspect.isclass(hint) and (
        not isinstance(value, hint) or (hint is int and isinstance(value, bool))
    ):
        yield f"{path}: {value!r} is no {hint.__name__}"


def _of_union(value: Any, choices: tuple[Any, ...], path: str) -> Iterator[str]:
    if value is None:
        if type(None) not in choices:
            yield f"{path}: null"
        return
    words = [each for each in choices if get_origin(each) is Literal]
    if isinstance(value, str) and words:
        # Open enumerations say `Literal[...] | str`; the sandbox keeps to the words.
        if not any(value in get_args(each) for each in words):
            yield f"{path}: {value!r} is not one of its words"
        return
    found: list[list[str]] = []
    for each in choices:
        if each is type(None):
            continue
        told = list(_of_hint(value, each, path))
        if not told:
            return
        found.append(told)
    named = value.get("object") if isinstance(value, dict) else None
    for told, each in zip(found, (c for c in choices if c is not type(None)), strict=True):
        if named and getattr(each, "OBJECT_NAME", None) == named:
            yield from told
            return
    yield from min(found, key=len)
