"""What messages are made of: channels, addresses, the few words a message may carry, and its kinds."""

import re
from dataclasses import dataclass
from typing import Literal

import msgspec

from billing_saas.phi.sealing import Document

Channel = Literal["email", "text", "post"]
Sent = Literal["email", "text"]
Language = Literal["en", "es"]
Purpose = Literal["billing", "receipts", "office", "security"]
"""What a message is for: a consent is given for one of these, per channel.

billing: statements, plans and links to pay. receipts: what became of one's money. office: that the office
wrote. security: codes that one asked for just now, for which nobody needs to be asked before."""
CONSENTED: tuple[Purpose, ...] = ("billing", "receipts", "office")
Template = Literal[
    "statement_ready",
    "payment_received",
    "payment_failed",
    "refund_made",
    "one_time_code",
    "contact_check",
    "pay_link",
    "plan_agreed",
    "plan_upcoming",
    "plan_missed",
    "plan_done",
    "office_answered",
]

CHANNELS: tuple[Channel, ...] = ("email", "text", "post")
LANGUAGES: tuple[Language, ...] = ("en", "es")

# A local part and a domain, both plain: what could begin another header or another address is refused.
_EMAIL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+\Z")
_PHONE = re.compile(r"\+1[2-9][0-9]{2}[2-9][0-9]{6}\Z")
_LINK = re.compile(r"/[A-Za-z0-9_-]{1,16}(/[A-Za-z0-9_-]{1,64})?\Z")
_CODE = re.compile(r"[0-9]{6,8}\Z")


class Addresses(Document, omit_defaults=True):
    """`patient_contact.phi_demo`. The phone is E.164 and can take texts."""

    email: str = ""
    phone: str = ""


class Words(msgspec.Struct, frozen=True, omit_defaults=True):
    """All that may vary in a message. There is no field that a name, an amount, a date, a service or a
    sentence would fit into.

    `link` is a path of the portal, with at most a random word behind it. `initial` is the first letter of
    a first name. `code` is one that was made a moment ago."""

    link: str = ""
    initial: str = ""
    code: str = ""

    def __post_init__(self) -> None:
        if self.link and not _LINK.match(self.link):
            raise ValueError("a link is a path of ours with one random word")
        if self.initial and not (len(self.initial) == 1 and self.initial.isalpha()):
            raise ValueError("an initial is one letter")
        if self.code and not _CODE.match(self.code):
            raise ValueError("a code is six to eight digits")

    def __repr__(self) -> str:
        return "<Words>"


NOTHING = Words()


class Topic(Document):
    """`letter_thread.phi_clin`."""

    subject: str


class Body(Document):
    """`thread_letter.phi_clin`."""

    text: str


@dataclass(frozen=True, slots=True)
class Kind:
    """Of which kind the messages of one template are, as the gate sees them."""

    purpose: Purpose
    stale_after_hours: int
    """Not sent when it could not leave by then: it would tell of what is long over."""
    dunning: bool = False
    """It asks for money: what pauses dunning stops it."""
    requested: bool = False
    """The person asked for it a moment ago, and waits."""
    to_unverified: bool = False
    """It may go to an address that nobody confirmed yet: it is how one is confirmed."""
    fills: frozenset[str] = frozenset()
    """Which words it needs."""


_LINKED = frozenset({"link"})

KINDS: dict[Template, Kind] = {
    "statement_ready": Kind("billing", 5 * 24, dunning=True, fills=_LINKED),
    "payment_received": Kind("receipts", 3 * 24),
    "payment_failed": Kind("receipts", 3 * 24, fills=_LINKED),
    "refund_made": Kind("receipts", 5 * 24),
    "one_time_code": Kind("security", 1, requested=True, fills=frozenset({"code"})),
    "contact_check": Kind(
        "security", 1, requested=True, to_unverified=True, fills=frozenset({"code"})
    ),
    "pay_link": Kind("billing", 2, requested=True, to_unverified=True, fills=_LINKED),
    "plan_agreed": Kind("receipts", 3 * 24, fills=_LINKED),
    "plan_upcoming": Kind("billing", 2 * 24, fills=_LINKED),
    "plan_missed": Kind("billing", 3 * 24, fills=_LINKED),
    "plan_done": Kind("receipts", 5 * 24),
    "office_answered": Kind("office", 5 * 24, fills=_LINKED),
}


def email_of(text: str) -> str:
    """As it is written to; empty when it is no address."""
    plain = text.strip()
    return plain if len(plain) <= 254 and _EMAIL.match(plain) and ".." not in plain else ""


def phone_of(text: str) -> str:
    """E.164 of a number of the North American plan; empty when it is none."""
    digits = "".join(c for c in text if c in "0123456789")
    plain = f"+{digits}" if len(digits) == 11 else f"+1{digits}"
    return plain if _PHONE.match(plain) else ""
