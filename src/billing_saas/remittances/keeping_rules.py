"""What no table of ours can hold: such a file is held as it came, with a finding that says where. Pure.

Payers never send any of it; a broken or hostile file does, and must not stop the worker.
"""

from collections.abc import Iterable, Iterator, Sequence

from billing_saas.edi.findings import Finding, Place
from billing_saas.edi.remittance import Adjustment, ClaimPayment, ProviderAdjustment, Remittance
from billing_saas.ledger.rules import MOST_CENTS, MOST_LINES
from billing_saas.remittances import intake_rules

# X12 gives the longest identifier 80 characters; an index holds some 2,700 bytes.
LONGEST_IDENTIFIER = 200


class CannotBeKept(Exception):
    """Nothing of the file is taken; `finding` names the place."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.code)
        self.finding = finding


def check_head(paid: Remittance) -> None:
    """Its total and the numbers it is found by."""
    _check_amount(paid.payment_cents, paid.place, "BPR", 2)
    for number, segment in (
        (paid.trace_number, "TRN"),
        *((identifier, "N1") for identifier in intake_rules.payer_identifiers(paid)),
    ):
        if len(number) > LONGEST_IDENTIFIER:
            message = "An identifier is longer than any may be."
            raise CannotBeKept(_finding("identifier_too_long", message, paid.place, segment, 2))


def check_claim(claim: ClaimPayment, place: Place) -> None:
    """Its amounts, and how many lines and adjustments it has; `place` is that of the set."""
    at = place.at(claim.position)
    _check_amount(claim.charge_cents, at, "CLP", 3)
    _check_amount(claim.paid_cents, at, "CLP", 4)
    _check_amount(claim.patient_responsibility_cents or 0, at, "CLP", 5)
    _check_adjustments(claim.adjustments, place)
    parts = 1 + len(claim.adjustments)
    for service in claim.services:
        at = place.at(service.position)
        _check_amount(service.charge_cents, at, "SVC", 2)
        _check_amount(service.paid_cents, at, "SVC", 3)
        _check_adjustments(service.adjustments, place)
        for amount in service.amounts:
            _check_amount(amount.amount_cents, at, "AMT", 2)
        parts += 1 + len(service.adjustments)
    if parts > MOST_LINES:
        message = f"A claim has more than {MOST_LINES:,} lines and adjustments."
        at = place.at(claim.position)
        raise CannotBeKept(_finding("claim_too_long", message, at, "CLP", 0))


def check_pairs(pairs: Sequence[ProviderAdjustment], place: Place) -> None:
    for pair in pairs:
        _check_amount(pair.amount_cents, place.at(pair.position), "PLB", 0)
    if len(pairs) > MOST_LINES:
        message = f"A payment has more than {MOST_LINES:,} provider adjustments."
        raise CannotBeKept(_finding("too_many_adjustments", message, place, "PLB", 0))


def _check_adjustments(adjustments: Sequence[Adjustment], place: Place) -> None:
    for adjusted in adjustments:
        _check_amount(adjusted.amount_cents, place.at(adjusted.position), "CAS", 0)


def _check_amount(cents: int, place: Place, segment: str, element: int) -> None:
    if not -MOST_CENTS <= cents <= MOST_CENTS:
        message = "An amount is larger than any payment may be."
        raise CannotBeKept(_finding("amount_out_of_range", message, place, segment, element))


class Nuls:
    """NUL characters of a file: PostgreSQL's text takes none. Around the file they are padding;
    inside it, something was damaged."""

    def __init__(self) -> None:
        self._first: int | None = None
        self._inside: int | None = None

    def blanked(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The same bytes with blanks for NULs."""
        offset = 0
        begun = False
        for chunk in chunks:
            padded = chunk if begun else chunk.lstrip(b"\0")
            if self._inside is None and (begun or padded):
                self._look(padded, offset + len(chunk) - len(padded))
            begun = begun or bool(padded)
            offset += len(chunk)
            yield chunk.replace(b"\0", b" ")

    def _look(self, chunk: bytes, offset: int) -> None:
        """Remember where the first NUL stands, and whether anything comes after it."""
        if self._first is None:
            at = chunk.find(b"\0")
            if at < 0:
                return
            self._first = offset + at
            chunk = chunk[at:]
        if chunk.strip(b"\0\r\n\x1a "):
            self._inside = self._first

    @property
    def findings(self) -> list[Finding]:
        if self._inside is None:
            return []
        message = f"NUL characters stand inside the file, the first at byte {self._inside}."
        return [Finding(severity="error", level="interchange", code="nul", message=message)]


def _finding(code: str, message: str, place: Place, segment: str, element: int) -> Finding:
    return Finding(
        severity="error",
        level="element",
        code=code,
        message=message,
        place=place,
        segment=segment,
        element=element,
    )
