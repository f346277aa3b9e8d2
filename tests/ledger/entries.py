"""Entries as the rooms above write them, and any entry at all."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from hypothesis import strategies as st

from billing_saas.kit.ids import new_id
from billing_saas.ledger.rules import (
    MOST_CENTS,
    Account,
    Entry,
    Line,
    PartyKind,
    source_charge,
    source_claim_payment,
)

MARCH_2 = date(2026, 3, 2)


@dataclass(frozen=True)
class Visit:
    """A patient's claim on a payer, with one charge."""

    patient: UUID = field(default_factory=new_id)
    payer: UUID = field(default_factory=new_id)
    claim: UUID = field(default_factory=new_id)
    charge: UUID = field(default_factory=new_id)

    def line(
        self,
        account: Account,
        cents: int,
        kind: PartyKind = "payer",
        group: str | None = None,
        reason: str | None = None,
    ) -> Line:
        party = {"payer": self.payer, "patient": self.patient}.get(kind)
        return Line(
            account, cents, kind, party, self.patient, self.claim, self.charge, group, reason
        )

    def charged(self, cents: int, day: date = MARCH_2) -> Entry:
        return Entry(
            source=source_charge(new_id()),
            kind="charge",
            effective_on=day,
            lines=(
                self.line(Account.PAYER_RECEIVABLE, cents),
                self.line(Account.GROSS_CHARGES, -cents, "practice"),
            ),
        )

    def paid(
        self,
        cents: int,
        *,
        contractual: int = 0,
        coinsurance: int = 0,
        day: date = MARCH_2,
        source: str = "",
    ) -> Entry:
        lines = [
            self.line(Account.PAYER_CASH, cents),
            self.line(Account.PAYER_RECEIVABLE, -cents),
            self.line(Account.CONTRACTUAL_ADJUSTMENT, contractual, "payer", "CO", "45"),
            self.line(Account.PAYER_RECEIVABLE, -contractual, "payer", "CO", "45"),
            self.line(Account.PATIENT_RECEIVABLE, coinsurance, "patient", "PR", "2"),
            self.line(Account.PAYER_RECEIVABLE, -coinsurance, "payer", "PR", "2"),
        ]
        return Entry(
            source=source or source_claim_payment(new_id(), 1),
            kind="claim_payment",
            effective_on=day,
            lines=tuple(line for line in lines if line.amount_cents),
        )


CENTS = st.integers(-MOST_CENTS // 64, MOST_CENTS // 64).filter(bool)
DAYS = st.integers(0, 120).map(lambda days: date(2026, 1, 1) + timedelta(days=days))


@st.composite
def any_lines(draw: st.DrawFn) -> tuple[Line, ...]:
    """Lines that sum to zero, over any accounts and parties."""
    visit = Visit()
    amounts = draw(st.lists(CENTS, min_size=1, max_size=12).filter(sum))
    amounts.append(-sum(amounts))
    accounts = st.sampled_from(list(Account))
    kinds: st.SearchStrategy[PartyKind] = st.sampled_from(["payer", "patient", "practice"])
    return tuple(visit.line(draw(accounts), cents, draw(kinds)) for cents in amounts)


@st.composite
def any_entry(draw: st.DrawFn) -> Entry:
    return Entry(
        source=source_claim_payment(new_id(), 1),
        kind="claim_payment",
        effective_on=draw(DAYS),
        lines=draw(any_lines()),
    )
