"""docs/api-conventions.md tells nothing that is not so: its examples are asked, in their order."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from billing_saas.followups import cards
from billing_saas.followups.cards import NewCard
from billing_saas.followups.tables import Card
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from tests.api.walking import Client, knocking
from tests.cast import Person, Tenant

PAGE = Path(__file__).parents[2] / "docs" / "api-conventions.md"


@pytest.fixture
async def client(database: Database) -> AsyncIterator[Client]:
    async with knocking(database) as made:
        yield made


async def test_the_examples_answer_as_the_page_says(
    client: Client, database: Database, elm: Tenant, alice: Person
) -> None:
    blocks = re.findall(r"```http\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(blocks) >= 4
    for block in blocks:
        known = {"practice_id": str(elm.id), "card_id": str(await opened_card(database, elm))}
        for example in block.strip().split("\n\n"):
            await holds(client, alice, example, known)


async def opened_card(database: Database, elm: Tenant) -> object:
    subject = new_id()
    async with database.tenant(elm.id) as db:
        new = NewCard(
            kind="denial",
            why="A card to show.",
            owner="biller",
            subject_type="claim_payment",
            subject_id=subject,
            worth_cents=0,
            source=f"shown:{subject}",
        )
        await cards.open_cards(db, [new])
        return await db.scalar(
            select(Card.id).where(Card.tenant_id == elm.id, Card.subject_id == subject)
        )


async def holds(client: Client, alice: Person, example: str, known: dict[str, str]) -> None:
    asked, _, expected = example.partition("\n→ ")
    for name, value in known.items():
        asked = asked.replace(f"{{{name}}}", value)
    first, *rest = asked.split("\n")
    method, address = first.split(" ", 1)
    body = next((line for line in rest if line.startswith("{")), None)
    headers = dict(line.split(": ", 1) for line in rest if not line.startswith("{"))
    if body:
        headers["Content-Type"] = "application/json"
    answer = await client.http.request(
        method, address, headers={**headers, **alice.headers}, content=body
    )
    status, _, told = expected.partition("\n")
    code, _, remembered = status.partition(" ")
    assert answer.status_code == int(code), (example, answer.text)
    if remembered:
        known[remembered] = answer.headers[remembered]
    if told:
        assert within(json.loads(told), answer.json()), (example, answer.text)


def within(told: Any, heard: Any) -> bool:
    """All that the page tells is in the answer, which may have more."""
    if isinstance(told, dict):
        return all(name in heard and within(told[name], heard[name]) for name in told)
    if isinstance(told, list):
        return len(told) == len(heard) and all(map(within, told, heard))
    return bool(told == heard)


def test_a_page_that_tells_what_is_not_so_is_heard() -> None:
    assert not within({"errors": [{"path": "other"}]}, {"errors": [{"path": "cursor"}]})
