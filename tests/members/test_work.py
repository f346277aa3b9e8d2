"""The work of all practices at once: in one order, page by page, and of no practice that is not theirs."""

from datetime import date, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from billing_saas.followups import cards, work
from billing_saas.followups.cards import NewCard
from billing_saas.identity import enrolling
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from tests.cast import Tenant
from tests.cluster import Clone
from tests.members.office import Colleague, colleague

DAY = date(2026, 10, 1)


def card(n: int, kind: str = "denial", owner: str = "biller") -> NewCard:
    return NewCard(
        kind=kind,
        why="The payer denied a line.",
        owner=owner,
        subject_type="claim",
        subject_id=new_id(),
        source=f"test:{n}",
        due_on=None if n % 5 == 0 else DAY + timedelta(days=n * 7 % 11),
    )


@pytest.fixture
async def mia(database: Database, elm: Tenant, oak: Tenant) -> Colleague:
    """She bills for Elm and Oak, and may audit Birch, where she sees no cards."""
    made = await colleague(database, "mia", practice=elm, roles=["biller"])
    async with database.platform() as platform:
        await enrolling.grant(platform, made.id, oak.id, ["coder"], by=None)
    return made


@pytest.fixture
async def busy(database: Database, elm: Tenant, oak: Tenant, birch: Tenant, mia: Colleague) -> None:
    async with database.platform() as platform:
        await enrolling.grant(platform, mia.id, birch.id, ["auditor"], by=None)
    for practice in (elm, oak, birch):
        async with database.tenant(practice.id) as db:
            await cards.open_cards(db, [card(n) for n in range(12)])
            await cards.open_cards(db, [card(99, "mismatch", "coder")])


async def pages(http: httpx.AsyncClient, who: Colleague, **asked: str) -> list[dict[str, Any]]:
    """Every page, one after the other."""
    rows: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await http.get("/v1/work", params={**asked, **cursor}, headers=who.headers)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        rows += page["rows"]
        if page["next_cursor"] is None:
            return rows
        assert len(page["rows"]) == int(asked.get("limit", "50"))
        cursor = {"cursor": page["next_cursor"]}


def urgency(row: dict[str, Any]) -> tuple[str, str, str]:
    return row["due_on"] or "9999", row["id"], row["practice_id"]


@pytest.mark.parametrize("many", [1, 250])
async def test_pages_follow_each_other_across_practices(
    http: httpx.AsyncClient,
    elm: Tenant,
    oak: Tenant,
    mia: Colleague,
    busy: None,
    monkeypatch: pytest.MonkeyPatch,
    many: int,
) -> None:
    """By both ways that `followups.work` has."""
    monkeypatch.setattr(work, "_MANY", many)
    for order, key, back in (("urgent", urgency, False), ("newest", lambda row: row["id"], True)):
        rows = await pages(http, mia, limit="7", order=order)
        assert len(rows) == 26
        assert {row["practice_id"] for row in rows} == {str(elm.id), str(oak.id)}
        assert rows == sorted(rows, key=key, reverse=back)
        assert len({(row["practice_id"], row["id"]) for row in rows}) == 26


async def test_filters_narrow_it(
    http: httpx.AsyncClient, elm: Tenant, birch: Tenant, mia: Colleague, busy: None
) -> None:
    for asked, count in [
        ({"kind": "mismatch"}, 2),
        ({"owner": "coder"}, 2),
        ({"owner": "payer"}, 0),
        ({"practice": str(elm.id)}, 13),
        ({"practice": str(birch.id)}, 0),
        ({"practice": str(new_id())}, 0),
        ({"due_before": str(DAY)}, 0),
        ({"state": "done"}, 0),
    ]:
        assert len(await pages(http, mia, **asked)) == count, asked
    early = await pages(http, mia, due_before=str(DAY + timedelta(days=3)), order="newest")
    assert early
    assert all(row["due_on"] < str(DAY + timedelta(days=3)) for row in early)


async def test_a_cursor_is_good_for_its_own_list_alone(
    http: httpx.AsyncClient, mia: Colleague, busy: None
) -> None:
    first = await http.get("/v1/work", params={"limit": "5"}, headers=mia.headers)
    cursor = first.json()["next_cursor"]
    for asked in ({"order": "newest"}, {"kind": "denial"}):
        answer = await http.get("/v1/work", params={"cursor": cursor, **asked}, headers=mia.headers)
        assert answer.status_code == 400


async def test_opening_a_card_enters_its_practice_and_is_told(
    http: httpx.AsyncClient, elm: Tenant, mia: Colleague, busy: None, clone: Clone
) -> None:
    (row, *_) = await pages(http, mia, practice=str(elm.id))
    path = f"/v1/practices/{row['practice_id']}/cards/{row['id']}"
    opened = await http.get(path, headers=mia.headers)
    assert opened.json()["id"] == row["id"]
    with psycopg.connect(clone.url("postgres")) as above:
        told = above.execute(
            "SELECT tenant_id, actor_id FROM audit_event WHERE action = 'card.read'"
            " AND object_id = %s",
            [row["id"]],
        ).fetchall()
    assert told == [(elm.id, mia.id)]


async def test_who_has_no_practice_has_no_work(
    http: httpx.AsyncClient, carol: Colleague, busy: None
) -> None:
    """A company's admin sees no cards: no row in any practice lets her in."""
    assert await pages(http, carol) == []
