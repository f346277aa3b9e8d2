"""Everything that a patient may be sent is sent, by servers of our own, and all that can comes back."""

import base64
import hashlib
import hmac
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from billing_saas.carriage import numbering
from billing_saas.gateways.texts import signature_of
from billing_saas.kit.actor import Actor, ActorKind, AuthLevel
from billing_saas.kit.db import Database
from billing_saas.messages import sending, threads
from billing_saas.messages.rules import KINDS, Words
from tests.canary import person
from tests.carriage import carriers, letters
from tests.carriage.carriers import Box, TextsServer
from tests.cast import OPERATOR

_SECONDS = 60


@dataclass
class Post:
    """What carries messages, and what came through."""

    mail: str
    box: Box
    texts: TextsServer

    @property
    def settings(self) -> dict[str, str]:
        return {
            "BILLING_MAIL": self.mail,
            "BILLING_MAIL_FROM": "office@example.test",
            "BILLING_MAIL_BOUNCES": carriers.BOUNCES,
            "BILLING_MAIL_HOOK_SECRET": carriers.SECRET,
            "BILLING_TEXTS_URL": self.texts.url,
            "BILLING_TEXTS_ACCOUNT": carriers.ACCOUNT,
            "BILLING_TEXTS_TOKEN": carriers.TOKEN,
            "BILLING_INNER_HOSTS": "127.0.0.1",
        }

    def letters_told(self) -> bytes:
        """As they came, but for whom they were to."""
        return b"\n".join(_without(letter, "To") for letter in self.box.letters)

    def texts_told(self) -> bytes:
        return json.dumps(
            [{name: one[name] for name in one if name != "To"} for one in self.texts.taken]
        ).encode()


def _without(letter: Message, name: str) -> bytes:
    headers = "\n".join(f"{key}: {value}" for key, value in letter.items() if key != name)
    body = letter.get_payload(decode=True)
    assert isinstance(body, bytes)
    return headers.encode() + b"\n\n" + body


@contextmanager
def post() -> Iterator[Post]:
    box = Box()
    with carriers.texts_server() as texts, carriers.mail_server(box) as mail:
        yield Post(mail, box, texts)


def daytime() -> str:
    """A zone where it is about noon now: at night nothing would leave."""
    hours = datetime.now(UTC).hour - 12
    return f"Etc/GMT{hours:+d}" if hours else "Etc/GMT"


def correspond(made: Any, in_database: Callable[[Callable[[Database], Any]], Any]) -> None:
    desk, carried = made.desk, made.post
    found = [
        one
        for one in desk.all("/patients", opens=True)
        if person.found_in(json.dumps(one).encode())
    ]
    patient_id = UUID(found[0]["id"])
    _reach(made, patient_id)
    in_database(lambda database: _ask_all(database, desk.practice_id, patient_id))
    threads_found = made.ask("GET", f"/threads?patient_id={patient_id}")
    _ask(made, "POST", f"/threads/{threads_found['rows'][0]['id']}/letters", {"text": person.NOTE})
    made.ask("GET", f"/threads/{threads_found['rows'][0]['id']}")
    # Every kind both ways and the office's answer; a second one a day that asks for money waits.
    _until(
        lambda: (
            len(carried.box.letters) == len(KINDS) + 1
            and len(carried.texts.taken) == len(KINDS) - 1
        )
    )
    _come_back(made)
    made.ask("GET", f"/messages?patient_id={patient_id}")
    for path in ("contact", "consents", "message-pauses"):
        made.ask("GET", f"/patients/{patient_id}/{path}")
    _until(lambda: _stopped(made, patient_id))


def _reach(made: Any, patient_id: UUID) -> None:
    root = f"/patients/{patient_id}"
    _ask(made, "POST", f"{root}/contact", None)
    contact = {
        "email": person.EMAIL,
        "phone": person.PHONE,
        "time_zone": daytime(),
        "confirmed": True,
    }
    for refused in ({**contact, "email": person.NOTE}, {**contact, "phone": person.SURNAME}):
        _ask(made, "PUT", f"{root}/contact", refused)
    _ask(made, "PUT", f"{root}/contact", contact)
    for channel in ("email", "text"):
        for purpose in ("billing", "receipts", "office"):
            given = {"channel": channel, "purpose": purpose, "given": True, "source": "paper"}
            _ask(made, "POST", f"{root}/consents", given)


def _ask(made: Any, method: str, path: str, body: dict[str, Any] | None) -> None:
    """Of whatever version stands."""
    content = json.dumps(body).encode() if body is not None else None
    kind = "application/json" if body is not None else ""
    made.ask(method, path, content, kind, version="*" if method == "PUT" else "")


async def _ask_all(database: Database, practice_id: Any, patient_id: UUID) -> None:
    practice = UUID(str(practice_id))
    async with database.platform() as platform:
        await numbering.give(platform, OPERATOR, practice, carriers.NUMBER)
    patient = Actor(kind=ActorKind.PATIENT, id=patient_id, auth_level=AuthLevel.ONE_FACTOR)
    async with database.tenant(practice) as db:
        await threads.begin(db, patient, patient_id, "bill", person.NOTE, person.NOTE)
    words = Words(link=f"/s/{'a' * 22}", initial=person.GIVEN[0], code="123456")
    for template in KINDS:
        for channel in ("email", "text"):
            async with database.tenant(practice) as db:
                await sending.ask(db, OPERATOR, patient_id, template, words, channel=channel)


def _come_back(made: Any) -> None:
    carried: Post = made.post
    for one in carried.texts.taken:
        fields = {"MessageSid": "SM1", "MessageStatus": "delivered", "To": person.PHONE}
        _call(made, one["StatusCallback"], fields)
    for number, said in enumerate((person.NOTE, "STOP", "START", "STOP")):
        fields = {"MessageSid": f"SM{number}", "Body": said, "To": carriers.NUMBER}
        site = f"http://localhost:{made.http}"
        _call(made, f"{site}/hooks/texts/received", {**fields, "From": person.PHONE})
        _call(made, f"{site}/hooks/texts/received", {**fields, "From": person.PHONE}, forged=True)
    word = carried.box.senders[0].partition("@")[0]
    report = letters.bounce(word, carried.box.letters[0]).replace(
        b"patience@example.test", person.EMAIL.encode()
    )
    for content in (report, letters.complaint(carried.box.letters[1]), person.NOTE.encode()):
        stamp = str(int(time.time()))
        told = stamp.encode() + b"." + content
        shown = hmac.digest(carriers.SECRET.encode(), told, hashlib.sha256).hex()
        _knock(
            made,
            f"http://localhost:{made.http}/hooks/mail/returned",
            content,
            {"Billing-Signature": f"t={stamp},v1={shown}", "Content-Type": "message/rfc822"},
        )
    link = str(carried.box.letters[2]["List-Unsubscribe"]).strip("<>")
    _knock(made, link, b"List-Unsubscribe=One-Click", {"Content-Type": _FORM})


_FORM = "application/x-www-form-urlencoded"


def _call(made: Any, url: str, fields: dict[str, str], *, forged: bool = False) -> None:
    signature = signature_of(carriers.TOKEN, url, fields)
    if forged:
        signature = base64.b64encode(b"x" * 20).decode()
    headers = {"X-Twilio-Signature": signature, "Content-Type": _FORM}
    _knock(made, url, urlencode(fields).encode(), headers)


def _knock(made: Any, url: str, body: bytes, headers: dict[str, str]) -> None:
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            made.headers.append(str(answer.headers))
            made.errors.append(answer.read())
    except urllib.error.HTTPError as error:
        made.headers.append(str(error.headers))
        made.errors.append(error.read())


def _stopped(made: Any, patient_id: UUID) -> bool:
    """Both channels are, by what came back."""
    found = made.ask("GET", f"/patients/{patient_id}/message-pauses")
    standing = {one["channel"] for one in found["rows"] if one["lifted_at"] is None}
    return standing == {"email", "text"}


def _until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _SECONDS
    while not done():
        assert time.monotonic() < deadline, "not all of it left, or came back"
        time.sleep(0.2)
