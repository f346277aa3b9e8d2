"""What comes back by mail, read: delivery reports (RFC 3464) and complaints (RFC 5965).

Strangers write these, so anything may stand in them. What is read of one: whether it is a report, which of
our words it came back to, and a code. Never a sentence.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import Message
from typing import Literal

Outcome = Literal["failed", "delayed", "delivered"]

_WORD = re.compile(r"[a-z2-7]{26}")
_STATUS = re.compile(r"\s*([245])\.([0-9]{1,3})\.([0-9]{1,3})")
# RFC 3463, 3.2 and 3.3: the address is wrong, moved or closed. A full mailbox (5.2.2), a letter too large,
# or a policy against it (5.7.*) say nothing of the address.
_OF_ADDRESS = re.compile(r"5\.1\.[0-9]{1,3}\Z|5\.2\.1\Z|5\.4\.4\Z")
# RFC 5965, 3.1 and its registry; the others tell that nobody complained.
_COMPLAINTS = frozenset({"abuse", "fraud", "opt-out", "other", "virus"})
_MOST_PARTS = 50
_ADDRESSED = ("to", "delivered-to", "x-original-to", "x-envelope-to", "envelope-to")
_OURS = ("return-path", "list-unsubscribe", "x-envelope-from")


@dataclass(frozen=True, slots=True)
class Bounced:
    """`status` is the code of RFC 3463, such as 5.1.1; empty when none was told."""

    words: tuple[str, ...]
    outcome: Outcome
    status: str

    @property
    def of_address(self) -> bool:
        return self.outcome == "failed" and bool(_OF_ADDRESS.match(self.status))


@dataclass(frozen=True, slots=True)
class Complained:
    """`kind` is the feedback type: abuse, fraud, opt-out, other or virus."""

    words: tuple[str, ...]
    kind: str


@dataclass(frozen=True, slots=True)
class Other:
    """No report: a person answered, or a machine that writes as a person. `words` may lead to a message."""

    words: tuple[str, ...] = ()


Returned = Bounced | Complained | Other


def read(content: bytes) -> Returned:
    """Never raises: what cannot be read is `Other`."""
    try:
        return _read(message_from_bytes(content, policy=policy.compat32))
    # The parser of the standard library has raised half a dozen kinds of error on hostile letters.
    except Exception:
        return Other()


def _read(letter: Message) -> Returned:
    words = _words(letter)
    for part in _parts(letter):
        kind = part.get_content_type()
        if kind == "message/feedback-report":
            told = _fields(part, "feedback-type")
            feedback = next(told, "").strip().lower()
            return Complained(words, feedback) if feedback in _COMPLAINTS else Other(words)
        if kind == "message/delivery-status":
            return _bounced(part, words)
    return Other(words)


def _bounced(part: Message, words: tuple[str, ...]) -> Bounced | Other:
    """One recipient each: a letter of ours has one."""
    action = next(_fields(part, "action"), "").strip().lower()
    found = _STATUS.match(next(_fields(part, "status"), ""))
    status = ".".join(found.groups()) if found else ""
    if action == "failed":
        return Bounced(words, "failed", status)
    if action == "delayed":
        return Bounced(words, "delayed", status)
    # `relayed` and `expanded` say that nobody will tell more: as good as delivered.
    if action in ("delivered", "relayed", "expanded"):
        return Bounced(words, "delivered", status)
    return Other(words)


def _fields(part: Message, name: str) -> Iterator[str]:
    """A field of any of the groups that the report is made of."""
    payload = part.get_payload()
    groups = payload if isinstance(payload, list) else []
    for group in groups:
        if isinstance(group, Message):
            yield from (str(value) for value in group.get_all(name, []))
    if not groups:
        for line in str(payload).splitlines():
            field, colon, value = line.partition(":")
            if colon and field.strip().lower() == name:
                yield value


def _parts(letter: Message) -> Iterator[Message]:
    for number, part in enumerate(letter.walk()):
        if number >= _MOST_PARTS:
            return
        yield part


def _words(letter: Message) -> tuple[str, ...]:
    """Whom it came back to first; then what the letter it is about says of itself."""
    found = [word for name in _ADDRESSED for word in _in(letter, name)]
    for part in _parts(letter):
        found += [word for name in _OURS for word in _in(part, name)]
        if part.get_content_type() == "text/rfc822-headers":
            payload = part.get_payload(decode=True)
            if isinstance(payload, bytes):
                inner = message_from_bytes(payload, policy=policy.compat32)
                found += [word for name in _OURS for word in _in(inner, name)]
    return tuple(dict.fromkeys(found))[:8]


def _in(letter: Message, name: str) -> Iterator[str]:
    for value in letter.get_all(name, []):
        yield from _WORD.findall(str(value).lower())
