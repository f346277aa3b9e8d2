"""HTTP to addresses that a customer wrote down: only to the public Internet, and only a small answer.

Whoever may name an address could otherwise have us ask our own network for them (server-side request
forgery): the database, a metadata service, a neighbor. So a name is resolved once, each address it
has is looked at, and the connection goes to the one that was looked at, whatever the name means a
moment later. No redirect is followed. TLS is checked against the name.
"""

import asyncio
import functools
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx2

MOST_BYTES = 1 << 20
_SECONDS = 10.0

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# RFC 6052: IPv4 behind a translator, in the last four bytes.
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")


class NotReached(Exception):
    """`reason` is one word, and tells nothing of what is there."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Outward:
    inner_hosts: frozenset[str] = frozenset()
    """Names (`host` or `host:port`) that may lead into our own network: the operator wrote them."""
    plain: bool = False
    """Whether such a host may be spoken to without TLS: in development."""
    seconds: float = _SECONDS

    def transport(self) -> httpx2.AsyncBaseTransport:
        return _Guarded(self)

    def names(self, url: httpx2.URL) -> bool:
        return bool({url.host, f"{url.host}:{_port(url)}"} & self.inner_hosts)

    def check(self, url: httpx2.URL) -> None:
        """What is wrong with it before anything is looked up."""
        if not url.host or url.userinfo:
            raise NotReached("address")
        if url.scheme != "https" and not (url.scheme == "http" and self.plain and self.names(url)):
            raise NotReached("scheme")

    async def address(self, url: httpx2.URL) -> str:
        """Where to connect to, for good: every address of the name was looked at."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self.seconds):
                found = await loop.getaddrinfo(url.host, _port(url), type=socket.SOCK_STREAM)
        except (OSError, UnicodeError, TimeoutError):
            raise NotReached("name") from None
        addresses = [ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found]
        if not addresses:
            raise NotReached("name")
        if not self.names(url) and not all(is_public(one) for one in addresses):
            raise NotReached("network")
        return str(addresses[0])


def is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address.teredo is not None:
            return False
    return address.is_global and not address.is_multicast


class _Guarded(httpx2.AsyncBaseTransport):
    def __init__(self, outward: Outward) -> None:
        self._outward = outward
        # One connection per request: two names may share an address, and must not share a connection.
        self._inner = httpx2.AsyncHTTPTransport(
            verify=_trusted(),
            trust_env=False,
            limits=httpx2.Limits(max_connections=4, max_keepalive_connections=0),
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        name = request.url
        self._outward.check(name)
        address = await self._outward.address(name)
        request.url = name.copy_with(host=address)
        request.extensions = {**request.extensions, "sni_hostname": name.host}
        request.headers["accept-encoding"] = "identity"
        try:
            response = await self._inner.handle_async_request(request)
        except httpx2.TransportError:
            raise NotReached("connection") from None
        finally:
            request.url = name
        if response.has_redirect_location:
            await response.aclose()
            raise NotReached("redirect")
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.aclose()
            raise NotReached("encoding")
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _Bounded(response.stream)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = 0
        async for chunk in self._inner:
            read += len(chunk)
            if read > MOST_BYTES:
                raise NotReached("size")
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()


@functools.cache
def _trusted() -> ssl.SSLContext:
    """The machine's authorities: reading them takes as long as a handshake."""
    return ssl.create_default_context()


def _port(url: httpx2.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)
