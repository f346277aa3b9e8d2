"""Payloads of attachments, lifted out of a file before it is cut into segments.

BIN02 and BDS03 hold raw bytes in which separators mean nothing; BIN01 and BDS02 give their length
(X12.6). `Lifted` hands the file on with a number in place of each payload, so that the envelope
is read as ever; `lower` puts payloads back into a file that was written with placeholders.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from billing_saas.edi.delimiters import Delimiters, Unreadable, split_isa

PLACEHOLDER = "0"
MAX_PAYLOAD = 64 << 20
_ISA_ROOM = 120
# No segment that is looked for is longer than this before its payload begins.
_TAIL = 64


class Payload(msgspec.Struct, frozen=True):
    """`is_exact` is False where the stated length does not end at a segment terminator; the
    payload is then what stands before the first one."""

    content: bytes
    stated_length: int
    is_exact: bool

    def __repr__(self) -> str:
        return f"<Payload of {len(self.content)} bytes>"


class Lifted(Iterable[bytes]):
    """Iterate once; `payloads` fills as payloads are passed, keyed by the number left behind."""

    def __init__(self, chunks: Iterable[bytes], *, max_payload: int = MAX_PAYLOAD) -> None:
        self.payloads: dict[str, Payload] = {}
        self._chunks = iter(chunks)
        self._max_payload = max_payload
        self._pending = bytearray()
        self._in_275 = False

    def __iter__(self) -> Iterator[bytes]:
        while self._need(1):
            self._need(_ISA_ROOM + 64)
            delimiters, before = self._delimiters()
            if delimiters is None:
                # Not ours to judge: the envelope says what is wrong with it.
                yield from self._everything()
                return
            yield self._take(before)
            yield from self._interchange(delimiters)

    def _interchange(self, delimiters: Delimiters) -> Iterator[bytes]:
        marks = _marks(delimiters)
        terminator = delimiters.segment.encode("latin-1")
        while True:
            found = marks.search(self._pending)
            if found is None:
                if not self._need(len(self._pending) + 1):
                    yield from self._everything()
                    return
                if marks.search(self._pending) is None:
                    yield self._take(max(len(self._pending) - _TAIL, 0))
                continue
            number, end, length = found.group("set", "end", "length")
            yield self._take(found.end())
            if number:
                self._in_275 = number == b"275"
            elif end:
                yield self._take(self._up_to(terminator, 0) + 1)
                return
            elif self._in_275:
                yield self._lift(int(length), terminator)

    def _lift(self, length: int, terminator: bytes) -> bytes:
        """Take the payload at the start of what is pending; the number that stands for it."""
        exact = length <= self._max_payload and self._ends_at(length, terminator)
        size = length if exact else self._up_to(terminator, 0)
        number = str(len(self.payloads) + 1)
        self.payloads[number] = Payload(self._take(size), length, exact)
        return number.encode("ascii")

    def _ends_at(self, length: int, terminator: bytes) -> bool:
        self._need(length + 3)
        # Some senders break the line before each terminator.
        after = bytes(self._pending[length : length + 3])
        return after.startswith(terminator) or after.lstrip(b"\r\n").startswith(terminator)

    def _up_to(self, terminator: bytes, start: int) -> int:
        while (end := self._pending.find(terminator, start)) < 0:
            start = len(self._pending)
            if start > self._max_payload:
                raise Unreadable("segment too long", code="segment_too_long")
            if not self._need(start + 1):
                return start
        return end

    def _delimiters(self) -> tuple[Delimiters | None, int]:
        text = self._pending[: _ISA_ROOM + 64].decode("latin-1")
        start = text.find("ISA")
        if start < 0:
            return None, 0
        try:
            delimiters, _, _ = split_isa(text[start : start + _ISA_ROOM].ljust(_ISA_ROOM), 0)
        except Unreadable:
            return None, 0
        return delimiters, start + 3

    def _need(self, size: int) -> bool:
        while len(self._pending) < size:
            chunk = next(self._chunks, None)
            if chunk is None:
                return False
            self._pending += chunk
        return True

    def _take(self, size: int) -> bytes:
        taken = bytes(self._pending[:size])
        del self._pending[:size]
        return taken

    def _everything(self) -> Iterator[bytes]:
        yield self._take(len(self._pending))
        yield from self._chunks


def lower(written: str, payloads: Sequence[bytes], delimiters: Delimiters) -> bytes:
    """The bytes of a file whose placeholders are replaced by these payloads, in order."""
    data = written.encode("utf-8")
    marks = _marks(delimiters)
    pieces: list[bytes] = []
    at = 0
    waiting = iter(payloads)
    for found in marks.finditer(data):
        if found.group("length"):
            pieces += [data[at : found.end()], next(waiting)]
            at = found.end() + len(PLACEHOLDER)
    pieces.append(data[at:])
    return b"".join(pieces)


def _marks(delimiters: Delimiters) -> re.Pattern[bytes]:
    """Segments that begin a payload, and those that say whether one may be expected."""
    element = re.escape(delimiters.element.encode("latin-1"))
    terminator = re.escape(delimiters.segment.encode("latin-1"))
    value = rb"[^" + element + terminator + rb"]{0,20}"
    return re.compile(
        terminator
        + rb"[ \t\r\n]*(?:ST"
        + element
        + rb"(?P<set>[0-9]{3})|(?P<end>IEA)"
        + element
        + rb"|(?:BIN|BDS"
        + element
        + value
        + rb")"
        + element
        + rb"(?P<length>[0-9]{1,15})"
        + element
        + rb")"
    )
