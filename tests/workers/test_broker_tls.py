"""`rediss://…?ssl_ca_certs=`: the bell is rung over TLS, and only to the server that the authority vouches for.

The valkey-server of the tests is built without TLS, so a terminator of ours stands before it, as stunnel
or a managed service's does: what is tested is our side.
"""

import asyncio
import contextlib
import datetime
import ipaddress
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import redis
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.outbox import queue
from billing_saas.workers import broker
from tests import chaos
from tests.cast import Tenant
from tests.cluster import Clone
from tests.doorbells import Valkey
from tests.workers.acts import Urgent, marks

_LOOPBACK = "127.0.0.1"


def certificate(folder: Path, name: str) -> Path:
    """One that vouches for itself, for the loopback address; the key is in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.IPAddress(ipaddress.ip_address(_LOOPBACK))
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / f"{name}.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


async def _pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while told := await source.read(65_536):
            target.write(told)
            await target.drain()
    target.close()


@contextlib.asynccontextmanager
async def terminator(valkey: Valkey, authority: Path) -> AsyncIterator[str]:
    """Its address: `rediss://`, which names no authority yet."""

    async def serve(outer: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        inner, forth = await asyncio.open_connection(_LOOPBACK, valkey.port)
        await asyncio.gather(_pass_on(outer, forth), _pass_on(inner, back))

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority)
    async with await asyncio.start_server(serve, _LOOPBACK, 0, ssl=context) as server:
        yield f"rediss://{_LOOPBACK}:{server.sockets[0].getsockname()[1]}/0"


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    return certificate(tmp_path, "authority")


async def test_a_job_is_rung_for_over_tls(
    clone: Clone,
    key_folder: Path,
    database: Database,
    elm: Tenant,
    valkey: Valkey,
    authority: Path,
) -> None:
    valkey.forget()
    note = new_id()
    async with terminator(valkey, authority) as address:
        url = f"{address}?ssl_ca_certs={authority}"
        with chaos.Worker(clone, key_folder, broker_url=url) as worker:
            await worker.wait_until_logged("worker ready")
            async with database.tenant(elm.id) as db:
                await queue.add(db, Urgent(note))
            await chaos.until_nothing_is_owed(database)
    assert await marks(database, elm.id, note) == 1


async def test_a_server_that_nobody_vouches_for_is_not_rung(
    clone: Clone, tmp_path: Path, valkey: Valkey, authority: Path
) -> None:
    valkey.forget()
    stranger = certificate(tmp_path, "stranger")
    async with terminator(valkey, authority) as address:
        bells = broker.connect(f"{address}?ssl_ca_certs={stranger}", clone.urls.platform)
        with pytest.raises(redis.ConnectionError, match="CERTIFICATE_VERIFY_FAILED"):
            await asyncio.to_thread(broker.ring, bells, [("bulk", new_id())])
        bells.close()
    assert valkey.held() == 0
