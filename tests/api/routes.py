"""Every route of the API, read from its own contract, with a request that it would understand."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

Schema = dict[str, Any]

# Routes that are not of one practice: for each, why a stranger learns nothing there.
OF_NO_PRACTICE = {
    "GET /v1/companies": "lists the companies of who asks, by their memberships",
    "GET /v1/practices": "lists the practices of who asks, by their memberships",
    "GET /v1/companies/{company_id}": "for the company's people; else 404",
    "GET /v1/companies/{company_id}/practices": "for the company's people; else 404",
    "GET /v1/companies/{company_id}/members": "for the company's people; else 404",
    "GET /v1/companies/{company_id}/members/{member_id}": "for the company's people; else 404",
    "DELETE /v1/companies/{company_id}/members/{member_id}": "for the company's people; else 404",
    "POST /v1/companies/{company_id}/members/{member_id}/roles": "for the company's people; else 404",
    "POST /v1/companies/{company_id}/members/{member_id}/ended-roles": "for the company's people; else 404",
    "POST /v1/companies/{company_id}/members/{member_id}/suspension": "for the company's people; else 404",
    "DELETE /v1/companies/{company_id}/members/{member_id}/suspension": "for the company's people; else 404",
    "GET /v1/companies/{company_id}/identity-providers": "for the company's people; else 404",
    "POST /v1/companies/{company_id}/identity-providers": "for the company's people; else 404",
    "GET /v1/companies/{company_id}/identity-providers/{identity_provider_id}": "for the company's people; else 404",
    "PUT /v1/companies/{company_id}/identity-providers/{identity_provider_id}": "for the company's people; else 404",
    "DELETE /v1/companies/{company_id}/identity-providers/{identity_provider_id}/people/{member_id}": "for the company's people; else 404",
    "GET /v1/companies/{company_id}/invitations": "for the company's people; else 404",
    "POST /v1/companies/{company_id}/invitations": "for the company's people; else 404",
    "DELETE /v1/companies/{company_id}/invitations/{invitation_id}": "for the company's people; else 404",
    "GET /v1/roles": "tells what stands in the code, and is the same for all",
    "GET /v1/work": "lists cards of the practices of who asks, without a word of a patient",
    "GET /v1/sessions": "lists the sessions of who asks",
    "DELETE /v1/sessions/{session_id}": "of who asks, or of who they look after; else 404",
    "GET /v1/people/{user_id}/sessions": "of who they look after; else 404",
    "DELETE /v1/people/{user_id}/sessions": "of who they look after; else 404",
    "POST /v1/people/{user_id}/factor-resets": "of who they look after; needs a step-up first",
    "POST /v1/factor-resets/{reset_id}/confirmation": "of who they look after; needs a step-up first",
    "GET /v1/companies/{company_id}/sign-in-policy": "for the company's admin; else 404",
    "PUT /v1/companies/{company_id}/sign-in-policy": "for the company's admin; else 404",
}
# Routes that are open to all, and so carry nothing of anyone.
OPEN_TO_ALL = {"/live", "/ready", "/docs", "/.well-known"}

# Asked by who has no account yet: each holds something that was sent to them alone.
FOR_STRANGERS = {"POST /oauth/token", "POST /v1/invitation-acceptances"}

# Tried in turn for a string that must match a pattern; add what a new pattern needs.
_WORDS = (
    "word",
    "https://a.example.test",
    "Word",
    "2026-09-01",
    "1",
    "12345",
    "1234567893",
    "99213",
    "A1",
    "a@example.test",
    "#205781",
    "a" * 43,
    "0" * 64,
)


class UnknownShape(AssertionError):
    """The walk cannot make a request for a route: teach it here, or the route goes untried."""


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    operation: Schema
    components: Mapping[str, Schema]
    shared: Mapping[str, Schema] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def path_parameters(self) -> list[str]:
        return re.findall(r"{(\w+)}", self.path)

    @property
    def row_parameters(self) -> list[str]:
        """Path parameters that name a row inside the practice."""
        return [name for name in self.path_parameters if name != "practice_id"]

    @property
    def of_company(self) -> bool:
        """Of a billing company's own people and papers: walked by `tests/members`."""
        return "company_id" in self.path_parameters

    @property
    def parameters(self) -> list[Schema]:
        """With those that several routes share put in their places."""
        return [
            self.shared[parameter["$ref"].rpartition("/")[2]] if "$ref" in parameter else parameter
            for parameter in self.operation.get("parameters", [])
        ]

    @property
    def asked_ids(self) -> list[str]:
        """Ids in the query or the body: they too may name another's row."""
        asked = [
            str(parameter["name"])
            for parameter in self.parameters
            if parameter["in"] == "query" and self._is_id(parameter.get("schema", {}))
        ]
        body = self._body_schema()
        if body:
            asked += [n for n, s in body.get("properties", {}).items() if self._is_id(s)]
        return asked

    def url(self, ids: Mapping[str, UUID]) -> str:
        return self.path.format_map({name: str(value) for name, value in ids.items()})

    def request(self, ids: Mapping[str, UUID]) -> dict[str, Any]:
        """Arguments for the test client: what is required, and each of `ids` that is asked for."""
        query = {
            str(parameter["name"]): ids.get(parameter["name"], self._value(parameter["schema"]))
            for parameter in self.parameters
            if parameter["in"] == "query"
            and (parameter.get("required") or parameter["name"] in ids)
        }
        made: dict[str, Any] = {
            "params": {name: str(value) for name, value in query.items()},
            "headers": self._required_headers(),
        }
        file = self._file()
        if file:
            media_type, made["content"] = file
            made["headers"]["Content-Type"] = media_type
            return made
        body = self._body_schema()
        if body:
            filled = self._value(body)
            filled |= {n: str(v) for n, v in ids.items() if n in body.get("properties", {})}
            made["content"] = json.dumps(filled)
            made["headers"]["Content-Type"] = "application/json"
        return made

    def fields_of_no_text(self) -> list[tuple[str, str]]:
        """Names and kinds of the body's own fields that are numbers or booleans."""
        body = self._body_schema() or {}
        return [
            (name, kind)
            for name, schema in body.get("properties", {}).items()
            for kind in [self._resolved(schema).get("type")]
            if kind in ("integer", "number", "boolean")
        ]

    def _required_headers(self) -> dict[str, str]:
        """Of any version: what is replaced whole must say which one it replaces."""
        return {
            str(parameter["name"]): "*"
            for parameter in self.parameters
            if parameter["in"] == "header" and parameter.get("required")
        }

    @property
    def is_file(self) -> bool:
        return self._file() is not None

    def _file(self) -> tuple[str, str] | None:
        """A body that is no JSON: its first media type, and the contract's own example of it."""
        content = self.operation.get("requestBody", {}).get("content", {})
        for media_type, media in content.items():
            if media.get("schema", {}).get("format") == "binary":
                return media_type, next(iter(media["examples"].values()))["value"]
        return None

    def _body_schema(self) -> Schema | None:
        content = self.operation.get("requestBody", {}).get("content", {})
        if not content or self._file():
            return None
        if "application/json" not in content:
            raise UnknownShape(f"{self}: a body of {sorted(content)}")
        return self._resolved(content["application/json"]["schema"])

    def _resolved(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            schema = self.components[schema["$ref"].rpartition("/")[2]]
        for choice in ("oneOf", "anyOf"):
            if choice in schema:
                real = [s for s in schema[choice] if s.get("type") != "null"]
                return self._resolved(real[0])
        return schema

    def _is_id(self, schema: Schema) -> bool:
        return self._resolved(schema).get("format") == "uuid"

    def _value(self, schema: Schema) -> Any:
        """The least that the schema takes."""
        schema = self._resolved(schema)
        for given in ("const", "default", "example"):
            if given in schema:
                return schema[given]
        for listed in ("enum", "examples"):
            if schema.get(listed):
                return schema[listed][0]
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = next(one for one in kind if one != "null")
        if kind == "object" or "properties" in schema:
            properties = schema.get("properties", {})
            return {name: self._value(properties[name]) for name in schema.get("required", [])}
        if kind == "array":
            return [self._value(schema["items"])] * int(schema.get("minItems", 0))
        if kind in ("integer", "number"):
            return max(int(schema.get("minimum", 1)), int(schema.get("exclusiveMinimum", 0)) + 1)
        if kind == "boolean":
            return False
        if kind == "string":
            return self._string(schema)
        raise UnknownShape(f"{self}: {schema}")

    def _string(self, schema: Schema) -> str:
        formats = {
            "uuid": "01900000-0000-7000-8000-000000000000",
            "date": "2026-09-01",
            "date-time": "2026-09-01T12:00:00Z",
        }
        if schema.get("format") in formats:
            return formats[schema["format"]]
        pattern = schema.get("pattern", "")
        fitting = [
            word
            for word in _WORDS
            if re.search(pattern, word)
            and schema.get("minLength", 0) <= len(word) <= schema.get("maxLength", 100)
        ]
        if not fitting:
            raise UnknownShape(f"{self}: no word of ours matches {pattern!r}")
        return fitting[0]


def routes(contract: Schema) -> list[Route]:
    """Every operation of the OpenAPI document."""
    return list(_routes(contract))


def _routes(contract: Schema) -> Iterator[Route]:
    components = contract.get("components", {}).get("schemas", {})
    shared = contract.get("components", {}).get("parameters", {})
    for path, operations in contract["paths"].items():
        for method, operation in operations.items():
            if method in ("get", "post", "put", "patch", "delete"):
                yield Route(method.upper(), path, operation, components, shared)
