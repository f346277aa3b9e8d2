"""Any life that a claim may lead in the books: payers in order, reversals, patients' money, write-offs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from hypothesis import strategies as st

from billing_saas.encounters.rules import NewCharge, Parties, charge_entry
from billing_saas.kit.ids import new_id
from billing_saas.ledger.rules import Account, Entry, Line, reversal_of, source_reversal
from billing_saas.remittances import rules as remittances
from billing_saas.remittances.rules import Adjusted, Payment, Service
from billing_saas.statements.explaining_rules import Moved, Said

DAY = date(2026, 9, 14)
# PR 96 goes to review and CO 50 is a denial: neither leaves the payer's side by itself.
REASONS = (
    *(("CO", "45"), ("CO", "253"), ("PR", "1"), ("PR", "2"), ("PR", "3")),
    *(("PR", "96"), ("CO", "50"), ("OA", "23"), ("PI", "18")),
)
SHARED = {"1", "2", "3"}
FORGIVEN = (Account.WRITE_OFF_CHARITY, Account.WRITE_OFF_SMALL_BALANCE, Account.BAD_DEBT)


@dataclass
class Life:
    """What happened to one claim, and what therefore must be told of it."""

    claim: UUID = field(default_factory=new_id)
    patient: UUID = field(default_factory=new_id)
    charges: dict[UUID, int] = field(default_factory=dict)
    payers: dict[str, UUID] = field(default_factory=dict)
    entries: list[tuple[UUID, Entry]] = field(default_factory=list)
    said: dict[UUID, list[Said]] = field(default_factory=dict)
    """By the entry of the claim payment; taken out when that is reversed."""
    plan_paid: dict[UUID, int] = field(default_factory=dict)
    patient_paid: int = 0
    forgiven: int = 0

    def post(self, entry: Entry | None) -> UUID:
        entry_id = new_id()
        if entry is not None:
            self.entries.append((entry_id, entry))
        return entry_id

    def moved(self) -> list[Moved]:
        return [
            Moved(
                entry_id=entry_id,
                account=line.account,
                cents=line.amount_cents,
                party_kind=line.party_kind,
                party_id=line.party_id,
                claim_id=line.claim_id,
                charge_id=line.charge_id,
                group=line.group_code,
                reason=line.reason_code,
            )
            for entry_id, entry in self.entries
            for line in entry.lines
        ]

    def standing(self) -> list[Said]:
        return [one for together in self.said.values() for one in together]

    def balance(self, *accounts: Account, charge: UUID | None = None) -> int:
        """By the ledger alone: what the lines that name the claim come to."""
        return sum(
            line.amount_cents
            for _, entry in self.entries
            for line in entry.lines
            if line.account in accounts
            and line.claim_id == self.claim
            and (charge is None or line.charge_id == charge)
        )


@st.composite
def lives(draw: st.DrawFn) -> Life:
    life = Life()
    life.charges = {
        new_id(): cents for cents in draw(st.lists(st.integers(1, 90_000), min_size=1, max_size=3))
    }
    sequences = ("P", "S", "T")[: draw(st.integers(0, 3))]
    life.payers = {sequence: new_id() for sequence in sequences}
    first = life.payers.get("P")
    new = [(charge_id, _charge(cents)) for charge_id, cents in life.charges.items()]
    parties = Parties(claim_id=life.claim, patient_id=life.patient, first=first, asked=first)
    life.post(charge_entry(new_id(), DAY, parties, new))
    for sequence in sequences:
        for _ in range(draw(st.integers(0, 2))):
            _answer(draw, life, sequence)
    for _ in range(draw(st.integers(0, 3))):
        draw(st.sampled_from([_pay, _pay_with_another, _forgive, _place]))(draw, life)
    return life


def _answer(draw: st.DrawFn, life: Life, sequence: str) -> None:
    """A claim payment, which the payer may take back, and then perhaps say anew."""
    services = []
    for charge_id, cents in life.charges.items():
        adjustments = tuple(
            Adjusted(*draw(st.sampled_from(REASONS)), draw(st.integers(-500, 9_000)))
            for _ in range(draw(st.integers(0, 3)))
        )
        services.append(
            Service(
                id=new_id(),
                charge_id=charge_id,
                charge_cents=cents,
                paid_cents=draw(st.integers(0, 9_000)),
                allowed_cents=None,
                adjustments=adjustments,
            )
        )
    payment = Payment(
        id=new_id(),
        status="1",
        charge_cents=sum(life.charges.values()),
        paid_cents=sum(service.paid_cents for service in services),
        adjustments=(),
        services=tuple(services),
        claim_id=life.claim,
        patient_id=life.patient,
        submission_id=new_id(),
        payers=life.payers,
        sequence=sequence,
    )
    outcome = remittances.outcome_of(payment)
    entry = remittances.entry_of(payment, outcome, 1, DAY)
    entry_id = life.post(entry)
    life.said[entry_id] = [
        Said(
            charge_id=service.charge_id or new_id(),
            payer_id=payment.payer_id,
            sequence=sequence,
            adjudicated_on=DAY,
            allowed_cents=None,
            denied=position in outcome.denied_services,
            adjustments=[(a.group, a.reason, a.amount_cents, "") for a in service.adjustments],
        )
        for position, service in enumerate(services)
    ]
    if entry is not None and draw(st.integers(0, 3)) == 0:
        life.post(reversal_of(entry, entry_id, source=source_reversal(entry_id), effective_on=DAY))
        del life.said[entry_id]
        return
    paid = life.plan_paid.get(payment.payer_id, 0)
    life.plan_paid[payment.payer_id] = paid + payment.paid_cents


def _pay(draw: st.DrawFn, life: Life) -> None:
    """A patient's payment, taken back now and then (a refund, a dispute)."""
    cents = draw(st.integers(1, 5_000))
    account = draw(st.sampled_from([Account.PATIENT_CASH, Account.PROCESSOR_CLEARING]))
    charge_id = draw(st.sampled_from(list(life.charges)))
    cash = Line(account, cents, "patient", life.patient, life.patient)
    entry = _entry(cash, _owed(life, charge_id, -cents))
    entry_id = life.post(entry)
    if draw(st.booleans()):
        life.patient_paid += cents
    else:
        life.post(reversal_of(entry, entry_id, source=source_reversal(entry_id), effective_on=DAY))


def _pay_with_another(draw: st.DrawFn, life: Life) -> None:
    """One payment of two claims, the rest of it not applied to anything."""
    ours, theirs, rest = (draw(st.integers(1, 3_000)) for _ in range(3))
    other = Life()
    charge_id = draw(st.sampled_from(list(life.charges)))
    life.post(
        _entry(
            Line(Account.PROCESSOR_CLEARING, ours + theirs + rest, "practice"),
            Line(Account.UNAPPLIED_PATIENT_CASH, -rest, "patient", life.patient, life.patient),
            _owed(life, charge_id, -ours),
            _owed(other, new_id(), -theirs),
        )
    )
    life.patient_paid += ours


def _forgive(draw: st.DrawFn, life: Life) -> None:
    cents = draw(st.integers(1, 2_000))
    charge_id = draw(st.sampled_from(list(life.charges)))
    account = draw(st.sampled_from(FORGIVEN))
    written = Line(account, cents, "patient", life.patient, life.patient, life.claim, charge_id)
    life.post(_entry(written, _owed(life, charge_id, -cents)))
    life.forgiven += cents


def _place(draw: st.DrawFn, life: Life) -> None:
    """With an agency, where it is still owed."""
    cents = draw(st.integers(1, 2_000))
    charge_id = draw(st.sampled_from(list(life.charges)))
    placed = Line(
        Account.AGENCY, cents, "patient", life.patient, life.patient, life.claim, charge_id
    )
    life.post(_entry(placed, _owed(life, charge_id, -cents)))


def _owed(life: Life, charge_id: UUID, cents: int) -> Line:
    return Line(
        Account.PATIENT_RECEIVABLE,
        cents,
        "patient",
        life.patient,
        life.patient,
        life.claim,
        charge_id,
    )


def _entry(*lines: Line) -> Entry:
    return Entry(source=f"test:{new_id()}", kind="test", effective_on=DAY, lines=lines)


def _charge(cents: int) -> NewCharge:
    return NewCharge(
        procedure_qualifier="HC",
        procedure_code="99213",
        units="1",
        unit_basis="UN",
        charge_cents=cents,
        pointers=(1,),
        service_from=DAY,
        service_to=DAY,
    )


def left_by_last(life: Life, payer_id: UUID) -> int:
    """What the payer's word leaves to the patient as deductible, coinsurance and copay."""
    return sum(
        int(str(cents))
        for one in life.standing()
        if one.payer_id == payer_id
        for group, reason, cents, _ in _rows(one.adjustments)
        if group == "PR" and reason in SHARED
    )


def _rows(adjustments: Sequence[Sequence[object]]) -> Iterable[tuple[object, ...]]:
    return [tuple(row) for row in adjustments]
