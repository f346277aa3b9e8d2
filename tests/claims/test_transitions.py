"""Claims move by the table or not at all, and every move is an event."""

from collections.abc import Sequence
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select

from billing_saas.claims import queries, rules, transitions
from billing_saas.claims.errors import ClaimNotFound, IllegalMove, SubmissionNotFound
from billing_saas.claims.rules import MOVES, NEW
from billing_saas.claims.tables import Claim, Submission
from billing_saas.claims.transitions import Move
from billing_saas.kit.db import Database, TenantSession
from billing_saas.kit.paging import PageRequest
from tests.cast import Person, Tenant

pytestmark = pytest.mark.usefixtures("handed_in")


async def some_claim(db: TenantSession) -> tuple[Claim, Submission]:
    claim = (
        await db.scalars(select(Claim).where(Claim.tenant_id == db.tenant_id).order_by(Claim.id))
    ).first()
    assert claim is not None
    submission = await db.scalar(
        select(Submission).where(
            Submission.tenant_id == db.tenant_id, Submission.claim_id == claim.id
        )
    )
    assert submission is not None
    return claim, submission


def move(claim_id: UUID, field: str, to: str, submission_id: UUID | None = None) -> Move:
    of_submission = field in rules.OF_SUBMISSION
    return Move(
        field=field,
        claim_id=claim_id,
        submission_id=submission_id if of_submission else None,
        to_state=to,
        why="a story",
        source_type="test",
    )


async def test_a_move_is_written_told_and_has_an_owner(
    database: Database, elm: Tenant, alice: Person
) -> None:
    async with database.tenant(elm.id) as db:
        claim, submission = await some_claim(db)
        before = len(await queries.timeline(db, alice.actor, claim.id))
    async with database.tenant(elm.id) as db:
        await transitions.move_many(
            db,
            alice.actor,
            [
                move(claim.id, "delivery", "sent", submission.id),
                move(claim.id, "delivery", "rejected", submission.id),
                move(claim.id, "work", "held"),
                move(claim.id, "work", "ready"),
            ],
        )
    async with database.tenant(elm.id) as db:
        moved, sent = await some_claim(db)
        events = await queries.timeline(db, alice.actor, claim.id)
    assert (moved.work, moved.next_action_owner, moved.version) == ("ready", "biller", 2)
    assert sent.delivery == "rejected"
    told = [(e.field, e.from_state, e.to_state, e.actor_id) for e in events[before:]]
    assert told == [
        ("delivery", "queued", "sent", alice.actor.id),
        ("delivery", "sent", "rejected", alice.actor.id),
        ("work", "ready", "held", alice.actor.id),
        ("work", "held", "ready", alice.actor.id),
    ]


async def test_an_illegal_move_names_both_states_and_moves_nothing(
    database: Database, elm: Tenant, alice: Person
) -> None:
    async with database.tenant(elm.id) as db:
        claim, submission = await some_claim(db)
    with pytest.raises(IllegalMove, match=r"'sent'.*'queued'") as refused:
        async with database.tenant(elm.id) as db:
            await transitions.move_many(
                db,
                alice.actor,
                [
                    move(claim.id, "delivery", "sent", submission.id),
                    move(claim.id, "delivery", "queued", submission.id),
                ],
            )
    assert (refused.value.facts["now"], refused.value.facts["to"]) == ("sent", "queued")
    async with database.tenant(elm.id) as db:
        _, standing = await some_claim(db)
        assert standing.delivery == "queued"
        assert len(await queries.timeline(db, alice.actor, claim.id)) == 3


async def test_who_decided_by_an_old_state_is_told(
    database: Database, elm: Tenant, alice: Person
) -> None:
    async with database.tenant(elm.id) as db:
        claim, submission = await some_claim(db)
        stale = Move(
            field="delivery",
            claim_id=claim.id,
            submission_id=submission.id,
            from_state="sent",
            to_state="accepted",
            why="a story",
            source_type="test",
        )
        with pytest.raises(IllegalMove, match="moved on"):
            await transitions.move_many(db, alice.actor, [stale])


async def test_where_it_is_already_is_no_move(
    database: Database, elm: Tenant, alice: Person
) -> None:
    async with database.tenant(elm.id) as db:
        claim, submission = await some_claim(db)
        await transitions.move_many(
            db, alice.actor, [move(claim.id, "delivery", "queued", submission.id)]
        )
        assert len(await queries.timeline(db, alice.actor, claim.id)) == 3


async def test_a_stranger_moves_nothing(
    database: Database, elm: Tenant, oak: Tenant, mallory: Person
) -> None:
    async with database.tenant(elm.id) as db:
        claim, _ = await some_claim(db)
    async with database.tenant(oak.id) as db:
        with pytest.raises(ClaimNotFound):
            await transitions.move_many(db, mallory.actor, [move(claim.id, "work", "held")])


async def test_a_submission_moves_only_with_its_own_claim(
    database: Database, elm: Tenant, alice: Person
) -> None:
    async with database.tenant(elm.id) as db:
        _, submission = await some_claim(db)
        page = await queries.claims(db, alice.actor, PageRequest(limit=2))
        other = next(line.claim.id for line in page.rows if line.claim.id != submission.claim_id)
        with pytest.raises(SubmissionNotFound):
            await transitions.move_many(
                db, alice.actor, [move(other, "delivery", "sent", submission.id)]
            )


async def test_many_moves_take_as_many_statements_as_one(
    database: Database, elm: Tenant, alice: Person
) -> None:
    async with database.tenant(elm.id) as db:
        submissions = (
            await db.scalars(select(Submission).where(Submission.tenant_id == elm.id))
        ).all()
    statements: list[str] = []

    def count(*arguments: object) -> None:
        statements.append(str(arguments[2]))

    event.listen(database.app.sync_engine, "before_cursor_execute", count)
    async with database.tenant(elm.id) as db:
        await transitions.move_many(
            db, alice.actor, [move(s.claim_id, "delivery", "sent", s.id) for s in submissions]
        )
    assert len(submissions) == 40
    assert len(statements) == 5


FIELDS = sorted(MOVES)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.tuples(st.sampled_from(FIELDS), st.randoms(use_true_random=False)), max_size=8))
async def test_any_walk_stays_on_the_table(
    database: Database, elm: Tenant, alice: Person, walk: Sequence[tuple[str, object]]
) -> None:
    """Each step asks for a random state: it is reached if the table has the move, else refused."""
    async with database.tenant(elm.id) as db:
        claim, submission = await some_claim(db)
        now = {
            "work": claim.work,
            "receivable": claim.receivable,
            "delivery": submission.delivery,
            "adjudication": submission.adjudication,
        }
    for field, chance in walk:
        to = chance.choice(sorted(set(MOVES[field]) - {NEW}))  # type: ignore[attr-defined]  # a Random
        legal = to == now[field] or to in MOVES[field][now[field]]
        try:
            async with database.tenant(elm.id) as db:
                await transitions.move_many(
                    db, alice.actor, [move(claim.id, field, to, submission.id)]
                )
        except IllegalMove:
            assert not legal
        else:
            assert legal
            now[field] = to
    async with database.tenant(elm.id) as db:
        moved, sent = await some_claim(db)
    assert now == {
        "work": moved.work,
        "receivable": moved.receivable,
        "delivery": sent.delivery,
        "adjudication": sent.adjudication,
    }
    standing = rules.Standing(*(now[f] for f in ("work", "receivable", "delivery", "adjudication")))
    assert moved.next_action_owner == rules.next_action_owner(standing)
