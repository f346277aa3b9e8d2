"""A run asks the database as often for many guarantors as for few."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from billing_saas.kit.db import Database
from billing_saas.statement_runs import running
from billing_saas.statement_runs.jobs import IssueStatements
from tests.api.asking import Elm
from tests.cast import Person, Tenant
from tests.remittances.desk import Desk, opened
from tests.statements.stories import owing_patient, put_rules


@contextmanager
def counted(desk: Desk) -> Iterator[list[str]]:
    said: list[str] = []

    def hear(_c: object, _cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    engine = desk.database.app.sync_engine
    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", hear)


@pytest.fixture
async def desk(database: Database, elm: Tenant, sue: Person) -> Desk:
    return await opened(database, elm, sue, 40)


@pytest.mark.slow
async def test_a_run_is_a_handful_of_statements_whatever_its_size(desk: Desk, at_elm: Elm) -> None:
    await put_rules(at_elm, electronic=False)

    async def run() -> tuple[int, int, int]:
        with counted(desk) as said:
            async with desk.database.tenant(desk.tenant.id) as db:
                run_id = await running.preview(db, desk.person.actor)
            async with desk.database.tenant(desk.tenant.id) as db:
                await running.issue(db, desk.person.actor, run_id)
            async with desk.database.tenant(desk.tenant.id) as db:
                await running.continue_run(db, desk.person.actor, IssueStatements(run_id))
        done = (await at_elm.ask("GET", f"/statement-runs/{run_id}")).json()
        return done["guarantors"], done["issued"], len(said)

    await owing_patient(desk)
    one = await run()
    for _ in range(4):
        await owing_patient(desk, lines=2)
    more = await run()
    assert (one[:2], more[:2]) == ((1, 1), (5, 4))
    assert more[2] <= one[2] + 1, "a statement per guarantor"
