"""What payers and patients owe a practice, by days since the service: summed by the clock, because a
list over many practices cannot sum their journals."""

from sqlalchemy import text

from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.reports.jobs import CountReceivables
from billing_saas.tenants import queries

# The first day of each bucket. What is on no claim is as old as its first entry.
_COUNT = text(
    """
    INSERT INTO practice_receivable (tenant_id, counted_at, days_0_cents, days_31_cents,
                                     days_61_cents, days_91_cents, days_121_cents)
    SELECT :tenant_id, :now,
      CAST(coalesce(sum(cents) FILTER (WHERE days < 31), 0) AS bigint),
      CAST(coalesce(sum(cents) FILTER (WHERE days BETWEEN 31 AND 60), 0) AS bigint),
      CAST(coalesce(sum(cents) FILTER (WHERE days BETWEEN 61 AND 90), 0) AS bigint),
      CAST(coalesce(sum(cents) FILTER (WHERE days BETWEEN 91 AND 120), 0) AS bigint),
      CAST(coalesce(sum(cents) FILTER (WHERE days > 120), 0) AS bigint)
    FROM (
      SELECT owed.cents, CAST(:today AS date) - coalesce(claim.service_from, owed.first_on) AS days
      FROM (
        SELECT claim_id, sum(amount_cents) AS cents, min(effective_on) AS first_on
        FROM ledger_line
        WHERE tenant_id = :tenant_id
          AND account IN ('payer_receivable', 'patient_receivable', 'other_party_receivable')
        GROUP BY claim_id HAVING sum(amount_cents) <> 0
      ) owed
      LEFT JOIN claim ON claim.tenant_id = :tenant_id AND claim.id = owed.claim_id
    ) aged
    ON CONFLICT (tenant_id) DO UPDATE SET
      counted_at = excluded.counted_at,
      days_0_cents = excluded.days_0_cents,
      days_31_cents = excluded.days_31_cents,
      days_61_cents = excluded.days_61_cents,
      days_91_cents = excluded.days_91_cents,
      days_121_cents = excluded.days_121_cents
    """
)


async def count(db: TenantSession, actor: Actor, _job: CountReceivables) -> None:
    actor.must("ledger.read")
    practice = await queries.this_practice(db)
    today = clock.today(practice.time_zone)
    await db.execute(_COUNT, {"tenant_id": db.tenant_id, "now": clock.now(), "today": today})
