from collections.abc import Iterator
from uuid import UUID

import pytest

from billing_saas.carriage import numbering
from billing_saas.kit import clock
from billing_saas.kit.db import Database
from tests.carriage import carriers
from tests.carriage.carriers import Box, TextsServer
from tests.cast import OPERATOR, Person, Tenant
from tests.messages.people import NOON, on_file


@pytest.fixture
def noon() -> Iterator[None]:
    """It is noon where the practice is."""
    with clock.frozen(NOON):
        yield


@pytest.fixture
async def pat(database: Database, elm: Tenant, alice: Person) -> UUID:
    """On file, reached both ways, with every consent."""
    return await on_file(database, elm, alice)


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
async def number(database: Database, elm: Tenant) -> str:
    """The number that Elm's texts leave from."""
    async with database.platform() as platform:
        await numbering.give(platform, OPERATOR, elm.id, carriers.NUMBER)
    return carriers.NUMBER
