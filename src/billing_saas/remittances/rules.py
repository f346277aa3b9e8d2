"""How a claim payment is judged and what it does to the books. Pure: no database, no clock.

Amounts are integer cents with X12's sign: a positive adjustment reduces the payment.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

import msgspec

from billing_saas.ledger.rules import (
    Account,
    Entry,
    Line,
    PartyKind,
    source_claim_payment,
    source_plb,
)
from billing_saas.phi.sealing import Document

# Reasons by which a price becomes what the payer allows (CARC 45, 131, 59, 253, 104, 144, 237 …):
# under group CO they are the contract's, and nobody owes them any more.
CONTRACTUAL = frozenset({"45", "42", "59", "104", "131", "144", "161", "172", "237", "253"})
# What the patient's plan leaves to the patient: deductible, coinsurance, copay (domain.md, Money).
COST_SHARING = frozenset({"1", "2", "3"})
# The effect of a prior payer, already on the books from that payer's own remittance (RFI 2806).
PRIOR_PAYER = frozenset({"23"})
# Bundling: the paying line is raised by OA*94 negative, its components lowered by CO*97 (RFI 2009).
PROCESSED_IN_EXCESS = "94"
INCLUDED_ELSEWHERE = "97"

SEQUENCES = ("P", "S", "T")
REVERSAL_STATUS = "22"
PREDETERMINATION_STATUS = "25"
DENIED_STATUS = "4"


class ClaimPaymentIdentity(Document, kw_only=True):
    """What of a CLP names a person: sealed beside the row."""

    patient_control_number: str
    payer_control_number: str = ""
    patient_last_name: str = ""
    patient_first_name: str = ""
    member_id: str = ""


class RemittanceIdentity(Document, kw_only=True):
    """Accounts and the payee of a payment: sealed beside the row."""

    payer_account: str = ""
    payee_account: str = ""
    payee_name: str = ""
    payee_id: str = ""
    trace_payer_id: str = ""


class ProviderAdjustmentReference(Document):
    """PLB03-2 may be a claim number: sealed beside the row."""

    reference: str = ""


class Adjusted(msgspec.Struct, frozen=True, gc=False):
    """One (group, reason, amount) of a CAS."""

    group: str
    reason: str
    amount_cents: int
    quantity: str = ""


class Service(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A paid line, and the charge it was matched to."""

    id: UUID
    charge_id: UUID | None
    charge_cents: int
    paid_cents: int
    allowed_cents: int | None
    adjustments: tuple[Adjusted, ...]
    bundled: bool = False
    """Adjudicated under another procedure than it was billed with (SVC06 differs from SVC01)."""
    remarks: str = ""


class Payment(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A claim payment matched to a claim of ours, with what posting needs of both."""

    id: UUID
    status: str
    charge_cents: int
    paid_cents: int
    adjustments: tuple[Adjusted, ...]
    services: tuple[Service, ...]
    claim_id: UUID
    patient_id: UUID
    submission_id: UUID
    payers: Mapping[str, UUID]
    """Sequence to payer, of the claim: our own order, never CLP02's (RFI 546)."""
    sequence: str
    spare_patient: bool = False
    """A qualified Medicare beneficiary is never billed (SSA 1902(n)(3)(B))."""

    @property
    def payer_id(self) -> UUID:
        return self.payers[self.sequence]

    @property
    def next_sequence(self) -> str | None:
        """The next payer of the claim, or None when no payer is left."""
        later = SEQUENCES[SEQUENCES.index(self.sequence) + 1 :]
        return next((sequence for sequence in later if sequence in self.payers), None)


class Outcome(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a posted claim payment means: its lines on the books, and what is left to look at."""

    lines: tuple[Line, ...]
    denied_services: tuple[int, ...]
    """Positions in `Payment.services`."""
    review_reasons: tuple[str, ...]
    patient_cents: int
    """What this payer left to the next payer or the patient."""
    denied_cents: int
    review_cents: int
    """What stays with the payer until a person decides."""

    @property
    def cash_cents(self) -> int:
        return sum(line.amount_cents for line in self.lines if line.account is Account.PAYER_CASH)


def is_denied(status: str, service: Service) -> bool:
    """Nothing paid, for a reason that is not the price and not the patient's share.

    CLP02 alone does not tell: a full denial comes as 1 with nothing paid (RFI 1423).
    """
    if service.bundled:
        return False
    return _nothing_paid(status, service.charge_cents, service.paid_cents, service.adjustments)


def is_denied_whole(payment: Payment) -> bool:
    """The same of a claim that is answered as a whole, without lines (RFI 2348: inpatient)."""
    return not payment.services and _nothing_paid(
        payment.status, payment.charge_cents, payment.paid_cents, payment.adjustments
    )


def _nothing_paid(
    status: str, charge_cents: int, paid_cents: int, adjustments: Sequence[Adjusted]
) -> bool:
    if paid_cents != 0 or charge_cents <= 0:
        return False
    if status == DENIED_STATUS:
        return True
    return any(
        adjusted.amount_cents > 0 and not _explains_price(adjusted) for adjusted in adjustments
    )


def _explains_price(adjusted: Adjusted) -> bool:
    if adjusted.group == "CO":
        return adjusted.reason in CONTRACTUAL
    if adjusted.group == "PR":
        return adjusted.reason in COST_SHARING
    return adjusted.reason in PRIOR_PAYER


def outcome_of(payment: Payment) -> Outcome:
    """The debits and credits of one matched claim payment. They sum to zero.

    Paid and settled amounts leave the payer's receivable, per charge. A contractual reduction goes to
    its own account; the patient's share goes to the next payer, or to the patient when none is left.
    What is denied, or not understood, stays with the payer, to be worked: never written off here.
    """
    book = _Book(payment)
    if payment.paid_cents:
        book.add(Account.PAYER_CASH, payment.paid_cents, None)
    denied = []
    denied_cents = 0
    for position, service in enumerate(payment.services):
        book.settle(service.charge_id, service.paid_cents)
        if is_denied(payment.status, service):
            denied.append(position)
            denied_cents += _denied_part(service.charge_cents, service.adjustments)
        for adjusted in service.adjustments:
            book.adjust(
                service.charge_id, adjusted, bundled=service.bundled, denied=position in denied
            )
    unpriced = payment.paid_cents - sum(service.paid_cents for service in payment.services)
    if unpriced:
        book.settle(None, unpriced)
    whole = is_denied_whole(payment)
    if whole:
        denied_cents = _denied_part(payment.charge_cents, payment.adjustments)
    for adjusted in payment.adjustments:
        book.adjust(None, adjusted, bundled=False, denied=whole)
    return Outcome(
        lines=book.lines(),
        denied_services=tuple(denied),
        review_reasons=tuple(dict.fromkeys(book.review)),
        patient_cents=book.patient_cents,
        denied_cents=denied_cents,
        review_cents=book.review_cents,
    )


def _denied_part(charge_cents: int, adjustments: Sequence[Adjusted]) -> int:
    """What stays unpaid of what is denied: all but the patient's share."""
    shared = [a.amount_cents for a in adjustments if a.group == "PR" and _explains_price(a)]
    return charge_cents - sum(shared)


class _Book:
    """Gathers the lines of one claim payment; the payer's side is one line per charge."""

    def __init__(self, payment: Payment) -> None:
        self.payment = payment
        self.others: list[Line] = []
        self.settled: dict[UUID | None, int] = {}
        self.review: list[str] = []
        self.patient_cents = 0
        self.review_cents = 0

    def add(
        self, account: Account, cents: int, charge_id: UUID | None, adjusted: Adjusted | None = None
    ) -> None:
        self._line(account, cents, charge_id, "payer", self.payment.payer_id, adjusted)

    def settle(self, charge_id: UUID | None, cents: int) -> None:
        """`cents` of the payer's receivable for this charge are dealt with."""
        self.settled[charge_id] = self.settled.get(charge_id, 0) + cents

    def adjust(
        self, charge_id: UUID | None, adjusted: Adjusted, *, bundled: bool, denied: bool
    ) -> None:
        cents = adjusted.amount_cents
        if cents == 0 or adjusted.reason in PRIOR_PAYER:
            return
        if adjusted.group == "CO" and denied:
            return  # a denied line is never written off by itself, not even the contract's part
        if adjusted.group == "CO" and adjusted.reason in CONTRACTUAL:
            self.settle(charge_id, cents)
            self.add(Account.CONTRACTUAL_ADJUSTMENT, cents, charge_id, adjusted)
        elif adjusted.group == "PR" and adjusted.reason in COST_SHARING:
            self._to_patient(charge_id, adjusted)
        elif bundled and adjusted.reason in (PROCESSED_IN_EXCESS, INCLUDED_ELSEWHERE):
            return  # moves charge between lines of one claim: nothing leaves it (RFI 2009)
        elif adjusted.group == "PR":
            self.review.append("patient_share_to_review")
            self.review_cents += cents
        elif not denied:
            self.review.append("adjustment_to_review")
            self.review_cents += cents

    def _to_patient(self, charge_id: UUID | None, adjusted: Adjusted) -> None:
        cents = adjusted.amount_cents
        self.settle(charge_id, cents)
        following = self.payment.next_sequence
        if following is not None:
            payer_id = self.payment.payers[following]
            self._line(Account.PAYER_RECEIVABLE, cents, charge_id, "payer", payer_id, adjusted)
        elif self.payment.spare_patient:
            self.add(Account.CONTRACTUAL_ADJUSTMENT, cents, charge_id, adjusted)
            return
        else:
            patient_id = self.payment.patient_id
            self._line(
                Account.PATIENT_RECEIVABLE, cents, charge_id, "patient", patient_id, adjusted
            )
        self.patient_cents += cents

    def _line(
        self,
        account: Account,
        cents: int,
        charge_id: UUID | None,
        party_kind: PartyKind,
        party_id: UUID,
        adjusted: Adjusted | None,
    ) -> None:
        self.others.append(
            Line(
                account=account,
                amount_cents=cents,
                party_kind=party_kind,
                party_id=party_id,
                patient_id=self.payment.patient_id,
                claim_id=self.payment.claim_id,
                charge_id=charge_id,
                group_code=adjusted.group if adjusted else None,
                reason_code=adjusted.reason if adjusted else None,
            )
        )

    def lines(self) -> tuple[Line, ...]:
        for charge_id, cents in self.settled.items():
            if cents:
                self._line(
                    Account.PAYER_RECEIVABLE,
                    -cents,
                    charge_id,
                    "payer",
                    self.payment.payer_id,
                    None,
                )
        return tuple(self.others)


def entry_of(
    payment: Payment, outcome: Outcome, posting_number: int, effective_on: date
) -> Entry | None:
    """The entry of a matched claim payment; None when it moves nothing (a full denial)."""
    if not outcome.lines:
        return None
    return Entry(
        source=source_claim_payment(payment.id, posting_number),
        kind="claim_payment",
        effective_on=effective_on,
        lines=outcome.lines,
    )


def unapplied_entry(
    claim_payment_id: UUID,
    posting_number: int,
    paid_cents: int,
    payer_id: UUID,
    effective_on: date,
) -> Entry | None:
    """Money whose claim is not known (or in doubt) waits in *unapplied*, per payer."""
    if paid_cents == 0:
        return None
    return Entry(
        source=source_claim_payment(claim_payment_id, posting_number),
        kind="unapplied_claim_payment",
        effective_on=effective_on,
        lines=(
            Line(Account.PAYER_CASH, paid_cents, "payer", payer_id),
            Line(Account.UNAPPLIED_PAYER_CASH, -paid_cents, "payer", payer_id),
        ),
    )


# PLB03-1 L6: interest the payer owes for paying late. Everything else is carried per payer until a
# later remittance or a person settles it (x12.md rules 23 to 26).
INTEREST = "L6"


def provider_adjustment_entry(
    remittance_id: UUID,
    n: int,
    posting_number: int,
    reason: str,
    amount_cents: int,
    payer_id: UUID,
    effective_on: date,
) -> Entry | None:
    """A positive PLB amount was kept back by the payer, a negative one was added."""
    if amount_cents == 0:
        return None
    account = Account.INTEREST_INCOME if reason == INTEREST else Account.PROVIDER_LEVEL_BALANCE
    return Entry(
        source=source_plb(remittance_id, n, posting_number),
        kind="provider_adjustment",
        effective_on=effective_on,
        lines=(
            Line(account, amount_cents, "payer", payer_id, reason_code=reason),
            Line(Account.PAYER_CASH, -amount_cents, "payer", payer_id),
        ),
    )
