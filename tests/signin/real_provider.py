"""A real OpenID provider beside the tests: Canaille, in the venv that `make test-slow` fills."""

import base64
import os
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pyotp

PYTHON = Path(__file__).resolve().parents[2] / "build" / "provider" / "bin" / "python"
_SERVER = Path(__file__).with_name("canaille_server.py")
MISSING = "NO OPENID PROVIDER: make build/provider/.installed"
IN_CI = bool(os.environ.get("CI"))


def is_there() -> bool:
    return PYTHON.exists()


@dataclass(frozen=True)
class Canaille:
    issuer: str
    email: str
    login: str = "alice"
    password: str = "a few quiet words"
    token: str = ""

    def code(self) -> str:
        return pyotp.TOTP(base64.b32encode(self.token.encode()).decode()).now()

    def register(self, redirect_uri: str) -> tuple[str, str]:
        """As its admin enters us: the client's id and secret."""
        client = {
            "client_name": "Billing",
            "redirect_uris": [redirect_uri],
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
            "scope": "openid profile email",
            "token_endpoint_auth_method": "client_secret_basic",
        }
        made = httpx.post(f"{self.issuer}/oauth/register", json=client).raise_for_status().json()
        return made["client_id"], made["client_secret"]


@contextmanager
def running(email: str) -> Iterator[Canaille]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    made = Canaille(f"http://localhost:{port}", email, token=secrets.token_hex(16))
    words = [str(port), made.login, email, made.password, made.token]
    server = subprocess.Popen([PYTHON, _SERVER, *words], stderr=subprocess.PIPE)
    try:
        _wait(server, made.issuer)
        yield made
    finally:
        server.terminate()
        server.wait(10)


def _wait(server: subprocess.Popen[bytes], issuer: str) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if server.poll() is not None:
            assert server.stderr is not None
            raise AssertionError(server.stderr.read().decode()[-2000:])
        try:
            httpx.get(f"{issuer}/.well-known/openid-configuration").raise_for_status()
        except httpx.TransportError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError("Canaille did not come up")
