"""A file checked from end to end: envelope, guides, balances, and what acknowledgments say.

The engine behind `billing-saas edi check`. It reads a file twice where it holds acknowledgments
or attachments: once against the guides, once into structs.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from billing_saas.edi import acknowledging, attachment275, examining, folding277ca, status277ca, ta1
from billing_saas.edi.ack999 import AcknowledgmentUnreadable
from billing_saas.edi.ack999 import read as read_acknowledgment
from billing_saas.edi.acknowledging import ControlNumbers
from billing_saas.edi.binaries import Lifted
from billing_saas.edi.delimiters import Unreadable
from billing_saas.edi.envelope import TransactionSet, interchanges
from billing_saas.edi.examining import InterchangeExamined
from billing_saas.edi.findings import Finding
from billing_saas.edi.layout_reading import UnsupportedSet
from billing_saas.edi.validation_envelope import NO_AGREEMENT, Agreement
from billing_saas.edi.validation_options import DEFAULT, Options

# 0 clean, 1 findings, 2 unreadable.
ExitCode = Literal[0, 1, 2]
_CHUNK = 1 << 16
# The kinds that a reader judges beyond what a guide says of their form.
_JUDGED = {"999", "997", "277CA", "275"}


class Numbers:
    """Control numbers that count up from a start, for an answer that is not sent by a connection."""

    def __init__(self, start: int = 1) -> None:
        self._interchange = start - 1
        self._group = start - 1

    def interchange(self) -> int:
        self._interchange += 1
        return self._interchange

    def group(self) -> int:
        self._group += 1
        return self._group


class Answering(msgspec.Struct, frozen=True, kw_only=True):
    """What an acknowledgment needs that is not in the file."""

    now: datetime
    control_numbers: ControlNumbers


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """`unreadable` says why nothing (more) could be read, "" where all was. `acknowledgment` is
    the file to send back: empty where none is due or none was asked for."""

    findings: tuple[Finding, ...] = ()
    unreadable: str = ""
    acknowledgment: bytes = b""
    interchange_count: int = 0
    set_count: int = 0

    @property
    def exit_code(self) -> ExitCode:
        if self.unreadable:
            return 2
        return 1 if self.findings else 0


def check(
    source: Path | bytes,
    *,
    answering: Answering | None = None,
    options: Options = DEFAULT,
    agreement: Agreement = NO_AGREEMENT,
) -> CheckResult:
    """Check a file, or the bytes of one. Never raises for what is in it."""
    chunks = _chunks_of(source)
    findings: list[Finding] = []
    answers: list[bytes] = []
    unreadable = ""
    examined_count = set_count = 0
    judged = False
    try:
        for examined in examining.examine(Lifted(chunks()), options, agreement):
            examined_count += 1
            set_count += sum(len(group.sets) for group in examined.groups)
            findings += examined.every()
            unreadable = unreadable or _why_unreadable(examined)
            judged = judged or _is_judged(examined)
            if answering is not None:
                answer = acknowledging.answer(
                    examined, now=answering.now, control_numbers=answering.control_numbers
                )
                answers.append(answer)
    except Unreadable as caught:
        unreadable = str(caught)
    if judged and not unreadable:
        findings += _judgments(chunks())
    return CheckResult(
        findings=tuple(sorted(findings, key=_in_file_order)),
        unreadable=unreadable,
        acknowledgment=b"".join(answers),
        interchange_count=examined_count,
        set_count=set_count,
    )


def _chunks_of(source: Path | bytes) -> Callable[[], Iterator[bytes]]:
    def from_file() -> Iterator[bytes]:
        assert isinstance(source, Path)
        with source.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk

    def from_bytes() -> Iterator[bytes]:
        assert isinstance(source, bytes)
        for start in range(0, len(source), _CHUNK):
            yield source[start : start + _CHUNK]

    return from_file if isinstance(source, Path) else from_bytes


def _in_file_order(finding: Finding) -> tuple[int, int, int, int]:
    place = finding.place
    return place.interchange, place.group, place.transaction, place.segment


def _why_unreadable(examined: InterchangeExamined) -> str:
    """A fault of the ISA itself can be answered by a TA1, and yet nothing was read."""
    refusal = examined.refusal
    if refusal is None or examined.groups or not refusal.code.startswith(("isa_", "segment_too")):
        return ""
    return refusal.message


def _is_judged(examined: InterchangeExamined) -> bool:
    return examined.carries_ta1 or any(
        one.kind in _JUDGED for group in examined.groups for one in group.sets
    )


def _judgments(chunks: Iterable[bytes]) -> list[Finding]:
    lifted = Lifted(chunks)
    found: list[Finding] = []
    for interchange in interchanges(lifted):
        ta1.read_all(interchange, found)
        for group in interchange.groups():
            for transaction in group.transactions():
                found += _judge(transaction, lifted)
    return found


def _judge(transaction: TransactionSet, lifted: Lifted) -> list[Finding]:
    found: list[Finding] = []
    try:
        if transaction.kind in {"999", "997"}:
            read_acknowledgment(transaction, found)
        elif transaction.kind == "277CA":
            found += folding277ca.differences(status277ca.read(transaction))
        elif transaction.kind == "275":
            attachment275.read(transaction, lifted, found)
    except AcknowledgmentUnreadable as caught:
        found.append(
            Finding(
                severity="error",
                level="transaction",
                code="acknowledgment_unreadable",
                message=f"The acknowledgment may not be believed: {caught.reason}.",
                place=caught.place,
            )
        )
    except UnsupportedSet:
        pass  # the guides have said so
    return found
