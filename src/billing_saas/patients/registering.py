"""Put patients on file, sealed and findable, one or a thousand at a time."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from billing_saas.audit import contents, trail
from billing_saas.audit.rules import Classes
from billing_saas.kit import bulk, clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id, new_ids
from billing_saas.patients import finding, rules
from billing_saas.patients.errors import BadPatient
from billing_saas.patients.finding import Known
from billing_saas.patients.rules import Demographics
from billing_saas.patients.tables import Patient
from billing_saas.phi import indexing, keyring
from billing_saas.phi.errors import NothingToIndex
from billing_saas.phi.keyring import Keyring
from billing_saas.phi.registry import (
    PATIENT_EMAIL,
    PATIENT_MRN,
    PATIENT_NAME_CT,
    PATIENT_PHI_DEMO,
    PATIENT_PHONE,
    PATIENT_SURNAME_DOB,
    BlindField,
)


async def register(db: TenantSession, actor: Actor, demographics: Demographics) -> UUID:
    actor.must("patients.write")
    faults = rules.faults(demographics, clock.now().date())
    if faults:
        raise BadPatient("The patient cannot be put on file like this.", **faults)
    (patient_id,) = await register_many(db, actor, [demographics])
    return patient_id


async def register_many(
    db: TenantSession, actor: Actor, people: Sequence[Demographics]
) -> list[UUID]:
    """New patients, in the order given. Who may be one already: `recognize_many`."""
    patient_ids = new_ids(len(people))
    await _write_new(db, actor, dict(zip(patient_ids, people, strict=True)))
    return patient_ids


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A person as a file names them. `policy` is equal for people on one policy, and `insured` are
    the patients on file who have it."""

    demographics: Demographics
    policy: str = ""
    insured: frozenset[UUID] = frozenset()

    def __repr__(self) -> str:
        return "<Seen>"


class Recognized(msgspec.Struct, frozen=True):
    """`alike`: someone of the same name and birth date is on file, and was kept apart."""

    patient_id: UUID
    is_new: bool
    alike: bool


async def recognize_many(
    db: TenantSession, actor: Actor, people: Sequence[Seen]
) -> list[Recognized]:
    """Find each person among the patients, write down what is new of them, register the rest."""
    by_name = await finding.by_name_and_birth(db, [seen.demographics for seen in people])
    asked = {*(i for ids in by_name for i in ids), *(i for seen in people for i in seen.insured)}
    on_file = await finding.known(db, asked)
    crowd = _Crowd(on_file)
    answers = [
        crowd.recognize(seen, [*seen.insured, *ids])
        for seen, ids in zip(people, by_name, strict=True)
    ]
    await _write_new(db, actor, crowd.new)
    await _write_changed(db, actor, crowd.changed)
    return answers


class _Crowd:
    """The patients on file that may be meant, and those this call makes."""

    def __init__(self, on_file: Mapping[UUID, Known]) -> None:
        self._known = dict(on_file)
        self._policies: dict[str, list[UUID]] = {}
        self._names: dict[tuple[str, Any], list[UUID]] = {}
        self.new: dict[UUID, Demographics] = {}
        self.changed: dict[UUID, Known] = {}

    def recognize(self, seen: Seen, candidates: Sequence[UUID]) -> Recognized:
        name = (rules.comparable(seen.demographics.last_name), seen.demographics.birth_date)
        insured = set(seen.insured) | set(self._policies.get(seen.policy, ()))
        insured |= {self._known[i].id for i in insured if i in self._known}
        alike = False
        for candidate in dict.fromkeys([*candidates, *self._names.get(name, ())]):
            known = self._known.get(candidate)
            if known is None:
                continue
            shares_policy = candidate in insured or known.id in insured
            if rules.is_same_person(
                known.demographics, seen.demographics, shares_policy=shares_policy
            ):
                self._note(known, seen)
                return Recognized(known.id, is_new=False, alike=False)
            alike = alike or rules.same_name_and_day(known.demographics, seen.demographics)
        known = Known(new_id(), 1, seen.demographics)
        self.new[known.id] = seen.demographics
        self._known[known.id] = known
        self._names.setdefault(name, []).append(known.id)
        self._remember_policy(seen.policy, known.id)
        return Recognized(known.id, is_new=True, alike=alike)

    def _note(self, known: Known, seen: Seen) -> None:
        self._remember_policy(seen.policy, known.id)
        amended = rules.amended(known.demographics, seen.demographics)
        if amended is known.demographics:
            return
        amended_known = Known(known.id, known.version, amended)
        for asked, holder in self._known.items():
            if holder.id == known.id:
                self._known[asked] = amended_known
        if known.id in self.new:
            self.new[known.id] = amended
        else:
            self.changed[known.id] = amended_known

    def _remember_policy(self, policy: str, patient_id: UUID) -> None:
        if policy:
            self._policies.setdefault(policy, []).append(patient_id)


async def _write_new(db: TenantSession, actor: Actor, people: Mapping[UUID, Demographics]) -> None:
    if not people:
        return
    ring = await keyring.of(db)
    now = clock.now()
    rows = [
        {
            "id": patient_id,
            **_sealed(ring, patient_id, person),
            "version": 1,
            "created_at": now,
            "updated_at": now,
        }
        for patient_id, person in people.items()
    ]
    await bulk.insert_rows(db, Patient, rows)
    for field, pairs in _postings(ring, people).items():
        await indexing.put(db, field, [(token, row) for token, row in pairs if token is not None])
    await _tell(db, actor, "patient.register", rows)


async def _write_changed(db: TenantSession, actor: Actor, changed: Mapping[UUID, Known]) -> None:
    if not changed:
        return
    ring = await keyring.of(db)
    now = clock.now()
    rows = [
        {
            "id": known.id,
            **_sealed(ring, known.id, known.demographics),
            "version": known.version + 1,
            "updated_at": now,
        }
        for known in changed.values()
    ]
    await bulk.update_rows(db, Patient, rows)
    people = {known.id: known.demographics for known in changed.values()}
    for field, pairs in _postings(ring, people).items():
        await indexing.replace(db, field, pairs)
    await _tell(db, actor, "patient.amend", rows)


def _sealed(ring: Keyring, patient_id: UUID, person: Demographics) -> dict[str, Any]:
    coarse = rules.coarse(person)
    return {
        "phi_demo": ring.seal(PATIENT_PHI_DEMO, patient_id, person),
        "name_ct": ring.seal(PATIENT_NAME_CT, patient_id, rules.name_only(person)),
        "key_ver": ring.key_ver,
        "state": coarse.state,
        "zip3": coarse.zip3,
        "birth_decade": coarse.birth_decade,
    }


def _postings(
    ring: Keyring, people: Mapping[UUID, Demographics]
) -> dict[BlindField, list[tuple[bytes | None, UUID]]]:
    """What each index holds of each person; a patient with two phones is found by either."""
    postings: dict[BlindField, list[tuple[bytes | None, UUID]]] = {
        PATIENT_SURNAME_DOB: [],
        PATIENT_MRN: [],
        PATIENT_PHONE: [],
        PATIENT_EMAIL: [],
    }
    for patient_id, person in people.items():
        postings[PATIENT_SURNAME_DOB].append((finding.name_and_birth(ring, person), patient_id))
        for field, values in (
            (PATIENT_MRN, (person.medical_record_number,)),
            (PATIENT_PHONE, person.phones or ("",)),
            (PATIENT_EMAIL, (person.email,)),
        ):
            postings[field].extend((_token(ring, field, value), patient_id) for value in values)
    return postings


def _token(ring: Keyring, field: BlindField, value: str) -> bytes | None:
    try:
        return ring.token(field, value)
    except NothingToIndex:
        return None


async def _tell(
    db: TenantSession, actor: Actor, action: str, rows: Sequence[Mapping[str, Any]]
) -> None:
    await trail.record(
        db,
        actor,
        action,
        object_type="patient",
        object_id=rows[0]["id"] if len(rows) == 1 else None,
        subjects=[row["id"] for row in rows],
        classes=Classes.DEMOGRAPHIC,
        sealed=contents.of_rows(rows, PATIENT_PHI_DEMO, PATIENT_NAME_CT),
        detail={"count": len(rows)},
    )
