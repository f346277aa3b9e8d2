"""What a placement does to the books. Pure; cents as journalled: a debit positive, a credit negative.

What is owed moves from account to account of the same patient, claim and charge, so that the family of
accounts (patient receivable, agency, bad debt) is always what the guarantor owes.
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import msgspec

from billing_saas.collections.rules import Item
from billing_saas.ledger.rules import Account, Entry, Line

PLACED = "placement_placed"
RECALLED = "placement_recalled"
CLOSED = "placement_closed"
LOWERED = "placement_lowered"
COLLECTED = "agency_collected"
DIRECT = "agency_direct_payment"
FEE = "agency_fee"


class Spread(msgspec.Struct, frozen=True):
    """Money laid on items, and what is more than they come to."""

    items: tuple[Item, ...]
    rest_cents: int


def spread(cents: int, items: Sequence[Item]) -> Spread:
    """The oldest first."""
    parts: list[Item] = []
    for item in items:
        part = min(cents, item.cents)
        if part > 0:
            parts.append(msgspec.structs.replace(item, cents=part))
            cents -= part
    return Spread(tuple(parts), cents)


def without(items: Sequence[Item], taken: Sequence[Item]) -> list[Item]:
    """What is left of the items."""
    gone: dict[tuple[UUID, UUID | None, UUID | None], int] = {}
    for item in taken:
        gone[item.key] = gone.get(item.key, 0) + item.cents
    left = [
        msgspec.structs.replace(item, cents=item.cents - gone.get(item.key, 0)) for item in items
    ]
    return [item for item in left if item.cents > 0]


def moved(
    source: str, kind: str, day: date, items: Sequence[Item], *, out_of: Account, into: Account
) -> Entry:
    """The items' cents from one account to another."""
    lines = [
        line
        for item in items
        for line in (of_item(into, item, item.cents), of_item(out_of, item, -item.cents))
    ]
    return Entry(source=source, kind=kind, effective_on=day, lines=tuple(lines))


def of_item(account: Account, item: Item, cents: int) -> Line:
    return Line(
        account=account,
        amount_cents=cents,
        party_kind="patient",
        party_id=item.patient_id,
        patient_id=item.patient_id,
        claim_id=item.claim_id,
        charge_id=item.charge_id,
    )


def unapplied(guarantor_id: UUID, cents: int) -> Line:
    return Line(Account.UNAPPLIED_PATIENT_CASH, cents, "patient", guarantor_id, guarantor_id)


# Where what is owed of a placement stands, by its state.
OWED_IN = {
    "placed": Account.AGENCY,
    "settled": Account.AGENCY,
    "bad_debt": Account.BAD_DEBT,
    "recalled": Account.PATIENT_RECEIVABLE,
}


def source(placement_id: UUID, what: str) -> str:
    return f"placement:{placement_id}:{what}"
