"""The HTTP side: who asks, what is asked, keys, faults, and the answer in Stripe's shape."""

import base64
import contextlib
import json
import socket
import sys
import threading
import traceback
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

from billing_sandbox.stripe import errors, faults, forms, listing, routing
from billing_sandbox.stripe.idempotency import Answer, Keys
from billing_sandbox.stripe.pages import Page, page_for
from billing_sandbox.stripe.routing import Call
from billing_sandbox.stripe.store import API_VERSION, Book, World, new_id

_MOST = 2_000_000


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


class Dropped(Exception):
    """The connection is to end without an answer."""


class Desk:
    """Answers requests to the API of one world. Several threads ask at once."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.keys = Keys(world.clock)
        self.seen: list[Asked] = []

    def answer(self, asked: Asked) -> tuple[Answer, dict[str, str]]:
        """What to send, and headers beside the usual."""
        request_id = new_id("req", 14)
        held: tuple[str, str] | None = None
        try:
            key = asked.headers.get("idempotency-key") if asked.method == "POST" else None
            text = asked.body.decode("utf-8", "replace")
            try:
                book = self._book(asked)
                before = self._before(asked, book, key, text)
            finally:
                self.seen.append(asked)
            if before:
                return before, {
                    "Idempotent-Replayed": "true",
                    "Original-Request": before.request_id,
                }
            held = (book.account_id, key) if key else None
            return self._done(asked, book, text, request_id, key, held), {}
        except Dropped:
            raise
        except errors.StripeError as no:
            answer = _refusal(no, request_id)
            if held:
                self.keys.let_go(*held)
            return answer, {}
        except Exception:
            # Our own fault: said aloud, and the key is free again.
            traceback.print_exc()
            if held:
                self.keys.let_go(*held)
            broken = errors.StripeError(
                "The sandbox has a fault here", status=500, kind="api_error"
            )
            return _refusal(broken, request_id), {}

    def _before(self, asked: Asked, book: Book, key: str | None, text: str) -> Answer | None:
        """What this key was answered before. None: the work is to be done, the key is now held."""
        if not key:
            return None
        if len(key) > 255:
            raise errors.invalid("Idempotency keys have at most 255 characters.")
        return self.keys.take(book.account_id, key, asked.path, forms.decoded(text))

    def _done(
        self,
        asked: Asked,
        book: Book,
        text: str,
        request_id: str,
        key: str | None,
        held: tuple[str, str] | None,
    ) -> Answer:
        fault = self.world.faults.next(asked.method, asked.path)
        if fault and (fault.kind == "delay" and not fault.after):
            faults.wait(fault)
        if fault and not fault.after and fault.kind != "delay":
            if held:
                self.keys.let_go(*held)
            if fault.kind == "drop":
                raise Dropped
            raise _planned(fault)
        try:
            answer = self._run(asked, book, text, request_id, key)
        except errors.StripeError as no:
            if not no.begun:
                raise
            answer = _refusal(no, request_id)
        if fault and fault.kind == "delay" and fault.after:
            faults.wait(fault)
        if held:
            self.keys.keep(*held, answer)
        if fault and fault.after and fault.kind == "drop":
            raise Dropped
        if fault and fault.after and fault.kind == "fail":
            # As when something between Stripe and the caller fails: the key keeps the true answer.
            return _refusal(_planned(fault), request_id)
        return answer

    def _run(self, asked: Asked, book: Book, text: str, request_id: str, key: str | None) -> Answer:
        route, ids = routing.found(asked.method, asked.path)
        values = forms.decoded(asked.query)
        if asked.body:
            values |= forms.decoded(text)
        params = forms.Params(values)
        params.only(route.accepts)
        expand = params.texts("expand")
        with self.world.lock:
            call = Call(
                self.world,
                book,
                params,
                {name: unquote(value) for name, value in ids.items()},
                request_id,
                key,
                asked.headers.get("stripe-version", ""),
            )
            self.world.call = call
            try:
                shown = listing.rendered(self.world, book, route.answer(call), expand)
            finally:
                self.world.call = None
        return Answer(200, json.dumps(shown, indent=2).encode(), request_id)

    def _book(self, asked: Asked) -> Book:
        key = _key_of(asked.headers.get("authorization", ""))
        if not key:
            raise errors.StripeError(
                "You did not provide an API key. You need to provide your API key in the "
                "Authorization header, using Bearer auth (e.g. 'Authorization: Bearer "
                "YOUR_SECRET_KEY').",
                status=401,
                begun=False,
            )
        if key != self.world.api_key:
            shown = key[:8] + "*" * max(0, len(key) - 12) + key[-4:]
            raise errors.StripeError(f"Invalid API Key provided: {shown}", status=401, begun=False)
        account = asked.headers.get("stripe-account")
        with self.world.lock:
            if not account or account == self.world.platform.account_id:
                return self.world.platform
            return self.world.book_of(account)


def _planned(fault: faults.Fault) -> errors.StripeError:
    if fault.status == 429:
        return errors.StripeError(
            "Request rate limit exceeded. Learn more about rate limits here "
            "https://docs.stripe.com/rate-limits.",
            status=429,
            code="rate_limit",
            begun=False,
        )
    return errors.StripeError(
        "An unknown error occurred", status=fault.status, kind="api_error", begun=False
    )


def _refusal(no: errors.StripeError, request_id: str) -> Answer:
    return Answer(no.status, json.dumps({"error": no.said}, indent=2).encode(), request_id)


def _key_of(header: str) -> str:
    kind, _, value = header.partition(" ")
    if kind.lower() == "bearer":
        return value.strip()
    if kind.lower() == "basic":
        with contextlib.suppress(ValueError):
            return base64.b64decode(value).decode("utf-8", "replace").partition(":")[0]
    return ""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    desk: ClassVar[Desk]

    def log_message(self, *_: Any) -> None:
        """Nothing is written: numbers of cards come by."""

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        if length > _MOST:
            self.send_error(413)
            return
        asked = Asked(
            self.command,
            parts.path,
            parts.query,
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(length),
        )
        try:
            if parts.path.startswith("/v1/"):
                answer, more = self.desk.answer(asked)
                self._api(answer, asked, more)
            else:
                page = page_for(
                    self.desk.world,
                    asked.method,
                    asked.path,
                    asked.body,
                    # A page of another site may not press the buttons.
                    from_elsewhere=asked.headers.get("sec-fetch-site")
                    in ("cross-site", "same-site"),
                )
                self._page(page)
        except Dropped:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        except ConnectionError:
            self.close_connection = True

    do_GET = do_POST = do_DELETE = _serve  # noqa: N815  # the names are http.server's

    def _api(self, answer: Answer, asked: Asked, more: dict[str, str]) -> None:
        headers = {
            "Content-Type": "application/json",
            "Request-Id": answer.request_id,
            "Stripe-Version": asked.headers.get("stripe-version", API_VERSION),
        }
        if key := asked.headers.get("idempotency-key"):
            headers["Idempotency-Key"] = key
        if account := asked.headers.get("stripe-account"):
            headers["Stripe-Account"] = account
        self._send(answer.status, headers | more, answer.body)

    def _page(self, page: Page) -> None:
        headers = {"Content-Type": page.media_type, "Cache-Control": "no-store"}
        if page.location:
            headers["Location"] = page.location
        self._send(page.status, headers, page.body)

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, desk: Desk, host: str, port: int) -> None:
        self._live: set[socket.socket] = set()
        self._live_lock = threading.Lock()
        super().__init__((host, port), type("BoundHandler", (Handler,), {"desk": desk}))

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._live_lock:
            self._live.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._live_lock:
            self._live.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news; anything else is told as by default."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def close_all(self) -> None:
        """Also the connections that clients keep alive."""
        self.shutdown()
        self.server_close()
        with self._live_lock:
            for each in list(self._live):
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
