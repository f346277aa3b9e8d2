"""A plan is proposed, laid open, agreed to and changed; and what was agreed to is kept word by word."""

import asyncio
import hashlib
from datetime import UTC, date, datetime
from io import BytesIO

import pypdf
import pytest
from sqlalchemy import text

from billing_saas.kit import clock
from billing_saas.kit.errors import DomainError
from billing_saas.messages import pausing
from billing_saas.patients import guarantors
from billing_saas.plans import accepting, moving, proposing, queries, settings
from billing_saas.plans.accepting import Consent
from billing_saas.plans.errors import (
    ConsentMissing,
    DebtChanged,
    IllegalPlanMove,
    NothingOwed,
    NotTheirs,
    NotWhoPays,
    PlanNotFound,
    PlanRefused,
    PlanStands,
    TermsChanged,
)
from billing_saas.plans.proposing import Proposal
from billing_saas.plans.rules import Settings, State
from tests.plans.debts import OFFICE, Debts, patient

TODAY = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
FIRST = date(2026, 12, 10)


@pytest.fixture(autouse=True)
def _today() -> object:
    with clock.frozen(TODAY):
        yield


async def test_a_guarantor_agrees_and_reminders_pause(debts: Debts) -> None:
    guarantor_id, plan_id = await debts.standing(10_001, 3, FIRST)
    shown = await debts.plan(plan_id)
    assert shown.state is State.ACTIVE
    assert [one.cents for one in shown.instalments] == [3_334, 3_334, 3_333]
    assert (shown.left_cents, shown.still_owed_cents, shown.due_cents) == (10_001, 10_001, 0)
    async with debts.database.tenant(debts.tenant.id) as db:
        (pause,) = (await pausing.pauses_of(db, [guarantor_id]))[guarantor_id]
        assert (pause.kind, pause.source_id) == ("plan", plan_id)
        moves = await queries.events(db, OFFICE, plan_id)
        (consent,) = await queries.consents(db, OFFICE, plan_id)
        disclosed = await queries.disclosure_of(db, OFFICE, plan_id)
    assert [(one.before, one.after) for one in moves] == [
        *(("draft", "disclosed"), ("disclosed", "accepted"), ("accepted", "active")),
    ]
    assert moves[1].by == guarantor_id
    assert moves[1].by_kind == "patient"
    assert hashlib.sha256(consent.words.encode()).hexdigest() == disclosed.digest
    assert (consent.given_by, consent.given_through) == (guarantor_id, "portal")
    assert consent.given_at == TODAY
    assert disclosed.arithmetic in consent.words
    async with debts.database.tenant(debts.tenant.id) as db:
        await moving.cancel(db, patient(guarantor_id), plan_id)
        assert await pausing.pauses_of(db, [guarantor_id]) == {}
    assert (await debts.plan(plan_id)).state is State.CANCELLED


@pytest.mark.parametrize("language", ["en", "es"])
async def test_the_paper_says_what_the_page_says(debts: Debts, language: str) -> None:
    guarantor_id = await debts.guarantor(20_000, name="Ñandú-O'Brien")
    plan_id = await debts.proposed(guarantor_id, 3, FIRST, language=language, autopay=True)
    async with debts.database.tenant(debts.tenant.id) as db:
        paper = await queries.agreement(db, patient(guarantor_id), plan_id)
        shown = await queries.disclosure_of(db, patient(guarantor_id), plan_id)
    read = " ".join(
        " ".join(page.extract_text().split()) for page in pypdf.PdfReader(BytesIO(paper)).pages
    )
    for said in (shown.arithmetic, *shown.paragraphs, shown.future_charges, shown.number):
        assert " ".join(said.split()) in read
    assert "Lucía Ñandú-O'Brien" in read
    assert "$66.67" in read
    assert ("enero" in read) == (language == "es")
    assert b"/JavaScript" not in paper


async def test_the_paper_is_sealed_where_it_lies(debts: Debts) -> None:
    guarantor_id = await debts.guarantor(20_000, name="Quillfeather")
    await debts.proposed(guarantor_id, 3, FIRST)
    async with debts.database.tenant(debts.tenant.id) as db:
        lies = b"".join(await db.scalars(text("SELECT sealed FROM blob_chunk")))
    assert lies
    assert b"%PDF" not in lies
    assert b"Quillfeather" not in lies


async def test_only_what_was_shown_is_agreed_to(debts: Debts) -> None:
    guarantor_id = await debts.guarantor(10_000)
    plan_id = await debts.proposed(guarantor_id, 2, FIRST, autopay=True)
    me = patient(guarantor_id)
    async with debts.database.tenant(debts.tenant.id) as db:
        shown = await queries.disclosure_of(db, me, plan_id)
    other = "0" * 64
    await _refused(debts, TermsChanged, me, plan_id, Consent(digest=other, future_charges=True))
    await _refused(debts, ConsentMissing, me, plan_id, Consent(digest=shown.digest))
    await _refused(debts, NotTheirs, me, plan_id, Consent(digest=shown.digest, through="desk"))
    await _refused(
        debts, NotTheirs, OFFICE, plan_id, Consent(digest=shown.digest, through="portal")
    )
    stranger = patient(await debts.guarantor(5_000))
    await _refused(debts, PlanNotFound, stranger, plan_id, Consent(digest=shown.digest))
    await debts.accept(plan_id, me, future_charges=True)
    await _refused(
        debts, IllegalPlanMove, me, plan_id, Consent(digest=shown.digest, future_charges=True)
    )
    # It waits for a card.
    assert (await debts.plan(plan_id)).state is State.ACCEPTED
    async with debts.database.tenant(debts.tenant.id) as db:
        kinds = [one.kind for one in await queries.consents(db, me, plan_id)]
    assert kinds == ["agreement", "future_charges"]


async def test_a_debt_that_shrank_is_not_agreed_to(debts: Debts) -> None:
    guarantor_id = await debts.guarantor(10_000)
    plan_id = await debts.proposed(guarantor_id, 2, FIRST)
    await debts.owes(guarantor_id, -1)
    with pytest.raises(DebtChanged):
        await debts.accept(plan_id, patient(guarantor_id))


async def test_the_practices_rules_hold_for_guarantors_too(debts: Debts) -> None:
    guarantor_id = await debts.guarantor(10_000)
    me = patient(guarantor_id)
    five = Proposal(guarantor_id=guarantor_id, instalments=5, first_due_on=FIRST)
    async with debts.database.tenant(debts.tenant.id) as db:
        offer = await proposing.offers(db, me, guarantor_id)
        assert [one.count for one in offer.offers] == [2, 3, 4]
        with pytest.raises(PlanRefused):
            await proposing.propose(db, me, five)
        with pytest.raises(NotTheirs):
            await proposing.propose(db, patient(await debts.guarantor()), five)
        with pytest.raises(PlanRefused):
            await settings.change(db, OFFICE, Settings(most_instalments=12))
        wanted = Settings(most_instalments=12, minimum_cents=500, truth_in_lending=True)
        await settings.change(db, OFFICE, wanted)
    async with debts.database.tenant(debts.tenant.id) as db:
        plan_id = await proposing.propose_and_disclose(db, me, five)
        said = await queries.disclosure_of(db, me, plan_id)
    # More than four: what Regulation Z asks to be told is told, and it costs nothing all the same.
    assert any("FINANCE CHARGE $0.00" in paragraph for paragraph in said.paragraphs)
    empty = await debts.guarantor()
    with pytest.raises(NothingOwed):
        await debts.proposed(empty, 2, FIRST)


async def test_a_parent_pays_for_a_child(debts: Debts) -> None:
    parent, child = await debts.guarantor(), await debts.guarantor(8_000)
    async with debts.database.tenant(debts.tenant.id) as db:
        await guarantors.assign(db, OFFICE, child, parent)
    plan_id = await debts.proposed(parent, 2, FIRST)
    await debts.accept(plan_id, patient(parent))
    async with debts.database.tenant(debts.tenant.id) as db:
        assert set(await pausing.pauses_of(db, [parent, child])) == {parent, child}
    with pytest.raises(NotWhoPays):
        await debts.proposed(child, 2, FIRST)


@pytest.mark.usefixtures("invariants_hold")
async def test_a_change_takes_the_place_of_what_stood(debts: Debts) -> None:
    guarantor_id, plan_id = await debts.standing(10_000, 4, FIRST)
    with pytest.raises(PlanStands):
        await debts.proposed(guarantor_id, 2, FIRST)
    other_id = await debts.proposed(guarantor_id, 2, FIRST, supersedes=plan_id)
    assert (await debts.plan(plan_id)).state is State.ACTIVE
    await debts.accept(other_id, patient(guarantor_id))
    assert (await debts.plan(plan_id)).state is State.CANCELLED
    assert (await debts.plan(other_id)).state is State.ACTIVE
    async with debts.database.tenant(debts.tenant.id) as db:
        (pause,) = (await pausing.pauses_of(db, [guarantor_id]))[guarantor_id]
        assert pause.source_id == other_id
        (*_, last) = await queries.events(db, OFFICE, plan_id)
    assert last.why == "superseded"


async def test_two_browsers_agree_to_two_plans_and_one_stands(debts: Debts) -> None:
    guarantor_id = await debts.guarantor(10_000)
    drafts = [await debts.proposed(guarantor_id, count, FIRST) for count in (2, 3, 4)]
    answers = await asyncio.gather(
        *(debts.accept(draft, patient(guarantor_id)) for draft in drafts), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in answers) == ["NoneType", "PlanStands", "PlanStands"]
    states = [(await debts.plan(draft)).state for draft in drafts]
    assert sorted(states) == ["active", "disclosed", "disclosed"]


async def test_what_is_over_does_not_move(debts: Debts) -> None:
    guarantor_id, plan_id = await debts.standing()
    async with debts.database.tenant(debts.tenant.id) as db:
        with pytest.raises(IllegalPlanMove):
            await accepting.decline(db, OFFICE, plan_id)
        await moving.cancel(db, OFFICE, plan_id)
        with pytest.raises(IllegalPlanMove):
            await moving.cancel(db, OFFICE, plan_id)
        plans = await queries.plans_of(db, patient(guarantor_id), guarantor_id)
    assert [one.state for one in plans] == [State.CANCELLED]
    draft = await debts.guarantor(10_000)
    plan_id = await debts.proposed(draft, 2, FIRST)
    async with debts.database.tenant(debts.tenant.id) as db:
        await accepting.decline(db, patient(draft), plan_id)
    assert (await debts.plan(plan_id)).state is State.CANCELLED


async def _refused(
    debts: Debts, error: type[DomainError], actor: object, plan_id: object, consent: Consent
) -> None:
    with pytest.raises(error):
        async with debts.database.tenant(debts.tenant.id) as db:
            await accepting.accept(db, actor, plan_id, consent)  # type: ignore[arg-type]


async def test_who_looks_at_offers_leaves_no_heap_behind(debts: Debts) -> None:
    guarantor_id = await debts.guarantor(10_000)
    drafts = [await debts.proposed(guarantor_id, 2 + n % 3, FIRST) for n in range(5)]
    states = [(await debts.plan(draft)).state for draft in drafts]
    assert states == ["cancelled", "cancelled", "disclosed", "disclosed", "disclosed"]
