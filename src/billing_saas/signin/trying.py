"""How often somebody may try, so that guessing is hopeless and no guesser locks anybody out.

Tries from one place count against that place and the account together. Against an account alone they
count only when they come from places that it does not know: a browser which signed in before shows so
by its signed cookie, and has buckets of its own that nobody else can empty. Every bucket fills evenly,
so waiting grows with trying: five in a row, then one in 12 seconds, then one in three minutes.

A bucket is named by what was typed, known or not: a limit says nothing of whether there is an account.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from billing_saas.kit.rates import Limit, Want
from billing_saas.requests import rules as request_rules
from billing_saas.requests.limiting import Limiter
from billing_saas.signin import rules

_PLACE = (Limit("tries of a place", 300, 900),)
_ACCOUNT_AT_PLACE = (
    Limit("tries", 5, 60),
    Limit("tries an hour", 20, 3600),
    Limit("tries a day", 100, 86_400),
)
_ACCOUNT = (Limit("tries of an account", 30, 3600), Limit("tries of an account a day", 200, 86_400))
_ASKS = (Limit("letters", 3, 3600), Limit("letters a day", 6, 86_400))

MOST_KNOWN = 5
_TAG = 16


@dataclass(frozen=True, slots=True)
class Place:
    """Where a try comes from. `prefix` is what a limit counts as one; `device` the browser's cookie."""

    prefix: str
    device: str = ""
    ip_prefix: str = ""
    """For the audit trail, and the person's list of sessions."""
    user_agent_hint: str = "A browser"
    request_id: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Tries:
    """The limiter of this process, and the keys that name its buckets and sign devices."""

    limiter: Limiter
    buckets: bytes
    devices: bytes

    def __repr__(self) -> str:
        return "<Tries>"

    async def of_account(self, what: str, account: str, place: Place) -> None:
        """Spend one try at `account` (an address as typed, or a person's id), or raise `TooMany`."""
        if self.knows(account, place):
            seat = _browser(place.device)
            await self._take(_ACCOUNT_AT_PLACE, what, "device", account, seat)
            return
        # Who asks comes first: a place that may not try must not use up the account's.
        await self._take(_PLACE, what, "place", place.prefix)
        await self._take(_ACCOUNT_AT_PLACE, what, "there", account, place.prefix)
        await self._take(_ACCOUNT, what, "account", account)

    async def of_place(self, what: str, place: Place) -> None:
        """Where no account is named."""
        await self._take(_PLACE, what, "place", place.prefix)

    async def of_asking(self, account: str, place: Place) -> None:
        """Letters to an address, whoever asks for them."""
        await self._take(_PLACE, "letter", "place", place.prefix)
        await self._take(_ASKS, "letter", "account", account)

    def knows(self, account: str, place: Place) -> bool:
        return self._tag(_browser(place.device), account) in _tags(place.device)

    def remembering(self, account: str, place: Place) -> str:
        """The cookie of a browser in which `account` signed in: `browser.tag.tag`, newest first."""
        browser = _browser(place.device) or rules.new_secret()[:22]
        tag = self._tag(browser, account)
        others = [one for one in _tags(place.device) if one != tag]
        return ".".join([browser, tag, *others][: MOST_KNOWN + 1])

    def _tag(self, browser: str, account: str) -> str:
        signed = f"{browser}|{rules.folded(account)}".encode()
        return hmac.digest(self.devices, signed, hashlib.sha256)[:_TAG].hex()

    async def _take(self, limits: Sequence[Limit], what: str, *named: str) -> None:
        parts = [what.encode(), *(rules.folded(one).encode() for one in named)]
        for limit in limits:
            name = [b"sign-in", f"{limit.seconds}".encode(), *parts]
            bucket = request_rules.digest(self.buckets, name)[: request_rules.BUCKET_BYTES]
            await self.limiter.take(Want(bucket, limit))


def _browser(device: str) -> str:
    return device.partition(".")[0]


def _tags(device: str) -> list[str]:
    return device.split(".")[1 : MOST_KNOWN + 1]
