"""Keep the list of a practice's providers, by NPI."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from billing_saas.audit import trail
from billing_saas.edi.parties import Address
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_ids
from billing_saas.providers.rules import SeenProvider
from billing_saas.providers.tables import Provider

# The later word counts and silence changes nothing; an unchanged row is not written.
_UPSERT = text(
    """
    INSERT INTO provider (tenant_id, id, npi, name, first_name, taxonomy, tax_id, address_line1,
      address_line2, city, state, postal_code, created_at)
    SELECT :tenant_id, id, npi, name, first_name, taxonomy, tax_id, line1, line2, city, state,
      postal_code, :created_at
    FROM unnest(cast(:ids AS uuid[]), cast(:npis AS text[]), cast(:names AS text[]),
      cast(:first_names AS text[]), cast(:taxonomies AS text[]), cast(:tax_ids AS text[]),
      cast(:line1s AS text[]), cast(:line2s AS text[]), cast(:cities AS text[]),
      cast(:states AS text[]), cast(:postal_codes AS text[]))
      AS new (id, npi, name, first_name, taxonomy, tax_id, line1, line2, city, state, postal_code)
    ON CONFLICT (tenant_id, npi) DO UPDATE SET
      name = excluded.name,
      first_name = excluded.first_name,
      taxonomy = coalesce(nullif(excluded.taxonomy, ''), provider.taxonomy),
      tax_id = coalesce(nullif(excluded.tax_id, ''), provider.tax_id),
      address_line1 = CASE WHEN excluded.address_line1 = '' THEN provider.address_line1
        ELSE excluded.address_line1 END,
      address_line2 = CASE WHEN excluded.address_line1 = '' THEN provider.address_line2
        ELSE excluded.address_line2 END,
      city = CASE WHEN excluded.address_line1 = '' THEN provider.city ELSE excluded.city END,
      state = CASE WHEN excluded.address_line1 = '' THEN provider.state ELSE excluded.state END,
      postal_code = CASE WHEN excluded.address_line1 = '' THEN provider.postal_code
        ELSE excluded.postal_code END
    WHERE provider.name <> excluded.name
      OR provider.first_name <> excluded.first_name
      OR (excluded.taxonomy <> '' AND provider.taxonomy <> excluded.taxonomy)
      OR (excluded.tax_id <> '' AND provider.tax_id <> excluded.tax_id)
      OR (excluded.address_line1 <> ''
        AND (provider.address_line1, provider.address_line2, provider.city, provider.state,
             provider.postal_code)
          IS DISTINCT FROM (excluded.address_line1, excluded.address_line2, excluded.city,
             excluded.state, excluded.postal_code))
    RETURNING id
    """
)


async def list_many(
    db: TenantSession, actor: Actor, providers: Sequence[SeenProvider]
) -> dict[str, UUID]:
    """Each provider's id by NPI; those not on the list are put on it, those on it brought up to date.

    Of two that bear one NPI the last counts, but keeps what only the first one said.
    """
    latest: dict[str, SeenProvider] = {}
    for seen in providers:
        latest[seen.npi] = _joined(latest.get(seen.npi), seen)
    # In one order everywhere: two files that list the same providers must not wait in a ring.
    listed = [latest[npi] for npi in sorted(latest)]
    if not listed:
        return {}
    addresses = [seen.address or Address() for seen in listed]
    written = await db.execute(
        _UPSERT,
        {
            "tenant_id": db.tenant_id,
            "created_at": clock.now(),
            "ids": new_ids(len(listed)),
            "npis": [seen.npi for seen in listed],
            "names": [seen.name for seen in listed],
            "first_names": [seen.first_name for seen in listed],
            "taxonomies": [seen.taxonomy for seen in listed],
            "tax_ids": [seen.tax_id for seen in listed],
            "line1s": [address.line1 for address in addresses],
            "line2s": [address.line2 for address in addresses],
            "cities": [address.city for address in addresses],
            "states": [address.state for address in addresses],
            "postal_codes": [address.postal_code for address in addresses],
        },
    )
    changed = len(written.all())
    if changed:
        await trail.record(
            db, actor, "provider.list", object_type="provider", detail={"count": changed}
        )
    return await ids_by_npi(db, list(latest))


async def ids_by_npi(db: TenantSession, npis: Sequence[str]) -> dict[str, UUID]:
    rows = await db.execute(
        select(Provider.npi, Provider.id).where(
            Provider.tenant_id == db.tenant_id,
            Provider.npi == bindparam("npis", list(npis), ARRAY(Text)).any_(),
        )
    )
    return {row.npi: row.id for row in rows}


def _joined(before: SeenProvider | None, seen: SeenProvider) -> SeenProvider:
    if before is None:
        return seen
    return msgspec.structs.replace(
        seen,
        taxonomy=seen.taxonomy or before.taxonomy,
        tax_id=seen.tax_id or before.tax_id,
        address=seen.address or before.address,
    )
