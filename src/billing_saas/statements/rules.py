"""What is owed and what a statement may become. Pure; in integer cents."""

import secrets
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Protocol
from uuid import UUID

import msgspec


class OpenItem(msgspec.Struct, frozen=True, gc=False):
    """What a patient owes of one charge (None: of the claim as a whole, or of no claim)."""

    patient_id: UUID
    claim_id: UUID | None
    charge_id: UUID | None
    cents: int
    service_on: date


def oldest_first(items: Iterable[OpenItem]) -> list[OpenItem]:
    """By day of service; then by ids, so that the order is the same whoever asks."""
    return sorted(
        items,
        key=lambda item: (
            item.service_on,
            item.patient_id,
            item.claim_id or _NO_ID,
            item.charge_id or _NO_ID,
        ),
    )


_NO_ID = UUID(int=0)


def netted(items: Iterable[OpenItem]) -> list[OpenItem]:
    """Only what is owed: what stands to a claim's credit is taken off its own oldest charges first.

    A claim that is in credit altogether owes nothing, and pays for no other.
    """
    of_claim: dict[tuple[UUID, UUID | None], list[OpenItem]] = {}
    for item in oldest_first(items):
        of_claim.setdefault((item.patient_id, item.claim_id), []).append(item)
    owed: list[OpenItem] = []
    for together in of_claim.values():
        credit = -sum(item.cents for item in together if item.cents < 0)
        for item in together:
            if item.cents <= 0:
                continue
            used = min(credit, item.cents)
            credit -= used
            if item.cents > used:
                owed.append(msgspec.structs.replace(item, cents=item.cents - used))
    return oldest_first(owed)


# --- a statement ---

NEW = ""
_STATES: Mapping[str, frozenset[str]] = {
    NEW: frozenset({"draft"}),
    "draft": frozenset({"issued", "void"}),
    "issued": frozenset({"viewed", "part_paid", "paid", "void"}),
    "viewed": frozenset({"part_paid", "paid", "void"}),
    # A payment that comes back leaves the statement as it was before the money came.
    "part_paid": frozenset({"viewed", "issued", "paid", "void"}),
    "paid": frozenset({"part_paid", "viewed", "issued", "void"}),
    "void": frozenset(),
}
OPEN = ("issued", "viewed", "part_paid")


def is_legal(now: str, to: str) -> bool:
    return to in _STATES.get(now, frozenset())


def state_of(now: str, *, total_cents: int, balance_cents: int, viewed: bool) -> str:
    """Where an issued statement stands when `balance_cents` of its lines are still owed."""
    if now in ("draft", "void"):
        return now
    if balance_cents <= 0:
        return "paid"
    if balance_cents < total_cents:
        return "part_paid"
    return "viewed" if viewed else "issued"


class Billed(Protocol):
    """What names the charge that a statement's line is of."""

    patient_id: Any
    claim_id: Any
    charge_id: Any


def owed_of(lines: Iterable[Billed], owed: Iterable[OpenItem]) -> list[OpenItem]:
    """The open items that a statement speaks of, as they stand now: less where some was paid, more where
    an insurer took money back."""
    named = {(line.patient_id, line.claim_id, line.charge_id) for line in lines}
    return [item for item in owed if (item.patient_id, item.claim_id, item.charge_id) in named]


def new_number() -> str:
    """`4821-0037-1902`: drawn, so that it tells neither how many there are nor whose it is."""
    drawn = f"{secrets.randbelow(10**12):012d}"
    return f"{drawn[:4]}-{drawn[4:8]}-{drawn[8:]}"
