"""Schemas in the contract, by the field's own words and without what says nothing."""

import json
from typing import Any

import msgspec

from billing_saas.api.wire import In, Out

Json = dict[str, Any]

_PAGE = "PageOut_"


class TwoOfOneName(Exception):
    """Two structs would be one schema: rename one of them."""


def frozen(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def named(document: Json) -> dict[str, Json]:
    """The schemas under names without our suffixes, and all references to them mended."""
    schemas: dict[str, Json] = document["components"]["schemas"]
    names = {name: _plain(name) for name in schemas}
    if len(set(names.values())) < len(names):
        raise TwoOfOneName(", ".join(sorted(names)))
    meanings = _meanings()
    found: dict[str, Json] = {}
    for name, schema in schemas.items():
        schema["title"] = names[name]
        if meanings.get(name):
            schema["description"] = meanings[name]
        found[names[name]] = schema
    _mend([document["paths"], found], names)
    return found


def _plain(name: str) -> str:
    if name.startswith(_PAGE):
        return f"{_plain(name.rstrip('_').rpartition('.')[2])}Page"
    return name.removesuffix("Out")


def _meanings() -> dict[str, str]:
    """What each struct's docstring says."""
    found: dict[str, str] = {}
    waiting: list[type[msgspec.Struct]] = [In, Out]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        found[kind.__name__] = " ".join((kind.__dict__.get("__doc__") or "").split())
    return found


def _mend(part: Any, names: dict[str, str]) -> None:
    """References point to the new names; amounts are told to be 64 bits wide."""
    if isinstance(part, list):
        for one in part:
            _mend(one, names)
    elif isinstance(part, dict):
        reference = part.get("$ref")
        if isinstance(reference, str):
            folder, _, name = reference.rpartition("/")
            part["$ref"] = f"{folder}/{names.get(name, name)}"
        if part.get("type") == "integer":
            part.setdefault("format", "int64")
        for one in part.values():
            _mend(one, names)


def tidied(parameter: Json) -> Json:
    """A parameter is given or left out, never null, and described once."""
    for said in ("allowEmptyValue", "allowReserved", "deprecated"):
        if parameter.get(said) is False:
            del parameter[said]
    schema = parameter["schema"]
    described = schema.pop("description", None)
    if described:
        parameter.setdefault("description", described)
    if "oneOf" in schema:
        given = [one for one in schema.pop("oneOf") if one.get("type") != "null"]
        schema |= given[0] if len(given) == 1 else {"oneOf": given}
    if parameter["in"] == "path" and "description" not in parameter:
        word = parameter["name"].removesuffix("_id").replace("_", " ")
        parameter["description"] = f"The id of the {word}."
    return parameter
