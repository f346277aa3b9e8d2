"""Examples of payments: $142.50 by card, $25.00 of it given back, and a payout of the rest less the fee."""

from typing import Any

_FEE = 14250 * 29 // 1000 + 30
_LEFT = 14250 - _FEE - 2500

FIELDS: dict[str, Any] = {
    "Dispute.evidence_state": "",
    "Movement.fee_cents": _FEE,
    "Movement.kind": "charge",
    "Movement.net_cents": 14250 - _FEE,
    "Movement.matched": "payment",
    "OnboardingLink.url": "https://connect.stripe.com/setup/s/acct_1PqX/a1b2c3",
    "PatientPayment.disputed": "",
    "PatientPayment.failure_code": "",
    "PatientPayment.paper_number": "",
    "PatientPayment.refunded_cents": 2500,
    "PaymentAccount.disabled_reason": "requirements.past_due",
    "PaymentAccount.requirements": "company.tax_id",
    "PaymentSettings.refund_limit_cents": 50000,
    "PaymentSettingsIn.refund_limit_cents": 50000,
    "PaymentShare.cents": 11750,
    "Payout.other_cents": 0,
    "Payout.ours_cents": _LEFT,
    "Payout.reconciled": "balanced",
    "Reconciliation.by_hand_cents": 0,
    "Reconciliation.clearing_cents": _LEFT,
    "Reconciliation.dispute_losses_cents": 0,
    "Reconciliation.fees_cents": _FEE,
    "Reconciliation.other_cents": 0,
    "Reconciliation.paid_out_cents": 0,
    "Reconciliation.untold_cents": 0,
    "Reconciliation.waiting_cents": _LEFT,
    "Refund.failure_code": "",
    "RefundIn.number_last4": "",
    "RepaymentIn.number_last4": "0117",
}
