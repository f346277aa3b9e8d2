"""A patient asks, takes back what still waits, and disagrees with a no. The office may write down what
came by letter or by telephone: the clock runs from the day it was asked."""

from datetime import date
from uuid import UUID

from sqlalchemy import func, insert, select

from billing_saas.audit import contents, trail
from billing_saas.audit.rules import Classes
from billing_saas.followups import cards
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.patient_requests import queries, rules, writing
from billing_saas.patient_requests.errors import (
    BadPatientRequest,
    NothingToDisagreeWith,
    PatientRequestDone,
    TooManyOpen,
)
from billing_saas.patient_requests.rules import Asked, Words
from billing_saas.patient_requests.tables import PatientRequest
from billing_saas.patients import queries as patients
from billing_saas.phi import keyring
from billing_saas.phi.registry import PATIENT_REQUEST_PHI_CLIN

ANSWER = "patient_requests.answer"


async def ask(db: TenantSession, actor: Actor, patient_id: UUID, asked: Asked) -> UUID:
    """By the patient, today."""
    queries.must_be_theirs(actor, patient_id)
    return await _ask(db, actor, patient_id, asked, await writing.today(db))


async def write_down(
    db: TenantSession, actor: Actor, patient_id: UUID, asked: Asked, asked_on: date
) -> UUID:
    """By the office, of what was asked in another way, on that day."""
    actor.must(ANSWER)
    await patients.must_exist(db, patient_id)
    if asked_on > await writing.today(db):
        raise BadPatientRequest("The day lies in the future.", field="asked_on")
    return await _ask(db, actor, patient_id, asked, asked_on)


async def withdraw(db: TenantSession, actor: Actor, request_id: UUID) -> None:
    """By the patient, while it waits."""
    row = await queries.own_row(db, actor, request_id, lock=True)
    if row.state != "open":
        raise PatientRequestDone("The office has answered this request already.")
    await writing.change(db, row, state="withdrawn")
    await cards.withdraw(db, actor, [row.id], outcome="withdrawn")
    await writing.tell(db, actor, "patient_request.withdraw", row)


async def disagree(db: TenantSession, actor: Actor, request_id: UUID, statement: str) -> None:
    """45 CFR 164.526(d)(2): who was refused an amendment may have a statement kept with the record."""
    row = await queries.own_row(db, actor, request_id, lock=True)
    if row.kind != "amendment" or row.state != "declined" or row.disagreed_at is not None:
        raise NothingToDisagreeWith("There is no declined amendment to disagree with.")
    if not statement.strip() or len(statement) > rules.MOST_WORDS:
        raise BadPatientRequest("Say in your own words why you disagree.", field="words")
    sealed = await writing.said(db, row, disagreement=statement)
    await writing.change(db, row, disagreed_at=clock.now(), **sealed)
    await writing.open_card(
        db, row.id, rules.DISAGREES, f"patient-request:{row.id}:disagrees", None
    )
    await writing.tell(db, actor, "patient_request.disagree", row, sealed)


async def _ask(
    db: TenantSession, actor: Actor, patient_id: UUID, asked: Asked, asked_on: date
) -> UUID:
    rules.check_asked(asked, await writing.today(db))
    await _not_too_many(db, patient_id)
    ring = await keyring.of(db)
    request_id = new_id()
    due = rules.due_on(asked.kind, asked_on)
    row = {
        "tenant_id": db.tenant_id,
        "id": request_id,
        "patient_id": patient_id,
        "kind": asked.kind,
        "about": asked.about,
        "form": asked.form,
        "since": asked.since,
        "until": asked.until,
        "phi_clin": ring.seal(
            PATIENT_REQUEST_PHI_CLIN, request_id, Words(asked=asked.words.strip())
        ),
        "key_ver": ring.key_ver,
        "asked_by": actor.id,
        "asked_on": asked_on,
        "due_on": due,
        "created_at": clock.now(),
    }
    await db.execute(insert(PatientRequest).values(row))
    await writing.open_card(
        db, request_id, rules.WHYS[asked.kind], f"patient-request:{request_id}", due
    )
    await trail.record(
        db,
        actor,
        "patient_request.ask",
        object_type="patient_request",
        object_id=request_id,
        subjects=[patient_id],
        classes=Classes.CLINICAL,
        sealed=contents.of_rows([row], PATIENT_REQUEST_PHI_CLIN),
        detail={"kind": asked.kind, "source": _source(actor)},
    )
    return request_id


def _source(actor: Actor) -> str:
    return "portal" if actor.kind is ActorKind.PATIENT else "office"


async def _not_too_many(db: TenantSession, patient_id: UUID) -> None:
    # One at a time: two that come together could both be the last that is allowed.
    await db.execute(
        select(func.pg_advisory_xact_lock(func.hashtext(f"patient-requests:{patient_id}")))
    )
    waiting = await db.scalar(
        select(func.count())
        .select_from(PatientRequest)
        .where(
            PatientRequest.tenant_id == db.tenant_id,
            PatientRequest.patient_id == patient_id,
            PatientRequest.state == "open",
        )
    )
    if (waiting or 0) >= rules.MOST_OPEN:
        raise TooManyOpen("Many requests wait already: please call the office.")
