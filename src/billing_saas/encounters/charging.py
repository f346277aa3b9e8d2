"""A visit that is ready to bill: written with its charges, and journalled once."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from billing_saas.audit import contents, trail
from billing_saas.audit.rules import Classes
from billing_saas.encounters import rules
from billing_saas.encounters.rules import Clinical, NewCharge, Parties, PriorAdjustment
from billing_saas.encounters.tables import Charge, Encounter
from billing_saas.kit import bulk, clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id, new_ids
from billing_saas.ledger import journal, periods
from billing_saas.phi import keyring
from billing_saas.phi.registry import ENCOUNTER_PHI_CLIN


class NewEncounter(msgspec.Struct, frozen=True, kw_only=True):
    """`parties.claim_id` names the claim that will be made of it: its money is found by claim."""

    parties: Parties
    billing_provider_id: UUID
    rendering_provider_id: UUID | None = None
    arrival_id: UUID | None = None
    place_of_service: str
    clinical: Clinical
    charges: tuple[NewCharge, ...]
    prior: tuple[PriorAdjustment, ...] = ()
    id: UUID = msgspec.field(default_factory=new_id)

    @property
    def service_from(self) -> date:
        return min(charge.service_from for charge in self.charges)

    @property
    def service_to(self) -> date:
        return max(charge.service_to for charge in self.charges)

    @property
    def charge_cents(self) -> int:
        return sum(charge.charge_cents for charge in self.charges)

    def __repr__(self) -> str:
        return f"<NewEncounter {self.id}>"


async def charge_many(db: TenantSession, actor: Actor, encounters: Sequence[NewEncounter]) -> None:
    """Write the visits and their charges, and journal each visit once, by its first payer."""
    if not encounters:
        return
    charge_ids = new_ids(sum(len(encounter.charges) for encounter in encounters))
    numbered = _numbered(encounters, charge_ids)
    rows = await _write_encounters(db, encounters)
    await _write_charges(db, encounters, numbered)
    # The day of service is the day that counts, unless its month is closed.
    first_open = await periods.first_open_day(db, date.min)
    entries = []
    for encounter in encounters:
        effective_on = max(encounter.service_from, first_open)
        charges = numbered[encounter.id]
        charge_entry = rules.charge_entry(encounter.id, effective_on, encounter.parties, charges)
        prior_entry = rules.prior_entry(
            encounter.id,
            effective_on,
            encounter.parties,
            charges,
            encounter.prior,
        )
        entries += [entry for entry in (charge_entry, prior_entry) if entry is not None]
    await journal.post(db, actor, entries)
    await trail.record(
        db,
        actor,
        "encounter.charge",
        object_type="encounter",
        object_id=encounters[0].id if len(encounters) == 1 else None,
        subjects=[encounter.parties.patient_id for encounter in encounters],
        classes=Classes.CLINICAL,
        sealed=contents.of_rows(rows, ENCOUNTER_PHI_CLIN),
        detail={
            "count": len(encounters),
            "cents": sum(encounter.charge_cents for encounter in encounters),
        },
    )


def _numbered(
    encounters: Sequence[NewEncounter], charge_ids: Sequence[UUID]
) -> dict[UUID, list[tuple[UUID, NewCharge]]]:
    ids = iter(charge_ids)
    return {
        encounter.id: [(next(ids), charge) for charge in encounter.charges]
        for encounter in encounters
    }


async def _write_encounters(
    db: TenantSession, encounters: Sequence[NewEncounter]
) -> list[dict[str, Any]]:
    ring = await keyring.of(db)
    now = clock.now()
    rows: list[dict[str, Any]] = [
        {
            "id": encounter.id,
            "patient_id": encounter.parties.patient_id,
            "billing_provider_id": encounter.billing_provider_id,
            "rendering_provider_id": encounter.rendering_provider_id,
            "arrival_id": encounter.arrival_id,
            "place_of_service": encounter.place_of_service,
            "service_from": encounter.service_from,
            "service_to": encounter.service_to,
            "phi_clin": ring.seal(ENCOUNTER_PHI_CLIN, encounter.id, encounter.clinical),
            "key_ver": ring.key_ver,
            "created_at": now,
        }
        for encounter in encounters
    ]
    await bulk.insert_rows(db, Encounter, rows)
    return rows


async def _write_charges(
    db: TenantSession,
    encounters: Sequence[NewEncounter],
    numbered: dict[UUID, list[tuple[UUID, NewCharge]]],
) -> None:
    await bulk.insert_rows(
        db,
        Charge,
        [
            {
                "id": charge_id,
                "encounter_id": encounter.id,
                "n": n,
                "procedure_qualifier": charge.procedure_qualifier,
                "procedure_code": charge.procedure_code,
                "modifiers": " ".join(charge.modifiers),
                "units": charge.units,
                "unit_basis": charge.unit_basis,
                "charge_cents": charge.charge_cents,
                "pointers": " ".join(map(str, charge.pointers)),
                "place_of_service": charge.place_of_service,
                "line_control_number": rules.new_line_number(),
                "service_from": charge.service_from,
                "service_to": charge.service_to,
            }
            for encounter in encounters
            for n, (charge_id, charge) in enumerate(numbered[encounter.id], 1)
        ],
    )
