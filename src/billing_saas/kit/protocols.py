"""What a room may ask of the outside, without knowing who answers. Wired at the edge."""

from collections.abc import AsyncIterable, AsyncIterator
from datetime import datetime
from typing import Protocol

from billing_saas.kit.processing import (
    AccountTold,
    CheckoutTold,
    DisputeTold,
    EventTold,
    IntentTold,
    PayoutTold,
    ProcessorCall,
    RefundTold,
    SetupTold,
)


class KeyProvider(Protocol):
    """Holds key-encryption keys, and never gives one out. Six calls, all of them fail closed.

    `name` is an opaque key name such as `t/<practice uuid>`. `context` is bound to the wrapped key:
    unwrapping with another context fails.
    """

    async def create(self, name: str) -> None:
        """Make the key; a key that exists is left as it is."""

    async def wrap(self, name: str, key: bytes, context: bytes) -> bytes: ...

    async def unwrap(self, name: str, wrapped: bytes, context: bytes) -> bytes: ...

    async def rewrap(self, name: str, wrapped: bytes, context: bytes) -> bytes:
        """Wrap again under the newest version of the key."""

    async def destroy(self, name: str) -> None:
        """For ever: what it wrapped cannot be read again, from any backup."""

    async def health(self) -> None:
        """Raise `KeyProviderDown` when keys cannot be reached."""


class KeyProviderDown(Exception):
    """Keys cannot be reached now: try again later, and answer 503 until then."""


class KeyRefused(Exception):
    """The key does not exist (any more), or what was wrapped is not what it says."""


class ObjectStore(Protocol):
    """Sealed bytes by key, in a bucket of ours. Whoever calls seals first: a store sees no plaintext."""

    async def put(
        self, key: str, chunks: AsyncIterable[bytes], *, lock_until: datetime | None = None
    ) -> None:
        """Keep it whole or not at all. `lock_until`: nobody may change or delete it before (WORM)."""

    def get(self, key: str) -> AsyncIterator[bytes]:
        """Its bytes in chunks; `ObjectMissing` when there is none."""

    def keys(self, prefix: str) -> AsyncIterator[str]:
        """Keys that begin so, in order."""

    async def delete(self, key: str) -> None:
        """Gone; a key that does not exist is no error."""

    async def health(self) -> None:
        """Raise `ObjectStoreDown` when it cannot be reached."""


class ObjectStoreDown(Exception):
    """The store cannot be reached now: try again later, and answer 503 until then."""


class ObjectMissing(Exception):
    """There is no object of this key."""


class Anchor(Protocol):
    """Keeps lines that nobody takes back: each stands before `append` returns."""

    async def append(self, name: str, line: bytes) -> None:
        """`name` is unique, and sorts with the time."""

    def lines(self) -> AsyncIterator[bytes]:
        """Everything ever appended, in its order."""


class Mailer(Protocol):
    """Carries a letter to a person who works here."""

    site: str
    """Where its links lead: `https://billing.example.com`."""

    async def send(self, to_address: str, subject: str, text: str) -> None:
        """It was taken over, or `MailDown` is raised."""


class MailDown(Exception):
    """No letter can leave now: try again later."""


class PaymentProcessor(Protocol):
    """Takes cards and bank debits for a practice, which is the merchant. Hears ids, cents, fixed words.

    Calls that change something raise `ProcessorRefused` (it said no), `ProcessorDown` (it was not
    asked) or `ProcessorUnknown` (it may have done it: ask again by the same key, within a day). Calls
    that only read raise `ProcessorDown`, or `ProcessorRefused` for what does not exist.
    """

    livemode: bool
    """Real money. An event of the other mode is not ours."""

    async def open_account(self, call: ProcessorCall) -> AccountTold:
        """An account for the practice `reference`; on the platform."""

    async def onboarding(self, call: ProcessorCall) -> str:
        """A page of the processor, good for minutes, where the practice says who it is (`ids.account`)."""

    async def account(self, call: ProcessorCall) -> AccountTold: ...

    async def checkout(self, call: ProcessorCall) -> CheckoutTold:
        """A page of the processor where `cents` are paid for the payment `reference`."""

    async def setup(self, call: ProcessorCall) -> CheckoutTold:
        """A page of the processor where a card is given to be kept, for the saved card `reference`."""

    async def expire(self, call: ProcessorCall) -> CheckoutTold:
        """End an open page (`ids.checkout`); `ProcessorRefused` when it is no longer open."""

    async def checkout_told(self, call: ProcessorCall) -> CheckoutTold:
        """By `ids.checkout`."""

    async def checkout_of(self, call: ProcessorCall) -> list[CheckoutTold]:
        """Every page that was ever made for `reference`, newest first: for an asking older than a key lives."""

    async def setup_told(self, call: ProcessorCall) -> SetupTold:
        """By `ids.setup`."""

    async def forget_card(self, call: ProcessorCall) -> None:
        """Let go of `ids.method`; one that is gone is no error."""

    async def charge(self, call: ProcessorCall) -> IntentTold:
        """Take `cents` from a kept card (`ids.customer`, `ids.method`) without its owner."""

    async def intent(self, call: ProcessorCall) -> IntentTold:
        """By `ids.intent`, with charges, refunds and disputes."""

    async def intents_of(self, call: ProcessorCall) -> list[IntentTold]:
        """Every payment that was ever made for `reference`."""

    async def intent_about(self, call: ProcessorCall) -> IntentTold | None:
        """The payment behind `ids.charge`, `ids.refund` or `ids.dispute`; None: of no payment."""

    async def refund(self, call: ProcessorCall) -> RefundTold:
        """Give `cents` of `ids.charge` back, for the refund `reference`."""

    async def refunds_of(self, call: ProcessorCall) -> list[RefundTold]:
        """Every refund of `ids.charge`."""

    async def answer_dispute(self, call: ProcessorCall) -> DisputeTold:
        """Hand in `text` as evidence for `ids.dispute`."""

    async def payout(self, call: ProcessorCall) -> PayoutTold:
        """By `ids.payout`, with what it is made of."""

    def event(self, body: bytes, signature: str) -> EventTold:
        """What a knock says, if `signature` is the processor's own over these very bytes and no older than
        300 seconds. Raises `NotTheProcessor`."""

    async def close(self) -> None: ...


class ProcessorDown(Exception):
    """It was not asked, or could only have been read from: try again later."""


class ProcessorUnknown(Exception):
    """It was asked, and nobody knows what it did: ask again by the same key, never by a new one."""


class ProcessorRefused(Exception):
    """It said no. `code` is one of its words, without anything of a person."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NotTheProcessor(Exception):
    """A knock that the processor did not sign, or signed too long ago, or that cannot be read."""
