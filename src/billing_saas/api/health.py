"""What a cluster asks: does the process answer, and can it do its work?"""

import asyncio
from collections.abc import Awaitable

from litestar import Response, get
from litestar.datastructures import State
from sqlalchemy import text

from billing_saas.kit import logs
from billing_saas.kit.db import Database
from billing_saas.kit.migrating import newest
from billing_saas.kit.protocols import ObjectStore

# Under the probe's own time limit, so that the answer says what it was that took so long.
PATIENCE_SECONDS = 2.0


@get("/live", include_in_schema=False, sync_to_thread=False)
def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "live"}


@get("/ready", include_in_schema=False)
async def ready(state: State) -> Response[dict[str, str]]:
    """The database is there and has the schema of this version (or a newer one), keys can be had, and files."""
    database: Database = state.database
    checks = {"database": _schema(database), "keys": _keys(database)}
    if database.objects is not None:
        checks["files"] = _files(database.objects)
    answers = await asyncio.gather(*(_answer(check, asked) for check, asked in checks.items()))
    told = dict(zip(checks, answers, strict=True))
    well = set(answers) == {"ok"}
    return Response(
        {"status": "ready" if well else "not ready", **told}, status_code=200 if well else 503
    )


async def _answer(check: str, asked: Awaitable[str]) -> str:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await asked
    except TimeoutError:
        return f"no answer within {PATIENCE_SECONDS:g} s"
    except Exception as error:
        logs.get().warning("not ready", step=check, exc_info=error)
        return "down"


async def _schema(database: Database) -> str:
    async with database.platform() as platform:
        version = await platform.scalar(text("SELECT version_num FROM alembic_version"))
    # A newer one only adds: the version before works beside it (docs/operations.md, Upgrades).
    return "ok" if version is not None and version >= newest() else "older than this version needs"


async def _files(objects: ObjectStore) -> str:
    await objects.health()
    return "ok"


async def _keys(database: Database) -> str:
    await database.keys.health()
    return "ok"
