"""A person at a practice's desk: asks the API over HTTP, with a bearer token, and waits for answers."""

import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID


class UnexpectedAnswer(Exception):
    """The API did not answer as it must."""


@dataclass
class Desk:
    """The API as one person of one practice sees it."""

    address: str
    practice_id: UUID
    token: str
    read: list[str] = field(default_factory=list)
    """Request ids of the answers that showed sealed data."""

    def get(self, path: str, *, opens: bool = False) -> Any:
        status, body, request_id = self.ask("GET", path)
        if status != 200:
            raise UnexpectedAnswer(f"GET {path} answered {status}")
        if opens:
            self.read.append(request_id)
        return body

    def upload(self, path: str, content: bytes) -> Any:
        status, body, _ = self.ask("POST", path, content)
        if status != 202:
            raise UnexpectedAnswer(f"POST {path} answered {status}")
        return body

    def post(self, path: str, asked: Any = None, *, opens: bool = False) -> Any:
        """A JSON body, or none: something is made or done."""
        content = b"" if asked is None else json.dumps(asked).encode()
        status, body, request_id = self.ask("POST", path, content, "application/json")
        if status >= 300:
            raise UnexpectedAnswer(f"POST {path} answered {status}: {body}")
        if opens:
            self.read.append(request_id)
        return body

    def file(self, path: str) -> bytes:
        """A file that is sealed where it is kept."""
        with urllib.request.urlopen(self._request("GET", path), timeout=60) as answer:  # noqa: S310  # ours
            self.read.append(_request_id(answer))
            return bytes(answer.read())

    def until(self, path: str, state: str, *, seconds: float = 60) -> Any:
        """What stands there, once its `state` is that."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = self.get(path)
            if found["state"] == state:
                return found
            time.sleep(0.1)
        raise UnexpectedAnswer(f"{path} was not {state} within {seconds:.0f} s")

    def ask(
        self,
        method: str,
        path: str,
        content: bytes | None = None,
        kind: str = "application/edi-x12",
    ) -> tuple[int, Any, str]:
        request = self._request(method, path, content)
        if content:
            request.add_header("Content-Type", kind)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  # ours
                return answer.status, json.loads(answer.read() or "null"), _request_id(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or "null"), _request_id(error)

    def _request(
        self, method: str, path: str, content: bytes | None = None
    ) -> urllib.request.Request:
        address = f"{self.address}/v1/practices/{self.practice_id}{path}"
        request = urllib.request.Request(address, data=content, method=method)  # noqa: S310  # ours
        request.add_header("Authorization", f"Bearer {self.token}")
        return request

    def all(self, path: str, *, opens: bool = False) -> list[Any]:
        """Every row of a paged list."""
        rows: list[Any] = []
        cursor = ""
        while True:
            joint = "&" if "?" in path else "?"
            page = self.get(f"{path}{joint}limit=200{cursor}", opens=opens)
            rows += page["rows"]
            if page["next_cursor"] is None:
                return rows
            cursor = f"&cursor={page['next_cursor']}"

    def wait_for(self, arrival_id: str) -> Any:
        """Until the worker has handled the arrival."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            arrival = self.get(f"/arrivals/{arrival_id}")
            if arrival["state"] != "received":
                return arrival
            time.sleep(0.1)
        raise UnexpectedAnswer("the worker did not handle an arrival within 60 s")

    def settled(self, arrival_id: str) -> list[Any]:
        """The remittances of an arrival, once none waits to be posted."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            found = [r for r in self.all("/remittances") if r["arrival_id"] == arrival_id]
            if all(one["state"] != "balanced" for one in found):
                return found
            time.sleep(0.1)
        raise UnexpectedAnswer("a remittance was not posted within 60 s")


def _request_id(answer: Any) -> str:
    return str(answer.headers["X-Request-Id"])
