"""Gather all that is asked of accounts before they may be placed: set-based, for one or for many."""

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from billing_saas.audit import trail
from billing_saas.audit.rules import Classes
from billing_saas.collections.rules import Account, Billed, Item
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.messages import pausing
from billing_saas.patients import finding
from billing_saas.statements import owing
from billing_saas.statements.rules import OpenItem

# Of what never left as a statement (a draft) or was taken back (void), nobody was billed.
_BILLED = text(
    """
    SELECT line.patient_id, line.claim_id, line.charge_id,
      min(statement.issued_on) AS first_on, max(statement.issued_on) AS last_on,
      min(statement.issued_on) FILTER (WHERE statement.stage = 'final_notice') AS notice_on
    FROM statement
    JOIN statement_line line
      ON line.tenant_id = :tenant_id AND line.statement_id = statement.id
    WHERE statement.tenant_id = :tenant_id AND statement.state NOT IN ('draft', 'void')
      AND statement.guarantor_id = ANY (CAST(:guarantors AS uuid[]))
    GROUP BY line.patient_id, line.claim_id, line.charge_id
    """
)
# An insurer is done with a claim when the claim has moved on to the patient and the insurer owes nothing.
_UNFINISHED = text(
    """
    SELECT claim.id FROM unnest(CAST(:claim_ids AS uuid[])) AS asked (id)
    JOIN claim ON claim.tenant_id = :tenant_id AND claim.id = asked.id
    WHERE claim.receivable NOT IN ('patient', 'settled') OR claim.work IN ('review', 'held')
      OR EXISTS (SELECT FROM submission
        WHERE submission.tenant_id = :tenant_id AND submission.claim_id = claim.id
          AND submission.adjudication IN ('pending', 'info_requested'))
      OR (SELECT coalesce(sum(line.amount_cents), 0) FROM ledger_line line
        WHERE line.tenant_id = :tenant_id AND line.claim_id = claim.id
          AND line.account IN ('payer_receivable', 'other_party_receivable')) <> 0
    """
)


async def accounts(
    db: TenantSession, actor: Actor, guarantor_ids: Collection[UUID]
) -> dict[UUID, Account]:
    """By guarantor, also of one who owes nothing. Birth dates and addresses are opened, and that is told."""
    asked = list(dict.fromkeys(guarantor_ids))
    owed = await owing.owed_by_many(db, asked)
    items = [item for of_one in owed.values() for item in of_one]
    billed = await _billed(db, asked)
    unfinished = await _unfinished(db, {item.claim_id for item in items if item.claim_id})
    concerned = {
        guarantor_id: {guarantor_id, *(item.patient_id for item in owed.get(guarantor_id, []))}
        for guarantor_id in asked
    }
    pauses = await _pauses(db, {one for of_one in concerned.values() for one in of_one})
    born, reachable = await _people(db, actor, asked)
    return {
        guarantor_id: Account(
            guarantor_id=guarantor_id,
            birth_date=born.get(guarantor_id),
            has_address=guarantor_id in reachable,
            pauses=frozenset(
                kind for one in concerned[guarantor_id] for kind in pauses.get(one, ())
            ),
            billed=tuple(
                _one(item, billed.get((item.patient_id, item.claim_id, item.charge_id)), unfinished)
                for item in owed.get(guarantor_id, [])
            ),
        )
        for guarantor_id in asked
    }


def _one(item: OpenItem, billed: "Row[Any] | None", unfinished: frozenset[UUID]) -> Billed:
    return Billed(
        item=Item(item.patient_id, item.claim_id, item.charge_id, item.cents),
        first_statement_on=billed.first_on if billed is not None else None,
        last_statement_on=billed.last_on if billed is not None else None,
        final_notice_on=billed.notice_on if billed is not None else None,
        insurance_finished=item.claim_id not in unfinished,
    )


async def _billed(
    db: TenantSession, guarantor_ids: Collection[UUID]
) -> dict[tuple[UUID, UUID | None, UUID | None], Row[Any]]:
    rows = await db.execute(_BILLED, {"tenant_id": db.tenant_id, "guarantors": list(guarantor_ids)})
    return {(row.patient_id, row.claim_id, row.charge_id): row for row in rows}


async def _unfinished(db: TenantSession, claim_ids: Collection[UUID]) -> frozenset[UUID]:
    if not claim_ids:
        return frozenset()
    rows = await db.scalars(_UNFINISHED, {"tenant_id": db.tenant_id, "claim_ids": list(claim_ids)})
    return frozenset(rows)


async def _pauses(db: TenantSession, patient_ids: Iterable[UUID]) -> dict[UUID, set[str]]:
    """Kinds that stand, by patient. A pause of one channel alone stops nobody from asking by another."""
    found = await pausing.pauses_of(db, sorted(patient_ids))
    return {
        patient_id: {pause.kind for pause in standing if not pause.channel}
        for patient_id, standing in found.items()
    }


async def _people(
    db: TenantSession, actor: Actor, guarantor_ids: Collection[UUID]
) -> tuple[dict[UUID, date | None], set[UUID]]:
    """Birth dates, and who has an address that a letter can be sent to."""
    people = await finding.known(db, guarantor_ids)
    await trail.record(
        db,
        actor,
        "collections.look_through",
        object_type="patient",
        subjects=list(people),
        classes=Classes.DEMOGRAPHIC,
        detail={"count": len(people)},
    )
    born = {asked: known.demographics.birth_date for asked, known in people.items()}
    reachable = {
        asked
        for asked, known in people.items()
        if (address := known.demographics.address) is not None and address.line1 and address.city
    }
    return born, reachable
