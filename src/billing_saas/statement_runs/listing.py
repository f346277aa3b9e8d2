"""Statements, runs and print batches for staff: lists, one of each, and the files."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec
from sqlalchemy import select

from billing_saas.audit import trail
from billing_saas.audit.rules import Classes
from billing_saas.blobs import storing
from billing_saas.duties import visibility
from billing_saas.duties.errors import NotShown
from billing_saas.duties.visibility_rules import Field
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.paging import Page, PageRequest, encode
from billing_saas.patients import queries as patients
from billing_saas.patients.rules import NameOnly
from billing_saas.statement_papers import gathering as papers
from billing_saas.statement_papers import pdf
from billing_saas.statement_papers.pdf import Paper, Row
from billing_saas.statement_runs import printing, settings
from billing_saas.statement_runs.errors import StatementRunNotFound
from billing_saas.statement_runs.tables import (
    PrintBatch,
    PrintBatchItem,
    StatementCandidate,
    StatementRun,
)
from billing_saas.statements import explaining, owing, queries, rules, words
from billing_saas.statements.errors import StatementNotFound
from billing_saas.statements.explaining import ClaimExplanation
from billing_saas.statements.rules import OpenItem
from billing_saas.statements.tables import Statement, StatementLine
from billing_saas.statements.words import Language

READ = "statements.read"


class StatementShown(msgspec.Struct, frozen=True, kw_only=True):
    """`balance_cents` is what of its lines is owed now, by the ledger, and `state` follows from that: the
    row's own may be some minutes behind."""

    statement: Statement
    guarantor: NameOnly
    lines: Sequence[StatementLine]
    balance_cents: int
    state: str

    def __repr__(self) -> str:
        return f"<StatementShown {self.statement.id}>"


class CandidateShown(msgspec.Struct, frozen=True, kw_only=True):
    candidate: StatementCandidate
    guarantor: NameOnly

    def __repr__(self) -> str:
        return f"<CandidateShown {self.candidate.guarantor_id}>"


class BatchShown(msgspec.Struct, frozen=True, kw_only=True):
    """A print batch with its manifest."""

    batch: PrintBatch
    items: Sequence[PrintBatchItem]


async def statements(
    db: TenantSession,
    actor: Actor,
    page: PageRequest,
    *,
    guarantor_id: UUID | None = None,
    state: str | None = None,
) -> Page[StatementShown]:
    """Newest first, without their lines."""
    actor.must(READ)
    query = select(Statement).where(Statement.tenant_id == db.tenant_id)
    if actor.only_patient is not None:
        query = query.where(Statement.guarantor_id == actor.only_patient)
    if guarantor_id is not None:
        query = query.where(Statement.guarantor_id == guarantor_id)
    if state is not None:
        query = query.where(Statement.state == state)
    if page.after is not None:
        query = query.where(Statement.id < page.after)
    found = (await db.scalars(query.order_by(Statement.id.desc()).limit(page.limit + 1))).all()
    shown = await _shown(db, found[: page.limit])
    await _tell(db, actor, "statement.list", shown)
    bare = [msgspec.structs.replace(one, lines=()) for one in shown]
    more = len(found) > page.limit
    return Page(bare, encode(found[page.limit - 1].id) if more else None)


async def statement(db: TenantSession, actor: Actor, statement_id: UUID) -> StatementShown:
    actor.must(READ)
    (shown,) = await _shown(db, [await _row(db, actor, statement_id)])
    await _tell(db, actor, "statement.read", [shown], statement_id)
    return shown


async def content(db: TenantSession, actor: Actor, statement_id: UUID) -> bytes:
    """The file as it was issued."""
    actor.must(READ)
    found = await _row(db, actor, statement_id)
    await _must_see(db, actor, Field.CONTACT, Field.AMOUNTS)
    return await content_of(db, actor, found)


async def content_of(db: TenantSession, actor: Actor, found: Statement) -> bytes:
    """The file of a statement, told on the trail. The caller has checked who asks."""
    if found.blob_id is None:
        raise StatementNotFound("There is no such statement.")
    await trail.record(
        db,
        actor,
        "statement.open",
        object_type="statement",
        object_id=found.id,
        subjects=[found.guarantor_id],
        classes=Classes.FILE,
    )
    return b"".join([chunk async for chunk in storing.read(db, found.blob_id)])


async def itemised(db: TenantSession, actor: Actor, statement_id: UUID) -> bytes:
    """The same charges one by one, as they stand today, with what each plan said: drawn when asked for."""
    actor.must(READ)
    found = await _row(db, actor, statement_id)
    await _must_see(db, actor, Field.CONTACT, Field.AMOUNTS, Field.PROCEDURES)
    return await itemised_of(db, actor, found)


async def itemised_of(db: TenantSession, actor: Actor, found: Statement) -> bytes:
    """As `itemised`. The caller has checked who asks."""
    lines = (await queries.lines_of(db, [found.id])).get(found.id, [])
    owed = rules.owed_of(lines, await owing.owed_by(db, found.guarantor_id))
    explained = await explaining.explain_claims(
        db, {line.claim_id for line in lines if line.claim_id is not None}
    )
    rule = await settings.of(db)
    letterhead = await papers.letterhead(db, phone=rule.phone, pay_to=rule.pay_to)
    to = (await papers.addressees(db, [found.guarantor_id]))[found.guarantor_id]
    names = await papers.first_names(db, {line.patient_id for line in lines})
    language: Language = "es" if found.language == "es" else "en"
    left = {(item.claim_id, item.charge_id): item.cents for item in owed}
    paper = Paper(
        letterhead=letterhead,
        language=language,
        number=found.number,
        issued_on=found.issued_on,
        due_on=found.due_on,
        stage=found.stage,
        to=(to.name, *to.lines),
        rows=[
            _itemised(line, explained, names.get(line.patient_id, ""), left, language)
            for line in lines
        ],
        total_cents=sum(item.cents for item in owed),
    )
    await trail.record(
        db,
        actor,
        "statement.itemise",
        object_type="statement",
        object_id=found.id,
        subjects=[found.guarantor_id, *(line.patient_id for line in lines)],
        classes=Classes.DEMOGRAPHIC,
    )
    return pdf.draw(paper).content


async def runs(db: TenantSession, actor: Actor, page: PageRequest) -> Page[StatementRun]:
    """Newest first."""
    actor.must(READ)
    query = select(StatementRun).where(StatementRun.tenant_id == db.tenant_id)
    if page.after is not None:
        query = query.where(StatementRun.id < page.after)
    found = (await db.scalars(query.order_by(StatementRun.id.desc()).limit(page.limit + 1))).all()
    rows = list(found[: page.limit])
    return Page(rows, encode(rows[-1].id) if len(found) > page.limit else None)


async def run(db: TenantSession, actor: Actor, run_id: UUID) -> StatementRun:
    actor.must(READ)
    found = await db.scalar(
        select(StatementRun).where(
            StatementRun.tenant_id == db.tenant_id, StatementRun.id == run_id
        )
    )
    if found is None:
        raise StatementRunNotFound("There is no such run of statements.")
    return found


async def candidates(
    db: TenantSession,
    actor: Actor,
    run_id: UUID,
    page: PageRequest,
    *,
    included: bool | None = None,
) -> Page[CandidateShown]:
    """Every guarantor that the run looked at, with the reasons."""
    await run(db, actor, run_id)
    query = select(StatementCandidate).where(
        StatementCandidate.tenant_id == db.tenant_id, StatementCandidate.run_id == run_id
    )
    if included is not None:
        query = query.where(StatementCandidate.included.is_(included))
    if page.after is not None:
        query = query.where(StatementCandidate.guarantor_id < page.after)
    ordered = query.order_by(StatementCandidate.guarantor_id.desc()).limit(page.limit + 1)
    found = (await db.scalars(ordered)).all()
    rows = found[: page.limit]
    names = await patients.names(db, {row.guarantor_id for row in rows})
    await trail.record(
        db,
        actor,
        "statement_run.read",
        object_type="statement_run",
        object_id=run_id,
        subjects=[row.guarantor_id for row in rows],
        classes=Classes.DEMOGRAPHIC if rows else Classes.NONE,
        detail={"count": len(rows)},
    )
    shown = [CandidateShown(candidate=row, guarantor=names[row.guarantor_id]) for row in rows]
    return Page(shown, encode(rows[-1].guarantor_id) if len(found) > page.limit else None)


async def batches(db: TenantSession, actor: Actor, page: PageRequest) -> Page[PrintBatch]:
    """Newest first."""
    actor.must(READ)
    query = select(PrintBatch).where(PrintBatch.tenant_id == db.tenant_id)
    if page.after is not None:
        query = query.where(PrintBatch.id < page.after)
    found = (await db.scalars(query.order_by(PrintBatch.id.desc()).limit(page.limit + 1))).all()
    rows = list(found[: page.limit])
    return Page(rows, encode(rows[-1].id) if len(found) > page.limit else None)


async def batch(db: TenantSession, actor: Actor, batch_id: UUID) -> BatchShown:
    actor.must(READ)
    found = await printing.batch_of(db, batch_id)
    return BatchShown(batch=found, items=await printing.items_of(db, batch_id))


async def _row(db: TenantSession, actor: Actor, statement_id: UUID) -> Statement:
    found = await db.scalar(
        select(Statement).where(Statement.tenant_id == db.tenant_id, Statement.id == statement_id)
    )
    if found is None or not actor.may_see(found.guarantor_id):
        raise StatementNotFound("There is no such statement.")
    return found


async def _must_see(db: TenantSession, actor: Actor, *fields: Field) -> None:
    sight = await visibility.of(db, actor, *fields)
    for field in fields:
        if not sight.sees(field):
            raise NotShown("Your roles do not show what a statement holds.", field=field.value)


async def _shown(db: TenantSession, found: Sequence[Statement]) -> list[StatementShown]:
    lines = await queries.lines_of(db, [one.id for one in found])
    guarantors = {one.guarantor_id for one in found}
    names = await patients.names(db, guarantors)
    owed = await owing.owed_by_many(db, guarantors)
    return [_told(one, names[one.guarantor_id], lines.get(one.id, []), owed) for one in found]


def _told(
    found: Statement,
    guarantor: NameOnly,
    lines: Sequence[StatementLine],
    owed: Mapping[UUID, Sequence[OpenItem]],
) -> StatementShown:
    left = rules.owed_of(lines, owed.get(found.guarantor_id, []))
    balance = sum(item.cents for item in left)
    return StatementShown(
        statement=found,
        guarantor=guarantor,
        lines=lines,
        balance_cents=balance,
        state=rules.state_of(
            found.state,
            total_cents=found.total_cents,
            balance_cents=balance,
            viewed=found.viewed_at is not None,
        ),
    )


async def _tell(
    db: TenantSession,
    actor: Actor,
    action: str,
    shown: Sequence[StatementShown],
    object_id: UUID | None = None,
) -> None:
    await trail.record(
        db,
        actor,
        action,
        object_type="statement",
        object_id=object_id,
        subjects=[one.statement.guarantor_id for one in shown]
        + [line.patient_id for one in shown for line in one.lines],
        classes=Classes.DEMOGRAPHIC if shown else Classes.NONE,
        detail={"count": len(shown)},
    )


def _itemised(
    line: StatementLine,
    explained: dict[UUID, ClaimExplanation],
    name: str,
    left: dict[tuple[UUID | None, UUID | None], int],
    language: Language,
) -> Row:
    claim = explained.get(line.claim_id) if line.claim_id is not None else None
    owed = left.get((line.claim_id, line.charge_id), 0)
    for charge in claim.charges if claim is not None else ():
        if charge.charge_id == line.charge_id:
            sums = charge.told.sums
            shares = [
                f"{words.share(share.kind, language)} {words.money(share.cents)}: "
                f"{words.meaning(share.kind, share.reason, language)}"
                for share in charge.told.shares
            ]
            details = (charge.procedure_code, *shares) if charge.procedure_code else shares
            return Row(
                patient=name,
                service_on=charge.service_on,
                charge_cents=sums.charge_cents,
                plan_paid_cents=sums.plan_paid_cents,
                reduced_cents=sums.contract_cents + sums.write_off_cents,
                patient_paid_cents=sums.patient_paid_cents,
                owed_cents=owed,
                details=tuple(details),
            )
    return Row(name, line.service_on, line.owed_cents, 0, 0, 0, owed)
