"""Runs of statements: previewed with a reason for each guarantor, then issued a few hundred at a time.

Judged again when issued: whoever paid since the preview, or whose insurer answered, gets what is right by
then, or nothing.
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError

from billing_saas.audit import trail
from billing_saas.followups import cards
from billing_saas.followups.cards import NewCard
from billing_saas.kit import bulk, clock
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.outbox import queue
from billing_saas.statement_runs import gathering, issuing, running_rules, settings
from billing_saas.statement_runs.errors import RunInProgress, RunMoved, StatementRunNotFound
from billing_saas.statement_runs.jobs import IssueStatements, RunStatements
from billing_saas.statement_runs.running_rules import Verdict
from billing_saas.statement_runs.tables import StatementCandidate, StatementRun
from billing_saas.statements import following, owing
from billing_saas.tenants import queries as tenants

WRITE = "statements.write"
AT_A_TIME = 200
_JUDGED_AT_A_TIME = 2_000

_BECAME = text(
    """
    UPDATE statement_candidate AS candidate SET included = new.included, reasons = new.reasons,
      billed_cents = new.cents, statement_id = new.statement_id
    FROM unnest(CAST(:guarantors AS uuid[]), CAST(:included AS boolean[]), CAST(:reasons AS text[]),
      CAST(:cents AS bigint[]), CAST(:statements AS uuid[]))
      AS new (guarantor_id, included, reasons, cents, statement_id)
    WHERE candidate.tenant_id = :tenant_id AND candidate.run_id = :run_id
      AND candidate.guarantor_id = new.guarantor_id
    """
)


async def preview(db: TenantSession, actor: Actor) -> UUID:
    """Who would get a statement today, and who not and why. Nothing goes out."""
    actor.must(WRITE)
    return await _preview(db, actor, "person")


async def issue(db: TenantSession, actor: Actor, run_id: UUID) -> None:
    """Owe the statements of a previewed run; the worker issues them."""
    actor.must(WRITE)
    run = await lock(db, run_id)
    if run.state != "previewed":
        raise RunMoved("The run is issued already, or was dropped.", state=run.state)
    await _set_issuing(db, run_id)
    await queue.add(db, IssueStatements(run_id), request_id=actor.request_id)
    await _tell(db, actor, "statement_run.issue", run_id, run.included)


async def drop(db: TenantSession, actor: Actor, run_id: UUID) -> None:
    """It will not be issued; or, where the rest of it must not be, what was issued stays."""
    actor.must(WRITE)
    run = await lock(db, run_id)
    if run.state not in ("previewed", "issuing"):
        raise RunMoved("The run is issued already, or was dropped.", state=run.state)
    await _set(db, run_id, state="dropped", finished_at=clock.now())
    await _tell(db, actor, "statement_run.drop", run_id, run.issued)


async def by_clock(db: TenantSession, actor: Actor, _job: RunStatements) -> None:
    """Daily: clocks and states are looked at; where the practice says so, what is due is issued."""
    await following.look(db, actor)
    if not (await settings.of(db)).automatic:
        return
    today = await _today(db)
    ran = await db.scalar(
        select(StatementRun.id).where(
            StatementRun.tenant_id == db.tenant_id,
            StatementRun.run_on == today,
            StatementRun.asked == "clock",
        )
    )
    if ran is None:
        await issue(db, actor, await _preview(db, actor, "clock"))


async def continue_run(db: TenantSession, actor: Actor, job: IssueStatements) -> None:
    """Issue the next few hundred of a run, and owe the rest."""
    run = await lock(db, job.statement_run_id)
    if run.state != "issuing":
        return
    waiting = list(
        await db.scalars(
            select(StatementCandidate.guarantor_id)
            .where(
                StatementCandidate.tenant_id == db.tenant_id,
                StatementCandidate.run_id == run.id,
                StatementCandidate.included,
                StatementCandidate.statement_id.is_(None),
            )
            .order_by(StatementCandidate.guarantor_id)
            .limit(AT_A_TIME)
        )
    )
    await _issue_some(db, actor, run, waiting)
    if len(waiting) == AT_A_TIME:
        await queue.add(db, IssueStatements(run.id))
    else:
        await _set(db, run.id, state="issued", finished_at=clock.now())


async def lock(db: TenantSession, run_id: UUID) -> StatementRun:
    """For an act that changes it."""
    run = await db.scalar(
        select(StatementRun)
        .where(StatementRun.tenant_id == db.tenant_id, StatementRun.id == run_id)
        .with_for_update()
    )
    if run is None:
        raise StatementRunNotFound("There is no such run of statements.")
    return run


async def _preview(db: TenantSession, actor: Actor, asked: str) -> UUID:
    today = await _today(db)
    verdicts = await _judged(db, await owing.owing(db), today)
    run_id = new_id()
    included = [one for one in verdicts if one.included]
    await bulk.insert_rows(
        db,
        StatementRun,
        [
            {
                "id": run_id,
                "asked": asked,
                "state": "previewed",
                "run_on": today,
                "guarantors": len(verdicts),
                "included": len(included),
                "total_cents": sum(one.billed_cents for one in included),
                "created_by": actor.id,
                "created_at": clock.now(),
            }
        ],
    )
    await bulk.insert_rows(
        db,
        StatementCandidate,
        [
            {
                "run_id": run_id,
                "guarantor_id": one.guarantor_id,
                "included": one.included,
                "reasons": " ".join(one.reasons),
                "stage": one.stage or "",
                "owed_cents": one.owed_cents,
                "billed_cents": one.billed_cents if one.included else 0,
            }
            for one in verdicts
        ],
    )
    await _open_cards(db, verdicts, today)
    await _tell(db, actor, "statement_run.preview", run_id, len(verdicts))
    return run_id


async def _judged(db: TenantSession, guarantor_ids: Sequence[UUID], today: date) -> list[Verdict]:
    rule = await settings.of(db)
    verdicts: list[Verdict] = []
    for start in range(0, len(guarantor_ids), _JUDGED_AT_A_TIME):
        some = guarantor_ids[start : start + _JUDGED_AT_A_TIME]
        facts = await gathering.facts_of(db, some)
        verdicts += [running_rules.judge(facts[one], rule, today) for one in some]
    return verdicts


async def _issue_some(
    db: TenantSession, actor: Actor, run: StatementRun, guarantor_ids: Sequence[UUID]
) -> None:
    if not guarantor_ids:
        return
    today, rule = await _today(db), await settings.of(db)
    facts = await gathering.facts_of(db, guarantor_ids)
    verdicts = [running_rules.judge(facts[one], rule, today) for one in guarantor_ids]
    included = [one for one in verdicts if one.included]
    made = await issuing.make(db, actor, included, facts, today=today, rule=rule, run_id=run.id)
    # What changed since the preview stands beside what became of it.
    await db.execute(
        _BECAME,
        {
            "tenant_id": db.tenant_id,
            "run_id": run.id,
            "guarantors": [one.guarantor_id for one in verdicts],
            "included": [one.included for one in verdicts],
            "reasons": [" ".join(one.reasons) for one in verdicts],
            "cents": [one.billed_cents if one.included else 0 for one in verdicts],
            "statements": [made.get(one.guarantor_id) for one in verdicts],
        },
    )
    await _set(
        db,
        run.id,
        issued=run.issued + len(made),
        included=run.included - (len(verdicts) - len(included)),
        total_cents=await _total(db, run.id),
    )


async def _total(db: TenantSession, run_id: UUID) -> int:
    found = await db.scalar(
        select(func.coalesce(func.sum(StatementCandidate.billed_cents), 0)).where(
            StatementCandidate.tenant_id == db.tenant_id, StatementCandidate.run_id == run_id
        )
    )
    return int(found or 0)


async def _set_issuing(db: TenantSession, run_id: UUID) -> None:
    try:
        async with db.begin_nested():
            await _set(db, run_id, state="issuing")
    except IntegrityError as error:
        if "statement_run_issuing_idx" in str(error.orig):
            raise RunInProgress("Another run is being issued.") from None
        raise


async def _set(db: TenantSession, run_id: UUID, **changed: object) -> None:
    await db.execute(
        update(StatementRun)
        .where(StatementRun.tenant_id == db.tenant_id, StatementRun.id == run_id)
        .values(**changed, version=StatementRun.version + 1)
    )


async def _open_cards(db: TenantSession, verdicts: Sequence[Verdict], today: date) -> None:
    """Money that came in and pays nothing yet: a person says what it is for, once a month."""
    await cards.open_cards(
        db,
        [
            NewCard(
                kind="credit_to_apply",
                why="A guarantor owes, and has money with the practice that is not applied: apply it.",
                owner="biller",
                subject_type="patient",
                subject_id=one.guarantor_id,
                worth_cents=one.owed_cents,
                source=f"credit-to-apply:{one.guarantor_id}:{today:%Y-%m}",
            )
            for one in verdicts
            if "credit_to_apply" in one.reasons
        ],
    )


async def _today(db: TenantSession) -> date:
    return clock.today((await tenants.this_practice(db)).time_zone)


async def _tell(db: TenantSession, actor: Actor, action: str, run_id: UUID, count: int) -> None:
    await trail.record(
        db,
        actor,
        action,
        object_type="statement_run",
        object_id=run_id,
        detail={"count": count, "kind": "clock" if actor.kind is ActorKind.SYSTEM else "person"},
    )
