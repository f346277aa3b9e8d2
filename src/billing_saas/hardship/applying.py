"""Apply for financial assistance, by staff or by the guarantor himself; answers are sealed."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError

from billing_saas.audit import contents, trail
from billing_saas.audit.rules import Classes
from billing_saas.documents import queries as documents
from billing_saas.documents.errors import DocumentNotFound
from billing_saas.duties import separating
from billing_saas.duties.rules import HARDSHIP_TAKEN
from billing_saas.followups import cards
from billing_saas.followups.cards import NewCard
from billing_saas.hardship import moving, policies
from billing_saas.hardship.errors import (
    ApplicationNotFound,
    ApplicationOpen,
    IllegalHardshipMove,
    NotAGuarantor,
    NotEvidence,
)
from billing_saas.hardship.rules import OPEN, Answers
from billing_saas.hardship.tables import HardshipApplication, HardshipDocument
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.patients import guarantors
from billing_saas.phi import keyring
from billing_saas.phi.registry import HARDSHIP_APPLICATION_PHI_DEMO
from billing_saas.statements import owing
from billing_saas.tenants import queries as tenants

READ = "hardship.read"
WRITE = "hardship.write"
CARD_DECIDE = "hardship_to_decide"
CARD_EVIDENCE = "hardship_evidence"
_DAYS_TO_DECIDE = 14


def may_apply(actor: Actor, guarantor_id: UUID) -> None:
    """The guarantor for himself, or staff who may, and see what they took down."""
    if actor.kind is not ActorKind.PATIENT or actor.id != guarantor_id:
        actor.must(WRITE)
        actor.must(READ)


async def apply(db: TenantSession, actor: Actor, guarantor_id: UUID, answers: Answers) -> UUID:
    """A new application. Messages to the family stop until it is decided."""
    may_apply(actor, guarantor_id)
    await policies.in_force(db)
    if (await guarantors.guarantor_of(db, [guarantor_id])).get(guarantor_id) != guarantor_id:
        raise NotAGuarantor("The one who pays applies.", field="guarantor_id")
    practice = await tenants.this_practice(db)
    today = clock.today(practice.time_zone)
    application_id = new_id()
    ring = await keyring.of(db)
    sealed = ring.seal(HARDSHIP_APPLICATION_PHI_DEMO, application_id, answers)
    now = clock.now()
    try:
        async with db.begin_nested():
            await db.execute(
                insert(HardshipApplication).values(
                    tenant_id=db.tenant_id,
                    id=application_id,
                    guarantor_id=guarantor_id,
                    state="applied",
                    applied_by_kind=actor.kind.value,
                    applied_by=actor.id,
                    applied_on=today,
                    phi_demo=sealed,
                    key_ver=ring.key_ver,
                    created_at=now,
                    updated_at=now,
                )
            )
    except IntegrityError as error:
        if "hardship_application_open_idx" in str(error.orig):
            raise ApplicationOpen("An application of this guarantor is not decided yet.") from None
        raise
    await moving.tell(db, actor, application_id, "", "applied", "applied")
    await separating.did(db, actor, HARDSHIP_TAKEN, application_id)
    await moving.pause(db, actor, guarantor_id, application_id)
    owed = sum(item.cents for item in await owing.owed_by(db, guarantor_id))
    await cards.open_cards(
        db,
        [
            NewCard(
                kind=CARD_DECIDE,
                why="An application for financial assistance waits for a decision.",
                owner="practice",
                subject_type=moving.SOURCE,
                subject_id=application_id,
                source=f"{CARD_DECIDE}:{application_id}",
                worth_cents=owed,
                due_on=today + timedelta(days=_DAYS_TO_DECIDE),
            )
        ],
    )
    await trail.record(
        db,
        actor,
        "hardship.apply",
        object_type=moving.SOURCE,
        object_id=application_id,
        subjects=[guarantor_id],
        classes=Classes.DEMOGRAPHIC,
        sealed=[contents.of(HARDSHIP_APPLICATION_PHI_DEMO, application_id, sealed)],
    )
    return application_id


async def ask_for_evidence(db: TenantSession, actor: Actor, application_id: UUID) -> None:
    """The guarantor is to bring proof, by a day."""
    actor.must(WRITE)
    row = await moving.lock(db, application_id)
    policy = await policies.of(db)
    practice = await tenants.this_practice(db)
    due_on = clock.today(practice.time_zone) + timedelta(days=policy.evidence_days)
    await moving.move(
        db, actor, row, "evidence_pending", "evidence_asked_for", evidence_due_on=due_on
    )
    await cards.open_cards(
        db,
        [
            NewCard(
                kind=CARD_EVIDENCE,
                why="Evidence for financial assistance was asked for; it expires when none comes.",
                owner="patient",
                subject_type=moving.SOURCE,
                subject_id=application_id,
                source=f"{CARD_EVIDENCE}:{application_id}",
                due_on=due_on,
            )
        ],
    )
    await _tell(db, actor, "hardship.ask_evidence", row)


async def attach(db: TenantSession, actor: Actor, application_id: UUID, document_id: UUID) -> None:
    """A document of the guarantor is evidence. Attached again, it is attached once."""
    if actor.kind is not ActorKind.PATIENT:
        actor.must(WRITE)
    row = await moving.lock(db, application_id)
    if actor.kind is ActorKind.PATIENT and actor.id != row.guarantor_id:
        raise ApplicationNotFound("There is no such application.")
    if row.state not in OPEN:
        raise IllegalHardshipMove(
            f"Evidence is taken until it is decided: the application is {row.state!r}.",
            now=row.state,
        )
    await _must_be_theirs(db, row.guarantor_id, document_id)
    made = upsert(HardshipDocument).values(
        tenant_id=db.tenant_id,
        application_id=application_id,
        document_id=document_id,
        attached_by=actor.id,
        attached_at=clock.now(),
    )
    await db.execute(made.on_conflict_do_nothing())
    await moving.change(db, row)
    await _tell(db, actor, "hardship.attach", row)


async def _must_be_theirs(db: TenantSession, guarantor_id: UUID, document_id: UUID) -> None:
    try:
        owner = await documents.kept_of(db, document_id)
    except DocumentNotFound:
        owner = None
    if owner != guarantor_id:
        raise NotEvidence(
            "Evidence is a document of the guarantor whose content has come.", field="document_id"
        )


async def _tell(db: TenantSession, actor: Actor, action: str, row: HardshipApplication) -> None:
    await trail.record(
        db,
        actor,
        action,
        object_type=moving.SOURCE,
        object_id=row.id,
        subjects=[row.guarantor_id],
    )


async def open_of(db: TenantSession, guarantor_id: UUID) -> UUID | None:
    """The guarantor's application that is not decided yet. For acts that check who asks."""
    found: UUID | None = await db.scalar(
        select(HardshipApplication.id).where(
            HardshipApplication.tenant_id == db.tenant_id,
            HardshipApplication.guarantor_id == guarantor_id,
            HardshipApplication.state.in_(sorted(OPEN)),
        )
    )
    return found
