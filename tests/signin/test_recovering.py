"""The way back: by a link that works once, and by two persons when every second factor is gone."""

import re
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from billing_saas.gateways.mail_folder import MailFolder
from billing_saas.identity import enrolling
from billing_saas.identity.errors import NotSignedIn
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor, ActorKind, StepUpRequired
from billing_saas.kit.db import Database
from billing_saas.signin import entering, factors, listing, policies, recovering, sessions
from billing_saas.signin.errors import (
    LinkNotGood,
    PersonNotFound,
    ResetOver,
    SamePerson,
    SessionNotFound,
    WeakPassword,
    WrongCredential,
)
from billing_saas.signin.policies import Policy
from billing_saas.signin.trying import Tries
from billing_saas.workers import running
from tests.cast import Person, Tenant
from tests.cluster import Clone
from tests.signin import people
from tests.signin.people import HOME, PASSWORD, Account, Clock

NEW = "other quiet words"


@pytest.fixture
def tries() -> Tries:
    return people.tries_by(Clock())


@pytest.fixture
async def alices(database: Database, alice: Person) -> Account:
    return await people.with_app(database, alice)


@pytest.fixture
def letters(database: Database, tmp_path: object) -> MailFolder:
    from pathlib import Path

    folder = MailFolder(Path(str(tmp_path)) / "mail", "https://billing.example.test")
    database.mailer = folder
    return folder


def read(letters: MailFolder) -> list[str]:
    return [path.read_text() for path in sorted(letters._folder.glob("*.txt"))]


def token_in(letter: str) -> str:
    found = re.search(r"https://billing.example.test/password/(\S+)", letter)
    assert found, letter
    return found[1]


async def admin(database: Database, company: UUID, name: str) -> Actor:
    """A company's admin who just showed a second factor."""
    async with database.platform() as db:
        user_id = await enrolling.add_user(
            db, email=f"{name}@ash.example.test", display_name=name.title()
        )
        await enrolling.grant_company(db, user_id, company, "company_admin", by=None)
    return Actor(kind=ActorKind.USER, id=user_id, stepped_up_at=clock.now())


async def test_a_link_comes_by_letter_and_works_once(
    database: Database, tries: Tries, alices: Account, letters: MailFolder
) -> None:
    secret = await people.session_of(database, alices.person)
    async with database.platform() as db:
        await recovering.ask(db, tries, alices.email.upper(), HOME)
    await running.drain(database)
    (letter,) = read(letters)
    assert letter.startswith(f"To: {alices.email}\n")
    token = token_in(letter)
    with pytest.raises(WeakPassword):
        await recovering.set_password_by(database, token, "short")
    await recovering.set_password_by(database, token, NEW)
    with pytest.raises(LinkNotGood):
        await recovering.set_password_by(database, token, NEW)
    async with database.glance() as glance:
        with pytest.raises(NotSignedIn):
            await sessions.find(glance, secret)
    with pytest.raises(WrongCredential):
        await entering.by_password(database, tries, alices.email, PASSWORD, HOME)
    await entering.by_password(database, tries, alices.email, NEW, HOME)


async def test_a_link_is_old_after_a_day(
    database: Database, alices: Account, letters: MailFolder
) -> None:
    async with database.platform() as db:
        token = await recovering.make_link(db, alices.person.actor.id)
    with clock.frozen(clock.now() + timedelta(hours=24)), pytest.raises(LinkNotGood):
        await recovering.set_password_by(database, token, NEW)


async def test_nobody_is_written_to_and_the_same_is_done(
    database: Database, tries: Tries, alices: Account, letters: MailFolder, clone: Clone
) -> None:
    """S5: a row and a job, whoever it is."""
    done = []
    for email in (alices.email, "nobody@example.test"):
        async with database.platform() as db:
            await recovering.ask(db, tries, email, HOME)
        with psycopg.connect(clone.url("postgres")) as above:
            done.append(
                above.execute(
                    "SELECT (SELECT count(*) FROM password_ask),"
                    " (SELECT count(*) FROM job WHERE kind = 'signin.answer_ask')"
                ).fetchone()
            )
    assert done == [(1, 1), (2, 2)]
    await running.drain(database)
    assert len(read(letters)) == 1
    with psycopg.connect(clone.url("postgres")) as above:
        assert above.execute("SELECT count(*) FROM password_ask").fetchone() == (0,)
        assert above.execute("SELECT count(words) FROM letter").fetchone() == (0,)


async def test_two_persons_give_a_person_a_way_back(
    database: Database, tries: Tries, company: UUID, alices: Account, letters: MailFolder
) -> None:
    ann, ben = await admin(database, company, "ann"), await admin(database, company, "ben")
    async with database.platform() as db:
        reset_id = await recovering.ask_reset(db, ann, alices.person.actor.id)
    async with database.platform() as db:
        with pytest.raises(SamePerson):
            await recovering.confirm_reset(db, ann, reset_id)
    async with database.platform() as db:
        await recovering.confirm_reset(db, ben, reset_id)
        assert not (await factors.of(db, alices.person.actor.id)).any
    with pytest.raises(WrongCredential):
        await entering.by_password(database, tries, alices.email, PASSWORD, HOME)
    async with database.platform() as db:
        with pytest.raises(ResetOver):
            await recovering.confirm_reset(db, ben, reset_id)
    await running.drain(database)
    await recovering.set_password_by(database, token_in(read(letters)[-1]), NEW)
    await entering.by_password(database, tries, alices.email, NEW, HOME)


async def test_who_does_not_look_after_a_person_finds_nobody(
    database: Database, alices: Account, mallory: Person, oak: Tenant
) -> None:
    """Mallory administers Oak, where Alice is not."""
    stranger = Actor(kind=ActorKind.USER, id=mallory.actor.id, stepped_up_at=clock.now())
    await people.session_of(database, alices.person)
    async with database.platform() as db:
        (session,) = await listing.own(db, alices.person.actor)
        with pytest.raises(PersonNotFound):
            await recovering.ask_reset(db, stranger, alices.person.actor.id)
        with pytest.raises(PersonNotFound):
            await listing.of(db, stranger, alices.person.actor.id)
        with pytest.raises(SessionNotFound):
            await listing.end(db, stranger, session.id)
        with pytest.raises(PersonNotFound):
            await policies.of(db, stranger, oak.company_id)


async def test_without_a_step_up_an_admin_may_look_and_not_change(
    database: Database, company: UUID, alices: Account
) -> None:
    """S9"""
    ann = await admin(database, company, "ann")
    late = Actor(kind=ActorKind.USER, id=ann.id, stepped_up_at=clock.now() - timedelta(minutes=6))
    async with database.platform() as db:
        assert list(await listing.of(db, late, alices.person.actor.id)) == []
        with pytest.raises(StepUpRequired):
            await recovering.ask_reset(db, late, alices.person.actor.id)
        with pytest.raises(StepUpRequired):
            await policies.put(db, late, company, Policy(5, 60))


async def test_a_company_says_how_long_its_people_stay(
    database: Database, company: UUID, alices: Account
) -> None:
    ann = await admin(database, company, "ann")
    secret = await people.session_of(database, alices.person)
    async with database.platform() as db:
        await policies.put(db, ann, company, Policy(idle_minutes=5, absolute_minutes=60))
    with clock.frozen(clock.now() + timedelta(minutes=6)):
        async with database.glance() as glance:
            with pytest.raises(NotSignedIn):
                await sessions.find(glance, secret)


async def test_an_admin_ends_the_sessions_of_their_people(
    database: Database, company: UUID, alices: Account
) -> None:
    ann = await admin(database, company, "ann")
    secret = await people.session_of(database, alices.person)
    async with database.platform() as db:
        await listing.end_all(db, ann, alices.person.actor.id)
    async with database.glance() as glance:
        with pytest.raises(NotSignedIn):
            await sessions.find(glance, secret)


async def test_a_suspended_admin_looks_after_nobody(
    database: Database, company: UUID, alices: Account, clone: Clone
) -> None:
    ann = await admin(database, company, "ann")
    with psycopg.connect(clone.url("postgres")) as db:
        db.execute(
            "UPDATE company_membership SET suspended_at = now() WHERE user_id = %s", [ann.id]
        )
    async with database.platform() as db:
        with pytest.raises(PersonNotFound):
            await listing.end_all(db, ann, alices.person.actor.id)
        with pytest.raises(PersonNotFound):
            await policies.put(db, ann, company, Policy(5, 60))
