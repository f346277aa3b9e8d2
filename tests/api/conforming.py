"""Every answer that a test hears is held against the contract: status, headers, media type, body.

So each test of the API is a test of its document too, and what only one odd test provokes cannot be
left out of it.
"""

import functools
import json
import re
from typing import Any

import jsonschema_rs
from httpx import AsyncBaseTransport, Request, Response

from billing_saas.api import contract, problems

Json = dict[str, Any]


class NotInTheContract(AssertionError):
    """The application said what its contract does not."""


class Contract:
    def __init__(self, document: Json) -> None:
        self.document = document
        self.validators: dict[str, Any] = {}
        # `/patients/searches` before `/patients/{patient_id}`.
        self.paths = [
            (re.compile(re.sub(r"{\w+}", "[^/]+", path)), path)
            for path in sorted(document["paths"], key=lambda path: path.count("{"))
        ]

    def check(self, method: str, path: str, response: Response) -> None:
        """Raise unless the operation declares this answer. What is no operation is not checked."""
        found = self.operation(method, path)
        if found is None:
            return
        place, operation = found
        where = f"{place} answers {response.status_code}"
        declared = operation["responses"].get(str(response.status_code))
        if declared is None:
            raise NotInTheContract(f"{where}, which is not declared: {response.text[:500]}")
        answer = self.resolved(declared)
        self._check_headers(where, answer, response)
        self._check_body(where, answer, response)

    def operation(self, method: str, path: str) -> tuple[str, Json] | None:
        for pattern, template in self.paths:
            operation = self.document["paths"][template].get(method.lower())
            if operation is not None and pattern.fullmatch(path):
                return f"{method} {template}", operation
        return None

    def resolved(self, part: Json) -> Json:
        if "$ref" not in part:
            return part
        _, kind, name = part["$ref"].rsplit("/", 2)
        found: Json = self.document["components"][kind][name]
        return found

    def _check_headers(self, where: str, answer: Json, response: Response) -> None:
        for name, header in answer.get("headers", {}).items():
            described = self.resolved(header)
            if name not in response.headers:
                if described.get("required"):
                    raise NotInTheContract(f"{where} without {name}")
            else:
                value: Any = response.headers[name]
                if described["schema"].get("type") == "integer":
                    value = int(value)
                self._check_value(f"{where} with {name}", described["schema"], value)

    def _check_body(self, where: str, answer: Json, response: Response) -> None:
        content = answer.get("content", {})
        if not content:
            if response.content:
                raise NotInTheContract(f"{where} with a body, and none is declared")
            return
        media_type = response.headers.get("Content-Type", "").partition(";")[0]
        if media_type not in content:
            raise NotInTheContract(f"{where} as {media_type!r}, not {sorted(content)}")
        media = content[media_type]
        if media["schema"].get("format") == "binary":
            return
        body = response.json()
        self._check_value(where, media["schema"], body)
        if media_type == problems.MEDIA_TYPE:
            types = {problems.PREFIX + name for name in media["examples"]}
            if body["type"] not in types:
                raise NotInTheContract(f"{where} as {body['type']}, not {sorted(types)}")

    def _check_value(self, where: str, schema: Json, value: Any) -> None:
        try:
            self._validator(schema).validate(value)
        except jsonschema_rs.ValidationError as error:
            raise NotInTheContract(f"{where}, unlike its schema: {error}") from None

    def _validator(self, schema: Json) -> Any:
        key = json.dumps(schema, sort_keys=True)
        if key not in self.validators:
            whole = {**schema, "components": self.document["components"]}
            self.validators[key] = jsonschema_rs.validator_for(whole, validate_formats=True)
        return self.validators[key]


@functools.cache
def the_contract() -> Contract:
    return Contract(json.loads(contract.contract()))


class Conforming(AsyncBaseTransport):
    """Around the application's transport."""

    def __init__(self, inner: AsyncBaseTransport, contract: Contract | None = None) -> None:
        self.inner = inner
        self.contract = contract or the_contract()

    async def handle_async_request(self, request: Request) -> Response:
        response = await self.inner.handle_async_request(request)
        await response.aread()
        self.contract.check(request.method, request.url.path, response)
        return response
