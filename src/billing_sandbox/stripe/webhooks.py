"""Endpoints that want events, and telling them: signed, in order, again after a failure."""

import hashlib
import hmac
import http.client
import json
import queue
import random
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from billing_saas.kit import clock
from billing_sandbox.stripe.store import Book, Obj, World

_AGENT = "Stripe/1.0 (+https://stripe.com/docs/webhooks)"


@dataclass
class Attempt:
    """One try to hand over one event. `status` None: no answer."""

    event_id: str
    kind: str
    url: str
    status: int | None
    at: float


@dataclass
class _Delivery:
    event: Obj
    body: bytes
    url: str
    secret: str
    tries: int = 0


@dataclass
class Held:
    """Deliveries kept back, to be let go in an order of the test's choosing."""

    waiting: list[_Delivery] = field(default_factory=list)


def body_of(event: Obj) -> bytes:
    return json.dumps(event, indent=2).encode()


def signature(body: bytes, secret: str, at: int) -> str:
    signed = f"{at}.".encode() + body
    return f"t={at},v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is no receipt: Stripe counts it as a failure."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Deliveries:
    def __init__(self, world: World) -> None:
        self._world = world
        self._queue: queue.Queue[_Delivery | None] = queue.Queue()
        self._opener = urllib.request.build_opener(NoRedirect, urllib.request.ProxyHandler({}))
        self._thread: threading.Thread | None = None
        self._idle = threading.Condition()
        self._open = 0
        self._held: Held | None = None
        self.copies = 1
        self.attempts: list[Attempt] = []

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="stripe-webhooks", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._queue.put(None)
        if self._thread:
            self._thread.join(self._world.timing.webhook_timeout + 1)

    # -- what is to be delivered

    def tell(self, book: Book, event: Obj) -> None:
        """Called with the world's lock held, once per event."""
        connected = book is not self._world.platform
        for endpoint in reversed(self._world.platform.of("webhook_endpoint")):
            if endpoint["status"] != "enabled" or endpoint["_connect"] != connected:
                continue
            wanted = endpoint["enabled_events"]
            if "*" not in wanted and event["type"] not in wanted:
                continue
            event["pending_webhooks"] += 1
            self._add(_Delivery(event, b"", endpoint["url"], endpoint["secret"]))

    def _add(self, delivery: _Delivery) -> None:
        delivery.body = body_of(delivery.event)
        if self._held is not None:
            self._held.waiting.append(delivery)
            return
        for _ in range(self.copies):
            self._put(delivery)

    def _put(self, delivery: _Delivery) -> None:
        with self._idle:
            self._open += 1
        self._queue.put(delivery)

    def hold(self) -> None:
        with self._world.lock:
            self._held = self._held or Held()

    def release(self, *, order: str = "kept", copies: int = 1, seed: int = 0) -> int:
        """Let go what was held: `kept`, `reversed` or `shuffled` (by the seed), each `copies` times."""
        with self._world.lock:
            waiting = (self._held.waiting if self._held else []) * copies
            self._held = None
        if order == "reversed":
            waiting.reverse()
        elif order == "shuffled":
            random.Random(seed).shuffle(waiting)
        for delivery in waiting:
            self._put(delivery)
        return len(waiting)

    def again(self, event: Obj) -> None:
        """As «resend» in the dashboard: to every endpoint, whether it took the event or not."""
        for endpoint in self._world.platform.of("webhook_endpoint"):
            if endpoint["_connect"] == ("account" in event):
                self._put(_Delivery(event, body_of(event), endpoint["url"], endpoint["secret"]))

    def settle(self, seconds: float = 10.0) -> bool:
        """Wait until nothing is under way; what waits for a retry does not count."""
        with self._idle:
            return self._idle.wait_for(lambda: self._open == 0, seconds)

    # -- delivering

    def _run(self) -> None:
        while (delivery := self._queue.get()) is not None:
            try:
                self._attempt(delivery)
            finally:
                with self._idle:
                    self._open -= 1
                    self._idle.notify_all()

    def _attempt(self, delivery: _Delivery) -> None:
        status = self.send(delivery.url, delivery.body, delivery.secret)
        self.attempts.append(
            Attempt(
                delivery.event["id"],
                delivery.event["type"],
                delivery.url,
                status,
                clock.now().timestamp(),
            )
        )
        if status is not None and 200 <= status < 300:
            delivery.event["pending_webhooks"] = max(0, delivery.event["pending_webhooks"] - 1)
            return
        retries = self._world.timing.webhook_retries
        if delivery.tries < len(retries):
            wait = retries[delivery.tries]
            delivery.tries += 1
            self._world.clock.after(wait, lambda: self._put(delivery))

    def send(self, url: str, body: bytes, secret: str, *, at: int | None = None) -> int | None:
        """The status that came back; None: nothing did."""
        request = urllib.request.Request(  # noqa: S310  # an endpoint of a test, or of the demo
            url,
            data=body,
            method="POST",
            headers={
                "Content-Type": "application/json; charset=utf-8",
                "User-Agent": _AGENT,
                "Accept": "*/*; q=0.5, application/xml",
                "Cache-Control": "no-cache",
                # The wall's clock: who verifies compares with his.
                "Stripe-Signature": signature(
                    body, secret, int(clock.now().timestamp()) if at is None else at
                ),
            },
        )
        try:
            with self._opener.open(request, timeout=self._world.timing.webhook_timeout) as answer:
                answer.read()
                return int(answer.status)
        except urllib.error.HTTPError as no:
            no.close()
            return no.code
        except (OSError, http.client.HTTPException):
            return None
