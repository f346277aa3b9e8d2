"""A provider on loopback that knows Alice, and the door of her company."""

from collections.abc import Iterator

import pytest

from billing_saas.kit.db import Database
from tests.cast import Person, Tenant
from tests.signin import federated
from tests.signin import provider as providers_of_tests
from tests.signin.federated import Door
from tests.signin.provider import Provider


@pytest.fixture(scope="module")
def serving() -> Iterator[Provider]:
    with providers_of_tests.running() as made:
        yield made


@pytest.fixture
async def provider(serving: Provider, database: Database, alice: Person) -> Provider:
    """It knows Alice, and plays by the rules."""
    honest = Provider(issuer=serving.issuer, key=serving.key)
    for name in ("told", "says", "claims", "token", "published", "asked", "codes"):
        setattr(serving, name, getattr(honest, name))
    email = await federated.email_of(database, alice)
    serving.person = {"sub": "alice-1", "email": email, "email_verified": True, "amr": ["pwd"]}
    return serving


@pytest.fixture
async def door(database: Database, provider: Provider, elm: Tenant) -> Door:
    return await federated.door(database, provider, elm.company_id)
