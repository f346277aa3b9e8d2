"""What a drawer holds, and what credit can be laid on. Pure, in integer cents."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal
from uuid import UUID

import msgspec

from billing_saas.desk.errors import NumberRefused
from billing_saas.payments.rules import AT_DESK, Share

Language = Literal["en", "es"]
_LAST4 = re.compile(r"[0-9A-Za-z]{0,4}\Z")


def last4(number: str, method: str) -> str:
    """The last four of what is printed on a cheque or money order; nothing for cash.

    A whole number of a cheque's foot would be a bank account: it is refused, not cut.
    """
    plain = number.strip()
    if method == "cash" and plain:
        raise NumberRefused("Cash has no number.", field="number_last4")
    if not _LAST4.match(plain):
        raise NumberRefused("Give the last four characters, and no more.", field="number_last4")
    return plain.upper()


class Taken(msgspec.Struct, frozen=True):
    """One payment of a drawer. One that was taken back is not in it any more."""

    method: str
    cents: int
    voided: bool


class Counted(msgspec.Struct, frozen=True):
    method: str
    takings: int
    expected_cents: int
    counted_cents: int

    @property
    def over_cents(self) -> int:
        """Above zero: more lay in the drawer than was taken; below: less."""
        return self.counted_cents - self.expected_cents


def totals(taken: Iterable[Taken]) -> dict[str, tuple[int, int]]:
    """By method, how many payments and how much, of what stands; every method is told."""
    found: dict[str, tuple[int, int]] = dict.fromkeys(AT_DESK, (0, 0))
    for one in taken:
        if not one.voided:
            count, cents = found[one.method]
            found[one.method] = (count + 1, cents + one.cents)
    return found


def counted(taken: Iterable[Taken], counts: Mapping[str, int]) -> list[Counted]:
    """Expected beside counted; a method that nobody counted was found empty."""
    return [
        Counted(method, takings, cents, counts.get(method, 0))
        for method, (takings, cents) in totals(taken).items()
    ]


# --- credit ---


class Credit(msgspec.Struct, frozen=True):
    """Money of one payment that lies unapplied."""

    payment_id: UUID
    patient_id: UUID
    cents: int


def laid(
    credits_: Sequence[Credit], owed: Sequence[Share], most_cents: int | None = None
) -> dict[UUID, list[Share]]:
    """By payment, what its credit goes to: the oldest credit on the oldest debt. Each payment's shares sum
    to zero: what leaves its credit (negative) lies on what was owed (positive)."""
    found: dict[UUID, list[Share]] = {}
    left = [[item, item.cents] for item in owed if item.cents > 0]
    allowed = sum(one.cents for one in credits_) if most_cents is None else most_cents
    for credit in credits_:
        have = min(credit.cents, allowed)
        used = 0
        for pair in left:
            item, open_cents = pair
            assert isinstance(item, Share)
            assert isinstance(open_cents, int)
            part = min(have - used, open_cents)
            if part <= 0:
                continue
            pair[1] = open_cents - part
            used += part
            found.setdefault(credit.payment_id, []).append(
                msgspec.structs.replace(item, cents=part)
            )
        if used:
            allowed -= used
            found[credit.payment_id].insert(
                0, Share(credit.patient_id, None, None, -used, unapplied=True)
            )
    return found
