"""A JSON body that is what it seems: looked at before anything is made of it.

The decoder that makes structs takes the last of two equal names, numbers that no field of ours holds,
and NUL, which PostgreSQL refuses. None of our bodies needs any of that.
"""

import functools
import json
import re
from collections import Counter
from typing import Any

import msgspec

from billing_saas.api.refusals import Refusal, bad_request, shown

MOST_DEPTH = 32
MOST_MEMBERS = 1_000
"""Names of one object."""
MOST_CONTAINERS = 20_000
MOST_DIGITS = 18
"""Of a number: what fits 64 bits."""

# An unclosed string runs to the end, so that no body is looked at twice.
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\Z)', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,40}\Z")


def check(body: bytes) -> None:
    """Raise a 400 that names the place, as far as the place is a name of a field."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise bad_request(f"The body is not UTF-8 at byte {error.start}.") from None
    _check_depth(body)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_whole,
            parse_float=_fraction,
            parse_constant=_constant,
        )
    except json.JSONDecodeError as error:
        raise bad_request(f"The body is not JSON at character {error.pos}.") from None
    if "\\u" in text:  # nothing else makes a NUL or half a character
        _check_strings(value)


def must_fit(shape: Any, body: bytes) -> None:
    """A 400 that names the place, unless each value is of its field's own kind.

    The framework reads a query by the same shapes and so takes the text "12" for the number 12; in a
    body that is a client's mistake, which money must not rest on.
    """
    try:
        _decoder(shape).decode(body)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at ")
        path = place.strip("`").removeprefix("$").removeprefix(".")
        raise bad_request("The request cannot be read.", path, shown(message)) from None


@functools.cache
def _decoder(shape: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(shape)


def _check_depth(body: bytes) -> None:
    if body.count(b"[") + body.count(b"{") <= MOST_DEPTH:
        return
    brackets = _STRINGS.sub(b"", body).translate(None, _NOT_BRACKETS)
    if len(brackets) > 2 * MOST_CONTAINERS:
        raise bad_request(f"The body has more than {MOST_CONTAINERS} objects and lists.")
    depth = 0
    for bracket in brackets:
        depth += 1 if bracket in b"[{" else -1
        if depth > MOST_DEPTH:
            raise bad_request(f"The body is nested more than {MOST_DEPTH} deep.")


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(members) > MOST_MEMBERS:
        raise bad_request(f"An object of the body has more than {MOST_MEMBERS} names.")
    made = dict(members)
    if len(made) < len(members):
        (twice, _), *_ = Counter(name for name, _ in members).most_common(1)
        raise _at(twice, "A name is given twice.")
    return made


def _whole(digits: str) -> int:
    if len(digits.lstrip("-")) > MOST_DIGITS:
        raise bad_request(f"A number has more than {MOST_DIGITS} digits.")
    return int(digits)


def _fraction(number: str) -> float:
    if "e" in number or "E" in number:
        raise bad_request("A number has an exponent: write it out.")
    if len(number.lstrip("-")) > MOST_DIGITS:
        raise bad_request(f"A number has more than {MOST_DIGITS} digits.")
    return float(number)


def _constant(name: str) -> float:
    raise bad_request(f"{name} is no number.")


def _check_strings(value: Any, name: str = "") -> None:
    """No deeper than `MOST_DEPTH`, which was checked."""
    if isinstance(value, str):
        if "\0" in value:
            raise _at(name, "A text has the character NUL.")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise _at(name, "A text has half of a character (a lone surrogate).") from None
    elif isinstance(value, dict):
        for key, inner in value.items():
            _check_strings(key, name)
            _check_strings(inner, key)
    elif isinstance(value, list):
        for inner in value:
            _check_strings(inner, name)


def _at(name: str, message: str) -> Refusal:
    """Names of fields are ours to repeat; whatever else a client wrote is not."""
    return bad_request(message, name if _NAME.match(name) else "", message)
