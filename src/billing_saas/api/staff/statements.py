"""Statements: what guarantors were told to owe, and when a practice tells them."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Response, get, post, put
from litestar.params import JSONBody, QueryParameter

from billing_saas.api.declaring import declared
from billing_saas.api.deps import Asked, Db, Id, Who
from billing_saas.api.manners import Versioned, manners
from billing_saas.api.wire import In, Out, PageOut
from billing_saas.duties.errors import NotShown
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.statement_runs import issuing, listing, settings, voiding
from billing_saas.statement_runs.errors import NotIssued
from billing_saas.statement_runs.listing import StatementShown
from billing_saas.statement_runs.running_rules import Rule
from billing_saas.statements import following
from billing_saas.statements.errors import IllegalStatementMove
from billing_saas.statements.tables import StatementLine

State = Literal["draft", "issued", "viewed", "part_paid", "paid", "void"]
VoidReason = Literal["wrong_guarantor", "wrong_amount", "wrong_address", "sent_in_error"]
_PDF = "application/pdf"


class StatementRulesOut(Out, frozen=True):
    """`version` is 0 until the practice has said anything: then nothing goes out by itself."""

    minimum_cents: int
    cycle_days: int
    due_days: int
    automatic: bool
    electronic: bool
    phone: str
    pay_to: str
    version: int


class StatementRulesIn(In, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Less than `minimum_cents` is not asked for. `cycle_days` lie at least between two statements, but
    for reminders of the same. `automatic`: daily, without being asked. `electronic`: by e-mail or text to
    who agreed; else on paper. `phone` and `pay_to` (lines of an address) are printed."""

    minimum_cents: Annotated[int, msgspec.Meta(ge=1, le=100_000)]
    cycle_days: Annotated[int, msgspec.Meta(ge=7, le=120)]
    due_days: Annotated[int, msgspec.Meta(ge=10, le=60)]
    automatic: bool
    electronic: bool
    phone: Annotated[str, msgspec.Meta(max_length=30, pattern=r"^[0-9 ().+-]*$")] = ""
    pay_to: Annotated[str, msgspec.Meta(max_length=300)] = ""


class StatementLineOut(Out, frozen=True):
    """One charge, as it stood when the statement was issued."""

    n: int
    patient_id: UUID
    claim_id: UUID | None
    charge_id: UUID | None
    service_on: date
    charge_cents: int
    contract_cents: int
    plan_paid_cents: int
    write_off_cents: int
    patient_paid_cents: int
    owed_cents: int

    @classmethod
    def of(cls, line: StatementLine) -> "StatementLineOut":
        return cls(
            n=line.n,
            patient_id=line.patient_id,
            claim_id=line.claim_id,
            charge_id=line.charge_id,
            service_on=line.service_on,
            charge_cents=line.charge_cents,
            contract_cents=line.contract_cents,
            plan_paid_cents=line.plan_paid_cents,
            write_off_cents=line.write_off_cents,
            patient_paid_cents=line.patient_paid_cents,
            owed_cents=line.owed_cents,
        )


class StatementOut(Out, frozen=True):
    """`total_cents` is what was asked for when it was issued, and stays; `balance_cents`, what of it is
    owed now. `delivery` is empty where it could go neither by message nor by mail."""

    id: UUID
    number: str
    guarantor_id: UUID
    guarantor_last_name: str
    guarantor_first_name: str
    statement_run_id: UUID | None
    stage: str
    state: State
    language: str
    total_cents: int
    balance_cents: int
    issued_on: date
    due_on: date
    delivery: str
    delivered_at: datetime | None
    viewed_at: datetime | None
    pages: int
    replaces: UUID | None
    void_reason: str
    version: int

    @classmethod
    def of(cls, shown: StatementShown) -> "StatementOut":
        found = shown.statement
        return cls(
            id=found.id,
            number=found.number,
            guarantor_id=found.guarantor_id,
            guarantor_last_name=shown.guarantor.last_name,
            guarantor_first_name=shown.guarantor.first_name,
            statement_run_id=found.run_id,
            stage=found.stage,
            state=msgspec.convert(shown.state, State),
            language=found.language,
            total_cents=found.total_cents,
            balance_cents=shown.balance_cents,
            issued_on=found.issued_on,
            due_on=found.due_on,
            delivery=found.delivery,
            delivered_at=found.delivered_at,
            viewed_at=found.viewed_at,
            pages=found.pages,
            replaces=found.replaces,
            void_reason=found.void_reason,
            version=found.version,
        )


class StatementWithLinesOut(Out, frozen=True):
    """One statement with its charges."""

    id: UUID
    statement: StatementOut
    lines: list[StatementLineOut]

    @classmethod
    def of(cls, shown: StatementShown) -> "StatementWithLinesOut":
        return cls(
            id=shown.statement.id,
            statement=StatementOut.of(shown),
            lines=[StatementLineOut.of(line) for line in shown.lines],
        )


class VoidingIn(In, frozen=True, forbid_unknown_fields=True):
    """Why it must not stand."""

    reason: VoidReason


async def _rules(db: TenantSession, actor: Actor, _: UUID) -> StatementRulesOut:
    return StatementRulesOut(**msgspec.structs.asdict(await settings.shown(db, actor)))


async def _statement(db: TenantSession, actor: Actor, statement_id: UUID) -> StatementWithLinesOut:
    return StatementWithLinesOut.of(await listing.statement(db, actor, statement_id))


_SHOW_IT = {"get_statement": {"statement_id": "$response.body#/id"}}
_VERSIONED = Versioned(lock=following.lock, show=_statement)


@get(
    "/statement-rules",
    summary="When the practice sends statements, and what is printed",
    opt=declared("statements.read"),
)
async def get_statement_rules(db: Db, actor: Who) -> StatementRulesOut:
    return await _rules(db, actor, db.tenant_id)


@put(
    "/statement-rules",
    summary="Say when statements are sent, and what is printed",
    opt=declared("statements.write", "statements.read")
    | manners(told_by=_rules, versioned=Versioned(lock=settings.lock, show=_rules, must=True)),
)
async def put_statement_rules(
    db: Db, actor: Who, data: JSONBody[StatementRulesIn]
) -> StatementRulesOut:
    await settings.put(db, actor, Rule(**msgspec.structs.asdict(data)))
    return await _rules(db, actor, db.tenant_id)


@get(
    "/statements",
    summary="Statements, newest first",
    opt=declared(
        "statements.read",
        leads_to={"get_statement": {"statement_id": "$response.body#/rows/0/id"}},
    ),
)
async def list_statements(
    db: Db,
    actor: Who,
    page: Asked,
    guarantor_id: Annotated[
        UUID | None, QueryParameter(description="Only those of this guarantor.")
    ] = None,
    statement_state: Annotated[
        State | None, QueryParameter(name="state", description="Only those that stand here.")
    ] = None,
) -> PageOut[StatementOut]:
    found = await listing.statements(
        db, actor, page, guarantor_id=guarantor_id, state=statement_state
    )
    return PageOut([StatementOut.of(one) for one in found.rows], found.next_cursor)


@post(
    "/patients/{patient_id:uuid}/statements",
    summary="Issue a statement to a guarantor now",
    opt=declared("statements.write", "statements.read", refusals=[NotIssued], leads_to=_SHOW_IT)
    | manners(told_by=_statement, resource="id"),
)
async def issue_statement(db: Db, actor: Who, patient_id: Id) -> StatementWithLinesOut:
    """Neither the minimum nor the cycle is waited for; pauses and insurers are."""
    return await _statement(db, actor, await issuing.issue_for(db, actor, patient_id))


@get(
    "/statements/{statement_id:uuid}",
    summary="One statement with its charges",
    opt=declared("statements.read"),
)
async def get_statement(db: Db, actor: Who, statement_id: Id) -> StatementWithLinesOut:
    return await _statement(db, actor, statement_id)


@get(
    "/statements/{statement_id:uuid}/content",
    summary="A statement as it was issued, on paper",
    opt=declared("statements.read", refusals=[NotShown], download=(_PDF,)),
)
async def get_statement_content(db: Db, actor: Who, statement_id: Id) -> Response[bytes]:
    return file_of(await listing.content(db, actor, statement_id), statement_id)


@get(
    "/statements/{statement_id:uuid}/itemization",
    summary="The charges of a statement one by one, as they stand today, on paper",
    opt=declared("statements.read", refusals=[NotShown], download=(_PDF,)),
)
async def get_statement_itemization(db: Db, actor: Who, statement_id: Id) -> Response[bytes]:
    return file_of(await listing.itemised(db, actor, statement_id), statement_id)


@post(
    "/statements/{statement_id:uuid}/voiding",
    status_code=204,
    summary="Void a statement: its link and code open nothing any more",
    opt=declared("statements.write", "statements.read", refusals=[IllegalStatementMove])
    | manners(versioned=_VERSIONED),
)
async def void_statement(db: Db, actor: Who, statement_id: Id, data: JSONBody[VoidingIn]) -> None:
    await voiding.void(db, actor, statement_id, data.reason)


@post(
    "/statements/{statement_id:uuid}/reissue",
    summary="Void a statement, and issue another of what is owed by now",
    opt=declared(
        "statements.write",
        "statements.read",
        refusals=[IllegalStatementMove, NotIssued],
        leads_to=_SHOW_IT,
    )
    | manners(told_by=_statement, resource="id", versioned=_VERSIONED),
)
async def reissue_statement(db: Db, actor: Who, statement_id: Id) -> StatementWithLinesOut:
    return await _statement(db, actor, await voiding.reissue(db, actor, statement_id))


def file_of(content: bytes, name: UUID) -> Response[bytes]:
    return Response(
        content,
        media_type=_PDF,
        headers={"Content-Disposition": f'attachment; filename="{name}.pdf"'},
    )


HANDLERS = [
    get_statement_rules,
    put_statement_rules,
    list_statements,
    issue_statement,
    get_statement,
    get_statement_content,
    get_statement_itemization,
    void_statement,
    reissue_statement,
]
