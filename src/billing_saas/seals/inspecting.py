"""What a person is told who asks whether the trail is looked after: `billing-saas doctor`."""

from collections.abc import Sequence

from billing_saas.kit.db import PlatformSession
from billing_saas.kit.safety import Finding
from billing_saas.seals import sealing

# A sealer seals every second; a process that was just replaced is back within this.
LATE_SECONDS = 60.0


async def findings(db: PlatformSession, *, seals_here: bool, anchor: str) -> Sequence[Finding]:
    """As the database says, and for a process that holds the sealer's address (`seals_here`) where
    its heads go. None of it is refused: what stops the sealer must not stop the practices."""
    return [await _sealed(db), *([_anchored(anchor)] if seals_here else [])]


async def _sealed(db: PlatformSession) -> Finding:
    lag = await sealing.lag_seconds(db)
    late = f"the oldest event that no head covers is {round(lag)} s old"
    return Finding(
        "The audit trail is sealed",
        (late,) if lag > LATE_SECONDS else (),
        "Give `billing-saas work` with the schedule BILLING_SEALER_DATABASE_URL; if it has it, look for a"
        " transaction that is open for that long, and for `audit sealing failed` in its log.",
        is_refused=False,
    )


def _anchored(anchor: str) -> Finding:
    return Finding(
        "Heads of the audit trail are anchored outside the database",
        ()
        if anchor
        else ("BILLING_AUDIT_ANCHOR: missing; nothing shows that the end was not cut off",),
        "Set BILLING_AUDIT_ANCHOR to s3://bucket/prefix with Object Lock, or file:///path on another machine's"
        " disk, which who owns the database cannot change.",
        is_refused=False,
    )
