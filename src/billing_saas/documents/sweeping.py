"""Files are kept below; the job that tidies them is asked for from here."""

from billing_saas.blobs import sweeping
from billing_saas.documents.jobs import SweepFiles
from billing_saas.kit import logs
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession


async def sweep(db: TenantSession, _actor: Actor, _job: SweepFiles) -> None:
    swept = await sweeping.sweep(db)
    if swept:
        logs.get().info("files swept", rows=swept)
