"""A practice's keys and rotations, as an operator sees them: counts and dates, and no key."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from billing_saas.custody.tables import KeyRotation
from billing_saas.kit.db import TenantSession
from billing_saas.phi import resealing
from billing_saas.phi.registry import Key
from billing_saas.phi.tables import TenantKey


@dataclass(frozen=True, slots=True)
class KeyListed:
    purpose: str
    version: int
    state: str
    messages: int
    created_at: datetime
    rows: int
    """Rows that are under it now."""

    def __str__(self) -> str:
        return (
            f"{self.purpose:4} v{self.version}  {self.state:12}  made {self.created_at:%Y-%m-%d}"
            f"  {self.messages:,} messages  {self.rows:,} rows"
        )


@dataclass(frozen=True, slots=True)
class RotationListed:
    purpose: str
    to_version: int
    state: str
    pass_: int
    resealed: int
    held: int

    def __str__(self) -> str:
        held = f", {self.held:,} held: see `phi verify`" if self.held else ""
        return (
            f"rotation of {self.purpose} to v{self.to_version}: {self.state},"
            f" pass {self.pass_}, {self.resealed:,} rows sealed again{held}"
        )


async def keys(db: TenantSession) -> list[KeyListed]:
    rows: dict[tuple[str, int], int] = {}
    for purpose in (Key.DOCUMENTS, Key.RESTRICTED):
        for sheet in resealing.sheets(purpose):
            for version, count in (await resealing.rows_by_version(db, sheet)).items():
                rows[purpose, version] = rows.get((purpose, version), 0) + count
    query = select(TenantKey).where(TenantKey.tenant_id == db.tenant_id)
    return [
        KeyListed(
            key.purpose,
            key.version,
            key.state,
            key.messages,
            key.created_at,
            rows.get((key.purpose, key.version), 0),
        )
        for key in await db.scalars(query.order_by(TenantKey.purpose, TenantKey.version))
    ]


async def rotations(db: TenantSession) -> list[RotationListed]:
    query = select(KeyRotation).where(KeyRotation.tenant_id == db.tenant_id)
    return [
        RotationListed(
            rotation.purpose,
            rotation.to_version,
            rotation.state,
            rotation.pass_,
            rotation.resealed,
            rotation.held,
        )
        for rotation in await db.scalars(query.order_by(KeyRotation.id))
    ]
