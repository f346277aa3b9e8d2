"""An application from the first word to the last cent: three persons, sealed answers, one table of moves."""

import io
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
from PIL import Image

from billing_saas.documents import filing
from billing_saas.documents.filing import Filed
from billing_saas.duties import settings
from billing_saas.duties.errors import AnotherMust
from billing_saas.duties.settings import Settings
from billing_saas.followups import queries as followups
from billing_saas.hardship import applying, deciding, policies, queries, writing_off
from billing_saas.hardship.errors import (
    ApplicationNotFound,
    ApplicationOpen,
    BeyondTheScale,
    IllegalHardshipMove,
    NoGuideline,
    NoHardshipPolicy,
    NotAGuarantor,
    NotEvidence,
    NothingToWriteOff,
    PolicyChanged,
)
from billing_saas.hardship.jobs import ExpireHardship
from billing_saas.hardship.policies import Policy
from billing_saas.hardship.rules import Answers
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor, ActorKind, NotPermitted
from billing_saas.kit.db import Database
from billing_saas.ledger.rules import Account
from billing_saas.messages import pausing
from tests.cast import Person, Tenant, enrolled
from tests.cluster import Clone
from tests.collections.accounts import Books
from tests.hardship.conftest import SCALE

SYSTEM = Actor(kind=ActorKind.SYSTEM, id=UUID(int=9))
POOR = Answers(household=3, yearly_income_cents=30_000_00, note="Laid off at Fernhollow Mill")


async def apply(books: Books, guarantor_id: UUID, by: Actor | None = None) -> UUID:
    async with books.database.tenant(books.practice.id) as db:
        return await applying.apply(db, by or books.actor, guarantor_id, POOR)


async def owing(books: Books, cents: int = 10_001) -> UUID:
    guarantor_id = await books.person()
    await books.owe(guarantor_id, cents)
    return guarantor_id


async def paused(books: Books, *patients: UUID) -> set[UUID]:
    async with books.database.tenant(books.practice.id) as db:
        return set(await pausing.pauses_of(db, patients))


async def document(books: Books, patient_id: UUID, *, kept: bool = True) -> UUID:
    image = io.BytesIO()
    Image.new("RGB", (4, 4)).save(image, "PNG")

    async def content() -> AsyncIterator[bytes]:
        yield image.getvalue()

    async with books.database.tenant(books.practice.id) as db:
        filed = Filed(kind="other", title="A pay stub", patient_id=patient_id)
        document_id = await filing.announce(db, books.actor, filed)
        if kept:
            await filing.keep_content(db, books.actor, document_id, content(), "image/png")
    return document_id


async def test_from_application_to_write_off(
    books: Books, scale: UUID, alice: Person, petra: Person
) -> None:
    parent = await owing(books)
    child = await books.person(pays=parent)
    await books.owe(child, 3_333)
    application_id = await apply(books, parent, alice.actor)
    assert await paused(books, parent, child) == {parent, child}
    async with books.database.tenant(books.practice.id) as db:
        await applying.ask_for_evidence(db, alice.actor, application_id)
        await applying.attach(db, alice.actor, application_id, await document(books, parent))
        shown = await queries.application(db, petra.actor, application_id)
        assert shown.assessment is not None
        assert (shown.assessment.guideline_percent, shown.assessment.percent_off) == (112, 75)
        await deciding.approve(db, petra.actor, application_id, 75)
    assert await paused(books, parent, child) == {parent, child}, "what is owed is not known yet"
    async with books.database.tenant(books.practice.id) as db:
        assert set(await followups.open_by_kind(db, petra.actor)) == {"hardship_to_write_off"}
        written = await writing_off.write_off(db, alice.actor, application_id)
    assert written == 7_501 + 2_500
    assert await books.balances(parent) == {
        Account.PATIENT_RECEIVABLE: 2_500,
        Account.WRITE_OFF_CHARITY: 7_501,
        Account.GROSS_CHARGES: -10_001,
    }
    assert (await books.balances(child))[Account.PATIENT_RECEIVABLE] == 833
    assert await paused(books, parent, child) == set()
    async with books.database.tenant(books.practice.id) as db:
        shown = await queries.application(db, petra.actor, application_id)
        assert await followups.open_by_kind(db, petra.actor) == {}
    assert [event.to_state for event in shown.events] == [
        "applied",
        "evidence_pending",
        "approved",
    ]
    assert (shown.written_off_cents, len(shown.documents)) == (10_001, 1)


async def test_written_off_once_and_again_for_what_came_since(
    books: Books, scale: UUID, petra: Person
) -> None:
    garcia = await owing(books, 8_000)
    application_id = await apply(books, garcia)
    async with books.database.tenant(books.practice.id) as db:
        await deciding.approve(db, petra.actor, application_id, 50)
        await writing_off.write_off(db, petra.actor, application_id)
    with pytest.raises(NothingToWriteOff):
        async with books.database.tenant(books.practice.id) as db:
            await writing_off.write_off(db, petra.actor, application_id)
    child = await books.person(pays=garcia)
    await books.owe(child, 1_000)
    async with books.database.tenant(books.practice.id) as db:
        assert await writing_off.write_off(db, petra.actor, application_id) == 500
    after = clock.now() + timedelta(days=400)
    with clock.frozen(after), pytest.raises(IllegalHardshipMove):
        async with books.database.tenant(books.practice.id) as db:
            await writing_off.write_off(db, petra.actor, application_id)


async def test_denied_the_asking_goes_on(books: Books, scale: UUID, petra: Person) -> None:
    garcia = await owing(books)
    application_id = await apply(books, garcia)
    with pytest.raises(ApplicationOpen):
        await apply(books, garcia)
    async with books.database.tenant(books.practice.id) as db:
        await deciding.deny(db, petra.actor, application_id, "income_above_scale")
    assert await paused(books, garcia) == set()
    with pytest.raises(IllegalHardshipMove) as refused:
        async with books.database.tenant(books.practice.id) as db:
            await deciding.approve(db, petra.actor, application_id, 50)
    assert refused.value.facts == {"now": "denied", "to": "approved"}
    with pytest.raises(IllegalHardshipMove):
        async with books.database.tenant(books.practice.id) as db:
            await writing_off.write_off(db, petra.actor, application_id)
    await apply(books, garcia)


async def test_without_evidence_in_time_it_expires(
    books: Books, scale: UUID, petra: Person
) -> None:
    garcia, other = await owing(books), await owing(books)
    waiting, approved = await apply(books, garcia), await apply(books, other)
    async with books.database.tenant(books.practice.id) as db:
        await applying.ask_for_evidence(db, petra.actor, waiting)
        await deciding.approve(db, petra.actor, approved, 75)
        assert await deciding.expire(db, SYSTEM, ExpireHardship()) == 0
    for days, expired, state in ((31, 1, "approved"), (181, 1, "expired")):
        with clock.frozen(clock.now() + timedelta(days=days)):
            async with books.database.tenant(books.practice.id) as db:
                assert await deciding.expire(db, SYSTEM, ExpireHardship()) == expired
        async with books.database.tenant(books.practice.id) as db:
            shown = await queries.application(db, petra.actor, waiting)
            assert (shown.row.state, shown.row.reason) == ("expired", "no_evidence")
            assert (await queries.application(db, petra.actor, approved)).row.state == state
        assert garcia not in await paused(books, garcia)


async def test_three_persons_where_the_practice_keeps_duties_apart(
    books: Books, scale: UUID, alice: Person, petra: Person, sam: Person
) -> None:
    garcia = await owing(books)
    async with books.database.tenant(books.practice.id) as db:
        await settings.change(db, petra.actor, Settings(write_offs_apart=True))
    application_id = await apply(books, garcia, petra.actor)
    with pytest.raises(AnotherMust):
        async with books.database.tenant(books.practice.id) as db:
            await deciding.approve(db, petra.actor, application_id, 75)
    with pytest.raises(AnotherMust):
        async with books.database.tenant(books.practice.id) as db:
            await deciding.deny(db, petra.actor, application_id, "no_evidence")
    async with books.database.tenant(books.practice.id) as db:
        await deciding.approve(db, sam.actor, application_id, 75)
    for who in (petra, sam):
        with pytest.raises(AnotherMust):
            async with books.database.tenant(books.practice.id) as db:
                await writing_off.write_off(db, who.actor, application_id)
    async with books.database.tenant(books.practice.id) as db:
        assert await writing_off.write_off(db, alice.actor, application_id) == 7_501


async def test_more_than_the_scale_gives_needs_a_reason(
    books: Books, scale: UUID, petra: Person
) -> None:
    application_id = await apply(books, await owing(books))
    for because in ("", "   "):
        with pytest.raises(BeyondTheScale):
            async with books.database.tenant(books.practice.id) as db:
                await deciding.approve(db, petra.actor, application_id, 76, because)
    async with books.database.tenant(books.practice.id) as db:
        await deciding.approve(db, petra.actor, application_id, 100, "Lost her house")
        shown = await queries.application(db, petra.actor, application_id)
    assert (shown.row.percent, shown.answers.decided_because) == (100, "Lost her house")


async def test_answers_are_sealed(books: Books, scale: UUID, clone: Clone) -> None:
    application_id = await apply(books, await owing(books))
    with psycopg.connect(clone.url("postgres")) as above:
        row = above.execute(
            "SELECT phi_demo, hardship_application::text FROM hardship_application WHERE id = %s",
            [application_id],
        ).fetchone()
    assert row is not None
    assert b"Fernhollow" not in row[0]
    assert "3000000" not in row[1]


async def test_a_patient_applies_and_sees_their_own_alone(books: Books, scale: UUID) -> None:
    garcia, other = await owing(books), await owing(books)
    herself = Actor(kind=ActorKind.PATIENT, id=garcia)
    application_id = await apply(books, garcia, herself)
    async with books.database.tenant(books.practice.id) as db:
        await applying.attach(db, herself, application_id, await document(books, garcia))
        assert (await queries.application(db, herself, application_id)).answers == POOR
    with pytest.raises(NotPermitted):
        await apply(books, other, herself)
    stranger = Actor(kind=ActorKind.PATIENT, id=other)
    for ask in (queries.application, applying.ask_for_evidence):
        with pytest.raises((ApplicationNotFound, NotPermitted)):
            async with books.database.tenant(books.practice.id) as db:
                await ask(db, stranger, application_id)
    with pytest.raises(ApplicationNotFound):
        async with books.database.tenant(books.practice.id) as db:
            await applying.attach(db, stranger, application_id, await document(books, other))


async def test_evidence_is_the_guarantors_own_and_has_come(books: Books, scale: UUID) -> None:
    garcia, other = await owing(books), await owing(books)
    application_id = await apply(books, garcia)
    for document_id in (
        await document(books, other),
        await document(books, garcia, kept=False),
        UUID(int=7),
    ):
        with pytest.raises(NotEvidence):
            async with books.database.tenant(books.practice.id) as db:
                await applying.attach(db, books.actor, application_id, document_id)


async def test_without_a_scale_or_a_guideline_nothing_is_decided(
    books: Books, petra: Person
) -> None:
    garcia = await owing(books)
    with pytest.raises(NoHardshipPolicy):
        await apply(books, garcia)
    async with books.database.tenant(books.practice.id) as db:
        await policies.change(db, petra.actor, Policy(steps=SCALE))
    with pytest.raises(PolicyChanged):
        async with books.database.tenant(books.practice.id) as db:
            await policies.change(db, petra.actor, Policy(steps=SCALE))
    application_id = await apply(books, garcia)
    async with books.database.tenant(books.practice.id) as db:
        assert (await queries.application(db, petra.actor, application_id)).assessment is None
    with pytest.raises(NoGuideline):
        async with books.database.tenant(books.practice.id) as db:
            await deciding.approve(db, petra.actor, application_id, 75)


async def test_who_is_paid_for_does_not_apply(books: Books, scale: UUID) -> None:
    parent = await owing(books)
    child = await books.person(pays=parent)
    for patient_id in (child, UUID(int=3)):
        with pytest.raises(NotAGuarantor):
            await apply(books, patient_id)


async def test_a_stranger_finds_nothing(
    books: Books, scale: UUID, database: Database, oak: Tenant
) -> None:
    application_id = await apply(books, await owing(books))
    otto = await enrolled(database, oak, "otto", "practice_admin", "supervisor")
    async with database.tenant(oak.id) as db:
        for ask in (queries.application, applying.ask_for_evidence, writing_off.write_off):
            with pytest.raises(ApplicationNotFound):
                await ask(db, otto.actor, application_id)
