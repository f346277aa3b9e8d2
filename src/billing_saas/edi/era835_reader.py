"""The 835 as a stream: the payment first, then its claims one by one, then provider adjustments.

Segments are cut into groups (header, LX, CLP with all that follows, PLB) and each group is built at
once. The builders expect well-formed amounts; where one is not, the group is mended (the amount
becomes zero and a finding says so) and built again, so that the usual case pays nothing for it.
"""

import re
from collections.abc import Iterator

from msgspec.structs import replace

from billing_saas.edi import era835_balance, era835_parts
from billing_saas.edi.amounts import AmountError
from billing_saas.edi.delimiters import Delimiters, Unreadable
from billing_saas.edi.envelope import Segment, TransactionSet
from billing_saas.edi.era835_claims import ClaimReader
from billing_saas.edi.era835_header import read_header
from billing_saas.edi.findings import Finding
from billing_saas.edi.remittance import (
    ClaimHeading,
    ClaimPayment,
    ProviderAdjustment,
    Remittance,
    Unread,
)

# A claim has at most 999 lines; far beyond that a hostile file would only fill the memory.
MOST_IN_A_CLAIM = 8 << 20
MOST_FINDINGS = 10_000
# With one of these, nobody can say that the remittance balances.
_DOUBTS = frozenset(
    {
        "line_out_of_balance",
        "claim_out_of_balance",
        "payment_out_of_balance",
        "payment_missing",
        "amount_format",
        "amount_missing",
    }
)
# Guides whose 835 these structs hold. 4010 differs in codes (CAS01 CR), not in shape.
_VERSIONS = ("005010", "004010")


class UnsupportedVersion(Exception):
    """The 835 is of a version whose meaning we do not know; nothing of it was read."""


class RemittanceReading:
    """One 835 being read. `remittance` is known at once, without claims; `provider_adjustments`,
    `unread` and `balanced` once `claims()` is exhausted; `findings` grows along the way."""

    def __init__(self, transaction: TransactionSet) -> None:
        self.findings: list[Finding] = []
        self.provider_adjustments: tuple[ProviderAdjustment, ...] = ()
        self.empty_headings: list[ClaimHeading] = []
        self.unread: Unread = ()
        self.paid_cents = 0
        self.balanced: bool | None = None
        self._delimiters = transaction.delimiters
        self._place = transaction.place
        self._unsure = False
        self._heading_used = True
        self._reader = ClaimReader(transaction.delimiters)
        self._heading: ClaimHeading | None = None
        self._pairs: list[ProviderAdjustment] = []
        self._position = 2
        terminator, element = map(re.escape, (self._delimiters.segment, self._delimiters.element))
        self._cuts = re.compile(f"{terminator}(?=(?:LX|PLB){element})")
        self._texts = _claim_texts(transaction.runs(decode=True), transaction.delimiters)
        header, *others = self._cuts.split(next(self._texts))
        segments = self._segments(header[1:]) if header else []
        self._position += len(segments)
        self.remittance: Remittance = read_header(transaction, segments, self._report)
        for other in others:
            self._other(other)
        self._claims = self._walk()

    def claims(self) -> Iterator[ClaimPayment]:
        return self._claims

    def gather(self) -> Remittance:
        """The whole payment in memory: its claims and provider adjustments with it."""
        claims = tuple(self._claims)
        return replace(
            self.remittance,
            claims=claims,
            provider_adjustments=self.provider_adjustments,
            empty_headings=tuple(self.empty_headings),
            unread=self.remittance.unread + self.unread,
        )

    def _report(self, finding: Finding) -> None:
        if finding.code in _DOUBTS:
            self._unsure = True
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(finding)
        elif len(self.findings) == MOST_FINDINGS:
            self.findings.append(era835_parts.too_many(self._place, MOST_FINDINGS))

    def _walk(self) -> Iterator[ClaimPayment]:
        cut = False  # whether claims of this set are followed by LX or PLB
        for text in self._texts:
            own, others = text, []
            if cut:
                own, *others = self._cuts.split(text)
            read = self._try(own)
            if (read is None or read[1]) and not others:
                others = self._cuts.split(text)[1:]
                if others:
                    cut, read = True, None
                    own = text[: len(text) - sum(map(len, others)) - len(others)]
            claim, look, after = read or self._try(own) or self._read_mended(own)
            self._heading_used = True
            self._position = after
            self.paid_cents += claim.paid_cents
            if look:
                self._look_at(claim)
            yield claim
            for other in others:
                self._other(other)
        self._leave()
        self.provider_adjustments = tuple(self._pairs)
        self._finish()

    def _try(self, text: str) -> tuple[ClaimPayment, bool, int] | None:
        try:
            return self._reader.read(text, self._position, self._heading)
        except AmountError:
            return None

    def _read_mended(self, text: str) -> tuple[ClaimPayment, bool, int]:
        start = f"CLP{self._delimiters.element}"
        mended = self._mended(start + text, self._position).removeprefix(start)
        return self._reader.read(mended, self._position, self._heading)

    def _other(self, text: str) -> None:
        """An LX with what belongs to it, or a PLB."""
        if text.startswith("LX"):
            self._leave()
            self._heading, self._heading_used = self._read_heading(text), False
        else:
            self._pairs += self._provider_adjustments(text)
        self._position += text.count(self._delimiters.segment) + 1

    def _leave(self) -> None:
        if self._heading is not None and not self._heading_used:
            self.empty_headings.append(self._heading)

    def _segments(self, text: str) -> list[Segment]:
        element = self._delimiters.element
        return [segment.split(element) for segment in text.split(self._delimiters.segment)]

    def _mended(self, text: str, position: int) -> str:
        mended = era835_parts.mend(self._segments(text), position, self._place, self._report)
        element = self._delimiters.element
        return self._delimiters.segment.join([element.join(segment) for segment in mended])

    def _finish(self) -> None:
        adjusted = sum([pair.amount_cents for pair in self.provider_adjustments])
        for finding in era835_balance.check_payment(self.remittance, self.paid_cents, adjusted):
            self._report(finding)
        self.balanced = not self._unsure

    def _look_at(self, claim: ClaimPayment) -> None:
        for finding in era835_balance.check_claim(claim, self._place):
            self._report(finding)
        self._unknown(claim.unread, "2100")
        for service in claim.services:
            self._unknown(service.unread, "2110")

    def _unknown(self, unread: Unread, loop: str) -> None:
        for position, segment in unread:
            self._report(era835_parts.unknown(segment, loop, self._place.at(position)))

    def _read_heading(self, text: str) -> ClaimHeading:
        position = self._position
        try:
            heading = era835_parts.read_heading(self._segments(text), position)
        except AmountError:
            mended = self._segments(self._mended(text, position))
            heading = era835_parts.read_heading(mended, position)
        self._unknown(heading.unread, "2000")
        return heading

    def _provider_adjustments(self, text: str) -> list[ProviderAdjustment]:
        position = self._position
        component = self._delimiters.component
        plb, *others = self._segments(text)
        try:
            pairs = era835_parts.read_plb(plb, position, component)
        except AmountError:
            (mended,) = era835_parts.mend([plb], position, self._place, self._report)
            pairs = era835_parts.read_plb(mended, position, component)
        unread = tuple(enumerate(map(tuple, others), position + 1))
        self.unread += unread
        self._unknown(unread, "")
        return pairs


def _claim_texts(runs: Iterator[tuple[int, str]], delimiters: Delimiters) -> Iterator[str]:
    """What stands before the first CLP (it begins with a terminator, or is empty), then the text of
    each claim without "CLP" and its separator; what follows a claim is still in its text."""
    terminator = delimiters.segment
    mark = f"{terminator}CLP{delimiters.element}"
    held: list[str] = []
    size = 0
    for _, run in runs:
        first, *claims = f"{terminator}{run}".split(mark)
        held.append(first)
        size += len(first)
        if size > MOST_IN_A_CLAIM:
            raise Unreadable("a claim is too long to be one", code="claim_too_long")
        if claims:
            yield "".join(held)
            last = claims.pop()
            yield from claims
            held, size = [last], len(last)
    yield "".join(held)


def read(transaction: TransactionSet) -> RemittanceReading:
    """Begin to read an 835. Raises UnsupportedVersion where its meaning is not known."""
    if transaction.kind != "835":
        raise UnsupportedVersion("the transaction set is not an 835")
    if not transaction.version.startswith(_VERSIONS):
        raise UnsupportedVersion("only 004010 and 005010 versions of the 835 are read")
    return RemittanceReading(transaction)
