"""Why a claim stands as it stands: its journal told as a sum, with what each plan said. Pure.

For each charge, and so for each claim and guarantor, in cents:

    charge - contract - plan paid - write-offs - patient paid = balance

`balance` is all that anyone still owes, by the ledger. It holds by how the parts are found: within an
entry, what leaves the receivables and is neither the contract's nor written off was paid, and who paid
is told by the accounts on the other side.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Literal
from uuid import UUID

import msgspec

from billing_saas.ledger.rules import WRITE_OFFS, Account

ShareKind = Literal["deductible", "coinsurance", "copay", "self_pay", "other"]
# CARC 1 to 3 under group PR; everything else that a plan left to the patient is told by its reason.
_SHARES: Mapping[str, ShareKind] = {"1": "deductible", "2": "coinsurance", "3": "copay"}

_WRITTEN_OFF = frozenset({*WRITE_OFFS, Account.BAD_DEBT})
_OWED = frozenset(
    {
        Account.PAYER_RECEIVABLE,
        Account.PATIENT_RECEIVABLE,
        Account.OTHER_PARTY_RECEIVABLE,
        Account.AGENCY,
    }
)
_OF_PLANS = frozenset(
    {
        Account.PAYER_CASH,
        Account.UNAPPLIED_PAYER_CASH,
        Account.REFUNDS_DUE_PAYER,
        Account.PROVIDER_LEVEL_BALANCE,
        Account.INTEREST_INCOME,
    }
)


class Moved(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One line of the journal, of an entry that touches a claim (not each line names the claim)."""

    entry_id: UUID
    account: Account
    cents: int
    party_kind: str
    party_id: UUID | None
    claim_id: UUID | None
    charge_id: UUID | None
    group: str | None
    reason: str | None


class Said(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one payer said of one charge, and has not taken back. As `claims.tables.LineAdjudication`."""

    charge_id: UUID
    payer_id: UUID
    sequence: str
    adjudicated_on: date
    allowed_cents: int | None
    denied: bool
    adjustments: Sequence[Sequence[object]]


class Share(msgspec.Struct, frozen=True, gc=False):
    """What was left to the patient, and by which reason (CARC) where a plan gave one."""

    kind: ShareKind
    group: str
    reason: str
    cents: int


class PlanPart(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one plan did. `paid_cents` and `contract_cents` are the ledger's; `shares` and `denied_cents`
    are what it said it left to the patient, or would not pay. `sequence` is empty where it said nothing."""

    payer_id: UUID
    sequence: str
    adjudicated_on: date | None = None
    allowed_cents: int | None = None
    paid_cents: int = 0
    contract_cents: int = 0
    shares: tuple[Share, ...] = ()
    denied: bool = False


class WriteOff(msgspec.Struct, frozen=True, gc=False):
    """`account` is the ledger's: `write_off_charity`, `bad_debt` …"""

    account: str
    cents: int


class Sums(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """In cents. What is owed is told by whom: `insurer_owes_cents` + `patient_owes_cents` +
    `other_owes_cents` + `agency_cents` (placed with an agency, and still owed) = `balance_cents`."""

    charge_cents: int = 0
    contract_cents: int = 0
    plan_paid_cents: int = 0
    write_off_cents: int = 0
    patient_paid_cents: int = 0
    insurer_owes_cents: int = 0
    patient_owes_cents: int = 0
    other_owes_cents: int = 0
    agency_cents: int = 0

    @property
    def balance_cents(self) -> int:
        return (
            self.insurer_owes_cents
            + self.patient_owes_cents
            + self.other_owes_cents
            + self.agency_cents
        )

    @property
    def adds_up(self) -> bool:
        explained = self.contract_cents + self.plan_paid_cents + self.write_off_cents
        return self.charge_cents - explained - self.patient_paid_cents == self.balance_cents


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A charge, a claim or a guarantor, explained. `plans` in the order in which they were asked;
    `shares`: why there is a patient's part at all."""

    sums: Sums
    plans: tuple[PlanPart, ...] = ()
    shares: tuple[Share, ...] = ()
    write_offs: tuple[WriteOff, ...] = ()


class _Part:
    """What is gathered of one charge (or claim, or guarantor)."""

    def __init__(self) -> None:
        self.sums: dict[str, int] = dict.fromkeys(Sums.__struct_fields__, 0)
        self.paid_by: dict[UUID, int] = {}
        self.contract_of: dict[UUID, int] = {}
        self.written_off: dict[str, int] = {}
        self.shares: dict[tuple[ShareKind, str, str], int] = {}
        self.said: list[Said] = []

    def add(self, other: "_Part") -> None:
        _plus(self.sums, other.sums)
        _plus(self.paid_by, other.paid_by)
        _plus(self.contract_of, other.contract_of)
        _plus(self.written_off, other.written_off)
        _plus(self.shares, other.shares)
        self.said += other.said

    def told(self) -> Told:
        return Told(
            sums=Sums(**self.sums),
            plans=_plans(self.said, self.paid_by, self.contract_of),
            shares=_shares(self.shares),
            write_offs=tuple(
                WriteOff(account, cents)
                for account, cents in sorted(self.written_off.items())
                if cents
            ),
        )


def explain(
    claim_id: UUID, moved: Iterable[Moved], said: Iterable[Said]
) -> tuple[Told, dict[UUID | None, Told]]:
    """The claim as a whole, and each of its charges (None: what concerns no single one).

    `moved` are all lines of every entry that touches the claim; `said`, what no payer took back.
    """
    whole, by_charge = _gather(claim_id, moved, said)
    return whole.told(), {charge_id: part.told() for charge_id, part in by_charge.items()}


def together(told: Iterable[Told]) -> Sums:
    """The sums of several claims."""
    total: dict[str, int] = dict.fromkeys(Sums.__struct_fields__, 0)
    for one in told:
        _plus(total, msgspec.structs.asdict(one.sums))
    return Sums(**total)


def _gather(
    claim_id: UUID, moved: Iterable[Moved], said: Iterable[Said]
) -> tuple[_Part, dict[UUID | None, _Part]]:
    entries: dict[UUID, list[Moved]] = {}
    for line in moved:
        entries.setdefault(line.entry_id, []).append(line)
    by_charge: dict[UUID | None, _Part] = {}
    for lines in entries.values():
        for charge_id in {line.charge_id for line in lines if line.claim_id == claim_id}:
            part = by_charge.setdefault(charge_id, _Part())
            _read(part, claim_id, charge_id, lines)
    for one in said:
        by_charge.setdefault(one.charge_id, _Part()).said.append(one)
    whole = _Part()
    for part in by_charge.values():
        whole.add(part)
    return whole, by_charge


def _read(part: _Part, claim_id: UUID, charge_id: UUID | None, entry: Sequence[Moved]) -> None:
    """Add what one entry did to one charge."""
    own = [line for line in entry if line.claim_id == claim_id and line.charge_id == charge_id]
    found = dict.fromkeys(Sums.__struct_fields__, 0)
    coded = plain = 0
    for line in own:
        if line.account is Account.GROSS_CHARGES:
            found["charge_cents"] -= line.cents
        elif line.account is Account.CONTRACTUAL_ADJUSTMENT:
            found["contract_cents"] += line.cents
            if line.party_id is not None:
                _plus(part.contract_of, {line.party_id: line.cents})
        elif line.account in _WRITTEN_OFF:
            found["write_off_cents"] += line.cents
            _plus(part.written_off, {str(line.account): line.cents})
        elif line.account is Account.PATIENT_RECEIVABLE:
            found["patient_owes_cents"] += line.cents
            if line.reason:
                coded += line.cents
                _plus(part.shares, {_share(line.group or "", line.reason): line.cents})
            else:
                plain += line.cents
        elif line.account is Account.PAYER_RECEIVABLE:
            found["insurer_owes_cents"] += line.cents
        elif line.account is Account.OTHER_PARTY_RECEIVABLE:
            found["other_owes_cents"] += line.cents
        elif line.account is Account.AGENCY:
            found["agency_cents"] += line.cents
    owed = sum(line.cents for line in own if line.account in _OWED)
    paid = found["charge_cents"] - found["contract_cents"] - found["write_off_cents"] - owed
    if paid:
        by = _payer_of(entry, own, paid)
        if by is None:
            found["patient_paid_cents"] += paid
        else:
            found["plan_paid_cents"] += paid
            _plus(part.paid_by, {by: paid})
    _plus(part.sums, found)
    # A payment, a write-off or a placing explains itself; what else came to the patient is a share.
    came = plain + found["patient_paid_cents"] + found["agency_cents"]
    if plain and found["write_off_cents"] and not found["plan_paid_cents"]:
        came += found["write_off_cents"]
    if plain and came:
        kind: ShareKind = "self_pay" if found["charge_cents"] else "other"
        _plus(part.shares, {(kind, "", ""): came})


def _payer_of(entry: Sequence[Moved], own: Sequence[Moved], paid: int) -> UUID | None:
    """The plan that paid; None: it was paid for the patient's part."""
    for lines in (own, entry):
        cash = [line for line in lines if _is_cash(line)]
        payers = {line.party_id if _is_plans(line) else None for line in cash}
        if len(payers) == 1 and (lines is entry or sum(line.cents for line in cash) == paid):
            return payers.pop()
    # Several parties in one entry: whose debt became less tells who paid it.
    owing = [line for line in own if line.account is Account.PAYER_RECEIVABLE]
    if any(line.account is Account.PATIENT_RECEIVABLE for line in own) or not owing:
        return None
    return owing[0].party_id


def _is_cash(line: Moved) -> bool:
    return (
        line.account not in _OWED
        and line.account not in _WRITTEN_OFF
        and line.account not in (Account.GROSS_CHARGES, Account.CONTRACTUAL_ADJUSTMENT)
    )


def _is_plans(line: Moved) -> bool:
    return line.account in _OF_PLANS or (
        line.account is Account.BANK and line.party_kind == "payer"
    )


def _share(group: str, reason: str) -> tuple[ShareKind, str, str]:
    kind = _SHARES.get(reason, "other") if group == "PR" else "other"
    return kind, group, reason


def _shares(found: Mapping[tuple[ShareKind, str, str], int]) -> tuple[Share, ...]:
    return tuple(Share(*key, cents) for key, cents in sorted(found.items()) if cents)


def _plans(
    said: Sequence[Said], paid_by: Mapping[UUID, int], contract_of: Mapping[UUID, int]
) -> tuple[PlanPart, ...]:
    answers: dict[UUID, list[Said]] = {}
    for one in said:
        answers.setdefault(one.payer_id, []).append(one)
    payers = {*answers, *(p for p, cents in paid_by.items() if cents)}
    payers |= {payer for payer, cents in contract_of.items() if cents}
    parts = [
        _plan(payer, answers.get(payer, []), paid_by.get(payer, 0), contract_of.get(payer, 0))
        for payer in payers
    ]
    # P, S, T; a payer that was settled before the claim came to us said nothing here, and was first.
    return tuple(sorted(parts, key=lambda part: ("", "P", "S", "T").index(part.sequence)))


def _plan(payer_id: UUID, said: Sequence[Said], paid: int, contract: int) -> PlanPart:
    shares: dict[tuple[ShareKind, str, str], int] = {}
    for one in said:
        for group, reason, cents, *_ in one.adjustments:
            if group == "PR" and isinstance(cents, int):
                _plus(shares, {_share(str(group), str(reason)): cents})
    allowed = [one.allowed_cents for one in said if one.allowed_cents is not None]
    return PlanPart(
        payer_id=payer_id,
        sequence=said[0].sequence if said else "",
        adjudicated_on=max((one.adjudicated_on for one in said), default=None),
        allowed_cents=sum(allowed) if allowed else None,
        paid_cents=paid,
        contract_cents=contract,
        shares=_shares(shares),
        denied=any(one.denied for one in said),
    )


def _plus(into: dict[Any, int], more: Mapping[Any, int]) -> None:
    for key, cents in more.items():
        into[key] = into.get(key, 0) + cents
