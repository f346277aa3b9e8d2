"""Claims by the number that a practice's own system gave them."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from billing_saas.claims.rules import AccountNumber
from billing_saas.claims.tables import Claim
from billing_saas.kit.db import TenantSession
from billing_saas.phi import indexing, keyring
from billing_saas.phi.registry import CLAIM_ACCOUNT_NUMBER, CLAIM_PHI_DEMO
from billing_saas.phi.rules import identifier_1


class Numbered(msgspec.Struct, frozen=True):
    """A claim on file under an account number. `account_number` is in its comparable form."""

    claim_id: UUID
    account_number: str
    service_from: date
    service_to: date
    charge_cents: int

    def __repr__(self) -> str:
        return f"<Numbered {self.claim_id}>"


async def by_account_numbers(
    db: TenantSession, numbers: Iterable[str]
) -> dict[str, list[Numbered]]:
    """By the comparable form of each number. The caller records that it looked."""
    plain = {form for number in numbers if (form := identifier_1(number))}
    ring = await keyring.of(db)
    tokens = [ring.token(CLAIM_ACCOUNT_NUMBER, form) for form in plain]
    hits = await indexing.find(db, CLAIM_ACCOUNT_NUMBER, tokens)
    ids = [claim_id for row_ids in hits.values() for claim_id in row_ids]
    found: dict[str, list[Numbered]] = {}
    if not ids:
        return found
    rows = await db.execute(
        select(
            Claim.id,
            Claim.phi_demo,
            Claim.key_ver,
            Claim.service_from,
            Claim.service_to,
            Claim.charge_cents,
        ).where(
            Claim.tenant_id == db.tenant_id,
            Claim.id == bindparam("ids", ids, ARRAY(Uuid)).any_(),
        )
    )
    for row in rows:
        ring = await keyring.of(db, row.key_ver)
        sealed = ring.open(CLAIM_PHI_DEMO, row.id, row.phi_demo, AccountNumber)
        number = identifier_1(sealed.account_number)
        if number in plain:
            found.setdefault(number, []).append(
                Numbered(row.id, number, row.service_from, row.service_to, row.charge_cents)
            )
    return found
