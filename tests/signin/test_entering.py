"""In by password and code: what is refused, what it costs, and what it leaves in the trail."""

from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from billing_saas.identity.errors import NotSignedIn
from billing_saas.kit import clock, meters
from billing_saas.kit.actor import AuthLevel
from billing_saas.kit.db import Database
from billing_saas.signin import (
    credentials,
    entering,
    factors,
    hashing,
    recovery_codes,
    rules,
    sessions,
)
from billing_saas.signin.errors import SecondFactorMissing, WeakPassword, WrongCredential
from billing_saas.signin.hashing import Parameters
from billing_saas.signin.trying import Tries
from tests.cast import Person, Tenant
from tests.cluster import Clone
from tests.signin import people
from tests.signin.people import HOME, PASSWORD, Account, Clock


@pytest.fixture
def ticking() -> Clock:
    return Clock()


@pytest.fixture
def tries(ticking: Clock) -> Tries:
    return people.tries_by(ticking)


@pytest.fixture
async def alices(database: Database, alice: Person) -> Account:
    return await people.with_app(database, alice)


def hashes() -> float:
    return meters.REGISTRY.get_sample_value("billing_saas_password_hashes_total") or 0.0


def told(clone: Clone) -> list[tuple[str, str]]:
    with psycopg.connect(clone.url("postgres")) as above:
        return above.execute("SELECT action, outcome FROM audit_event ORDER BY xid, seq").fetchall()


async def test_password_and_code_open_a_session(
    database: Database, tries: Tries, alices: Account, elm: Tenant, clone: Clone
) -> None:
    pending = await entering.by_password(database, tries, alices.email, PASSWORD, HOME)
    entered = await entering.by_code(database, tries, pending, alices.code(), HOME)
    async with database.glance() as glance:
        principal = await sessions.principal_of(glance, entered.secret)
    assert principal.user_id == alices.person.actor.id
    assert principal.roles == {elm.id: frozenset({"biller"})}
    assert principal.auth_level is AuthLevel.TWO_FACTORS
    principal.actor_in(elm.id, request_id="", ip_prefix="").must_have_stepped_up()
    assert told(clone)[-2:] == [("sign_in.first_factor", "done"), ("session.open", "done")]


async def test_a_password_alone_opens_nothing(
    database: Database, tries: Tries, alices: Account
) -> None:
    pending = await entering.by_password(database, tries, alices.email, PASSWORD, HOME)
    async with database.glance() as glance:
        with pytest.raises(SecondFactorMissing):
            await sessions.principal_of(glance, pending)


async def test_the_secret_of_before_the_second_factor_is_worth_nothing_after_it(
    database: Database, tries: Tries, alices: Account
) -> None:
    pending = await entering.by_password(database, tries, alices.email, PASSWORD, HOME)
    entered = await entering.by_code(database, tries, pending, alices.code(), HOME)
    assert entered.secret != pending
    async with database.glance() as glance:
        with pytest.raises(NotSignedIn):
            await sessions.find(glance, pending)


async def test_a_code_counts_once_and_none_before_it_after(
    database: Database, tries: Tries, alices: Account
) -> None:
    """S4: reuse, and the step before."""
    await people.signed_in(database, tries, alices)
    for steps in (0, -1):
        pending = await entering.by_password(database, tries, alices.email, PASSWORD, HOME)
        with pytest.raises(WrongCredential):
            await entering.by_code(database, tries, pending, alices.code(steps), HOME)


async def test_five_wrong_codes_end_the_way_in(
    database: Database, tries: Tries, ticking: Clock, alices: Account, clone: Clone
) -> None:
    pending = await entering.by_password(database, tries, alices.email, PASSWORD, HOME)
    for guess in range(rules.MOST_WRONG_CODES):
        with pytest.raises(WrongCredential):
            await entering.by_code(database, tries, pending, f"{guess:05}x", HOME)
    ticking.forward(3600)
    with pytest.raises(NotSignedIn):
        await entering.by_code(database, tries, pending, alices.code(), HOME)
    assert told(clone)[-1] == ("session.end", "done")


async def test_a_recovery_code_counts_once(
    database: Database, tries: Tries, alices: Account
) -> None:
    async with database.platform() as db:
        codes = await recovery_codes.make(db, alices.person.actor.id)
    assert len(set(codes)) == 10
    typed = codes[0].lower().replace("-", " ")
    pending = await entering.by_password(database, tries, alices.email, PASSWORD, HOME)
    await entering.by_code(database, tries, pending, typed, HOME)
    pending = await entering.by_password(database, tries, alices.email, PASSWORD, HOME)
    with pytest.raises(WrongCredential):
        await entering.by_code(database, tries, pending, codes[0], HOME)
    async with database.platform() as db:
        assert await recovery_codes.left(db, alices.person.actor.id) == 9


async def test_known_and_unknown_cost_the_same(
    database: Database, tries: Tries, alices: Account, sam: Person, clone: Clone
) -> None:
    """S5: one hash and one event each. Sam is known and has no password."""
    async with database.platform() as db:
        sams = (await factors.of(db, sam.actor.id)).email
    for email in (alices.email, sams, "nobody@example.test"):
        before, events = hashes(), len(told(clone))
        with pytest.raises(WrongCredential):
            await entering.by_password(database, tries, email, "not the password", HOME)
        assert hashes() - before == 1, email
        assert told(clone)[events:] == [("sign_in.refuse", "denied")], email


async def test_a_suspended_person_is_nobody(
    database: Database, tries: Tries, alices: Account, clone: Clone
) -> None:
    entered = await people.signed_in(database, tries, alices)
    with psycopg.connect(clone.url("postgres"), autocommit=True) as above:
        above.execute("UPDATE app_user SET status = 'suspended' WHERE email = %s", [alices.email])
    async with database.glance() as glance:
        with pytest.raises(NotSignedIn):
            await sessions.principal_of(glance, entered.secret)
    before = hashes()
    with pytest.raises(WrongCredential):
        await entering.by_password(database, tries, alices.email, PASSWORD, HOME)
    assert hashes() - before == 1


async def test_a_hash_of_older_parameters_is_made_anew(
    database: Database, tries: Tries, alices: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hashing, "CURRENT", Parameters(iterations=3))
    await entering.by_password(database, tries, alices.email, PASSWORD, HOME)
    found = await credentials.account(database, alices.email)
    assert found.held is not None
    assert found.held.parameters == Parameters(iterations=3)
    await entering.by_password(database, tries, alices.email, PASSWORD, HOME)


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("short words", "at least 12"),
        ("x" * 129, "at most 128"),
        ("aaaaaaaaaaaaaaaa", "few different"),
        ("pat@example.test!", "e-mail"),
    ],
)
def test_what_no_password_may_be(password: str, fault: str) -> None:
    with pytest.raises(WeakPassword, match=fault):
        credentials.check_strength(password, email="Pat@Example.test")


def test_no_rule_of_composition() -> None:
    credentials.check_strength("nothing but letters", email="pat@example.test")
    credentials.check_strength("ねこはきょうもひなたでねる", email="pat@example.test")


async def test_a_session_ends_idle_and_absolutely(
    database: Database, tries: Tries, alices: Account
) -> None:
    """S3. Seen every ten minutes it lives twelve hours; not seen, fifteen minutes."""
    start = clock.now()
    with clock.frozen(start):
        busy = await people.session_of(database, alices.person)
        idle = await people.session_of(database, alices.person)
    async with database.glance() as glance:
        for minutes in range(10, 720, 10):
            with clock.frozen(start + timedelta(minutes=minutes)):
                await sessions.principal_of(glance, busy)
        with clock.frozen(start + timedelta(minutes=720)), pytest.raises(NotSignedIn):
            await sessions.principal_of(glance, busy)
        with clock.frozen(start + timedelta(minutes=15)), pytest.raises(NotSignedIn):
            await sessions.principal_of(glance, idle)
        with pytest.raises(NotSignedIn):  # over is over, whatever the clock says
            await sessions.principal_of(glance, idle)


async def test_a_new_browser_is_told_of_and_a_known_one_is_not(
    database: Database, tries: Tries, alices: Account, clone: Clone
) -> None:
    entered = await people.signed_in(database, tries, alices)
    known = replace(HOME, device=entered.device)
    async with database.platform() as db:
        codes = await recovery_codes.make(db, alices.person.actor.id)
    pending = await entering.by_password(database, tries, alices.email, PASSWORD, known)
    await entering.by_code(database, tries, pending, codes[0], known)
    with psycopg.connect(clone.url("postgres")) as above:
        letters = above.execute("SELECT template FROM letter").fetchall()
    assert letters == [("new_sign_in",)]


async def test_who_opens_more_sessions_than_one_person_has_ends_the_oldest(
    database: Database, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "MOST_OPEN", 2)
    first, second, third = [await people.session_of(database, alice) for _ in range(3)]
    async with database.glance() as glance:
        with pytest.raises(NotSignedIn):
            await sessions.find(glance, first)
        for still in (second, third):
            assert (await sessions.find(glance, still)).user_id == alice.actor.id
    async with database.platform() as db:
        assert len(await sessions.open_of(db, [alice.actor.id])) == 2
