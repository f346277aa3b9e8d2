"""Real counterparts on this machine: a server of mail, and a carrier of texts that speaks Twilio's shape."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from aiosmtpd.controller import Controller

from billing_saas.gateways.outward import Outward
from billing_saas.gateways.smtp import SmtpMailer
from billing_saas.gateways.texts import HttpTexts, signature_of
from billing_saas.kit.carrying import Carriers
from tests.operations.ports import free_ports

ACCOUNT = "AC0123456789abcdef0123456789abcdef"
TOKEN = "tokenoftheaccountfortests"  # of a server of ours
PORTAL = "https://pay.example.test"
HOOKS = "https://billing.example.test"
BOUNCES = "bounces.example.test"
SECRET = "a-secret-of-32-characters-or-more"
NUMBER = "+13125550100"


class Box:
    """What came to the server of mail. `refusing` is what it answers to the next recipients."""

    def __init__(self) -> None:
        self.letters: list[Message] = []
        self.senders: list[str] = []
        self.refusing = ""

    async def handle_RCPT(  # noqa: N802  # the library calls it so
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if self.refusing:
            return self.refusing
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.senders.append(envelope.mail_from)
        self.letters.append(message_from_bytes(envelope.content))
        return "250 OK"


@dataclass
class TextsServer:
    """`answers` are given in turn: a Twilio error code, an HTTP status below 600, or "drop"."""

    url: str = ""
    taken: list[dict[str, str]] = field(default_factory=list)
    answers: list[int | str] = field(default_factory=list)
    refused: int = 0

    def signed(self, url: str, fields: dict[str, str]) -> dict[str, str]:
        """Headers, as it would call."""
        return {
            "X-Twilio-Signature": signature_of(TOKEN, url, fields),
            "Content-Type": "application/x-www-form-urlencoded",
        }


@contextmanager
def texts_server() -> Iterator[TextsServer]:
    told = TextsServer()
    expected = "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers["Authorization"] != expected:
                self._say(401, {"code": 20003, "message": "Authenticate", "status": 401})
                return
            if self.path != f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json":
                self._say(404, {"code": 20404, "message": "Not found", "status": 404})
                return
            answer = told.answers.pop(0) if told.answers else 201
            if answer == "drop":
                told.taken.append(dict(parse_qsl(body.decode(), strict_parsing=True)))
                self.connection.close()
                return
            if isinstance(answer, int) and answer >= 600:
                told.refused += 1
                self._say(400, {"code": answer, "message": "no", "status": 400})
                return
            if answer != 201:
                self._say(int(answer), {"code": 0, "message": "no", "status": answer})
                return
            told.taken.append(dict(parse_qsl(body.decode(), strict_parsing=True)))
            sid = f"SM{len(told.taken):032x}"
            self._say(201, {"sid": sid, "status": "queued", "error_code": None})

        def _say(self, status: int, content: dict[str, Any]) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    told.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def mail_server(box: Box) -> Iterator[str]:
    port = free_ports(1)
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    try:
        yield f"smtp://127.0.0.1:{port}?tls=off"
    finally:
        server.stop()


def carriers_of(mail: str, texts: TextsServer) -> Carriers:
    outward = Outward(frozenset({"127.0.0.1"}), plain=True)
    return Carriers(
        letters=SmtpMailer(mail, "office@example.test", HOOKS),
        texts=HttpTexts(texts.url, ACCOUNT, TOKEN, outward),
        portal_site=PORTAL,
        hooks_site=HOOKS,
        bounce_domain=BOUNCES,
        hook_secret=SECRET,
    )
