"""The end of a practice: its key in the provider is destroyed, and with it every copy of its data.

Live tables and backups alike hold only what that key wrapped. The trail, under the platform's own
key, stays readable and keeps its six years (45 CFR 164.316(b)(2)(i)).
"""

import re
from uuid import UUID

from billing_saas.audit import trail
from billing_saas.custody.errors import CertificateMissing, NotConfirmed
from billing_saas.kit import points
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import Database, TenantSession
from billing_saas.kit.protocols import KeyRefused
from billing_saas.phi import keyring, provisioning
from billing_saas.tenants import queries as tenants

DESTROY = "keys.destroy"
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


class StillReadable(Exception):
    """The provider says that the key is gone, and yet it unwraps: nothing is marked as destroyed."""


async def destroy(
    database: Database, actor: Actor, practice: UUID, *, name: str, certificate: str
) -> None:
    """For ever. `name` is the practice's, typed; `certificate` the SHA-256 of what says that its data
    was handed over. Safe to repeat: a crash between the steps is finished by doing it again.
    """
    actor.must(DESTROY)
    if not _SHA256.match(certificate):
        raise CertificateMissing("The certificate is named by its SHA-256.", field="certificate")
    async with database.tenant(practice) as db:
        standing = await tenants.this_practice(db)
        if name != standing.name:
            raise NotConfirmed("That is not the practice's name.", field="name")
        await _tell(db, actor, "keys.destroy", certificate)
    points.reach("custody.destroying.told")
    await database.keys.destroy(keyring.kek_name(practice))
    points.reach("custody.destroying.destroyed")
    async with database.tenant(practice) as db:
        await _prove(db)
        await provisioning.abandon(db)
        await _tell(db, actor, "keys.destroyed", certificate)


async def _prove(db: TenantSession) -> None:
    for wrapped in await provisioning.wrapped_keys(db):
        try:
            await db.keys.unwrap(wrapped.kek_name, wrapped.wrapped, wrapped.context)
        except KeyRefused:
            continue
        raise StillReadable


async def _tell(db: TenantSession, actor: Actor, action: str, certificate: str) -> None:
    await trail.record(
        db,
        actor,
        action,
        object_type="practice",
        object_id=db.tenant_id,
        detail={"token": certificate},
    )
