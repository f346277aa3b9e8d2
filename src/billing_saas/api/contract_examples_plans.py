"""Examples of payment plans and of the desk: $142.50 in two instalments, and a drawer with one cheque in it."""

from typing import Any

_SETTINGS = {"grace_days": 10, "minimum_cents": 2500, "most_instalments": 4, "notice_days": 3}
_COUNTED = {"expected_cents": 14250, "takings": 1}


def _of(schema: str, fields: dict[str, Any]) -> dict[str, Any]:
    return {f"{schema}.{name}": value for name, value in fields.items()}


FIELDS: dict[str, Any] = {
    "PlanAcceptanceIn.digest": "9f" * 32,
    "ApplicationIn.cents": 2500,
    **_of(
        "Arithmetic",
        {
            "base_cents": 7125,
            "count": 2,
            "finance_charge_cents": 0,
            "one_more": 0,
            "total_cents": 14250,
        },
    ),
    "CardAsked.url": "https://checkout.stripe.com/c/pay/cs_test_a1b2c3",
    "CardAskedIn.cents": 3000,
    **_of("Counted", {**_COUNTED, "counted_cents": 14250, "over_cents": 0}),
    **_of("Credit", {"applicable_cents": 0, "owed_cents": 0, "refundable_cents": 2500}),
    "Credit.credit_cents": 2500,
    "CreditPayment.cents": 2500,
    "Disclosure.arithmetic": "$142.50 ÷ 2 = $71.25",
    "Disclosure.digest": "9f" * 32,
    "Disclosure.future_charges": "",
    "Disclosure.instalments": "1 · 2026-10-15 · $71.25",
    "Disclosure.number": "P7K4MQ2XD9",
    "Disclosure.paragraphs": "There is no interest, no fee and no finance charge.",
    "Disclosure.version": "2026-11",
    "Drawer.voided": 0,
    **_of("DrawerCloseIn", {"cash_cents": 0, "cheque_cents": 14250, "money_order_cents": 0}),
    **_of("Expected", _COUNTED),
    "Instalment.cents": 7125,
    "Instalment.paid_cents": 0,
    **_of(
        "Plan",
        {
            "autopay_stopped": "",
            "due_cents": 7125,
            "grace_days": 10,
            "left_cents": 14250,
            "number": "P7K4MQ2XD9",
            "paid_cents": 0,
            "payoff_cents": 14250,
            "still_owed_cents": 14250,
        },
    ),
    **_of(
        "PlanConsent",
        {
            "given_by_kind": "patient",
            "given_through": "portal",
            "kind": "agreement",
            "language": "en",
            "words": "There is no interest, no fee and no finance charge.",
            "words_version": "2026-11",
        },
    ),
    **_of("PlanEvent", {"after": "accepted", "before": "disclosed", "by_kind": "patient"}),
    "PlanEvent.why": "agreed.portal",
    "PlanIn.instalments": 2,
    "PlanOffer.owed_cents": 14250,
    **_of("PlanSettings", _SETTINGS),
    **_of("PlanSettingsIn", _SETTINGS),
    **_of(
        "Receipt",
        {
            "amount_cents": 14250,
            "applied_cents": 14250,
            "credit_cents": 0,
            "method": "cheque",
            "number": 17,
            "paper_number": "1187",
            "purpose": "bill",
            "refunded_cents": 0,
            "state": "succeeded",
        },
    ),
    "TakingIn.cents": 14250,
    "TakingIn.number_last4": "1187",
}
