"""What goes out says what came in, under our own numbers, and every reader finds it clean."""

import io
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from pyx12.params import params
from pyx12.x12n_document import x12n_document
from sqlalchemy import select

from billing_saas.audit import queries as audit
from billing_saas.claims import queries, submitting
from billing_saas.claims.errors import CannotBeSent, IllegalMove, SubmissionNotFound
from billing_saas.claims.submitting import Control
from billing_saas.claims.tables import Submission
from billing_saas.edi import claim837_reader, validation
from billing_saas.edi.claim837 import Claim
from billing_saas.edi.envelope import interchanges
from billing_saas.edi.findings import NOWHERE, Finding
from billing_saas.edi.parties import Reference
from billing_saas.kit.actor import NotPermitted
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.kit.paging import PageRequest
from tests.cast import Person, Tenant, actor_with

CONTROL = Control(
    sender_id="ASHBILLING",
    sender_name="ASH BILLING",
    sender_phone="2175550199",
    receiver_id="CLEARING",
    receiver_name="CLEARINGHOUSE",
    number=42,
)


def read(content: bytes) -> tuple[list[Claim], list[Finding]]:
    findings: list[Finding] = []
    claims: list[Claim] = []
    for interchange in interchanges([content], findings):
        for group in interchange.groups():
            for transaction in group.transactions():
                claims += claim837_reader.read(transaction, findings)
    for interchange in interchanges([content]):
        for group in interchange.groups():
            for transaction in group.transactions():
                findings += validation.validate(transaction)
    return claims, findings


def told(claim: Claim) -> Claim:
    """All that a claim says, but where it stood and the numbers that we replace with our own."""
    replace = msgspec.structs.replace
    patient = claim.patient
    return replace(
        claim,
        place=NOWHERE,
        number="",
        billing_provider=replace(claim.billing_provider, position=0),
        subscriber=replace(claim.subscriber, position=0),
        payer=replace(claim.payer, position=0),
        patient=replace(patient, position=0) if patient else None,
        providers=tuple(replace(provider, position=0) for provider in claim.providers),
        other_coverages=tuple(
            replace(
                other,
                position=0,
                subscriber=replace(other.subscriber, position=0) if other.subscriber else None,
                payer=replace(other.payer, position=0) if other.payer else None,
            )
            for other in claim.other_coverages
        ),
        lines=tuple(
            replace(
                line,
                position=0,
                references=tuple(r for r in line.references if r.qualifier != "6R"),
                adjudications=tuple(replace(said, position=0) for said in line.adjudications),
            )
            for line in claim.lines
        ),
    )


@pytest.fixture
async def queued(database: Database, elm: Tenant, alice: Person, handed_in: bytes) -> list[UUID]:
    async with database.tenant(elm.id) as db:
        return await queries.queued(db, alice.actor)


async def test_what_goes_out_says_what_came_in(
    database: Database, elm: Tenant, alice: Person, handed_in: bytes, queued: list[UUID]
) -> None:
    came, _ = read(handed_in)
    async with database.tenant(elm.id) as db:
        content = await submitting.batch_837p(db, alice.actor, queued, control=CONTROL)
    went, findings = read(content)
    assert findings == []
    assert len(went) == len(came) == 40
    left = [told(claim) for claim in went]
    for claim in came:
        left.remove(told(claim))


async def test_pyx12_accepts_what_goes_out(
    database: Database, elm: Tenant, alice: Person, queued: list[UUID], tmp_path: Path
) -> None:
    async with database.tenant(elm.id) as db:
        content = await submitting.batch_837p(db, alice.actor, queued, control=CONTROL)
    (tmp_path / "out.837").write_bytes(content)
    answer = io.StringIO()
    assert x12n_document(params(), str(tmp_path / "out.837"), answer, None, None)
    segments = [segment.strip() for segment in answer.getvalue().split("~")]
    assert "AK9*A*1*1*1" in segments
    assert not any(segment.startswith(("IK3", "IK4", "TA1")) for segment in segments)


async def test_the_numbers_are_ours(
    database: Database, elm: Tenant, alice: Person, handed_in: bytes, queued: list[UUID]
) -> None:
    came, _ = read(handed_in)
    async with database.tenant(elm.id) as db:
        sent = await submitting.outgoing(db, alice.actor, queued)
        rows = await db.scalars(select(Submission).where(Submission.tenant_id == elm.id))
        numbers = {row.id: row.patient_control_number for row in rows}
    assert [claim.submission_id for claim in sent] == queued
    assert all(claim.form.number == numbers[claim.submission_id] for claim in sent)
    theirs = {claim.number for claim in came}
    theirs |= {line.control_number for claim in came for line in claim.lines}
    ours = {claim.form.number for claim in sent}
    lines = [line.control_number for claim in sent for line in claim.form.lines]
    assert not theirs & (ours | set(lines))
    assert len(ours) == len(sent)
    assert len(set(lines)) == len(lines)


async def test_sent_once(
    database: Database, elm: Tenant, alice: Person, queued: list[UUID]
) -> None:
    async with database.tenant(elm.id) as db:
        await submitting.mark_sent(db, alice.actor, queued[:30])
        assert await queries.queued(db, alice.actor) == queued[30:]
        with pytest.raises(IllegalMove):
            await submitting.mark_sent(db, alice.actor, queued[:1])
        page = await queries.claims(db, alice.actor, PageRequest(limit=100))
    owners = [line.claim.next_action_owner for line in page.rows]
    assert (owners.count("payer"), owners.count("system")) == (30, 10)


async def test_a_replacement_names_the_payers_number_or_does_not_go(
    database: Database, elm: Tenant, alice: Person, queued: list[UUID]
) -> None:
    async with database.tenant(elm.id) as db:
        original = await db.get(Submission, (elm.id, queued[0]))
        assert original is not None
        replacement = Submission(
            tenant_id=elm.id,
            id=new_id(),
            claim_id=original.claim_id,
            payer_id=original.payer_id,
            sequence=original.sequence,
            frequency="7",
            patient_control_number="REPLACEMENT1",
            delivery="queued",
            adjudication="none",
            charge_cents=original.charge_cents,
            replaces=original.id,
            created_at=original.created_at,
        )
        db.add(replacement)
        await db.flush()
        with pytest.raises(CannotBeSent, match="REF\\*F8"):
            await submitting.outgoing(db, alice.actor, [replacement.id])
        await submitting.keep_payer_control_numbers(db, alice.actor, {original.id: "PAYER123"})
        (sent,) = await submitting.outgoing(db, alice.actor, [replacement.id])
    assert sent.form.frequency == "7"
    assert sent.form.references[0] == Reference("F8", "PAYER123")


async def test_a_stranger_sends_nothing(
    database: Database, elm: Tenant, oak: Tenant, mallory: Person, queued: list[UUID]
) -> None:
    async with database.tenant(oak.id) as db:
        assert await queries.queued(db, mallory.actor) == []
        with pytest.raises(SubmissionNotFound):
            await submitting.outgoing(db, mallory.actor, queued[:1])
        with pytest.raises(SubmissionNotFound):
            await submitting.mark_sent(db, mallory.actor, queued[:1])


async def test_who_only_reads_does_not_send(
    database: Database, elm: Tenant, queued: list[UUID]
) -> None:
    coder = actor_with(["coder"])
    async with database.tenant(elm.id) as db:
        with pytest.raises(NotPermitted):
            await submitting.outgoing(db, coder, queued)
        with pytest.raises(NotPermitted):
            await submitting.mark_sent(db, coder, queued)


async def test_what_was_put_together_is_told(
    database: Database, elm: Tenant, alice: Person, ada: Person, queued: list[UUID]
) -> None:
    async with database.tenant(elm.id) as db:
        (sent,) = await submitting.outgoing(db, alice.actor, queued[:1])
        record = await queries.claim(db, alice.actor, sent.claim_id)
        told_of = await audit.events(
            db, ada.actor, PageRequest(), patient_id=record.claim.patient_id
        )
    assert [event.action for event in told_of.rows[:2]] == ["claim.read", "submission.assemble"]
