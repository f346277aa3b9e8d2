"""What is said to a payment processor, and what it answers: opaque ids, cents and fixed words.

There is no field that a name, an address or an illness could be written into: a `ProcessorCall` is all
that ever leaves, and its words are members of `ProcessorText`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID


class ProcessorText(StrEnum):
    """Every sentence that a processor is ever told."""

    NONE = ""
    PAYMENT = "Payment on account"
    INSTALMENT = "Scheduled payment"
    # Evidence in a dispute (what was bought stays between the practice and its patient).
    AGREED = (
        "The cardholder paid a balance on account with this merchant by entering the card on the"
        " payment page of the processor. The merchant's records show an open balance on that day."
    )
    SCHEDULED = (
        "The cardholder agreed in writing to scheduled payments with the card kept on file, and was"
        " told each date and amount beforehand. This charge is one of them."
    )
    REFUND_POLICY = "Payments above the balance on account are refunded to the card that was used."


class ReturnTo(StrEnum):
    """Where the processor sends a person's browser: a path of ours, with one opaque id."""

    NONE = ""
    PAYMENT = "/portal/payments/{reference}/returned"
    CARD = "/portal/cards/{reference}/returned"
    ACCOUNT = "/home"


_ID = re.compile(r"[A-Za-z0-9_]{0,255}\Z")
_KEY = re.compile(r"[A-Za-z0-9:_-]{0,120}\Z")


@dataclass(frozen=True, slots=True)
class ProcessorCall:
    """One request. `ids` are the processor's own (`intent`, `charge`, `customer`, …); `reference` is an
    id of ours; `key` makes it one request however often it is sent."""

    account: str
    """The practice's own account at the processor; empty: the platform's."""
    key: str = ""
    reference: UUID | None = None
    cents: int = 0
    currency: Literal["usd"] = "usd"
    text: ProcessorText = ProcessorText.NONE
    return_to: ReturnTo = ReturnTo.NONE
    at: datetime | None = None
    """When a page ends, or around when what is looked for was asked for."""
    ids: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for value in (self.account, *self.ids, *self.ids.values()):
            if not _ID.match(value):
                raise ValueError("a processor's ids are letters, digits and underscores")
        if not _KEY.match(self.key):
            raise ValueError("a key is made of ids and numbers")
        if type(self.cents) is not int or self.cents < 0:
            raise ValueError("an amount is whole cents, and not negative")
        # Not by type alone: what is no member of the lists must not leave, whatever its type says.
        fixed: tuple[tuple[object, type], ...] = (
            (self.text, ProcessorText),
            (self.return_to, ReturnTo),
        )
        if not all(isinstance(word, listed) for word, listed in fixed):
            raise ValueError("a processor is told the fixed sentences only")


@dataclass(frozen=True, slots=True)
class BalanceLine:
    """One movement of the practice's balance at the processor: `net = cents - fee`."""

    id: str
    kind: str
    source: str
    cents: int
    fee_cents: int
    net_cents: int
    at: datetime


@dataclass(frozen=True, slots=True)
class ChargeTold:
    id: str
    cents: int
    line: BalanceLine | None
    at: datetime


@dataclass(frozen=True, slots=True)
class RefundTold:
    id: str
    charge: str
    cents: int
    status: str
    """pending, requires_action, succeeded, failed or canceled."""
    failure_code: str
    reference: UUID | None
    """Ours, when we asked for it; a practice may also refund at the processor itself."""
    line: BalanceLine | None
    failure_line: BalanceLine | None
    at: datetime


@dataclass(frozen=True, slots=True)
class DisputeTold:
    id: str
    charge: str
    cents: int
    status: str
    reason: str
    due_at: datetime | None
    lines: tuple[BalanceLine, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class IntentTold:
    """A payment as the processor knows it now, with everything that came of it."""

    id: str
    reference: UUID | None
    status: str
    cents: int
    failure_code: str
    charges: tuple[ChargeTold, ...]
    refunds: tuple[RefundTold, ...] = ()
    disputes: tuple[DisputeTold, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckoutTold:
    id: str
    reference: UUID | None
    url: str
    status: str
    """open, complete or expired."""
    payment_status: str
    """paid, unpaid or no_payment_required: a complete one that is unpaid is not money."""
    intent: str
    setup: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class SetupTold:
    status: str
    customer: str
    method: str
    brand: str
    expires_on: date | None


@dataclass(frozen=True, slots=True)
class AccountTold:
    id: str
    reference: UUID | None
    charges_enabled: bool
    payouts_enabled: bool
    details_submitted: bool
    requirements: tuple[str, ...]
    """What the processor still wants to know of the practice, in its own words."""
    disabled_reason: str


@dataclass(frozen=True, slots=True)
class PayoutTold:
    id: str
    cents: int
    status: str
    arrival_on: date
    automatic: bool
    lines: tuple[BalanceLine, ...]
    """What it is made of, but itself; empty for one that was not automatic."""


@dataclass(frozen=True, slots=True)
class EventTold:
    """What a verified knock says: that something happened to an object. The object is asked for."""

    id: str
    kind: str
    object_id: str
    account: str
    livemode: bool
    at: datetime
