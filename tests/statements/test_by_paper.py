"""From a statement on paper to the bill on a phone: what the QR code says opens it, and so does typing."""

import io
import re
from collections.abc import AsyncIterator
from typing import Any, cast
from uuid import UUID

import httpx
import pytest
from pypdf import PdfReader
from sqlalchemy import select

from billing_saas.edi.parties import Address
from billing_saas.kit.db import Database
from billing_saas.patients import registering
from billing_saas.patients.rules import Demographics
from billing_saas.statement_runs import issuing, listing, voiding
from billing_saas.statements.tables import Statement
from tests import apps
from tests.cast import Person, Tenant
from tests.portal.conftest import BORN
from tests.portal.debts import owes
from tests.portal.visiting import Phone


@pytest.fixture
async def phones(database: Database, elm: Tenant) -> AsyncIterator[list[Phone]]:
    with apps.lent(database) as app:
        transport = httpx.ASGITransport(cast(Any, app), raise_app_exceptions=False)
        async with (
            httpx.AsyncClient(transport=transport, base_url="http://localhost") as one,
            httpx.AsyncClient(transport=transport, base_url="http://localhost") as other,
        ):
            yield [Phone(one), Phone(other)]


async def told(database: Database, elm: Tenant, sue: Person) -> tuple[UUID, str]:
    """Rosa's statement, and the code that is printed on it."""
    async with database.tenant(elm.id) as db:
        home = Address(line1="1 Main Street", city="Springfield", state="IL", postal_code="62701")
        rosa = await registering.register(
            db,
            sue.actor,
            Demographics(last_name="Alvarez", first_name="Rosa", birth_date=BORN, address=home),
        )
    await owes(database, elm, rosa, 14_250)
    async with database.tenant(elm.id) as db:
        statement = await issuing.issue_for(db, sue.actor, rosa)
        content = await listing.content(db, sue.actor, statement)
        number = await db.scalar(select(Statement.number).where(Statement.id == statement))
    said = PdfReader(io.BytesIO(content)).pages[0].extract_text()
    (code,) = set(re.findall(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b", said)) - {number}
    return statement, code


async def test_what_is_printed_opens_the_bill(
    database: Database, elm: Tenant, sue: Person, phones: list[Phone]
) -> None:
    _, code = await told(database, elm, sue)
    scanned, typed = phones
    await scanned.open_link(f"/s/{code}")
    assert "$142.50" in scanned.page
    await typed.type_code(code.lower())
    assert "$142.50" in typed.page


async def test_the_paper_of_a_void_statement_opens_nothing(
    database: Database, elm: Tenant, sue: Person, phones: list[Phone]
) -> None:
    statement, code = await told(database, elm, sue)
    async with database.tenant(elm.id) as db:
        await voiding.void(db, sue.actor, statement, "wrong_guarantor")
    for phone in phones:
        await phone.type_code(code)
        assert not phone.is_in
        assert "$142.50" not in phone.page
