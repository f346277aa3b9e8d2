"""What `billing-saas doctor` says of the trail: warnings, for nobody is helped by a process that does not start."""

from datetime import timedelta

import pytest

from billing_saas.kit import clock
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.seals import inspecting
from tests.seals import logbook


async def told(database: Database, *, seals_here: bool = True, anchor: str = "s3://x") -> list[str]:
    async with database.platform() as db:
        found = await inspecting.findings(db, seals_here=seals_here, anchor=anchor)
    assert not any(finding.is_refused for finding in found)
    return [fault for finding in found for fault in finding.faults]


async def test_a_trail_that_nobody_seals(initialised: Database) -> None:
    assert await told(initialised) == []
    with clock.frozen(clock.now() - timedelta(minutes=5)):
        await logbook.tell(initialised, new_id())
    (late,) = await told(initialised)
    assert late.startswith("the oldest event that no head covers is 30")
    await logbook.seal(initialised)
    assert await told(initialised) == []


@pytest.mark.parametrize(("seals_here", "faults"), [(True, 1), (False, 0)])
async def test_heads_that_go_nowhere(initialised: Database, seals_here: bool, faults: int) -> None:
    found = await told(initialised, seals_here=seals_here, anchor="")
    assert len(found) == faults
    assert all("BILLING_AUDIT_ANCHOR" in fault for fault in found)
