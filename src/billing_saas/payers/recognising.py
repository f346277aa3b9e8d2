"""Which payer an answer came from: payers send other ids in an 835 than they take in an 837."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from billing_saas.kit import clock
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.payers.tables import Payer


async def recognise(db: TenantSession, identifiers: Sequence[str], name: str) -> UUID:
    """The payer known by the first of `identifiers` that anyone is known by; made if none is."""
    known = await db.execute(
        select(Payer.edi_payer_id, Payer.id).where(
            Payer.tenant_id == db.tenant_id, Payer.edi_payer_id.in_(identifiers)
        )
    )
    by_identifier = dict(known.all())
    for identifier in identifiers:
        if identifier in by_identifier:
            return by_identifier[identifier]
    made = await db.scalar(
        insert(Payer)
        .values(
            tenant_id=db.tenant_id,
            id=new_id(),
            edi_payer_id=identifiers[0],
            name=name,
            created_at=clock.now(),
        )
        # Two remittances of a new payer at once: the second finds the first one's row.
        .on_conflict_do_update(
            index_elements=["tenant_id", "edi_payer_id"], set_={"name": Payer.name}
        )
        .returning(Payer.id)
    )
    assert isinstance(made, UUID)
    return made
