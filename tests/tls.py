"""TLS before a PostgreSQL that has none: the embedded server is built without it.

    with tls.before(port, folder) as front:
        psycopg.connect(front.address(url))

The front answers a client's SSLRequest, proves that it is `localhost` and hands on what it hears.
"""

import asyncio
import contextlib
import datetime
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"  # PostgreSQL protocol, 55.7: SSLRequest


@dataclass(frozen=True)
class Front:
    port: int
    authority: Path
    """The certificate that a client must trust."""

    def address(self, url: str, host: str = "localhost", mode: str = "verify-full") -> str:
        parts = urlsplit(url)
        login = parts.netloc.rpartition("@")[0]
        query = f"sslmode={mode}&sslrootcert={self.authority}"
        return urlunsplit(parts._replace(netloc=f"{login}@{host}:{self.port}", query=query))


@contextlib.contextmanager
def before(port: int, folder: Path) -> Iterator[Front]:
    """A front for the server on `port`; its certificate is for `localhost` alone."""
    loop = asyncio.new_event_loop()
    context = _identity(folder)

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError, ssl.SSLError):
            if await reader.readexactly(8) != _SSL_REQUEST:
                return  # a client that did not ask for TLS hears nothing
            writer.write(b"S")
            await writer.start_tls(context)
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(_carry(reader, inner_writer), _carry(inner_reader, writer))
        writer.close()

    async def listen() -> asyncio.Server:
        return await asyncio.start_server(one, "127.0.0.1", 0)

    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(listen(), loop).result(10)
    try:
        yield Front(server.sockets[0].getsockname()[1], folder / "authority.pem")
    finally:
        asyncio.run_coroutine_threadsafe(_end(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while heard := await reader.read(1 << 16):
            writer.write(heard)
            await writer.drain()
    finally:
        writer.close()


async def _end(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def _identity(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "authority.pem").write_bytes(certificate.public_bytes(pem))
    private = folder / "front.key"
    private.touch(mode=0o600)
    private.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "authority.pem", private)
    return context
