"""Elm's claims, as her system handed them in."""

import pytest

from billing_saas.kit.db import Database
from tests.cast import Person, Tenant
from tests.imports.practice_files import claims_file, hand_in


@pytest.fixture
async def handed_in(database: Database, elm: Tenant, alice: Person) -> bytes:
    """A file of 40 claims, taken in."""
    content = claims_file(elm, 40)
    await hand_in(database, elm, alice.actor, content)
    return content
