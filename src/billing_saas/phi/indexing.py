"""The posting table of blind indexes: which rows hold a value, without the value.

Whoever finds a row opens it and compares again: two values may share a token of 8 bytes.
"""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import LargeBinary, SmallInteger, Uuid, bindparam, delete, text
from sqlalchemy.dialects.postgresql import ARRAY

from billing_saas.kit.db import TenantSession
from billing_saas.phi import keyring
from billing_saas.phi.registry import BlindField
from billing_saas.phi.tables import BlindIndex

_PUT = text(
    """
    INSERT INTO blind_index (tenant_id, field, version, token, row_id)
    SELECT :tenant_id, :field, :version, token, row_id
    FROM unnest(:tokens, :row_ids) AS posting (token, row_id)
    ON CONFLICT DO NOTHING"""
).bindparams(
    bindparam("tenant_id", type_=Uuid),
    bindparam("field", type_=SmallInteger),
    bindparam("version", type_=SmallInteger),
    bindparam("tokens", type_=ARRAY(LargeBinary)),
    bindparam("row_ids", type_=ARRAY(Uuid)),
)
_FIND = text(
    """
    SELECT posting.token, posting.row_id
    FROM unnest(:tokens) AS wanted (token)
    JOIN blind_index AS posting ON posting.tenant_id = :tenant_id AND posting.field = :field
      AND posting.version = :version AND posting.token = wanted.token
    ORDER BY posting.row_id"""
).bindparams(
    bindparam("tenant_id", type_=Uuid),
    bindparam("field", type_=SmallInteger),
    bindparam("version", type_=SmallInteger),
    bindparam("tokens", type_=ARRAY(LargeBinary)),
)


async def put(db: TenantSession, field: BlindField, pairs: Iterable[tuple[bytes, UUID]]) -> None:
    """Note that each row holds the value of its token; what is noted already stays."""
    postings = list(pairs)
    if not postings:
        return
    ring = await keyring.of(db)
    await db.execute(
        _PUT,
        {
            "tenant_id": db.tenant_id,
            "field": field.number,
            "version": ring.index_ver,
            "tokens": [token for token, _ in postings],
            "row_ids": [row_id for _, row_id in postings],
        },
    )


async def replace(
    db: TenantSession, field: BlindField, pairs: Iterable[tuple[bytes | None, UUID]]
) -> None:
    """Forget what these rows held in `field` and note what they hold now (`None`: nothing)."""
    postings = list(pairs)
    rows = list({row_id for _, row_id in postings})
    if not rows:
        return
    await db.execute(
        delete(BlindIndex).where(
            BlindIndex.tenant_id == db.tenant_id,
            BlindIndex.row_id == bindparam("rows", rows, ARRAY(Uuid)).any_(),
            BlindIndex.field == field.number,
        ),
        execution_options={"synchronize_session": False},
    )
    await put(db, field, [(token, row_id) for token, row_id in postings if token is not None])


async def find(
    db: TenantSession, field: BlindField, tokens: Iterable[bytes]
) -> dict[bytes, list[UUID]]:
    """The rows of each token, by id; a token that no row holds is not in the answer."""
    wanted = list(set(tokens))
    if not wanted:
        return {}
    ring = await keyring.of(db)
    found = await db.execute(
        _FIND,
        {
            "tenant_id": db.tenant_id,
            "field": field.number,
            "version": ring.index_ver,
            "tokens": wanted,
        },
    )
    rows: dict[bytes, list[UUID]] = {}
    for token, row_id in found:
        rows.setdefault(token, []).append(row_id)
    return rows
