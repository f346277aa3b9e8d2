"""The chart of accounts, entries and lines, and what makes an entry right. Pure.

Amounts are integer cents of US dollars: a debit is positive, a credit negative.
"""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Literal
from uuid import UUID

import msgspec

from billing_saas.ledger.errors import AmountOutOfRange, Unbalanced


class Account(StrEnum):
    """The database knows the same list (migration 0007): an account is added in both."""

    GROSS_CHARGES = "gross_charges"
    PAYER_RECEIVABLE = "payer_receivable"
    PATIENT_RECEIVABLE = "patient_receivable"
    OTHER_PARTY_RECEIVABLE = "other_party_receivable"
    CONTRACTUAL_ADJUSTMENT = "contractual_adjustment"
    WRITE_OFF_SMALL_BALANCE = "write_off_small_balance"
    WRITE_OFF_TIMELY_FILING = "write_off_timely_filing"
    WRITE_OFF_NO_AUTHORIZATION = "write_off_no_authorization"
    WRITE_OFF_NOT_COVERED = "write_off_not_covered"
    WRITE_OFF_CHARITY = "write_off_charity"
    WRITE_OFF_DISCOUNT = "write_off_discount"
    WRITE_OFF_BANKRUPTCY = "write_off_bankruptcy"
    WRITE_OFF_DECEASED = "write_off_deceased"
    WRITE_OFF_OTHER = "write_off_other"
    BANK = "bank"
    PAYER_CASH = "payer_cash"
    PATIENT_CASH = "patient_cash"
    PROCESSOR_CLEARING = "processor_clearing"
    PROCESSOR_FEES = "processor_fees"
    DISPUTE_LOSSES = "dispute_losses"
    UNAPPLIED_PAYER_CASH = "unapplied_payer_cash"
    UNAPPLIED_PATIENT_CASH = "unapplied_patient_cash"
    REFUNDS_DUE_PATIENT = "refunds_due_patient"
    REFUNDS_DUE_PAYER = "refunds_due_payer"
    PROVIDER_LEVEL_BALANCE = "provider_level_balance"  # what PLB segments withheld or advanced
    INTEREST_INCOME = "interest_income"
    AGENCY = "agency"  # placed with a collection agency, still owed
    BAD_DEBT = "bad_debt"
    AGENCY_FEES = "agency_fees"
    AGENCY_FEES_DUE = "agency_fees_due"  # earned by an agency, not paid to it yet


CREDIT_NORMAL = frozenset(
    {
        Account.GROSS_CHARGES,
        Account.UNAPPLIED_PAYER_CASH,
        Account.UNAPPLIED_PATIENT_CASH,
        Account.REFUNDS_DUE_PATIENT,
        Account.REFUNDS_DUE_PAYER,
        Account.INTEREST_INCOME,
        Account.AGENCY_FEES_DUE,
    }
)
DEBIT_NORMAL = frozenset(Account) - CREDIT_NORMAL
RECEIVABLES = (
    Account.PAYER_RECEIVABLE,
    Account.PATIENT_RECEIVABLE,
    Account.OTHER_PARTY_RECEIVABLE,
)
WRITE_OFFS = tuple(account for account in Account if account.startswith("write_off_"))


# `other` is an employer, an attorney, an auto insurer.
PartyKind = Literal["payer", "patient", "other", "practice"]

REVERSAL = "reversal"
"""The kind of an entry that undoes another. The room that causes an entry names its kind."""


class Line(msgspec.Struct, frozen=True, gc=False):
    """One account's share of an entry. `group_code` and `reason_code` are CAS01 and CAS02 of an 835."""

    account: Account
    amount_cents: int
    party_kind: PartyKind
    party_id: UUID | None = None
    patient_id: UUID | None = None
    claim_id: UUID | None = None
    charge_id: UUID | None = None
    group_code: str | None = None
    reason_code: str | None = None


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """`source` says what this is the entry of, once per practice; `effective_on`, the day it counts.

    `reverses` is the entry this one undoes; `corrects`, the one it puts right (in a closed month, say).
    """

    source: str
    kind: str
    effective_on: date
    lines: tuple[Line, ...]
    reverses: UUID | None = None
    corrects: UUID | None = None

    @property
    def balanced(self) -> bool:
        lines = self.lines
        return len(lines) >= 2 and not sum([line.amount_cents for line in lines])


# HIPAA limits an 835's monetary amounts to ten digits (005010X221A1, 782): ten thousand million
# dollars is above any of them, and nine million such lines still add up within 64 bits.
MOST_CENTS = 1_000_000_000_000
MOST_LINES = 32_767


def check(entries: Iterable[Entry]) -> None:
    """Refuse the first entry that the database would refuse, naming its source and line."""
    for entry in entries:
        for position, line in enumerate(entry.lines):
            cents = line.amount_cents
            # A bool or a float must not pass for an amount, and zero moves nothing.
            if type(cents) is not int or not -MOST_CENTS <= cents <= MOST_CENTS or not cents:
                raise _bad_amount(entry, position)
        if not entry.balanced:
            total = sum(line.amount_cents for line in entry.lines)
            raise Unbalanced(
                "The lines of an entry are at least two and sum to zero.",
                source=entry.source,
                lines=len(entry.lines),
                total_cents=total,
            )
        if not entry.source or len(entry.lines) > MOST_LINES:
            raise Unbalanced(
                f"An entry has a source and at most {MOST_LINES} lines.", source=entry.source
            )


def _bad_amount(entry: Entry, position: int) -> AmountOutOfRange | Unbalanced:
    cents = entry.lines[position].amount_cents
    if type(cents) is int and cents:
        return AmountOutOfRange(
            "The amount of a line is beyond what the journal holds.",
            source=entry.source,
            line=position + 1,
        )
    return Unbalanced(
        "The amount of a line is whole cents and not zero.", source=entry.source, line=position + 1
    )


def reversal_of(entry: Entry, entry_id: UUID, *, source: str, effective_on: date) -> Entry:
    """The opposite of `entry`, which stands in the journal as `entry_id`."""
    return Entry(
        source=source,
        kind=REVERSAL,
        effective_on=effective_on,
        lines=tuple(
            msgspec.structs.replace(line, amount_cents=-line.amount_cents) for line in entry.lines
        ),
        reverses=entry_id,
    )


# --- sources: what an entry is the entry of. The formats are part of the data: never change one. ---


def source_charge(encounter_id: UUID) -> str:
    """Charges are journalled once per encounter; submissions and replacements never charge again."""
    return f"charge:{encounter_id}"


def source_claim_payment(claim_payment_id: UUID, posting_number: int) -> str:
    """`posting_number` rises by one when a payment is reversed and posted again."""
    return f"claim-payment:{claim_payment_id}:{posting_number}"


def source_plb(remittance_id: UUID, n: int, posting_number: int = 1) -> str:
    """`n` is the place of the provider adjustment in its remittance, from 1; a later posting says so."""
    source = f"remittance-plb:{remittance_id}:{n}"
    return source if posting_number == 1 else f"{source}:{posting_number}"


def source_stripe(stripe_id: str) -> str:
    """The id of a balance transaction, refund or dispute: what Stripe will not repeat."""
    return f"stripe:{stripe_id}"


def source_payment(payment_id: UUID) -> str:
    """A patient's payment that no processor handled: cash or a cheque."""
    return f"payment:{payment_id}"


def source_reversal(entry_id: UUID) -> str:
    return f"reversal:{entry_id}"
