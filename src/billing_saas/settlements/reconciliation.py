"""Whether the books agree with the processor: what it holds of ours, movement by movement."""

import msgspec
from sqlalchemy import text

from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.payments.queries import READ


class Reconciliation(msgspec.Struct, frozen=True, kw_only=True):
    """`clearing_cents` is what the journal says the processor holds. It is made of movements that wait to
    be paid out (`waiting_cents`), of payments and refunds whose movement was not told yet
    (`untold_cents`), less what was paid out by hand and so is of no movement (`by_hand_cents`).
    `difference_cents` is what nobody can explain: zero, or a matter for a person."""

    clearing_cents: int
    waiting_cents: int
    untold_cents: int
    by_hand_cents: int
    difference_cents: int
    other_cents: int
    """Of business that is not kept here, in payouts so far."""
    fees_cents: int
    dispute_losses_cents: int
    paid_out_cents: int


_ASK = text(
    """
    SELECT
      (SELECT coalesce(sum(amount_cents), 0) FROM ledger_line
       WHERE tenant_id = :tenant_id AND account = 'processor_clearing') AS clearing,
      (SELECT coalesce(sum(amount_cents), 0) FROM ledger_line
       WHERE tenant_id = :tenant_id AND account = 'processor_fees') AS fees,
      (SELECT coalesce(sum(amount_cents), 0) FROM ledger_line
       WHERE tenant_id = :tenant_id AND account = 'dispute_losses') AS losses,
      (SELECT coalesce(sum(line.net_cents), 0) FROM balance_transaction line
       LEFT JOIN payout ON payout.tenant_id = line.tenant_id AND payout.id = line.payout_id
       WHERE line.tenant_id = :tenant_id AND line.matched IN ('payment', 'refund', 'dispute', 'fee')
         AND (payout.id IS NULL OR payout.state IN ('pending', 'in_transit')))
      -- What a payout that failed was made of waits, until another has paid it.
      + (SELECT coalesce(sum(failed.ours_cents), 0) FROM payout failed
       WHERE failed.tenant_id = :tenant_id AND failed.state IN ('failed', 'canceled')
         AND NOT EXISTS (SELECT FROM balance_transaction line
           JOIN payout ON payout.tenant_id = line.tenant_id AND payout.id = line.payout_id
           WHERE line.tenant_id = :tenant_id AND line.matched = 'payout'
             AND line.object_id = failed.id AND payout.state = 'paid')) AS waiting,
      (SELECT coalesce(sum(charge.amount_cents), 0) FROM payment_charge charge
       WHERE charge.tenant_id = :tenant_id AND charge.processor_id IS NOT NULL
         AND NOT EXISTS (SELECT FROM balance_transaction line
           WHERE line.tenant_id = :tenant_id AND line.source = charge.processor_id))
      - (SELECT coalesce(sum(refund.amount_cents), 0) FROM refund
       WHERE refund.tenant_id = :tenant_id AND refund.method = 'processor' AND refund.journalled
         AND NOT refund.came_back
         AND NOT EXISTS (SELECT FROM balance_transaction line
           WHERE line.tenant_id = :tenant_id AND line.source = refund.processor_id)) AS untold,
      (SELECT coalesce(sum(ours_cents), 0) FROM payout
       WHERE tenant_id = :tenant_id AND state = 'paid' AND NOT automatic) AS by_hand,
      (SELECT coalesce(sum(ours_cents), 0) FROM payout
       WHERE tenant_id = :tenant_id AND state = 'paid') AS paid_out,
      (SELECT coalesce(sum(other_cents), 0) FROM payout
       WHERE tenant_id = :tenant_id AND state = 'paid') AS other
    """
)


async def of_now(db: TenantSession, actor: Actor) -> Reconciliation:
    actor.must(READ)
    row = (await db.execute(_ASK, {"tenant_id": db.tenant_id})).one()
    explained = row.waiting + row.untold - row.by_hand
    return Reconciliation(
        clearing_cents=int(row.clearing),
        waiting_cents=int(row.waiting),
        untold_cents=int(row.untold),
        by_hand_cents=int(row.by_hand),
        difference_cents=int(row.clearing - explained),
        other_cents=int(row.other),
        fees_cents=int(row.fees),
        dispute_losses_cents=int(row.losses),
        paid_out_cents=int(row.paid_out),
    )
