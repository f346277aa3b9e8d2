"""Links and codes: told once, found by their hash, dead after five wrong tries."""

import hashlib
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from billing_saas.kit import clock
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.links import issuing, opening, rules
from billing_saas.links.errors import BadLink
from billing_saas.links.issuing import Wanted
from billing_saas.links.tables import PortalLink
from billing_saas.patients import registering
from billing_saas.patients.rules import Demographics
from tests.cast import Person, Tenant


@pytest.fixture
async def rosa(database: Database, elm: Tenant, alice: Person) -> UUID:
    async with database.tenant(elm.id) as db:
        return await registering.register(db, alice.actor, Demographics(last_name="Alvarez"))


async def test_a_link_is_told_once_and_kept_as_a_hash(
    database: Database, elm: Tenant, alice: Person, rosa: UUID
) -> None:
    about = new_id()
    async with database.tenant(elm.id) as db:
        path = await issuing.issue(db, alice.actor, "pay", rosa, about)
        kept = (await db.scalars(select(PortalLink))).one()
    assert path.startswith("/s/")
    assert len(path) == 25
    token = path.removeprefix("/s/")
    assert kept.secret_hash == hashlib.sha256(b"portal|" + token.encode()).digest()
    assert (kept.kind, kept.guarantor_id, kept.about) == ("pay", rosa, about)
    assert kept.expires_at == kept.created_at + timedelta(days=30)
    async with database.glance() as glance:
        assert await opening.practice_of(glance, token) == elm.id
        assert await opening.practice_of(glance, rules.new_token()) is None


async def test_a_run_of_codes_is_one_statement_and_each_opens_its_own(
    database: Database, elm: Tenant, alice: Person, rosa: UUID
) -> None:
    wanted = [Wanted(rosa, new_id()) for _ in range(40)]
    async with database.tenant(elm.id) as db:
        codes = await issuing.paper_codes(db, alice.actor, wanted)
    assert len(set(codes)) == 40
    async with database.tenant(elm.id) as db:
        for code, one in zip(codes, wanted, strict=True):
            typed = f" {code.lower().replace('0', 'o').replace('-', ' ')}"
            found = await opening.held(db, typed)
            assert found is not None
            assert (found.guarantor_id, found.about) == (rosa, one.about)


def test_a_code_has_sixty_bits_and_no_letter_that_is_read_as_another() -> None:
    drawn = [rules.new_code() for _ in range(200)]
    letters = set("".join(drawn)) - {"-"}
    assert not letters & set("ILOU")
    assert all(len(rules.plain_code(code)) == 12 and rules.is_code(code) for code in drawn)
    assert not rules.is_code(rules.new_token())


@pytest.mark.parametrize("typed", ["", "x", "é" * 500, "7K4M-Q2XD-9TN", "\0", "../s", "A" * 22])
async def test_what_is_no_code_is_nobodys(database: Database, elm: Tenant, typed: str) -> None:
    async with database.glance() as glance:
        assert await opening.practice_of(glance, typed) is None


async def test_five_wrong_tries_kill_it(
    database: Database, elm: Tenant, alice: Person, rosa: UUID
) -> None:
    async with database.tenant(elm.id) as db:
        path = await issuing.issue(db, alice.actor, "pay", rosa, None)
    token = path.removeprefix("/s/")
    died = []
    for _ in range(6):
        async with database.tenant(elm.id) as db:
            died.append(await opening.missed(db, await opening.held(db, token)))
    assert died == [False, False, False, False, True, False]
    async with database.tenant(elm.id) as db:
        found = await opening.held(db, token)
    assert found is not None
    assert not found.is_good


async def test_a_link_opens_once_a_code_until_its_day(
    database: Database, elm: Tenant, alice: Person, rosa: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with database.tenant(elm.id) as db:
        token = (await issuing.issue(db, alice.actor, "statement", rosa, None)).removeprefix("/s/")
        code = await issuing.paper_code(db, alice.actor, rosa, new_id())
        for shown in (token, code):
            found = await opening.held(db, shown)
            assert found is not None
            assert found.is_good
            await opening.opened(db, found.id)
        again = [await opening.held(db, shown) for shown in (token, code)]
    assert [found is not None and found.is_good for found in again] == [False, True]
    later = clock.now() + timedelta(days=31)
    monkeypatch.setattr(clock, "now", lambda: later)
    async with database.tenant(elm.id) as db:
        late = await opening.held(db, code)
    assert late is not None
    assert not late.is_good
    assert late.may_be_asked_anew


async def test_what_is_void_opens_nothing(
    database: Database, elm: Tenant, alice: Person, rosa: UUID
) -> None:
    void, other = new_id(), new_id()
    async with database.tenant(elm.id) as db:
        codes = await issuing.paper_codes(
            db, alice.actor, [Wanted(rosa, void), Wanted(rosa, other)]
        )
        await issuing.end_all_about(db, alice.actor, [void], reason="void")
        found = [await opening.held(db, code) for code in codes]
    assert [one is not None and one.is_good for one in found] == [False, True]


async def test_no_other_kind_and_no_longer_time(
    database: Database, elm: Tenant, alice: Person, rosa: UUID
) -> None:
    async with database.tenant(elm.id) as db:
        with pytest.raises(BadLink):
            await issuing.issue(db, alice.actor, "admin", rosa, None)
        with pytest.raises(BadLink):
            await issuing.issue(db, alice.actor, "pay", rosa, None, days=0)
        assert await db.scalar(select(func.count()).select_from(PortalLink)) == 0


async def test_elms_link_is_not_oaks(
    database: Database, elm: Tenant, oak: Tenant, alice: Person, rosa: UUID
) -> None:
    async with database.tenant(elm.id) as db:
        token = (await issuing.issue(db, alice.actor, "pay", rosa, None)).removeprefix("/s/")
    async with database.tenant(oak.id) as db:
        assert await opening.held(db, token) is None


async def test_the_platform_learns_whose_it_is_and_no_more(database: Database, elm: Tenant) -> None:
    async with database.platform() as db:
        for column in ("guarantor_id", "about", "kind", "wrong_tries"):
            allowed = await db.scalar(
                select(func.has_column_privilege("portal_link", column, "SELECT"))
            )
            assert not allowed
        assert await db.scalar(
            select(func.has_column_privilege("portal_link", "secret_hash", "SELECT"))
        )
