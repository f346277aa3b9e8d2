"""Claims shown: one with all that hangs on it, lists by state, and every showing told."""

from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import select

from billing_saas.audit import queries as audit
from billing_saas.claims import adjudicating, queries
from billing_saas.claims.adjudicating import LineVerdict
from billing_saas.claims.errors import ClaimNotFound
from billing_saas.claims.queries import Filters
from billing_saas.claims.tables import Claim
from billing_saas.kit.actor import NotPermitted
from billing_saas.kit.db import Database, TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.kit.paging import PageRequest
from tests.cast import Person, Tenant, actor_with
from tests.claims.test_submitting import read

pytestmark = pytest.mark.usefixtures("handed_in")


async def ids(db: TenantSession) -> list[UUID]:
    """Elm's claims, newest first."""
    return list(
        await db.scalars(
            select(Claim.id).where(Claim.tenant_id == db.tenant_id).order_by(Claim.id.desc())
        )
    )


async def test_a_claim_shows_all_that_hangs_on_it(
    database: Database, elm: Tenant, alice: Person, handed_in: bytes
) -> None:
    came = {claim.number: claim for claim in read(handed_in)[0]}
    async with database.tenant(elm.id) as db:
        records = [await queries.claim(db, alice.actor, claim_id) for claim_id in await ids(db)]
    assert {record.account_number for record in records} == set(came)
    for record in records:
        claim = came[record.account_number]
        asked = claim.subscriber.insurance
        assert asked is not None
        assert record.claim.charge_cents == claim.charge_cents == record.money.charged_cents
        assert record.patient_name.last_name == claim.patient_person.name
        assert record.visit.clinical.diagnoses == claim.diagnoses
        assert [c.procedure_code for c in record.visit.charges] == [
            line.procedure.code for line in claim.lines if line.procedure
        ]
        (submission,) = record.submissions
        assert submission.sequence == asked.sequence
        assert submission.payer_id in {payer.payer_id for payer in record.payers}
        assert len(record.payers) == 1 + len(claim.other_coverages)
        assert record.adjudications == []


async def test_a_new_claims_history_is_its_birth(
    database: Database, elm: Tenant, alice: Person
) -> None:
    async with database.tenant(elm.id) as db:
        (claim_id, *_) = await ids(db)
        events = await queries.timeline(db, alice.actor, claim_id)
    assert [(e.field, e.from_state, e.to_state) for e in events][0::2] == [
        ("work", "", "ready"),
        ("delivery", "", "queued"),
    ]
    assert {(e.why, e.source_type) for e in events} == {("imported", "arrival")}


async def test_lists_go_on_by_cursor_and_filter_by_state(
    database: Database, elm: Tenant, alice: Person
) -> None:
    async with database.tenant(elm.id) as db:
        every = await ids(db)
        first = await queries.claims(db, alice.actor, PageRequest(limit=25))
        rest = await queries.claims(
            db, alice.actor, PageRequest(limit=25, after=first.rows[-1].claim.id)
        )
        held = await queries.claims(db, alice.actor, PageRequest(), Filters(work="held"))
        second = await queries.claims(
            db, alice.actor, PageRequest(), Filters(receivable="secondary", work="ready")
        )
        patient_id = first.rows[0].claim.patient_id
        of_one = await queries.claims(
            db, alice.actor, PageRequest(), Filters(patient_id=patient_id)
        )
    assert [line.claim.id for line in [*first.rows, *rest.rows]] == every
    assert rest.next_cursor is None
    assert held.rows == []
    assert 0 < len(second.rows) < 40
    assert {line.claim.receivable for line in second.rows} == {"secondary"}
    assert {line.claim.patient_id for line in of_one.rows} == {patient_id}


async def test_denied_claims_are_those_with_a_line_denied_and_not_taken_back(
    database: Database, elm: Tenant, alice: Person
) -> None:
    async with database.tenant(elm.id) as db:
        denied_id, taken_back_id, *_ = await ids(db)
        for claim_id in (denied_id, taken_back_id):
            record = await queries.claim(db, alice.actor, claim_id)
            await adjudicating.record_many(db, [_denial(record)], date(2026, 10, 1))
        (said,) = (await queries.claim(db, alice.actor, taken_back_id)).adjudications
        await adjudicating.take_back(db, [(said.claim_payment_id, new_id())])
        denied = await queries.claims(db, alice.actor, PageRequest(), Filters(denied=True))
    assert [line.claim.id for line in denied.rows] == [denied_id]


def _denial(record: queries.ClaimRecord) -> LineVerdict:
    charge = record.visit.charges[0]
    return LineVerdict(
        claim_id=record.claim.id,
        charge_id=charge.id,
        payer_id=record.submissions[0].payer_id,
        sequence="P",
        claim_payment_id=new_id(),
        charge_cents=charge.charge_cents,
        allowed_cents=0,
        paid_cents=0,
        patient_responsibility_cents=0,
        denied=True,
        adjustments=(("CO", "197", charge.charge_cents, ""),),
        remarks="",
    )


async def test_a_stranger_finds_nothing(
    database: Database, elm: Tenant, oak: Tenant, mallory: Person
) -> None:
    async with database.tenant(elm.id) as db:
        (claim_id, *_) = await ids(db)
    async with database.tenant(oak.id) as db:
        for asking in (queries.claim, queries.timeline):
            with pytest.raises(ClaimNotFound):
                await asking(db, mallory.actor, claim_id)
        assert (await queries.claims(db, mallory.actor, PageRequest())).rows == []
        assert (await queries.money_of(db, [claim_id]))[claim_id].charged_cents == 0


async def test_an_auditor_sees_no_claims(database: Database, elm: Tenant) -> None:
    auditor = actor_with(["auditor"])
    async with database.tenant(elm.id) as db:
        (claim_id, *_) = await ids(db)
        for asking in (
            queries.claim(db, auditor, claim_id),
            queries.timeline(db, auditor, claim_id),
            queries.claims(db, auditor, PageRequest()),
        ):
            with pytest.raises(NotPermitted):
                await asking


async def test_every_showing_is_told_with_the_patients_shown(
    database: Database, elm: Tenant, alice: Person, ada: Person
) -> None:
    async with database.tenant(elm.id) as db:
        page = await queries.claims(db, alice.actor, PageRequest(limit=3))
        claim = page.rows[0].claim
        await queries.claim(db, alice.actor, claim.id)
        await queries.timeline(db, alice.actor, claim.id)
        told = await audit.events(db, ada.actor, PageRequest(), patient_id=claim.patient_id)
    actions = [event.action for event in told.rows if event.action.startswith("claim.")]
    assert actions == ["claim.timeline", "claim.read", "claim.list", "claim.assemble"]
