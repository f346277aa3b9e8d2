"""Carriers of texts and mail, and the mail programs of patients: what became of a message, and who wants none.

An answer never tells whether a word was one of ours.
"""

import functools
import hashlib
import hmac
from html import escape
from typing import Any
from urllib.parse import parse_qsl

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import Request, Response, get, post
from litestar.params import FromPath

from billing_saas.api import door
from billing_saas.api.declaring import KNOCK, PAGE
from billing_saas.carriage import knocking
from billing_saas.carriage.errors import NotTheCarrier
from billing_saas.kit import clock
from billing_saas.kit.db import Database

_OLDEST_SECONDS = 300
_LONGEST_FIELD = 4096
_POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

Knock = Request[Any, Any, Any]
Word = FromPath[str]


@post("/texts/status/{word:str}", status_code=204, opt=KNOCK, include_in_schema=False)
async def text_status(request: Knock, word: Word) -> None:
    """What became of a text (Twilio's StatusCallback)."""
    fields = await _of_carrier(request)
    await knocking.text_told(
        _database(request),
        word,
        status=fields.get("MessageStatus", ""),
        code=fields.get("ErrorCode", ""),
        carrier_id=fields.get("MessageSid", ""),
    )


@post("/texts/received", status_code=200, opt=KNOCK, include_in_schema=False)
async def text_received(request: Knock) -> Response[str]:
    """A text to a number of ours; what is answered goes back to it (TwiML)."""
    fields = await _of_carrier(request)
    reply = await knocking.text_came(
        _database(request),
        sid=fields.get("MessageSid", ""),
        from_number=fields.get("From", ""),
        to_number=fields.get("To", ""),
        text=fields.get("Body", ""),
    )
    return Response(
        f'<?xml version="1.0" encoding="UTF-8"?><Response><Message>{escape(reply)}</Message></Response>',
        media_type="text/xml; charset=utf-8",
    )


@post("/mail/returned", status_code=204, opt=KNOCK, include_in_schema=False)
async def mail_returned(request: Knock) -> None:
    """A letter that came back, or a complaint, as it came, from a server of mail of the operator's."""
    body = _body(request)
    if not _is_signed(_database(request).carriers.hook_secret, request, body):
        await door.told_apart(request)
        raise NotTheCarrier("This was not signed as it should be.")
    await knocking.mail_came(_database(request), body)


@get("/mail/unsubscribe/{word:str}", opt=PAGE, include_in_schema=False)
async def unsubscribe_page(request: Knock, word: Word) -> Response[str]:
    """Opening it changes nothing: scanners of mail open every link."""
    await door.told_apart(request)
    return _page(done=False, here=f"/hooks/mail/unsubscribe/{word}")


@post("/mail/unsubscribe/{word:str}", status_code=200, opt=KNOCK, include_in_schema=False)
async def unsubscribe(request: Knock, word: Word) -> Response[str]:
    """By the button, or by a mail program for its person (RFC 8058), which has no cookie to show."""
    await door.told_apart(request)
    await knocking.unsubscribe(_database(request), word)
    return _page(done=True, here="")


async def _of_carrier(request: Knock) -> dict[str, str]:
    """The fields, if the carrier of texts signed them. Who did not counts against an address' limit."""
    fields = _fields(_body(request))
    texts = _database(request).carriers.texts
    query = request.scope["query_string"].decode("latin-1")
    url = _database(request).carriers.hooks_site + request.scope["path"]
    signature = request.headers.get("x-twilio-signature", "")
    if texts is None or not texts.signed(f"{url}?{query}" if query else url, fields, signature):
        await door.told_apart(request)
        raise NotTheCarrier("This was not signed as it should be.")
    return fields


def _fields(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, strict_parsing=False, max_num_fields=200
        )
    except ValueError:
        return {}
    return {name: value for name, value in pairs if len(value) <= _LONGEST_FIELD}


def _is_signed(secret: str, request: Knock, body: bytes) -> bool:
    """`Billing-Signature: t=<seconds since 1970>,v1=<hex>`: HMAC-SHA256 over `<t>.<body>`."""
    told = dict(
        part.split("=", 1)
        for part in request.headers.get("billing-signature", "").split(",")
        if "=" in part
    )
    stamp, shown = told.get("t", ""), told.get("v1", "")
    if not secret or not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        return False
    if abs(clock.now().timestamp() - int(stamp)) > _OLDEST_SECONDS:
        return False
    expected = hmac.digest(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hex()
    return hmac.compare_digest(expected.encode(), shown.encode("utf-8", "replace"))


def _body(request: Knock) -> bytes:
    body: bytes = request.scope["state"]["body"]
    return body


def _database(request: Knock) -> Database:
    database: Database = request.app.state.database
    return database


@functools.cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("billing_saas.api.hooks"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _page(*, done: bool, here: str) -> Response[str]:
    return Response(
        _templates().get_template("unsubscribe.html").render(done=done, here=here),
        media_type="text/html; charset=utf-8",
        headers={"Content-Security-Policy": _POLICY},
    )


HANDLERS = [text_status, text_received, mail_returned, unsubscribe_page, unsubscribe]
