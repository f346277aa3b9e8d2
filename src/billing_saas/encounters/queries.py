"""Visits and their charges, for rooms above, which check what the actor may and record what it saw."""

from collections.abc import Iterable
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from billing_saas.duties.visibility_rules import EVERYTHING, Field, Sight
from billing_saas.encounters.rules import Clinical
from billing_saas.encounters.tables import Charge, Encounter
from billing_saas.kit.db import TenantSession
from billing_saas.phi import keyring, masking
from billing_saas.phi.registry import ENCOUNTER_PHI_CLIN


class Visit(msgspec.Struct, frozen=True):
    """An encounter with its codes opened and its charges in order."""

    encounter: Encounter
    clinical: Clinical
    charges: list[Charge]

    def __repr__(self) -> str:
        return f"<Visit {self.encounter.id}>"


async def visits(
    db: TenantSession, encounter_ids: Iterable[UUID], sight: Sight = EVERYTHING
) -> dict[UUID, Visit]:
    """What `sight` does not see is blank, and not opened."""
    ids = bindparam("encounter_ids", list(encounter_ids), ARRAY(Uuid)).any_()
    rows = (
        await db.scalars(
            select(Encounter).where(Encounter.tenant_id == db.tenant_id, Encounter.id == ids)
        )
    ).all()
    charges: dict[UUID, list[Charge]] = {}
    for charge in await db.scalars(
        select(Charge)
        .where(Charge.tenant_id == db.tenant_id, Charge.encounter_id == ids)
        .order_by(Charge.encounter_id, Charge.n)
    ):
        charges.setdefault(charge.encounter_id, []).append(_shown(charge, sight))
    opens = sight.sees(Field.DIAGNOSES)
    ring = await keyring.of(db, max((row.key_ver for row in rows), default=0))
    return {
        row.id: Visit(
            row,
            ring.open(ENCOUNTER_PHI_CLIN, row.id, row.phi_clin, Clinical) if opens else Clinical(),
            charges.get(row.id, []),
        )
        for row in rows
    }


def _shown(charge: Charge, sight: Sight) -> Charge:
    hidden = []
    if not sight.sees(Field.PROCEDURES):
        hidden += ["procedure_code", "modifiers", "units"]
    if not sight.sees(Field.DIAGNOSES):
        hidden += ["pointers"]
    if not sight.sees(Field.AMOUNTS):
        hidden += ["charge_cents"]
    return masking.without(charge, *hidden) if hidden else charge
