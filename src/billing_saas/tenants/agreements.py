"""Agreements of a billing company with its practices: without one in force, its people see nothing there.

A practice's own people are let in by their membership alone (decision 0020).
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, select

from billing_saas.audit import trail
from billing_saas.audit.rules import PLATFORM_LOG
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import NarrowedSession, OneCompanySession
from billing_saas.kit.ids import new_id
from billing_saas.kit.paging import Page, PageRequest, encode
from billing_saas.tenants.errors import (
    AgreementEnded,
    AgreementNotFound,
    AgreementStands,
    BadAgreement,
    PracticeNotFound,
)
from billing_saas.tenants.tables import Agreement, Practice


@dataclass(frozen=True, slots=True)
class Signed:
    signed_on: date
    signed_by: str


async def record(db: NarrowedSession, actor: Actor, practice_id: UUID, signed: Signed) -> UUID:
    """It counts from the day it was signed, which may be past and never is to come."""
    await _begin(db, actor, practice_id)
    if signed.signed_on > clock.now().date():
        raise BadAgreement("An agreement is recorded once it is signed.", field="signed_on")
    standing = await db.scalar(
        select(Agreement.id).where(*_of(db, practice_id), Agreement.ended_on.is_(None)).limit(1)
    )
    if standing is not None:
        raise AgreementStands("An agreement with this practice is in force already.")
    agreement = Agreement(
        id=new_id(),
        company_id=db.company_id,
        tenant_id=practice_id,
        kind="business_associate",
        signed_on=signed.signed_on,
        signed_by=signed.signed_by,
        created_at=clock.now(),
    )
    db.add(agreement)
    await db.flush()
    await _tell(db, actor, "agreement.sign", agreement)
    return agreement.id


async def end(
    db: NarrowedSession, actor: Actor, practice_id: UUID, agreement_id: UUID, ended_on: date
) -> None:
    """From that day on, today or before at once, the company's people find no such practice."""
    await _begin(db, actor, practice_id)
    agreement = await db.scalar(
        select(Agreement)
        .where(*_of(db, practice_id), Agreement.id == agreement_id)
        .with_for_update()
    )
    if agreement is None:
        raise AgreementNotFound("There is no such agreement.")
    if agreement.ended_on is not None and agreement.ended_on <= clock.now().date():
        raise AgreementEnded("The agreement has ended already.")
    if ended_on < agreement.signed_on:
        raise BadAgreement("An agreement ends after it is signed.", field="ended_on")
    agreement.ended_on = ended_on
    await db.flush()
    await _tell(db, actor, "agreement.end", agreement)


async def agreements(
    db: OneCompanySession, actor: Actor, practice_id: UUID, page: PageRequest
) -> Page[Agreement]:
    """Newest first; with a practice that is not the company's there are none to see (404)."""
    actor.must("agreements.read")
    known = await db.scalar(
        select(Practice.tenant_id).where(
            Practice.company_id == db.company_id, Practice.tenant_id == practice_id
        )
    )
    if known is None:
        raise PracticeNotFound("There is no such practice.")
    query = select(Agreement).where(
        Agreement.company_id == db.company_id, Agreement.tenant_id == practice_id
    )
    if page.after is not None:
        query = query.where(Agreement.id < page.after)
    found = (await db.scalars(query.order_by(Agreement.id.desc()).limit(page.limit + 1))).all()
    rows = list(found[: page.limit])
    return Page(rows, encode(rows[-1].id) if len(found) > page.limit else None)


async def _begin(db: NarrowedSession, actor: Actor, practice_id: UUID) -> None:
    """One after the other for each practice, so that two agreements never stand at once."""
    actor.must("agreements.write")
    actor.must_have_stepped_up()
    known = await db.scalar(
        select(Practice.tenant_id)
        .where(Practice.company_id == db.company_id, Practice.tenant_id == practice_id)
        .with_for_update()
    )
    if known is None:
        raise PracticeNotFound("There is no such practice.")


def _of(db: NarrowedSession, practice_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return Agreement.company_id == db.company_id, Agreement.tenant_id == practice_id


async def _tell(db: NarrowedSession, actor: Actor, action: str, agreement: Agreement) -> None:
    """To the practice as well: it is who lets them in."""
    for log in (agreement.tenant_id, PLATFORM_LOG):
        await trail.record_in(
            db, log, actor, action, object_type="agreement", object_id=agreement.id
        )
