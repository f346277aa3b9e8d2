"""Who on file is meant: by blind index, then opened and compared again."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from billing_saas.kit.db import TenantSession
from billing_saas.patients.rules import Demographics
from billing_saas.patients.tables import Patient
from billing_saas.phi import indexing, keyring
from billing_saas.phi.errors import NothingToIndex
from billing_saas.phi.keyring import Keyring
from billing_saas.phi.registry import PATIENT_PHI_DEMO, PATIENT_SURNAME_DOB

# Merging is chained at most this often before someone must look: a ring would never end.
_MOST_MERGES = 8


async def by_name_and_birth(db: TenantSession, people: Sequence[Demographics]) -> list[list[UUID]]:
    """For each person, the patients whose surname and birth date have the same token."""
    ring = await keyring.of(db)
    tokens = [name_and_birth(ring, person) for person in people]
    found = await indexing.find(db, PATIENT_SURNAME_DOB, [t for t in tokens if t is not None])
    return [found.get(token, []) if token is not None else [] for token in tokens]


def name_and_birth(ring: Keyring, person: Demographics) -> bytes | None:
    """The token of surname and birth date; None when one of them is not known."""
    if person.birth_date is None:
        return None
    try:
        return ring.token(PATIENT_SURNAME_DOB, person.last_name, person.birth_date)
    except NothingToIndex:
        return None


class Known(msgspec.Struct, frozen=True):
    """A patient on file. `id` is the survivor's, where the asked one was merged into another."""

    id: UUID
    version: int
    demographics: Demographics

    def __repr__(self) -> str:
        return f"<Known {self.id}>"


async def known(db: TenantSession, ids: Iterable[UUID]) -> dict[UUID, Known]:
    """What is known under each id, opened. The caller records that it was."""
    rows = await _survivors(db, set(ids))
    ring = await keyring.of(db, max((row.key_ver for row in rows.values()), default=0))
    opened: dict[UUID, Known] = {}
    found: dict[UUID, Known] = {}
    for asked, row in rows.items():
        if row.id not in opened:
            demographics = ring.open(PATIENT_PHI_DEMO, row.id, row.phi_demo, Demographics)
            opened[row.id] = Known(row.id, row.version, demographics)
        found[asked] = opened[row.id]
    return found


async def _survivors(db: TenantSession, ids: set[UUID]) -> dict[UUID, Patient]:
    """The row that speaks for each id today."""
    rows = await _rows(db, ids)
    merged = {asked: row for asked, row in rows.items() if row.merged_into is not None}
    for _ in range(_MOST_MERGES):
        if not merged:
            return rows
        into = {asked: row.merged_into for asked, row in merged.items() if row.merged_into}
        survivors = await _rows(db, set(into.values()))
        rows |= {asked: survivors[target] for asked, target in into.items()}
        merged = {asked: rows[asked] for asked in into if rows[asked].merged_into is not None}
    raise RuntimeError("a patient was merged round in a ring")


async def _rows(db: TenantSession, ids: set[UUID]) -> dict[UUID, Patient]:
    if not ids:
        return {}
    rows = await db.scalars(
        select(Patient).where(
            Patient.tenant_id == db.tenant_id,
            Patient.id == bindparam("ids", list(ids), ARRAY(Uuid)).any_(),
        )
    )
    return {row.id: row for row in rows}
