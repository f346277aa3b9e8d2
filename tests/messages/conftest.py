from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest

from billing_saas.kit import clock
from billing_saas.kit.db import Database
from billing_saas.messages.tables import TextSender
from tests.cast import Person, Tenant
from tests.messages import carriers
from tests.messages.carriers import Box, TextsServer
from tests.messages.people import NOON, PAT, reached, registered


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def texts() -> Iterator[TextsServer]:
    with carriers.texts_server() as server:
        yield server


@pytest.fixture
def carried(database: Database, box: Box, texts: TextsServer) -> Iterator[Database]:
    """The database of a process that has carriers."""
    with carriers.mail_server(box) as mail:
        database.carriers = carriers.carriers_of(mail, texts)
        yield database


@pytest.fixture
def noon() -> Iterator[None]:
    """It is noon where the practice is."""
    with clock.frozen(NOON):
        yield


@pytest.fixture
async def number(database: Database, elm: Tenant) -> str:
    """The number that Elm's texts leave from."""
    async with database.platform() as platform:
        platform.add(TextSender(tenant_id=elm.id, text_number=carriers.NUMBER, given_at=NOON))
    return carriers.NUMBER


@pytest.fixture
async def pat(database: Database, elm: Tenant, alice: Person) -> UUID:
    """On file, reached both ways, with every consent."""
    patient_id = await registered(database, elm, alice, PAT)
    with clock.frozen(NOON - timedelta(days=1)):
        async with database.tenant(elm.id) as db:
            await reached(db, alice, patient_id)
    return patient_id
