"""Which claim and which line a payment is about. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

import msgspec

from billing_saas.remittances.rules import Adjusted

# CLP02: processed as primary, secondary, tertiary; 19 to 21 the same, and forwarded (RFI 2365).
SEQUENCE_OF_STATUS = {"1": "P", "2": "S", "3": "T", "19": "P", "20": "S", "21": "T"}


def sequence_of(
    status: str, payers: Mapping[str, UUID], payer_id: UUID, sent_as: str
) -> str | None:
    """As which payer of the claim this one spoke, or None when the claim knows no such payer.

    The remittance's payer decides where the claim knows it once. Where it stands in several places,
    or in none (payers send other ids in an 835 than they take in an 837), CLP02 does, and then the
    submission it answers: some payers send 3 on everything (RFI 546).
    """
    its_own = [sequence for sequence, known in payers.items() if known == payer_id]
    if len(its_own) == 1:
        return its_own[0]
    possible = its_own or list(payers)
    asked = (SEQUENCE_OF_STATUS.get(status, sent_as), sent_as)
    found = next((sequence for sequence in asked if sequence in possible), None)
    return found or next(iter(its_own), None)


def is_opposite(
    charge_cents: int,
    paid_cents: int,
    adjustments: Iterable[Adjusted],
    other_charge_cents: int,
    other_paid_cents: int,
    other_adjustments: Iterable[Adjusted],
) -> bool:
    """Whether one claim payment takes the other back: same amounts and codes, every sign flipped.

    x12.md rule 7 (RFI 1429, RFI 2442). Some payers send the reversal's charge unsigned.
    """
    if paid_cents != -other_paid_cents or abs(charge_cents) != abs(other_charge_cents):
        return False
    return _totals(adjustments, -1) == _totals(other_adjustments, 1)


def _totals(adjustments: Iterable[Adjusted], sign: int) -> dict[tuple[str, str], int]:
    totals: dict[tuple[str, str], int] = {}
    for adjusted in adjustments:
        code = (adjusted.group, adjusted.reason)
        totals[code] = totals.get(code, 0) + sign * adjusted.amount_cents
    return {code: cents for code, cents in totals.items() if cents}


class ChargeLine(msgspec.Struct, frozen=True, gc=False):
    """A charge of ours that a paid line may be about."""

    id: UUID
    procedure: str
    """Code and modifiers, e.g. `G0439 25`."""
    charge_cents: int
    service_from: date
    line_control_number: str


class PaidLine(msgspec.Struct, frozen=True, gc=False):
    position: int
    procedure: str
    submitted_procedure: str
    charge_cents: int
    service_from: date | None
    line_control_number: str


def match_lines(charges: Sequence[ChargeLine], paid: Sequence[PaidLine]) -> dict[int, UUID] | None:
    """Paid position to charge, or None when one paid line has no charge.

    Our own number first (REF*6R, RFI 1053); then what was billed: procedure (SVC06 where the payer
    changed it), amount and day; then procedure and amount. A charge may be paid once per 835 claim,
    unless the payer split it and says so by our number.
    """
    by_number = {charge.line_control_number: charge for charge in charges}
    found: dict[int, UUID] = {}
    taken: set[UUID] = set()
    rest = []
    for line in paid:
        charge = by_number.get(line.line_control_number) if line.line_control_number else None
        if charge is None:
            rest.append(line)
            continue
        found[line.position] = charge.id
        taken.add(charge.id)
    for line in rest:
        free = [charge for charge in charges if charge.id not in taken]
        charge = _only_match(line, free)
        if charge is None:
            return None
        found[line.position] = charge.id
        taken.add(charge.id)
    return found


def _only_match(line: PaidLine, free: Sequence[ChargeLine]) -> ChargeLine | None:
    billed = line.submitted_procedure or line.procedure
    code = billed.partition(" ")[0]
    priced = [charge for charge in free if charge.charge_cents == line.charge_cents]
    alike = [charge for charge in priced if charge.procedure == billed]
    same_day = [charge for charge in alike if charge.service_from == line.service_from]
    same_code = [charge for charge in priced if charge.procedure.partition(" ")[0] == code]
    # Charges alike in all that tells them apart: whichever is paid first, the books are the same.
    return next(iter(same_day or alike or same_code), None)
