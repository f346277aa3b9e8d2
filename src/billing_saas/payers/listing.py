"""Keep the list of a practice's payers, by EDI payer id."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from billing_saas.audit import trail
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_ids
from billing_saas.payers.tables import Payer

_ADD = text(
    """
    INSERT INTO payer (tenant_id, id, edi_payer_id, name, created_at)
    SELECT :tenant_id, id, edi_payer_id, name, :created_at
    FROM unnest(cast(:ids AS uuid[]), cast(:payer_ids AS text[]), cast(:names AS text[]))
      AS new (id, edi_payer_id, name)
    ON CONFLICT (tenant_id, edi_payer_id) DO NOTHING
    RETURNING id
    """
)


async def list_many(db: TenantSession, actor: Actor, names: Mapping[str, str]) -> dict[str, UUID]:
    """The payers of these EDI payer ids (each with its name). One that is not listed yet is added.

    A name once listed stays: files spell one payer in many ways, and people know it by the first.
    """
    found = await ids_by_edi_payer_id(db, list(names))
    # In one order everywhere: two files that add the same payers must not wait in a ring.
    missing = sorted(set(names) - set(found))
    if not missing:
        return found
    added = await db.execute(
        _ADD,
        {
            "tenant_id": db.tenant_id,
            "created_at": clock.now(),
            "ids": new_ids(len(missing)),
            "payer_ids": missing,
            "names": [names[payer_id] for payer_id in missing],
        },
    )
    count = len(added.all())
    if count:
        await trail.record(db, actor, "payer.list", object_type="payer", detail={"count": count})
    return found | await ids_by_edi_payer_id(db, missing)


async def ids_by_edi_payer_id(db: TenantSession, edi_payer_ids: list[str]) -> dict[str, UUID]:
    rows = await db.execute(
        select(Payer.edi_payer_id, Payer.id).where(
            Payer.tenant_id == db.tenant_id,
            Payer.edi_payer_id == bindparam("payer_ids", edi_payer_ids, ARRAY(Text)).any_(),
        )
    )
    return {row.edi_payer_id: row.id for row in rows}
