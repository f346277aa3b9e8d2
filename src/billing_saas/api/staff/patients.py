"""Patients. A search travels in a body: names and birth dates never stand in an address."""

from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import JSONBody

from billing_saas.api.declaring import declared
from billing_saas.api.deps import Asked, Db, Id, Who
from billing_saas.api.manners import manners
from billing_saas.api.wire import In, Out, PageOut
from billing_saas.patients import queries
from billing_saas.patients.errors import BadPatient
from billing_saas.patients.queries import PatientRecord


class AddressOut(Out, frozen=True):
    """Where the patient lives; `state` by its two letters."""

    line1: str
    line2: str
    city: str
    state: str
    postal_code: str


class PatientOut(Out, frozen=True):
    """`merged_into` names the record that this one became part of. What your roles do not see is
    empty, and its class stands in `masked`."""

    id: UUID
    version: int
    merged_into: UUID | None
    last_name: str
    first_name: str
    middle_name: str
    birth_date: date | None
    sex: str
    address: AddressOut | None
    phones: list[str]
    email: str
    medical_record_number: str
    masked: list[str]

    @classmethod
    def of(cls, record: PatientRecord) -> "PatientOut":
        person = record.demographics
        home = person.address
        return cls(
            id=record.id,
            version=record.version,
            merged_into=record.merged_into,
            last_name=person.last_name,
            first_name=person.first_name,
            middle_name=person.middle_name,
            birth_date=person.birth_date,
            sex=person.sex,
            address=AddressOut(
                line1=home.line1,
                line2=home.line2,
                city=home.city,
                state=home.state,
                postal_code=home.postal_code,
            )
            if home
            else None,
            phones=list(person.phones),
            email=person.email,
            medical_record_number=person.medical_record_number,
            masked=list(record.masked),
        )


class PatientSearch(In, frozen=True, forbid_unknown_fields=True):
    """With a birth date: exactly this last name. Without: names that begin so (`gar` or `gar, an`)."""

    name: Annotated[str, msgspec.Meta(min_length=2, max_length=100)]
    birth_date: date | None = None


@get(
    "/patients",
    summary="Patients, newest first",
    opt=declared(
        "patients.read", leads_to={"get_patient": {"patient_id": "$response.body#/rows/0/id"}}
    ),
)
async def list_patients(db: Db, actor: Who, page: Asked) -> PageOut[PatientOut]:
    found = await queries.patients(db, actor, page)
    return PageOut([PatientOut.of(record) for record in found.rows], found.next_cursor)


@get("/patients/{patient_id:uuid}", summary="One patient", opt=declared("patients.read"))
async def get_patient(db: Db, actor: Who, patient_id: Id) -> PatientOut:
    return PatientOut.of(await queries.patient(db, actor, patient_id))


@post(
    "/patients/searches",
    status_code=200,
    summary="Find patients by name",
    opt=declared(
        "patients.read",
        refusals=[BadPatient],
        leads_to={"get_patient": {"patient_id": "$response.body#/0/id"}},
    )
    | manners(kind="search"),
)
async def search_patients(db: Db, actor: Who, data: JSONBody[PatientSearch]) -> list[PatientOut]:
    found = await queries.search(db, actor, data.name, data.birth_date)
    return [PatientOut.of(record) for record in found]


HANDLERS = [list_patients, get_patient, search_patients]
