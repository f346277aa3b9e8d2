"""One address for both drivers, over real TLS."""

import ssl
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_saas.kit import addresses
from billing_saas.kit.db import Database, Urls
from tests import tls
from tests.cluster import Clone
from tests.fakes import MemoryKeys


def test_what_is_not_about_tls_stays() -> None:
    plain, context = addresses.for_asyncpg(
        "postgresql://a:p%40ss@h:1/d?application_name=x&sslmode=verify-full&sslrootcert=system"
    )
    assert plain == "postgresql://a:p%40ss@h:1/d?application_name=x"
    assert isinstance(context, ssl.SSLContext)
    assert context.check_hostname


def test_no_tls_when_none_is_asked_for() -> None:
    assert addresses.for_asyncpg("postgresql://a@h/d") == ("postgresql://a@h/d", False)


@pytest.mark.parametrize("mode", ["verify-full", "require"])
async def test_the_engines_speak_tls_to_a_server_that_proves_its_name(
    clone: Clone, keys: MemoryKeys, tmp_path: Path, mode: str
) -> None:
    with tls.before(clone.port, tmp_path) as front:
        # The front answers nobody who does not ask for TLS, so an answer is the proof.
        database = Database(_behind(clone, front, "localhost", mode), keys)
        async with database.platform() as db:
            assert await db.scalar(text("SELECT 1")) == 1
        await database.close()
        stranger = Database(_behind(clone, front, "127.0.0.1", mode), keys)
        with pytest.raises(ssl.SSLCertVerificationError):
            async with stranger.platform() as db:
                await db.execute(text("SELECT 1"))
        await stranger.close()


def _behind(clone: Clone, front: tls.Front, host: str, mode: str) -> Urls:
    return Urls(
        app=front.address(clone.urls.app, host, mode),
        platform=front.address(clone.urls.platform, host, mode),
        company_reader=front.address(clone.urls.company_reader, host, mode),
        migrator="",
    )
