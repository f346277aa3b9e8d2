"""Problems in the contract: one schema, every `type` with its meaning, and who may answer which."""

from http import HTTPStatus
from typing import Any

import msgspec

from billing_saas.api import errors, once, problems
from billing_saas.api.declaring import Declared
from billing_saas.api.problems import Problem
from billing_saas.kit.actor import NotPermitted
from billing_saas.kit.errors import DomainError, NotFound
from billing_saas.requests.errors import IdempotencyKeyReused, RequestInProgress

Json = dict[str, Any]

# What any route may answer, whoever wrote it.
OF_ALL: dict[str, tuple[HTTPStatus, str]] = {
    "bad-request": (
        HTTPStatus.BAD_REQUEST,
        "The request cannot be read; `errors` name the places.",
    ),
    "not-signed-in": (HTTPStatus.UNAUTHORIZED, "A bearer token that is good is needed."),
    "not-permitted": (HTTPStatus.FORBIDDEN, "Your roles in this practice do not allow this."),
    "cross-site-request": (
        HTTPStatus.FORBIDDEN,
        "A change by a session's cookie must come from a page of ours, with the page's token.",
    ),
    "not-found": (HTTPStatus.NOT_FOUND, "It does not exist, or not for you: the two look alike."),
    "request-timeout": (HTTPStatus.REQUEST_TIMEOUT, "The body came too slowly."),
    "unsupported-media-type": (
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "A body of this route has another media type, or another encoding.",
    ),
    "method-not-allowed": (HTTPStatus.METHOD_NOT_ALLOWED, "The path exists, this method does not."),
    "request-entity-too-large": (
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "A JSON body has at most 1 MiB, a file what its route says.",
    ),
    "precondition-failed": (
        HTTPStatus.PRECONDITION_FAILED,
        "It is no longer the version that If-Match names.",
    ),
    "precondition-required": (
        HTTPStatus.PRECONDITION_REQUIRED,
        "If-Match must name the version you have seen.",
    ),
    "too-many-requests": (
        HTTPStatus.TOO_MANY_REQUESTS,
        "More than a limit allows; Retry-After says for how long.",
    ),
    "misdirected-request": (
        HTTPStatus.MISDIRECTED_REQUEST,
        "This is no host of the name that was asked for.",
    ),
    "unexpected": (
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "Our fault; the request id finds it. Nothing was changed.",
    ),
    "unavailable": (
        HTTPStatus.SERVICE_UNAVAILABLE,
        "Database or keys cannot be reached: try again. Nothing was changed.",
    ),
}


def responses(operation: Json, declared: Declared, method: str) -> dict[str, Json]:
    """By status, every problem that this operation may answer."""
    told: dict[int, dict[str, str]] = {}
    for name in _of_all(operation, declared, method):
        status, meaning = OF_ALL[name]
        told.setdefault(status.value, {})[name] = meaning
    for error in _refusals(operation, declared):
        told.setdefault(errors.status_of(error).value, {})[error.word()] = _meaning(error)
    return {str(status): _response(status, meanings) for status, meanings in told.items()}


def _of_all(operation: Json, declared: Declared, method: str) -> list[str]:
    places = {parameter["in"] for parameter in operation.get("parameters", [])}
    names = ["too-many-requests", "unexpected", "unavailable"]
    if declared.form is None:
        names += ["bad-request", "not-signed-in"]
    if_match = _parameter(operation, "If-Match")
    if if_match is not None:
        names.append("precondition-failed")
        names += ["precondition-required"] if if_match["required"] else []
    if declared.permissions:
        names.append("not-permitted")
    if method != "get" and operation.get("security"):
        names.append("cross-site-request")
    if "path" in places or any(issubclass(error, NotFound) for error in declared.refusals):
        names.append("not-found")
    if "requestBody" in operation:
        names += ["request-entity-too-large", "request-timeout", "unsupported-media-type"]
    return names


def _refusals(operation: Json, declared: Declared) -> list[type[DomainError]]:
    once_by_key = _parameter(operation, once.HEADER) is not None
    of_keys: list[type[DomainError]] = [IdempotencyKeyReused, RequestInProgress]
    # What is not found has one text, whatever it was (`errors.domain_error`).
    told = [error for error in declared.refusals if not issubclass(error, NotFound)]
    return [*told, *(of_keys if once_by_key else [])]


def _parameter(operation: Json, name: str) -> Json | None:
    found = [one for one in operation.get("parameters", []) if one["name"] == name]
    return found[0] if found else None


def _response(status: int, meanings: dict[str, str]) -> Json:
    if len(meanings) == 1 and (name := next(iter(meanings))) in OF_ALL:
        return {"$ref": f"#/components/responses/{name}"}
    lines = [f"- `{problems.PREFIX}{name}`: {meaning}" for name, meaning in meanings.items()]
    return {
        "description": f"{HTTPStatus(status).phrase}\n\n" + "\n".join(lines),
        "content": content(list(meanings)),
        "headers": {},
    }


def components(refusals: set[type[DomainError]]) -> Json:
    """Schema, responses and examples that the operations refer to."""
    meanings = {name: (status.value, meaning) for name, (status, meaning) in OF_ALL.items()}
    known: set[type[DomainError]] = {*refusals, IdempotencyKeyReused, RequestInProgress}
    by_word: dict[str, type[DomainError]] = {}
    for kind in known:
        other = by_word.setdefault(kind.word(), kind)
        # One word with two meanings: whichever comes last would be the contract's, from run to run.
        if other is not kind:
            raise TypeError(f"{other.__module__} and {kind.__module__} both say {kind.word()}")
        meanings[kind.word()] = (errors.status_of(kind).value, _meaning(kind))
    _, schemas = msgspec.json.schema_components(
        [Problem], ref_template="#/components/schemas/{name}"
    )
    for schema in schemas.values():
        _without_defaults(schema)
    listed = sorted(meanings.items())
    schemas["Problem"]["properties"]["type"] |= {
        "format": "uri-reference",
        "enum": [problems.PREFIX + name for name, _ in listed],
        "description": "What kind of problem this is. New kinds may come; none changes its meaning.\n\n"
        + "\n".join(
            f"- `{problems.PREFIX}{name}` ({s}): {meaning}" for name, (s, meaning) in listed
        ),
    }
    return {
        "schemas": schemas,
        "responses": {
            name: {"description": meaning, "content": content([name]), "headers": {}}
            for name, (_, meaning) in OF_ALL.items()
        },
        "examples": {
            name: {"summary": meaning, "value": _example(name, status, meaning)}
            for name, (status, meaning) in listed
        },
    }


def content(names: list[str]) -> Json:
    return {
        problems.MEDIA_TYPE: {
            "schema": {"$ref": "#/components/schemas/Problem"},
            "examples": {name: {"$ref": f"#/components/examples/{name}"} for name in names},
        }
    }


def _example(name: str, status: int, meaning: str) -> Json:
    shown = Problem(
        type=problems.PREFIX + name,
        title=HTTPStatus(status).phrase,
        status=status,
        detail=meaning,
        request_id="019a2b3c-4d5e-7f60-8a1b-2c3d4e5f6071",
        facts={"permission": "claims.read"} if name == NotPermitted.word() else {},
    )
    value: Json = msgspec.to_builtins(shown)
    return value


def _meaning(kind: type[DomainError]) -> str:
    """The first sentence of its docstring; without one, its name says it."""
    own = kind.__dict__.get("__doc__") or ""
    words = kind.word().replace("-", " ")
    return " ".join(own.split()) or f"{words[0].upper()}{words[1:]}."


def _without_defaults(schema: Json) -> None:
    """What is left out has no value on the wire: an empty default would be told as one."""
    for described in schema["properties"].values():
        described.pop("default", None)
