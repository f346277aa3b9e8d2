"""What patients ask of the office by right, and what they ask it to correct: listed, and answered in time."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import JSONBody, QueryParameter

from billing_saas.api.declaring import declared
from billing_saas.api.deps import Asked as AskedPage
from billing_saas.api.deps import Db, Id, Who
from billing_saas.api.manners import Versioned, manners
from billing_saas.api.wire import In, Out, PageOut
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.patient_requests import answering, asking, queries, rules
from billing_saas.patient_requests.errors import (
    BadAnswer,
    BadPatientRequest,
    ExtendedBefore,
    NotTheirDocument,
    PatientRequestDone,
    TooManyOpen,
)
from billing_saas.patient_requests.queries import Filters, RequestShown
from billing_saas.patient_requests.rules import About, Asked, Form, Kind, Outcome

Words = Annotated[str, msgspec.Meta(max_length=rules.MOST_WORDS)]
Said = Annotated[str, msgspec.Meta(min_length=1, max_length=rules.MOST_WORDS)]


class PatientRequestOut(Out, frozen=True):
    """`due_on` is the law's day. In a list the words are empty, and so they are where `masked` names a
    class of field that your roles do not see. `disagreement` is to be kept with the record."""

    id: UUID
    patient_id: UUID
    kind: str
    about: str
    form: str
    since: date | None
    until: date | None
    state: str
    asked: str
    extension: str
    answer: str
    disagreement: str
    asked_on: date
    due_on: date
    extended_at: datetime | None
    answered_at: datetime | None
    answered_by: UUID | None
    disagreed_at: datetime | None
    document_ids: list[UUID]
    masked: list[str]

    @classmethod
    def of(cls, shown: RequestShown) -> "PatientRequestOut":
        told = msgspec.structs.asdict(shown) | msgspec.structs.asdict(shown.words)
        told.pop("words")
        lists = {"document_ids": list(shown.document_ids), "masked": list(shown.masked)}
        return cls(**told | lists)


class PatientRequestIn(In, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As it came by letter or telephone: the clock runs from `asked_on`. `form` of a copy of records."""

    patient_id: UUID
    kind: Kind
    asked_on: date
    words: Words = ""
    about: About = "record"
    form: Form = ""
    since: date | None = None
    until: date | None = None

    def asked(self) -> Asked:
        return Asked(
            kind=self.kind,
            words=self.words,
            about=self.about,
            form=self.form,
            since=self.since,
            until=self.until,
        )


class AttachmentIn(In, frozen=True, forbid_unknown_fields=True):
    """A document of the same patient that answers the request."""

    document_id: UUID


class ExtensionIn(In, frozen=True, forbid_unknown_fields=True):
    """Told to the patient with the new day."""

    reason: Said


class PatientAnswerIn(In, frozen=True, forbid_unknown_fields=True):
    """Records and an accounting are `fulfilled`, an amendment and a correction `accepted`; what is
    `declined` needs a reason in plain words."""

    outcome: Outcome
    words: Words = ""


_ONE = {"patient_request_id": "$response.body#/id"}
_LEADS_TO = {
    "get_patient_request": _ONE,
    "attach_to_patient_request": _ONE,
    "extend_patient_request": _ONE,
    "answer_patient_request": _ONE,
}


async def _request(db: TenantSession, actor: Actor, request_id: UUID) -> PatientRequestOut:
    return PatientRequestOut.of(await queries.request(db, actor, request_id))


_SEEN = Versioned(lock=answering.lock, show=_request)


@post(
    "/patient-requests",
    summary="Write down what a patient asked for by letter or telephone",
    opt=declared(
        "patient_requests.answer",
        "patient_requests.read",
        refusals=[BadPatientRequest, TooManyOpen],
        leads_to=_LEADS_TO,
    )
    | manners(told_by=_request, resource="id"),
)
async def write_down_patient_request(
    db: Db, actor: Who, data: JSONBody[PatientRequestIn]
) -> PatientRequestOut:
    request_id = await asking.write_down(db, actor, data.patient_id, data.asked(), data.asked_on)
    return await _request(db, actor, request_id)


@get(
    "/patient-requests",
    summary="What patients asked for, newest first",
    opt=declared(
        "patient_requests.read",
        leads_to={"get_patient_request": {"patient_request_id": "$response.body#/rows/0/id"}},
    ),
)
async def list_patient_requests(
    db: Db,
    actor: Who,
    page: AskedPage,
    request_state: Annotated[
        rules.State | None, QueryParameter(name="state", description="In this state.")
    ] = None,
    kind: Annotated[Kind | None, QueryParameter(description="Of this kind.")] = None,
    patient_id: Annotated[UUID | None, QueryParameter(description="Of this patient.")] = None,
) -> PageOut[PatientRequestOut]:
    wanted = Filters(state=request_state, kind=kind, patient_id=patient_id)
    found = await queries.requests(db, actor, page, wanted)
    return PageOut([PatientRequestOut.of(shown) for shown in found.rows], found.next_cursor)


@get(
    "/patient-requests/{patient_request_id:uuid}",
    summary="One request, with all that was written",
    opt=declared("patient_requests.read"),
)
async def get_patient_request(db: Db, actor: Who, patient_request_id: Id) -> PatientRequestOut:
    return await _request(db, actor, patient_request_id)


@post(
    "/patient-requests/{patient_request_id:uuid}/documents",
    status_code=204,
    summary="Attach a document that answers it; the patient may save it once it is answered",
    opt=declared("patient_requests.answer", refusals=[PatientRequestDone, NotTheirDocument])
    | manners(versioned=_SEEN),
)
async def attach_to_patient_request(
    db: Db, actor: Who, patient_request_id: Id, data: JSONBody[AttachmentIn]
) -> None:
    await answering.attach(db, actor, patient_request_id, data.document_id)


@post(
    "/patient-requests/{patient_request_id:uuid}/extension",
    status_code=204,
    summary="Take the one extension that the law allows, with its reason",
    opt=declared(
        "patient_requests.answer", refusals=[PatientRequestDone, ExtendedBefore, BadAnswer]
    )
    | manners(versioned=_SEEN),
)
async def extend_patient_request(
    db: Db, actor: Who, patient_request_id: Id, data: JSONBody[ExtensionIn]
) -> None:
    await answering.extend(db, actor, patient_request_id, data.reason)


@post(
    "/patient-requests/{patient_request_id:uuid}/answer",
    status_code=204,
    summary="Answer it; to decline takes a permission of its own",
    opt=declared("patient_requests.answer", refusals=[PatientRequestDone, BadAnswer])
    | manners(versioned=_SEEN),
)
async def answer_patient_request(
    db: Db, actor: Who, patient_request_id: Id, data: JSONBody[PatientAnswerIn]
) -> None:
    await answering.answer(db, actor, patient_request_id, data.outcome, data.words)


HANDLERS = [
    write_down_patient_request,
    list_patient_requests,
    get_patient_request,
    attach_to_patient_request,
    extend_patient_request,
    answer_patient_request,
]
