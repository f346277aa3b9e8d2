"""Bytes to segments, a window at a time, in flat memory.

Bytes become text by Latin-1, so that every byte survives; `text` decodes an element that was
UTF-8. Each window is brought to one canonical form (no blanks or line ends around segments) and
its envelope segments are found by one scan, so that a reader of a set gets whole runs of
segments and pays nothing per segment for the envelope.
"""

import re
from collections.abc import Iterable, Iterator

from billing_saas.edi.delimiters import BLANKS, STANDARD, Delimiters, Unreadable, split_isa

Segment = list[str]
WINDOW = 1 << 16
_AN_ISA = re.compile(r"ISA[^A-Za-z0-9]")
_LATER_ISA = re.compile(r"(?<=[\s~'\x1c-\x1f])ISA[^A-Za-z0-9]")
_BOM = "\xef\xbb\xbf"
# Enough to hold an ISA, and a line end or two before its terminator.
_ISA_ROOM = 120


def text(element: str) -> str:
    """An element as its sender meant it: UTF-8 where it is valid UTF-8, else Latin-1."""
    if element.isascii():
        return element
    try:
        return element.encode("latin-1").decode("utf-8")
    except (UnicodeDecodeError, UnicodeEncodeError):
        return element


def _pieces(chunks: Iterable[bytes], window: int) -> Iterator[str]:
    """Chunks of any size as text of about a window each."""
    held: list[bytes] = []
    size = 0
    for chunk in chunks:
        for start in range(0, len(chunk), window):
            part = bytes(chunk[start : start + window])
            held.append(part)
            size += len(part)
            if size >= window:
                yield b"".join(held).decode("latin-1")
                held, size = [], 0
    if held:
        yield b"".join(held).decode("latin-1")


class Reel:
    """One pass over a file: `open` the next interchange, then `peek`, `take` and `take_run`."""

    def __init__(self, chunks: Iterable[bytes], max_segment: int, window: int = WINDOW) -> None:
        self._pieces = _pieces(chunks, window)
        self._max_segment = max_segment
        self._pending = ""  # raw text not yet cut into a window
        self._offset = 0  # bytes before _pending
        self._ended = False
        self._first = True
        self._closed = True  # the window ends this interchange: nothing more may be wound in
        self._window = ""  # "~seg~seg~", and _at is the terminator before the next segment
        self._at = 0
        self._marks: list[int] = []  # where envelope segments stand, last first
        self.delimiters = STANDARD
        self.unterminated = False
        self._envelope = _envelope(STANDARD)

    def open(self) -> tuple[list[str] | None, str]:
        """Go to the next ISA: its elements, or None at the end of the file, and what stood
        before it that was not blank ("" nearly always, else its first characters)."""
        self._window, self._at, self._marks = "", 0, []
        stray = self._skip_to_isa()
        if stray and self._first:
            # Prose around an interchange: guessing where it begins would be guessing its content.
            raise Unreadable("no interchange header (ISA) at the start", code="no_interchange")
        if not self._pending:
            return None, stray
        self._first = False
        self._need(_ISA_ROOM)
        self.delimiters, elements, end = split_isa(self._pending.ljust(_ISA_ROOM), self._offset)
        self._drop(end)
        self._envelope = _envelope(self.delimiters)
        self._closed = False
        self.unterminated = False
        return elements, stray

    def peek(self) -> str | None:
        """The id of the next segment, or None where the interchange has no more text."""
        if self._at >= len(self._window) - 1 and not self._wind():
            return None
        end = self._window.find(self.delimiters.segment, self._at + 1)
        return self._window[self._at + 1 : end].split(self.delimiters.element, 1)[0]

    def take(self) -> Segment:
        """The next segment; call `peek` first."""
        end = self._window.find(self.delimiters.segment, self._at + 1)
        segment = self._window[self._at + 1 : end].split(self.delimiters.element)
        self._at = end
        return segment

    def take_run(self, decode: bool = False) -> str:
        """Segments up to the next envelope segment or the end of the window; "" at either.

        With `decode`, elements that are UTF-8 are decoded (see `text`).
        """
        if self._at >= len(self._window) - 1 and not self._wind():
            return ""
        marks = self._marks
        while marks and marks[-1] < self._at:
            marks.pop()
        end = marks[-1] if marks else len(self._window) - 1
        if end == self._at:
            return ""
        run = self._window[self._at + 1 : end]
        self._at = end
        return run if run.isascii() or not decode else self._decoded(run)

    def _decoded(self, run: str) -> str:
        element, terminator = self.delimiters.element, self.delimiters.segment
        if not (element + terminator + self.delimiters.component).isascii():
            return run  # a decoded letter could turn into a separator
        return terminator.join(
            [
                element.join([text(value) for value in segment.split(element)])
                for segment in run.split(terminator)
            ]
        )

    def _wind(self) -> bool:
        """Cut the next window out of the pending text; False at the end of the interchange."""
        while not self._closed:
            body = self._cut()
            if body:
                self._window, self._at = self.delimiters.segment + body, 0
                self._marks.reverse()
                return True
        return False

    def _cut(self) -> str:
        """Whole segments in canonical form, "" where there are none; sets `_marks`."""
        terminator = self.delimiters.segment
        searched = 0
        while (end := self._pending.rfind(terminator, searched)) < 0:
            if self._at_isa():
                self._closed = True
                return ""
            searched = len(self._pending)
            if searched > self._max_segment:
                raise Unreadable("segment too long", code="segment_too_long", offset=self._offset)
            if not self._read():
                return self._rest()
        body = self._pending[: end + 1]
        if self._scan(body):
            self._drop(end + 1)
            return body
        body = self._up_to_the_end_of_the_interchange(body)
        self._drop(len(body))
        return self._tidied(body)

    def _scan(self, body: str) -> bool:
        """Whether a text is canonical and holds no end of the interchange. Finds its marks."""
        if "\n" in body or "\r" in body:
            return False
        self._marks = marks = []
        for found in self._envelope.finditer(self.delimiters.segment + body):
            if found.lastgroup == "stop":
                return False
            marks.append(found.start())
        return True

    def _tidied(self, body: str) -> str:
        terminator = self.delimiters.segment
        if terminator not in "\r\n":
            # The usual untidiness is a line end after each terminator.
            tidy = body.lstrip("\r\n").replace(f"{terminator}\r\n", terminator)
            tidy = tidy.replace(f"{terminator}\n", terminator)
            if self._scan(tidy):
                return tidy
        pieces = [raw.lstrip(" \t\r\n").rstrip("\r\n") for raw in body.split(terminator)]
        tidy = "".join([piece + terminator for piece in pieces if piece])
        # Here a `stop` is only a mark where it is an IEA: anything else is an ordinary segment, and
        # a reader that is halted at one would never get past it.
        iea = ("IEA" + self.delimiters.element, "IEA" + terminator)
        found = self._envelope.finditer(terminator + tidy)
        self._marks = [
            mark.start()
            for mark in found
            if mark.lastgroup != "stop" or tidy.startswith(iea, mark.start())
        ]
        return tidy

    def _at_isa(self) -> bool:
        """An ISA where a segment should begin: the IEA is missing, and what comes may use other
        separators, so that looking for our terminator would swallow it."""
        start = self._pending[:64].lstrip(" \t\r\n")
        return _AN_ISA.match(start) is not None

    def _rest(self) -> str:
        """The end of the file without a terminator: still a segment, and reported."""
        rest, self._pending = self._pending, ""
        self._offset += len(rest)
        self._closed = True
        if not rest.strip(BLANKS):
            return ""
        self.unterminated = True
        return self._tidied(rest.rstrip(BLANKS) + self.delimiters.segment)

    def _up_to_the_end_of_the_interchange(self, body: str) -> str:
        """What follows an IEA, or a new ISA, may use other separators: it stays raw."""
        terminator = self.delimiters.segment
        for found in re.finditer(r"I[ES]A(?![A-Za-z0-9])", body):
            before = body[: found.start()].rstrip(" \t\r\n" if terminator not in " \t\r\n" else "")
            if before and not before.endswith(terminator):
                continue
            self._closed = True
            if found.group() == "ISA":
                return body[: found.start()]
            return body[: body.find(terminator, found.end()) + 1]
        return body

    def _skip_to_isa(self) -> str:
        stray = ""
        at_start = self._first
        # A file may also repeat its terminator after the IEA.
        padding = BLANKS if at_start else BLANKS + self.delimiters.segment
        while True:
            if not self._pending and not self._read():
                return stray
            if at_start:
                self._need(len(_BOM))
                if self._pending.startswith(_BOM):
                    self._drop(len(_BOM))
                at_start = False
            blank = len(self._pending) - len(self._pending.lstrip(padding))
            self._drop(blank)
            if len(self._pending) < 4 and self._read():
                continue  # more blanks may follow
            if _AN_ISA.match(self._pending) or (self._first and self._pending[:3] == "ISA"):
                return stray
            if self._pending:
                stray = stray or self._pending[:16]
                if self._first:
                    return stray
                self._drop_to_next_isa()

    def _drop_to_next_isa(self) -> None:
        while True:
            found = _LATER_ISA.search(self._pending, 1)
            if found:
                return self._drop(found.start())
            # Keep a tail: an ISA, with what stands before it, may be cut in two by the window.
            self._drop(max(len(self._pending) - 4, 0))
            if not self._read():
                return self._drop(len(self._pending))

    def _need(self, size: int) -> None:
        while len(self._pending) < size and self._read():
            pass

    def _read(self) -> bool:
        if self._ended:
            return False
        piece = next(self._pieces, None)
        if piece is None:
            self._ended = True
            return False
        self._pending += piece
        return True

    def _drop(self, size: int) -> None:
        self._pending = self._pending[size:]
        self._offset += size


def _envelope(delimiters: Delimiters) -> re.Pattern[str]:
    """Finds what a reader of segments must not run over: envelope segments, and (as `stop`) what
    asks for a closer look: blanks or nothing after a terminator, the end of the interchange."""
    terminator, element = re.escape(delimiters.segment), re.escape(delimiters.element)
    ends = f"(?=[{element}{terminator}])"
    return re.compile(
        # The letter first: nearly every segment is passed over by it alone.
        f"{terminator}(?=[SGI \\t{terminator}])"
        f"(?:(?:S[TE]|G[SE]){ends}|(?P<stop>[ \\t{terminator}]|I[ES]A(?![A-Za-z0-9])))"
    )
