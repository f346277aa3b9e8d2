"""A sandbox of one's own, the official library in front of it, and a receiver of webhooks behind it."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import stripe

from billing_sandbox.stripe.running import Sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> stripe.StripeClient:
    return stripe.StripeClient(
        sandbox.api_key, base_addresses={"api": sandbox.url}, max_network_retries=0
    )


@pytest.fixture
def practice(sandbox: Sandbox) -> str:
    """An account that takes cards and bank debits."""
    account = sandbox.account()
    sandbox.offer(account, "card", "us_bank_account")
    return account


@dataclass
class Receiver:
    """Takes webhooks as the product would: the official library checks each over its raw bytes."""

    secret: str
    url: str = ""
    events: list[Any] = field(default_factory=list)
    # Statuses to answer with before it takes any; 0 ends the connection.
    refuse: list[int] = field(default_factory=list)
    forged: int = 0

    def kinds(self) -> list[str]:
        return [event.type for event in self.events]


@pytest.fixture
def receiver(sandbox: Sandbox) -> Iterator[Receiver]:
    held = Receiver(sandbox.webhook_secret)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if held.refuse:
                status = held.refuse.pop(0)
                if status:
                    self.send_response(status)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                return
            try:
                event = stripe.Webhook.construct_event(
                    body, self.headers["Stripe-Signature"], held.secret
                )
            except stripe.SignatureVerificationError:
                held.forged += 1
                self.send_response(400)
            else:
                held.events.append(event)
                self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        held.url = f"http://127.0.0.1:{server.server_address[1]}/hooks"
        yield held
        server.shutdown()
        thread.join(5)
