"""Who carries messages to patients: letters and texts. Wired at the edge, as the processor of payments is.

What a carrier is given can hold an address, a text of ours and a random word, and nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class OutgoingLetter:
    """`bounces_to` is the envelope's sender: what comes back comes back there."""

    to_address: str = field(repr=False)
    subject: str
    text: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    bounces_to: str = field(default="", repr=False)
    from_name: str = ""


@dataclass(frozen=True, slots=True)
class OutgoingText:
    to_number: str = field(repr=False)
    from_number: str
    text: str = field(repr=False)
    tell_at: str = field(default="", repr=False)
    """Where the carrier tells what became of it."""


class LetterCarrier(Protocol):
    async def carry(self, letter: OutgoingLetter) -> str:
        """It was taken over; its Message-ID. Raises `CarrierRefused`, `CarrierDown` or `CarrierUnknown`."""


class TextCarrier(Protocol):
    def signed(self, url: str, fields: Mapping[str, str], signature: str) -> bool:
        """Whether the carrier itself asked `url` with these fields."""

    async def carry(self, text: OutgoingText) -> str:
        """It was taken over; the carrier's id of it. Raises as a letter's does."""


@dataclass(frozen=True, slots=True)
class Carriers:
    """What this deployment has. Without a carrier, messages wait."""

    letters: LetterCarrier | None = None
    texts: TextCarrier | None = None
    portal_site: str = "http://localhost"
    """Where patients' links lead."""
    hooks_site: str = "http://localhost"
    """Where carriers tell what became of messages."""
    bounce_domain: str = ""
    """What comes back to a word at this domain is ours. Empty: letters come back to who sends them."""
    hook_secret: str = field(default="", repr=False)
    """With which our own server of mail signs what came back."""


Why = Literal["address", "opted_out", "content"]


class CarrierRefused(Exception):
    """It will not carry this, now or later. `why` is one of three words; `code` is the carrier's number."""

    def __init__(self, why: Why, code: int) -> None:
        super().__init__(f"{why} {code}")
        self.why = why
        self.code = code


class CarrierDown(Exception):
    """It was not handed over: try again later."""


class CarrierUnknown(Exception):
    """It was handed over, and nobody said whether it was taken."""
