"""The front desk gives a patient a link to pay: shown once, or sent. By telephone no card is ever read out."""

from datetime import datetime
from uuid import UUID

import msgspec

from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.paging import Page, PageRequest
from billing_saas.links import issuing, queries
from billing_saas.links.queries import LinkShown
from billing_saas.messages import sending
from billing_saas.messages.rules import Sent, Words
from billing_saas.patients import guarantors
from billing_saas.patients import queries as patients
from billing_saas.portal import guardians, sessions
from billing_saas.statements import queries as statements


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """`path` is told once. `outcome` is what the gate said of sending it; empty when nobody asked to."""

    id: UUID
    path: str
    guarantor_id: UUID
    expires_at: datetime
    outcome: str
    reasons: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<Given {self.id}>"


async def give(
    db: TenantSession,
    actor: Actor,
    patient_id: UUID,
    *,
    statement_id: UUID | None = None,
    send: Sent | None = None,
) -> Given:
    """A link to all that is owed for this patient by who pays, or to one of their bills."""
    actor.must(queries.WRITE)
    await patients.must_exist(db, patient_id)
    payer = await guardians.payer_of(db, patient_id)
    if statement_id is not None:
        await statements.payable_bill(db, payer, statement_id)
    path = await issuing.issue(db, actor, "pay", payer, statement_id)
    shown = await queries.link(db, actor, await queries.by_path(db, path))
    said = None
    if send is not None:
        said = await sending.ask(db, actor, payer, "pay_link", Words(link=path), channel=send)
    return Given(
        id=shown.id,
        path=path,
        guarantor_id=payer,
        expires_at=shown.expires_at,
        outcome=said.outcome if said is not None else "",
        reasons=said.reasons if said is not None else (),
    )


async def given(
    db: TenantSession, actor: Actor, patient_id: UUID, page: PageRequest
) -> Page[LinkShown]:
    """Links and codes of who pays for this patient, newest first."""
    actor.must(queries.READ)
    await patients.must_exist(db, patient_id)
    return await queries.links_of(db, actor, await _payer(db, patient_id), page)


async def end(db: TenantSession, actor: Actor, patient_id: UUID, link_id: UUID) -> None:
    actor.must(queries.WRITE)
    await patients.must_exist(db, patient_id)
    await queries.end(db, actor, await _payer(db, patient_id), link_id)


async def sign_out(db: TenantSession, actor: Actor, patient_id: UUID) -> None:
    """A phone was lost: whoever is in by this patient's links and codes, is out."""
    actor.must(queries.WRITE)
    await patients.must_exist(db, patient_id)
    payer = await _payer(db, patient_id)
    await sessions.end_all_of(db, actor, payer, reason="by_staff")


async def _payer(db: TenantSession, patient_id: UUID) -> UUID:
    return (await guarantors.guarantor_of(db, [patient_id])).get(patient_id, patient_id)
