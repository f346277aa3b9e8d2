"""What an agency's money does to the books. Pure; cents as journalled: a debit positive."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from billing_saas.collections import money_rules
from billing_saas.collections.money_rules import Spread
from billing_saas.collections.rules import Item
from billing_saas.ledger.rules import Account, Entry, Line


def payment_entry(
    source: str,
    day: date,
    *,
    account: Account,
    laid: Spread,
    guarantor_id: UUID,
    agency_id: UUID,
    fee_cents: int,
) -> Entry | None:
    """What was collected, off `account`; what is more than is owed is the patient's to have back. And the
    fee, earned but not paid. None: neither money nor fee (a payment to the office, free of a fee)."""
    items = laid.items
    cents = sum(item.cents for item in items) + laid.rest_cents
    lines = [money_rules.of_item(account, item, -item.cents) for item in items]
    if cents:
        lines.insert(0, Line(Account.PATIENT_CASH, cents, "other", agency_id, guarantor_id))
    if laid.rest_cents:
        lines.append(money_rules.unapplied(guarantor_id, -laid.rest_cents))
    if fee_cents:
        lines.append(Line(Account.AGENCY_FEES, fee_cents, "other", agency_id))
        lines.append(Line(Account.AGENCY_FEES_DUE, -fee_cents, "other", agency_id))
    if not lines:
        return None
    return Entry(source=source, kind=money_rules.COLLECTED, effective_on=day, lines=tuple(lines))


def fees_kept(report_id: UUID, agency_id: UUID, day: date, cents: int) -> Entry | None:
    """An agency that sends the net took its fees from what it collected: less cash, nothing due."""
    if not cents:
        return None
    return Entry(
        source=f"agency-report:{report_id}:fees",
        kind=money_rules.FEE,
        effective_on=day,
        lines=(
            Line(Account.AGENCY_FEES_DUE, cents, "other", agency_id),
            Line(Account.PATIENT_CASH, -cents, "other", agency_id),
        ),
    )


def fees_paid(source: str, agency_id: UUID, day: date, cents: int) -> Entry:
    """The practice paid an invoice from its bank."""
    return Entry(
        source=source,
        kind=money_rules.FEE,
        effective_on=day,
        lines=(
            Line(Account.AGENCY_FEES_DUE, cents, "other", agency_id),
            Line(Account.BANK, -cents, "other", agency_id),
        ),
    )


def bounced(source: str, day: date, items: Sequence[Item], *, into: Account) -> Entry:
    """What a bounced payment puts back with an agency that has the account no more."""
    return money_rules.moved(
        source, money_rules.RECALLED, day, items, out_of=Account.AGENCY, into=into
    )
