"""The 835 as a stream: the payment first, then its claims one by one, then provider adjustments.

Segments are cut into groups (header, LX, CLP with all that follows, PLB) and each group is built at
once. The builders expect well-formed amounts; where one is not, the group is mended (the amount
becomes zero and a finding says so) and built again, so that the usual case pays nothing for it.
"""

import itertools
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

_GROUP_STARTS = frozenset({"CLP", "LX", "PLB"})
# A claim has at most 999 lines; far beyond that a hostile file would only fill the memory.
MOST_IN_A_GROUP = 8 << 20
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
        groups = _groups(transaction.runs(decode=True), transaction.delimiters)
        position, text = next(groups, (2, ""))
        header = self._segments(text) if text else []
        self._groups = groups
        if header and header[0][0] in _GROUP_STARTS:
            self._groups = itertools.chain([(position, text)], groups)
            header = []
        self.remittance: Remittance = read_header(transaction, header, self._report)
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
        reader = ClaimReader(self._delimiters)
        heading: ClaimHeading | None = None
        pairs: list[ProviderAdjustment] = []
        for position, text in self._groups:
            if text.startswith("CLP"):
                self._heading_used = True
                try:
                    claim, look = reader.read(text, position, heading)
                except AmountError:
                    claim, look = reader.read(self._mended(text, position), position, heading)
                self.paid_cents += claim.paid_cents
                if look:
                    self._look_at(claim)
                yield claim
            elif text.startswith("LX"):
                self._leave(heading)
                heading, self._heading_used = self._heading(text, position), False
            else:
                pairs.extend(self._provider_adjustments(text, position))
        self._leave(heading)
        self.provider_adjustments = tuple(pairs)
        self._finish()

    def _leave(self, heading: ClaimHeading | None) -> None:
        if heading is not None and not self._heading_used:
            self.empty_headings.append(heading)

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

    def _heading(self, text: str, position: int) -> ClaimHeading:
        try:
            heading = era835_parts.read_heading(self._segments(text), position)
        except AmountError:
            mended = self._segments(self._mended(text, position))
            heading = era835_parts.read_heading(mended, position)
        self._unknown(heading.unread, "2000")
        return heading

    def _provider_adjustments(self, text: str, position: int) -> list[ProviderAdjustment]:
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


def _groups(runs: Iterator[tuple[int, str]], delimiters: Delimiters) -> Iterator[tuple[int, str]]:
    """Text cut before each CLP, LX and PLB: (position of its first segment, text).

    What stands before any of them is the first group. A run may end anywhere, so its last group is
    held until the next one tells where it ends.
    """
    terminator, element = delimiters.segment, delimiters.element
    claim_mark = f"{terminator}CLP{element}"
    marks = (f"{terminator}LX{element}", f"{terminator}PLB{element}")
    cuts = re.compile(f"{re.escape(terminator)}(?=(?:LX|PLB){re.escape(element)})")
    position = 2
    held: list[str] = []
    size = 0

    def cut(text: str) -> list[str]:
        return cuts.split(text) if marks[0] in text or marks[1] in text else [text]

    for _, run in runs:
        first, *claims = f"{terminator}{run}".split(claim_mark)
        held.append(first)
        size += len(first)
        if size > MOST_IN_A_GROUP:
            raise Unreadable("a claim is too long to be one", code="group_too_long")
        if not claims and marks[0] not in first and marks[1] not in first:
            continue
        groups = [group for group in cut("".join(held)) if group]
        if claims:
            *done, last = claims
            for claim in done:
                groups += cut(claim_mark + claim)
            held = [claim_mark + last]
        else:
            held = [terminator + groups.pop().removeprefix(terminator)]
        size = len(held[0])
        for group in groups:
            text = group.removeprefix(terminator)
            yield position, text
            position += text.count(terminator) + 1
    for group in cut("".join(held)):
        if text := group.removeprefix(terminator):
            yield position, text
            position += text.count(terminator) + 1


def read(transaction: TransactionSet) -> RemittanceReading:
    """Begin to read an 835. Raises UnsupportedVersion where its meaning is not known."""
    if transaction.kind != "835":
        raise UnsupportedVersion("the transaction set is not an 835")
    if not transaction.version.startswith(_VERSIONS):
        raise UnsupportedVersion("only 004010 and 005010 versions of the 835 are read")
    return RemittanceReading(transaction)
