"""Run by `billing-saas migrate`: as the role that may become the owner, and by nobody else.

Migrations only go forward. A practice table is under forced row-level security for its owner too, so
a migration that touches rows says `SET LOCAL app.tenant_id` practice by practice.
"""

from alembic import context
from sqlalchemy import create_engine, pool, text
from sqlalchemy.engine import make_url

from billing_saas.schema import metadata


def run() -> None:
    url = make_url(context.config.attributes["url"]).set(drivername="postgresql+psycopg")
    engine = create_engine(url, poolclass=pool.NullPool, hide_parameters=True)
    with engine.connect() as connection:
        # Two at once: the second waits for the first, then finds nothing left to do.
        connection.execute(text("SET lock_timeout = '15min'"))
        connection.execute(text("SELECT pg_advisory_lock(hashtext('billing_saas migrations'))"))
        # A migration that waits for a lock makes everyone behind it wait as well: give up instead,
        # and be tried again. What is done stays done: each migration commits by itself.
        connection.execute(text("SET lock_timeout = '5s'"))
        connection.execute(text("SET ROLE billing_owner"))
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=metadata,
            transaction_per_migration=True,
            compare_server_default=False,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
    engine.dispose()


run()
