"""Texts over HTTP in Twilio's shape: one request per text, and callbacks that it signs.

Twilio's `Messages` resource: a form with To, From, Body and StatusCallback, by Basic authentication.
Others speak the same; the address of the one that is meant is a setting.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import httpx2
import msgspec

from billing_saas.gateways.outward import NotReached, Outward
from billing_saas.kit.carrying import (
    CarrierDown,
    CarrierRefused,
    CarrierUnknown,
    OutgoingText,
    Why,
)

_SECONDS = 15.0
_TOO_MANY = 429
_WHO_ARE_WE = frozenset({401, 403})
# https://www.twilio.com/docs/api/errors: what is wrong with the number, and who said STOP to it.
_OPTED_OUT = frozenset({21610})
_BAD_NUMBER = frozenset({21211, 21214, 21217, 21265, 21407, 21408, 21421, 21604, 21612, 21614})
# What a person of the operator's must mend: the text waits.
_OF_ACCOUNT = frozenset({20003, 20005, 21212, 21603, 21606, 21611, 21659, 21660})
# Before anything of the request left.
_NOT_SENT = frozenset({"address", "scheme", "name", "network"})


class _Taken(msgspec.Struct):
    sid: str


class _Refusal(msgspec.Struct):
    code: int = 0


class HttpTexts:
    def __init__(self, url: str, account: str, token: str, outward: Outward) -> None:
        self._url = f"{url.rstrip('/')}/2010-04-01/Accounts/{account}/Messages.json"
        self._account = account
        self._token = token
        self._outward = outward

    def __repr__(self) -> str:
        return "<HttpTexts>"

    def signed(self, url: str, fields: Mapping[str, str], signature: str) -> bool:
        """Twilio's X-Twilio-Signature: HMAC-SHA1 over the address it asked and, in order of their names,
        each field's name and value; in base64."""
        return hmac.compare_digest(
            signature_of(self._token, url, fields).encode(), signature.encode("utf-8", "replace")
        )

    async def carry(self, text: OutgoingText) -> str:
        form = {"To": text.to_number, "From": text.from_number, "Body": text.text}
        if text.tell_at:
            form["StatusCallback"] = text.tell_at
        try:
            async with httpx2.AsyncClient(
                transport=self._outward.transport(), timeout=_SECONDS, trust_env=False
            ) as client:
                answer = await client.post(self._url, data=form, auth=(self._account, self._token))
        except NotReached as error:
            raise _unreached(error.reason) from None
        except httpx2.HTTPError as error:
            raise CarrierUnknown(type(error).__name__) from None
        return _read(answer)


def signature_of(token: str, url: str, fields: Mapping[str, str]) -> str:
    told = url + "".join(name + fields[name] for name in sorted(fields))
    return base64.b64encode(hmac.digest(token.encode(), told.encode(), hashlib.sha1)).decode()


def _read(answer: httpx2.Response) -> str:
    if answer.is_success:
        try:
            return msgspec.json.decode(answer.content, type=_Taken).sid
        except msgspec.DecodeError:
            raise CarrierUnknown("an answer that cannot be read") from None
    if answer.status_code == _TOO_MANY:
        raise CarrierDown("429")
    if answer.is_server_error:
        raise CarrierUnknown(str(answer.status_code))
    code = _code_of(answer.content)
    if code in _OF_ACCOUNT or answer.status_code in _WHO_ARE_WE:
        raise CarrierDown(str(code or answer.status_code))
    raise CarrierRefused(_why(code), code or answer.status_code)


def _code_of(content: Any) -> int:
    try:
        return msgspec.json.decode(content, type=_Refusal).code
    except msgspec.DecodeError:
        return 0


def _why(code: int) -> Why:
    if code in _OPTED_OUT:
        return "opted_out"
    if code in _BAD_NUMBER:
        return "address"
    return "content"


def _unreached(reason: str) -> Exception:
    return CarrierDown(reason) if reason in _NOT_SENT else CarrierUnknown(reason)
