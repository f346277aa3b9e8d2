"""Runs of statements, and what is printed of them."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, delete, get, post
from litestar.params import QueryParameter

from billing_saas.api.declaring import declared
from billing_saas.api.deps import Asked, Db, Id, Who
from billing_saas.api.manners import Versioned, manners
from billing_saas.api.staff.statements import file_of
from billing_saas.api.wire import Out, PageOut
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.statement_runs import listing, printing, running
from billing_saas.statement_runs.errors import (
    BatchNotReady,
    NothingToPrint,
    RunInProgress,
    RunMoved,
)
from billing_saas.statement_runs.listing import BatchShown, CandidateShown
from billing_saas.statement_runs.tables import PrintBatch, PrintBatchItem, StatementRun


class StatementRunOut(Out, frozen=True):
    """`state`: previewed, issuing, issued, dropped. `asked`: by the clock or by a person."""

    id: UUID
    asked: str
    state: str
    run_on: date
    guarantors: int
    included: int
    issued: int
    total_cents: int
    created_at: datetime
    finished_at: datetime | None
    version: int

    @classmethod
    def of(cls, run: StatementRun) -> "StatementRunOut":
        return cls(
            id=run.id,
            asked=run.asked,
            state=run.state,
            run_on=run.run_on,
            guarantors=run.guarantors,
            included=run.included,
            issued=run.issued,
            total_cents=run.total_cents,
            created_at=run.created_at,
            finished_at=run.finished_at,
            version=run.version,
        )


class CandidateOut(Out, frozen=True):
    """`reasons` say why a guarantor is in the run or out of it, and why some of what is owed is not asked
    for (`some_insurance_pending`). `stage` is the statement's, where there is one."""

    guarantor_id: UUID
    guarantor_last_name: str
    guarantor_first_name: str
    included: bool
    reasons: list[str]
    stage: str
    owed_cents: int
    billed_cents: int
    statement_id: UUID | None

    @classmethod
    def of(cls, shown: CandidateShown) -> "CandidateOut":
        found = shown.candidate
        return cls(
            guarantor_id=found.guarantor_id,
            guarantor_last_name=shown.guarantor.last_name,
            guarantor_first_name=shown.guarantor.first_name,
            included=found.included,
            reasons=found.reasons.split(),
            stage=found.stage,
            owed_cents=found.owed_cents,
            billed_cents=found.billed_cents,
            statement_id=found.statement_id,
        )


class PrintBatchOut(Out, frozen=True):
    """`state`: gathering, ready, mailed."""

    id: UUID
    state: str
    statements: int
    pages: int
    created_at: datetime
    mailed_at: datetime | None
    version: int

    @classmethod
    def of(cls, batch: PrintBatch) -> "PrintBatchOut":
        return cls(
            id=batch.id,
            state=batch.state,
            statements=batch.statements,
            pages=batch.pages,
            created_at=batch.created_at,
            mailed_at=batch.mailed_at,
            version=batch.version,
        )


class PrintBatchItemOut(Out, frozen=True):
    """`first_page` counts from 1; a statement without pages was made void or paid meanwhile."""

    n: int
    statement_id: UUID
    first_page: int
    pages: int

    @classmethod
    def of(cls, item: PrintBatchItem) -> "PrintBatchItemOut":
        return cls(
            n=item.n,
            statement_id=item.statement_id,
            first_page=item.first_page,
            pages=item.pages,
        )


class PrintBatchWithItemsOut(Out, frozen=True):
    """One print batch with its manifest."""

    id: UUID
    batch: PrintBatchOut
    items: list[PrintBatchItemOut]

    @classmethod
    def of(cls, shown: BatchShown) -> "PrintBatchWithItemsOut":
        return cls(
            id=shown.batch.id,
            batch=PrintBatchOut.of(shown.batch),
            items=[PrintBatchItemOut.of(item) for item in shown.items],
        )


async def _run(db: TenantSession, actor: Actor, run_id: UUID) -> StatementRunOut:
    return StatementRunOut.of(await listing.run(db, actor, run_id))


async def _batch(db: TenantSession, actor: Actor, batch_id: UUID) -> PrintBatchWithItemsOut:
    return PrintBatchWithItemsOut.of(await listing.batch(db, actor, batch_id))


_THIS_RUN = {"statement_run_id": "$response.body#/id"}
_THIS_BATCH = {"print_batch_id": "$response.body#/id"}
_VERSIONED = Versioned(lock=running.lock, show=_run)
_BATCH_VERSIONED = Versioned(lock=printing.lock, show=_batch)


@post(
    "/statement-runs",
    summary="Preview a run: who would get a statement today, who not, and why",
    opt=declared(
        "statements.write",
        "statements.read",
        leads_to={
            "get_statement_run": _THIS_RUN,
            "list_statement_candidates": _THIS_RUN,
            "issue_statement_run": _THIS_RUN,
        },
    )
    | manners(told_by=_run, resource="id"),
)
async def preview_statement_run(db: Db, actor: Who) -> StatementRunOut:
    return await _run(db, actor, await running.preview(db, actor))


@get(
    "/statement-runs",
    summary="Runs of statements, newest first",
    opt=declared(
        "statements.read",
        leads_to={"get_statement_run": {"statement_run_id": "$response.body#/rows/0/id"}},
    ),
)
async def list_statement_runs(db: Db, actor: Who, page: Asked) -> PageOut[StatementRunOut]:
    found = await listing.runs(db, actor, page)
    return PageOut([StatementRunOut.of(run) for run in found.rows], found.next_cursor)


@get(
    "/statement-runs/{statement_run_id:uuid}",
    summary="One run of statements",
    opt=declared("statements.read"),
)
async def get_statement_run(db: Db, actor: Who, statement_run_id: Id) -> StatementRunOut:
    return await _run(db, actor, statement_run_id)


@get(
    "/statement-runs/{statement_run_id:uuid}/candidates",
    summary="Every guarantor that a run looked at, and why in or out",
    opt=declared("statements.read"),
)
async def list_statement_candidates(
    db: Db,
    actor: Who,
    page: Asked,
    statement_run_id: Id,
    included: Annotated[
        bool | None, QueryParameter(description="Only those in the run, or only those out of it.")
    ] = None,
) -> PageOut[CandidateOut]:
    found = await listing.candidates(db, actor, statement_run_id, page, included=included)
    return PageOut([CandidateOut.of(one) for one in found.rows], found.next_cursor)


@post(
    "/statement-runs/{statement_run_id:uuid}/issuing",
    status_code=202,
    summary="Issue the statements of a previewed run",
    opt=declared("statements.write", "statements.read", refusals=[RunMoved, RunInProgress])
    | manners(told_by=_run, versioned=_VERSIONED),
)
async def issue_statement_run(db: Db, actor: Who, statement_run_id: Id) -> StatementRunOut:
    """Each guarantor is judged again by then: whoever has paid since gets none."""
    await running.issue(db, actor, statement_run_id)
    return await _run(db, actor, statement_run_id)


@delete(
    "/statement-runs/{statement_run_id:uuid}",
    status_code=204,
    summary="Drop a run, or what is left of it; what was issued stays",
    opt=declared("statements.write", "statements.read", refusals=[RunMoved])
    | manners(versioned=_VERSIONED),
)
async def drop_statement_run(db: Db, actor: Who, statement_run_id: Id) -> None:
    await running.drop(db, actor, statement_run_id)


@post(
    "/print-batches",
    summary="Put every statement that waits to be printed into one file",
    opt=declared(
        "statements.write",
        "statements.read",
        refusals=[NothingToPrint],
        leads_to={"get_print_batch": _THIS_BATCH, "get_print_batch_content": _THIS_BATCH},
    )
    | manners(told_by=_batch, resource="id"),
)
async def gather_print_batch(db: Db, actor: Who) -> PrintBatchWithItemsOut:
    return await _batch(db, actor, await printing.gather(db, actor))


@get(
    "/print-batches",
    summary="Print batches, newest first",
    opt=declared(
        "statements.read",
        leads_to={"get_print_batch": {"print_batch_id": "$response.body#/rows/0/id"}},
    ),
)
async def list_print_batches(db: Db, actor: Who, page: Asked) -> PageOut[PrintBatchOut]:
    found = await listing.batches(db, actor, page)
    return PageOut([PrintBatchOut.of(batch) for batch in found.rows], found.next_cursor)


@get(
    "/print-batches/{print_batch_id:uuid}",
    summary="One print batch with its manifest, in the order of the file",
    opt=declared("statements.read"),
)
async def get_print_batch(db: Db, actor: Who, print_batch_id: Id) -> PrintBatchWithItemsOut:
    return await _batch(db, actor, print_batch_id)


@get(
    "/print-batches/{print_batch_id:uuid}/content",
    summary="The file of a print batch",
    opt=declared("statements.write", refusals=[BatchNotReady], download=("application/pdf",)),
)
async def get_print_batch_content(db: Db, actor: Who, print_batch_id: Id) -> Response[bytes]:
    return file_of(await printing.content(db, actor, print_batch_id), print_batch_id)


@post(
    "/print-batches/{print_batch_id:uuid}/mailing",
    status_code=204,
    summary="Say that the batch is in the mail",
    opt=declared("statements.write", "statements.read", refusals=[BatchNotReady])
    | manners(versioned=_BATCH_VERSIONED),
)
async def mail_print_batch(db: Db, actor: Who, print_batch_id: Id) -> None:
    await printing.mailed(db, actor, print_batch_id)


HANDLERS = [
    preview_statement_run,
    list_statement_runs,
    get_statement_run,
    list_statement_candidates,
    issue_statement_run,
    drop_statement_run,
    gather_print_batch,
    list_print_batches,
    get_print_batch,
    get_print_batch_content,
    mail_print_batch,
]
