"""Whether the books are as they must be: entries, balances, and what remittances moved."""

from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.ledger import queries as ledger
from billing_saas.reports import asking


async def books_balance(db: TenantSession, actor: Actor) -> list[str]:
    """Every entry sums to zero over at least two lines of its own day and instant; so do its reversals."""
    return [
        *await asking.found(
            db,
            """
            SELECT 'entry ' || e.id || ' has ' || count(l.n) || ' lines that sum to '
                   || coalesce(sum(l.amount_cents), 0)
            FROM ledger_entry e LEFT JOIN ledger_line l
              ON l.tenant_id = e.tenant_id AND l.entry_id = e.id
            WHERE e.tenant_id = :tenant GROUP BY e.id
            HAVING count(l.n) < 2 OR sum(l.amount_cents) <> 0""",
        ),
        *await asking.found(
            db,
            """
            SELECT 'line ' || l.n || ' of ' || l.entry_id || ' is not of its entry'
            FROM ledger_line l LEFT JOIN ledger_entry e ON e.tenant_id = l.tenant_id
              AND e.id = l.entry_id AND e.recorded_at = l.recorded_at
              AND e.effective_on = l.effective_on
            WHERE l.tenant_id = :tenant AND e.id IS NULL""",
        ),
        *await asking.found(
            db,
            """
            SELECT 'entry ' || e.id || ' does not undo ' || e.reverses
            FROM ledger_entry e JOIN ledger_line l ON l.tenant_id = e.tenant_id
              AND l.entry_id IN (e.id, e.reverses)
            WHERE e.tenant_id = :tenant AND e.reverses IS NOT NULL
            GROUP BY e.id, e.reverses, l.account, l.party_kind, l.party_id, l.patient_id,
                     l.claim_id, l.charge_id
            HAVING sum(l.amount_cents) <> 0""",
        ),
    ]


async def trial_balance_is_the_sum_of_lines(db: TenantSession, actor: Actor) -> list[str]:
    balance = await ledger.trial_balance(db, actor)
    told = {row.account.value: row.debit_cents - row.credit_cents for row in balance.rows}
    summed = await asking.sums(
        db,
        "SELECT account, sum(amount_cents) FROM ledger_line WHERE tenant_id = :tenant GROUP BY 1",
    )
    found = [] if balance.debit_cents == balance.credit_cents else ["debits are not credits"]
    return found + [
        f"{account} stands at {told.get(account, 0)}, its lines sum to {summed.get(account, 0)}"
        for account in sorted(told.keys() | summed.keys())
        if told.get(account, 0) != summed.get(account, 0)
    ]


async def posted_is_what_was_paid(db: TenantSession, actor: Actor) -> list[str]:
    """The cash of a posted remittance's entries is BPR02; what is not posted has moved nothing.

    Told from the journal alone. A payer's reversal is caused by the remittance that it came with. What
    undoes that one (a posting taken back) lets the first entry stand again; what then undoes the
    first undoes the end of the chain: so every second link is looked at.
    """
    return await asking.found(
        db,
        """
        WITH RECURSIVE entry AS MATERIALIZED (
          SELECT id, reverses, split_part(source, ':', 1) AS kind, split_part(source, ':', 2) AS name,
                 split_part(source, ':', 1) IN ('claim-payment', 'remittance-plb') AS is_caused
          FROM ledger_entry WHERE tenant_id = :tenant
        ), walk AS (
          SELECT id, reverses AS link FROM entry WHERE NOT is_caused AND reverses IS NOT NULL
          UNION ALL
          SELECT walk.id, taken_back.reverses
          FROM walk JOIN entry undoing ON undoing.id = walk.link AND NOT undoing.is_caused
          JOIN entry taken_back ON taken_back.id = undoing.reverses
        ), caused AS (
          SELECT id, kind, name FROM entry WHERE is_caused
          UNION ALL
          SELECT walk.id, cause.kind, cause.name
          FROM walk JOIN entry cause ON cause.id = walk.link AND cause.is_caused
        ), cash AS (
          SELECT entry_id, sum(amount_cents) AS cents FROM ledger_line
          WHERE tenant_id = :tenant AND account = 'payer_cash' GROUP BY entry_id
        ), moved AS (
          SELECT coalesce(payment.remittance_id::text, caused.name) AS remittance,
                 sum(cash.cents) AS cents
          FROM caused JOIN cash ON cash.entry_id = caused.id
          LEFT JOIN claim_payment payment ON payment.tenant_id = :tenant
            AND caused.kind = 'claim-payment' AND payment.id::text = caused.name
          GROUP BY 1
        )
        SELECT 'remittance ' || r.id || ' is ' || r.state || ', paid ' || r.payment_cents
               || ' and moved ' || coalesce(moved.cents, 0)
        FROM remittance r LEFT JOIN moved ON moved.remittance = r.id::text
        WHERE r.tenant_id = :tenant AND coalesce(moved.cents, 0) <>
          CASE WHEN r.state IN ('posted', 'reconciled', 'closed') THEN r.payment_cents ELSE 0 END""",
    )
