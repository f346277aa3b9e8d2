"""A tenant session says its practice, and the connection forgets it."""

from sqlalchemy import text

from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id

SHOWN = text("SELECT current_setting('app.tenant_id', true)")


async def test_a_transaction_knows_its_tenant_and_the_pool_does_not(database: Database) -> None:
    elm = new_id()
    async with database.tenant(elm) as db:
        assert (await db.execute(SHOWN)).scalar_one() == str(elm)
        assert (await db.execute(text("SELECT app_tenant()"))).scalar_one() == elm
    async with database.app.connect() as connection:
        assert (await connection.execute(SHOWN)).scalar_one() in (None, "")
        assert (await connection.execute(text("SELECT app_tenant()"))).scalar_one() is None
