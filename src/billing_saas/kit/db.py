"""Sessions: one kind for one practice, and named exceptions. There is no other way to a row.

A `TenantSession` says `SET LOCAL app.tenant_id` as its transaction begins and row-level security does
the rest. The setting is transaction-local, so a pooled connection never carries it to the next user.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from asyncpg.transaction import TransactionState
from sqlalchemy import Connection, MetaData, event
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.util import await_only

from billing_saas.kit import addresses
from billing_saas.kit.carrying import Carriers
from billing_saas.kit.protocols import KeyProvider, Mailer, ObjectStore, PaymentProcessor

_NAMING = {
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}


class Row(DeclarativeBase):
    """Base of every table; `schema.py` gathers them for alembic."""

    metadata = MetaData(naming_convention=_NAMING)


class TenantSession(AsyncSession):
    """A transaction inside one practice, as the role `billing_app`."""

    def __init__(
        self,
        engine: AsyncEngine,
        tenant_id: UUID,
        keys: KeyProvider,
        objects: ObjectStore | None = None,
        portal_site: str = "http://localhost",
    ) -> None:
        """`portal_site` is where patients reach us, for what is printed."""
        # Acts write by set, past the session's objects: a query must never answer with an older one.
        super().__init__(
            engine, expire_on_commit=False, execution_options={"populate_existing": True}
        )
        self.tenant_id = tenant_id
        self.keys = keys
        self.objects = objects
        self.portal_site = portal_site
        _say_on_begin(self.sync_session, f"SET LOCAL app.tenant_id = '{UUID(str(tenant_id))}'")


class CompanySession(AsyncSession):
    """Reads the PHI-free tables of the practices a person may see, as `billing_company_reader`."""

    def __init__(self, engine: AsyncEngine, tenant_ids: frozenset[UUID]) -> None:
        super().__init__(engine, expire_on_commit=False)
        self.tenant_ids = tenant_ids
        listed = ",".join(str(UUID(str(tenant_id))) for tenant_id in tenant_ids)
        _say_on_begin(self.sync_session, f"SET LOCAL app.tenant_ids = '{listed}'")


class OneCompanySession(AsyncSession):
    """Reads the people and papers of one billing company, as `billing_company_reader`."""

    def __init__(self, engine: AsyncEngine, company_id: UUID) -> None:
        super().__init__(engine, expire_on_commit=False)
        self.company_id = company_id
        _say_on_begin(self.sync_session, f"SET LOCAL app.company_id = '{UUID(str(company_id))}'")


class PlatformSession(AsyncSession):
    """Provisioning, identity look-ups, relay and schedule, as `billing_platform`. Never PHI."""

    def __init__(
        self, engine: AsyncEngine, keys: KeyProvider, mailer: Mailer | None = None
    ) -> None:
        super().__init__(engine, expire_on_commit=False)
        self.keys = keys
        self.mailer = mailer


class NarrowedSession(PlatformSession):
    """A platform session for the people of one company, or of one practice: its policies hold it there.

    What belongs to no company (people, tokens, sessions) it reaches as the platform does.
    """

    def __init__(
        self, engine: AsyncEngine, keys: KeyProvider, *, company_id: UUID, tenant_id: UUID | None
    ) -> None:
        super().__init__(engine, keys)
        self.company_id = company_id
        self.tenant_id = tenant_id
        said = f"SET LOCAL app.company_id = '{UUID(str(company_id))}'"
        if tenant_id is not None:
            said += f"; SET LOCAL app.tenant_id = '{UUID(str(tenant_id))}'"
        _say_on_begin(self.sync_session, said)


class SealerSession(AsyncSession):
    """Reads every log of the audit trail and writes its seals, as `billing_sealer`."""

    def __init__(self, engine: AsyncEngine, keys: KeyProvider) -> None:
        super().__init__(engine, expire_on_commit=False)
        self.keys = keys


def _say_on_begin(session: Session, statement: str) -> None:
    """Send `statement` as a simple query once the transaction has really begun.

    Through SQLAlchemy it would be prepared and cached once per tenant, and sent by the first
    statement's BEGIN at the earliest; the driver begins lazily, so it is asked to begin now.
    """

    def say(_session: Session, _transaction: Any, connection: Connection) -> None:
        adapter: Any = connection.connection.dbapi_connection
        try:
            await_only(_begin(adapter, statement))
        except BaseException as error:
            # SQLAlchemy did not see this failure: without the word the pool would take the dead
            # connection back, and hand it out for ever. Whoever is cancelled here leaves a transaction
            # that the server has begun and the driver does not know of: the next one on this connection
            # would work inside it, under another's practice, and commit nothing.
            connection.invalidate(error)
            if not isinstance(error, Exception):
                raise
            raise ConnectionError("the connection to the database was lost") from error

    event.listen(session, "after_begin", say)


async def _begin(adapter: Any, statement: str) -> None:
    """Begin and say so in one round trip: a simple query may hold several statements."""
    driver = adapter.driver_connection
    if adapter._transaction is not None:  # a savepoint begins inside it
        await driver.execute(statement)
        return
    # What asyncpg's own `Transaction.start` does, but for the second statement.
    transaction = driver.transaction()
    driver._top_xact = transaction
    await driver.execute(f"BEGIN; {statement}")
    transaction._state = TransactionState.STARTED
    adapter._transaction = transaction


@dataclass(frozen=True, slots=True)
class Urls:
    """One address per role; each begins with `postgresql://`."""

    app: str
    platform: str
    company_reader: str
    migrator: str
    sealer: str = ""
    """Only for a process that seals or verifies the audit trail."""
    pooled: bool = False
    """They lead to a pooler in transaction mode (but the migrator's, which never may)."""


class Database:
    """The engines of one process, made on its own event loop."""

    def __init__(
        self,
        urls: Urls,
        keys: KeyProvider,
        *,
        objects: ObjectStore | None = None,
        mailer: Mailer | None = None,
        carriers: Carriers | None = None,
        processor: PaymentProcessor | None = None,
        pool_size: int = 8,
    ) -> None:
        """Without `objects`, files are kept in the database; without `mailer`, letters wait; without
        `processor`, no card is taken."""
        self.urls = urls
        self.keys = keys
        self.objects = objects
        self.mailer = mailer
        self.carriers = carriers or Carriers()
        self.processor = processor
        self.app = _engine(urls.app, pool_size, urls.pooled)
        self.platform_engine = _engine(urls.platform, max(2, pool_size // 2), urls.pooled)
        self._glances = self.platform_engine
        if not urls.pooled:
            self._glances = self.platform_engine.execution_options(isolation_level="AUTOCOMMIT")
        self.company_reader = _engine(urls.company_reader, max(2, pool_size // 4), urls.pooled)
        self.sealer_engine = _engine(urls.sealer, 2, urls.pooled) if urls.sealer else None

    @asynccontextmanager
    async def tenant(self, tenant_id: UUID) -> AsyncIterator[TenantSession]:
        """One transaction in one practice: committed at the end, rolled back on any error."""
        session = TenantSession(
            self.app, tenant_id, self.keys, self.objects, self.carriers.portal_site
        )
        async with session, session.begin():
            yield session

    @asynccontextmanager
    async def company(self, tenant_ids: frozenset[UUID]) -> AsyncIterator[CompanySession]:
        async with CompanySession(self.company_reader, tenant_ids) as session, session.begin():
            yield session

    @asynccontextmanager
    async def one_company(self, company_id: UUID) -> AsyncIterator[OneCompanySession]:
        async with (
            OneCompanySession(self.company_reader, company_id) as session,
            session.begin(),
        ):
            yield session

    @asynccontextmanager
    async def narrowed(
        self, company_id: UUID, tenant_id: UUID | None = None
    ) -> AsyncIterator[NarrowedSession]:
        async with (
            NarrowedSession(
                self.platform_engine, self.keys, company_id=company_id, tenant_id=tenant_id
            ) as session,
            session.begin(),
        ):
            yield session

    @asynccontextmanager
    async def platform(self) -> AsyncIterator[PlatformSession]:
        session = PlatformSession(self.platform_engine, self.keys, self.mailer)
        async with session, session.begin():
            yield session

    @asynccontextmanager
    async def glance(self) -> AsyncIterator[AsyncConnection]:
        """For one statement of the platform's: it is its own transaction, one round trip.

        Behind a pooler it has a transaction around it: what is prepared in one may be gone in the next.
        """
        async with self._glances.begin() as connection:
            yield connection

    @asynccontextmanager
    async def sealer(self) -> AsyncIterator[SealerSession]:
        if self.sealer_engine is None:
            raise RuntimeError("this process has no address of billing_sealer")
        async with SealerSession(self.sealer_engine, self.keys) as session, session.begin():
            yield session

    @property
    def engines(self) -> dict[str, AsyncEngine]:
        return {
            "app": self.app,
            "platform": self.platform_engine,
            "company_reader": self.company_reader,
            **({"sealer": self.sealer_engine} if self.sealer_engine is not None else {}),
        }

    async def close(self) -> None:
        if self.processor is not None:
            await self.processor.close()
        for engine in self.engines.values():
            await engine.dispose()


def _engine(url: str, pool_size: int, pooled: bool) -> AsyncEngine:
    plain, context = addresses.for_asyncpg(url)
    connect_args: dict[str, Any] = {
        "ssl": context,
        "server_settings": {"application_name": "billing_saas"},
    }
    if pooled:
        # The next transaction may be on another connection: nothing prepared may outlive this one.
        # The statement without a name is replaced by the next, so that none piles up on the server.
        connect_args |= {
            "statement_cache_size": 0,
            "prepared_statement_cache_size": 0,
            "prepared_statement_name_func": lambda: "",
        }
    return create_async_engine(
        make_url(plain).set(drivername="postgresql+asyncpg"),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=False,
        hide_parameters=True,
        connect_args=connect_args,
    )
