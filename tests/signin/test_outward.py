"""Addresses that a customer wrote down: what must never be asked for them."""

import ipaddress
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest

from billing_saas.gateways import outward
from billing_saas.gateways.openid import NotAProvider, OpenIdProviders
from billing_saas.gateways.outward import NotReached, Outward


@contextmanager
def listening(answer: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """A port of ours, and what was heard on it."""
    heard: list[bytes] = []
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                heard.append(connection.recv(65536))
                connection.sendall(answer)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield server.getsockname()[1], heard
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


async def _get(url: str, by: Outward) -> httpx2.Response:
    async with httpx2.AsyncClient(transport=by.transport(), trust_env=False) as client:
        return await client.get(url)


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "[::1]", "2130706433", "0177.0.0.1", "0x7f.1", "127.1", "localhost"),
        *("[::ffff:127.0.0.1]", "0.0.0.0", "127.0.0.1.", "[::ffff:7f00:1]"),
    ],
)
async def test_our_own_machine_by_any_name(host: str) -> None:
    with listening(b"") as (port, heard):
        with pytest.raises((NotReached, httpx2.InvalidURL)):
            await _get(f"https://{host}:{port}/", Outward())
        assert heard == []


@pytest.mark.parametrize(
    "address",
    [
        *("169.254.169.254", "10.0.0.1", "172.16.3.4", "192.168.1.1", "100.64.0.1", "fd00::1"),
        *("fe80::1", "224.0.0.1", "::", "64:ff9b::a00:1", "2002:a00:1::", "2001:0:a00::1"),
    ],
)
def test_networks_that_are_nobody_elses_business(address: str) -> None:
    assert not outward.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "64:ff9b::808:808"])
def test_the_public_internet(address: str) -> None:
    assert outward.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://example.com/",
            "file:///etc/passwd",
            "gopher://example.com/",
            "ftp://example.com/",
        ),
        *("https://user:word@example.com/",),
    ],
)
async def test_other_ways_than_https(url: str) -> None:
    with pytest.raises((NotReached, httpx2.UnsupportedProtocol)):
        await _get(url, Outward())


async def test_a_name_is_resolved_once_and_each_address_is_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A name that means a public address first and our own a moment later; one that means both."""
    asked: list[str] = []

    class Loop:
        async def getaddrinfo(self, host: str, port: int, **_: object) -> list[object]:
            asked.append(host)
            addresses = ["192.0.2.1", "127.0.0.1"] if host == "both.example" else ["127.0.0.1"]
            return [(0, 0, 0, "", (address, port)) for address in addresses]

    monkeypatch.setattr("billing_saas.gateways.outward.asyncio.get_running_loop", Loop)
    for name in ("both.example", "inner.example"):
        with pytest.raises(NotReached, match="network"):
            await Outward().address(httpx2.URL(f"https://{name}/"))
    assert asked == ["both.example", "inner.example"]


async def test_a_host_that_the_operator_named_may_be_inside() -> None:
    with listening(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok") as (port, heard):
        named = Outward(frozenset({f"localhost:{port}"}), plain=True)
        assert (await _get(f"http://localhost:{port}/", named)).text == "ok"
        assert f"host: localhost:{port}".encode() in heard[0].lower()
        with pytest.raises(NotReached):  # the same machine, by a name that nobody wrote
            await _get(f"http://127.0.0.1:{port}/", named)


async def test_a_redirect_leads_nowhere() -> None:
    answer = b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1/\r\ncontent-length: 0\r\n\r\n"
    with listening(answer) as (port, heard):
        named = Outward(frozenset({"127.0.0.1"}), plain=True)
        with pytest.raises(NotReached, match="redirect"):
            await _get(f"http://127.0.0.1:{port}/", named)
        assert len(heard) == 1


@pytest.mark.parametrize(
    "head", [b"transfer-encoding: chunked", b"content-length: 3000000", b"connection: close"]
)
async def test_an_answer_without_end(head: bytes) -> None:
    chunk = b"x" * 3_000_000
    body = b"2DC6C0\r\n" + chunk + b"\r\n0\r\n\r\n" if b"chunked" in head else chunk
    with listening(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n" + body) as (port, _):
        named = Outward(frozenset({"127.0.0.1"}), plain=True)
        with pytest.raises(NotReached, match="size"):
            await _get(f"http://127.0.0.1:{port}/", named)


async def test_a_bomb_is_not_unpacked() -> None:
    answer = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\nxx"
    with listening(answer) as (port, _):
        named = Outward(frozenset({"127.0.0.1"}), plain=True)
        with pytest.raises(NotReached, match="encoding"):
            await _get(f"http://127.0.0.1:{port}/", named)


async def test_who_never_answers_is_left() -> None:
    server = socket.create_server(("127.0.0.1", 0))
    with server:
        port = server.getsockname()[1]
        openid = OpenIdProviders(Outward(frozenset({"127.0.0.1"}), plain=True, seconds=0.2))
        with pytest.raises(NotReached, match="connection"):
            await openid.metadata(f"http://127.0.0.1:{port}")


async def test_no_configuration_at_all() -> None:
    with listening(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nnope") as (port, _):
        openid = OpenIdProviders(Outward(frozenset({"127.0.0.1"}), plain=True))
        with pytest.raises(NotAProvider, match="json"):
            await openid.metadata(f"http://127.0.0.1:{port}")
