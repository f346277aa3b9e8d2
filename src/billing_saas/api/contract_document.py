"""The OpenAPI document: what the framework knows of the routes, completed by what they declare."""

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from billing_saas.api import contract_manners, contract_problems, contract_schemas, declaring
from billing_saas.api.contract_examples import Composer
from billing_saas.api.declaring import Declared, Upload
from billing_saas.clients.rules import SCOPES
from billing_saas.identity.rules import COMPANY_PERMISSIONS, PERMISSIONS
from billing_saas.kit.errors import DomainError

Json = dict[str, Any]

# Every answer carries these.
_HEADERS: dict[str, Json] = {
    "ETag": contract_manners.ETAG,
    "X-Request-Id": {
        "description": "Names this request in our logs and in the audit trail.",
        "required": True,
        "schema": {"type": "string", "format": "uuid"},
        "example": "019a2b3c-4d5e-7f60-8a1b-2c3d4e5f6071",
    },
    "WWW-Authenticate": {
        "description": "The scheme that is asked for.",
        "required": True,
        "schema": {"type": "string", "const": "Bearer"},
        "example": "Bearer",
    },
}
# OpenAPI tells these elsewhere: by security, by the body's media types, by the answer's.
_NO_PARAMETERS = frozenset({"accept", "authorization", "content-type"})
# What the edge says, whatever the route: of a body that ends early, of a secret in the URL.
_OF_THE_EDGE = {"400": "bad-request", "401": "not-signed-in"}
_FILE: Json = {"type": "string", "format": "binary"}


@dataclass(frozen=True)
class Completed:
    """`undeclared` are operations that say nothing of themselves; `guessed` fields without an example."""

    document: Json
    undeclared: list[str]
    guessed: list[str]


@dataclass(frozen=True)
class _Route:
    path: str
    method: str
    handler: HTTPRouteHandler
    operation: Json

    @property
    def declared(self) -> Declared:
        return declaring.of(self.handler) or Declared()


def completed(app: Litestar) -> Completed:
    document: Json = app.openapi_schema.to_schema()
    routes = list(_routes(app, document))
    components = document["components"]
    components["schemas"] = contract_schemas.named(document)
    refusals: set[type[DomainError]] = set()
    for route in routes:
        refusals |= set(route.declared.refusals)
        _complete(route)
    for kind, parts in contract_problems.components(refusals).items():
        components.setdefault(kind, {}).update(parts)
    composer = Composer(components["schemas"])
    for route in routes:
        _exemplify(route.operation, composer, components["examples"])
    _add_headers(document)
    _share_parameters(document)
    _drop_unused(document)
    document["tags"] = _tags(routes)
    return Completed(
        document=document,
        undeclared=[
            f"{route.method.upper()} {route.path}"
            for route in routes
            if declaring.of(route.handler) is None
        ],
        guessed=sorted(composer.guessed),
    )


def _routes(app: Litestar, document: Json) -> Iterator[_Route]:
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        for method, (handler, _) in route.route_handler_map.items():
            operation = document["paths"].get(route.path_format, {}).get(method.lower())
            if operation is not None:
                yield _Route(route.path_format, method.lower(), handler, operation)


def _complete(route: _Route) -> None:
    operation, declared = route.operation, route.declared
    operation["operationId"] = route.handler.handler_name
    operation["tags"] = [_tag(route.handler)]
    operation["description"] = "\n\n".join(
        part for part in (operation.get("description"), _who_may(declared, route.path)) if part
    )
    operation.setdefault("security", [])
    if operation["security"]:
        # OpenAPI 3.1 lets every kind of scheme name the roles, here permissions, that it must give.
        needed = list(declared.permissions)
        operation["security"] = [{"bearer": needed}, {"session": needed}]
        if SCOPES.issuperset(needed):
            operation["security"].append({"client": needed})
    operation.pop("deprecated", None)
    if contract_manners.is_deprecated(route.handler):
        operation["deprecated"] = True
    operation["parameters"] = [
        contract_schemas.tidied(parameter)
        for parameter in operation.get("parameters", [])
        if parameter["name"].lower() not in _NO_PARAMETERS
    ]
    operation["parameters"] += contract_manners.parameters(route.handler, route.method)
    if declared.upload is not None:
        operation["requestBody"] = _upload(declared.upload)
    elif declared.form is not None:
        operation["requestBody"] = _form(declared.form)
    elif "requestBody" in operation:
        operation["requestBody"] = {
            "required": True,
            "description": "One JSON object; a field that is not listed is refused.",
            "content": operation["requestBody"]["content"],
        }
    problems = contract_problems.responses(operation, declared, route.method)
    operation["responses"] = {**_answers(route), **problems}


def _answers(route: _Route) -> Json:
    """What is answered when all is well."""
    declared = route.declared
    answers: Json = {
        s: a
        for s, a in route.operation["responses"].items()
        if s.startswith("2") or declared.form is not None
    }
    for status, answer in answers.items():
        answer["description"] = HTTPStatus(int(status)).phrase
        answer.setdefault("headers", {})
        if declared.download:
            answer["content"] = {media_type: {"schema": _FILE} for media_type in declared.download}
        links = _links(declared, route.path)
        if links:
            answer["links"] = links
        if declared.form is not None and status in _OF_THE_EDGE:
            answer["content"] |= contract_problems.content([_OF_THE_EDGE[status]])
    if route.method == "get":
        return {**answers, **_versioned(answers)}
    if contract_manners.forgets_its_answer(route.handler):
        told = "Done before, under this Idempotency-Key. Its answer was not kept."
        return {"204": {"description": told, "headers": {}}, **answers}
    return answers


def _versioned(answers: Json) -> Json:
    """A read names its version, and answers 304 to who has it."""
    etag = {"ETag": {"$ref": "#/components/headers/ETag"}}
    for answer in answers.values():
        answer["headers"] |= etag
    return {"304": {"description": HTTPStatus.NOT_MODIFIED.phrase, "headers": dict(etag)}}


def _who_may(declared: Declared, path: str) -> str:
    if declared.form is not None:
        return "Who asks is shown by the form, or by HTTP Basic beside it."
    if not declared.permissions:
        return "Whoever is signed in may ask."
    table = COMPANY_PERMISSIONS if "{company_id}" in path else PERMISSIONS
    roles = sorted(role for role, held in table.items() if held.issuperset(declared.permissions))
    needed = " and ".join(f"`{permission}`" for permission in declared.permissions)
    return f"Needs {needed}, held by the roles {', '.join(roles)}."


def _form(form: type[msgspec.Struct]) -> Json:
    """A parameter is given with a text, or left out."""
    _, schemas = msgspec.json.schema_components([form], ref_template="#/components/schemas/{name}")
    schema = schemas[form.__name__]
    for described in schema["properties"].values():
        described.pop("default", None)
        described.update(next(iter(described.pop("anyOf", [{}]))))
    return {
        "required": True,
        "description": "A form, each parameter once.",
        "content": {"application/x-www-form-urlencoded": {"schema": schema}},
    }


def _upload(upload: Upload) -> Json:
    return {
        "required": True,
        "description": f"{upload.what} Streamed; at most {upload.most_bytes >> 20} MiB.",
        "content": {
            media_type: {
                "schema": _FILE,
                "examples": {"file": {"summary": upload.what, "value": upload.example}},
            }
            for media_type in upload.media_types
        },
    }


def _links(declared: Declared, path: str) -> Json:
    given = {"practice_id": "$request.path.practice_id"} if "{practice_id}" in path else {}
    return {
        operation: {
            "operationId": operation,
            "description": f"Leads to `{operation}`.",
            "parameters": {**given, **parameters},
        }
        for operation, parameters in (declared.leads_to or {}).items()
    }


def _exemplify(operation: Json, composer: Composer, examples: Json) -> None:
    """One example for each body in and out, kept once and referred to."""
    bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
    for body in bodies:
        for media in body.get("content", {}).values():
            schema = media["schema"]
            if "examples" in media or schema.get("format") == "binary":
                continue
            one = schema.get("items", schema)
            name = one.get("$ref", operation["operationId"]).rpartition("/")[2]
            if one is not schema:
                name += "List"
            examples[name] = {"summary": name, "value": composer.of(schema, name)}
            media["examples"] = {name: {"$ref": f"#/components/examples/{name}"}}


def _add_headers(document: Json) -> None:
    components = document["components"]
    components["headers"] = _HEADERS
    always = {"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}}
    answers = list(components["responses"].values())
    for operation in _operations(document):
        answers += [answer for answer in operation["responses"].values() if "$ref" not in answer]
    for answer in answers:
        answer["headers"] |= always
    components["responses"]["not-signed-in"]["headers"]["WWW-Authenticate"] = {
        "$ref": "#/components/headers/WWW-Authenticate"
    }


def _share_parameters(document: Json) -> None:
    """A parameter that several operations take alike is described once."""
    taken = Counter(
        contract_schemas.frozen(parameter)
        for operation in _operations(document)
        for parameter in operation.get("parameters", [])
    )
    shared: Json = {}
    for operation in _operations(document):
        for place, parameter in enumerate(operation.get("parameters", [])):
            name = parameter["name"]
            if taken[contract_schemas.frozen(parameter)] < 2:
                continue
            if shared.setdefault(name, parameter) == parameter:
                operation["parameters"][place] = {"$ref": f"#/components/parameters/{name}"}
    document["components"]["parameters"] = shared


def _drop_unused(document: Json) -> None:
    """Responses before examples: those name these."""
    components = document["components"]
    for kind in ("responses", "examples"):
        text = contract_schemas.frozen(document)
        components[kind] = {
            name: part
            for name, part in components[kind].items()
            if f'"#/components/{kind}/{name}"' in text
        }


def _operations(document: Json) -> Iterator[Json]:
    for item in document["paths"].values():
        yield from (item[method] for method in sorted(item))


def _tag(handler: HTTPRouteHandler) -> str:
    """The module is the room: `api.staff.audit_events` is "Audit events"."""
    return str(handler.fn.__module__).rpartition(".")[2].replace("_", " ").capitalize()


def _tags(routes: list[_Route]) -> list[Json]:
    told = {
        _tag(route.handler): " ".join(
            (sys.modules[route.handler.fn.__module__].__doc__ or "").split()
        )
        for route in routes
    }
    return [{"name": name, "description": told[name]} for name in sorted(told)]
