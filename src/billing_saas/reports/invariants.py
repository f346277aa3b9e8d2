"""What must be true of every practice whatever happened: asked by night, and by tests after each blow."""

from collections.abc import Awaitable, Callable

from sqlalchemy.dialects.postgresql import insert

from billing_saas.kit import clock, logs
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.reports import books, rows, traces
from billing_saas.reports.errors import NotAsked
from billing_saas.reports.jobs import CheckInvariants
from billing_saas.reports.tables import InvariantCheck

Invariant = Callable[[TenantSession, Actor], Awaitable[list[str]]]
Answers = dict[str, list[str] | None]
"""By the invariant's name: what is not as it must be; None where the server cannot be asked."""

INVARIANTS: tuple[Invariant, ...] = (
    books.books_balance,
    books.trial_balance_is_the_sum_of_lines,
    books.posted_is_what_was_paid,
    rows.nothing_stands_twice,
    rows.every_table_is_walled,
    traces.every_change_is_told,
    traces.no_arrival_waits,
)


async def ask(db: TenantSession, actor: Actor) -> Answers:
    """Every question, twice where something is found: between two statements others may commit."""
    answers: Answers = {}
    for invariant in INVARIANTS:
        try:
            first = await invariant(db, actor)
            again = await invariant(db, actor) if first else []
        except NotAsked:
            answers[invariant.__name__] = None
        else:
            answers[invariant.__name__] = [what for what in again if what in set(first)]
    return answers


async def check(db: TenantSession, actor: Actor, job: CheckInvariants) -> None:
    """Ask, keep the numbers, and raise the alarm in the log for each that is broken."""
    answers = await ask(db, actor)
    broken = {name: None if found is None else len(found) for name, found in answers.items()}
    write = insert(InvariantCheck).values(
        [
            {
                "tenant_id": db.tenant_id,
                "invariant": name,
                "checked_at": clock.now(),
                "broken": count,
            }
            for name, count in broken.items()
        ]
    )
    newer = {"checked_at": write.excluded.checked_at, "broken": write.excluded.broken}
    await db.execute(
        write.on_conflict_do_update(index_elements=["tenant_id", "invariant"], set_=newer)
    )
    for name, count in broken.items():
        if count:
            logs.get().error("invariant broken", tenant=db.tenant_id, invariant=name, count=count)
