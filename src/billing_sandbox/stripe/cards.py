"""What each documented test number does, by number, by `pm_card_…` and by `tok_…`.

The list is https://docs.stripe.com/testing. Numbers that are not on it are refused, as Stripe refuses
real cards in test mode.
"""

from dataclasses import dataclass
from typing import Literal

Authentication = Literal["never", "unless_set_up", "always", "on_session", "optional"]


@dataclass(frozen=True)
class Decline:
    code: str
    decline_code: str | None
    message: str
    param: str | None = None
    blocked: bool = False


@dataclass(frozen=True)
class Card:
    number: str
    names: tuple[str, ...]
    brand: str = "visa"
    funding: str = "credit"
    country: str = "US"
    decline: Decline | None = None
    # The card can be kept, and is declined when charged.
    keeps: bool = False
    authentication: Authentication = "never"
    dispute: str | None = None
    inquiry: bool = False
    refund: Literal["at_once", "succeeds_later", "fails_later"] = "at_once"
    bypasses_pending: bool = False
    risk: str = "normal"


_DECLINED = "Your card was declined."
GENERIC = Decline("card_declined", "generic_decline", _DECLINED)
INSUFFICIENT = Decline("card_declined", "insufficient_funds", "Your card has insufficient funds.")
EXPIRED = Decline("expired_card", "expired_card", "Your card has expired.", "exp_month")
CVC = Decline("incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect.", "cvc")
PROCESSING = Decline(
    "processing_error",
    "processing_error",
    "An error occurred while processing your card. Try again in a little bit.",
)
AUTHENTICATION = Decline(
    "authentication_required",
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
)
AUTHENTICATION_FAILED = Decline(
    "payment_intent_authentication_failure",
    None,
    "We are unable to authenticate your payment method. Please choose a different payment method "
    "and try again.",
)


def _declined(reason: str) -> Decline:
    return Decline("card_declined", reason, _DECLINED)


CARDS: tuple[Card, ...] = (
    Card("4242424242424242", ("visa",)),
    Card("4012888888881881", ()),
    Card("4000056655665556", ("visa_debit",), funding="debit"),
    Card("5555555555554444", ("mastercard",), brand="mastercard"),
    Card("2223003122003222", (), brand="mastercard"),
    Card("5200828282828210", ("mastercard_debit",), brand="mastercard", funding="debit"),
    Card("5105105105105100", ("mastercard_prepaid",), brand="mastercard", funding="prepaid"),
    Card("378282246310005", ("amex",), brand="amex"),
    Card("371449635398431", (), brand="amex"),
    Card("6011111111111117", ("discover",), brand="discover"),
    Card("6011000990139424", (), brand="discover"),
    Card("6011981111111113", (), brand="discover", funding="debit"),
    Card("3056930009020004", ("diners",), brand="diners"),
    Card("3566002020360505", ("jcb",), brand="jcb"),
    Card("6200000000000005", ("unionpay",), brand="unionpay"),
    Card("4000000760000002", ("br",), country="BR"),
    Card("4000001240000000", ("ca",), country="CA"),
    Card("4000004840008001", ("mx",), country="MX"),
    Card("4000008260000000", ("gb",), country="GB"),
    # Declines.
    Card("4000000000000002", ("visa_chargeDeclined", "chargeDeclined"), decline=GENERIC),
    Card(
        "4000000000009995",
        ("visa_chargeDeclinedInsufficientFunds", "chargeDeclinedInsufficientFunds"),
        decline=INSUFFICIENT,
    ),
    Card(
        "4000000000009987",
        ("visa_chargeDeclinedLostCard", "chargeDeclinedLostCard"),
        decline=_declined("lost_card"),
    ),
    Card(
        "4000000000009979",
        ("visa_chargeDeclinedStolenCard", "chargeDeclinedStolenCard"),
        decline=_declined("stolen_card"),
    ),
    Card("4000000000000069", ("chargeDeclinedExpiredCard",), decline=EXPIRED),
    Card("4000000000000127", ("chargeDeclinedIncorrectCvc",), decline=CVC),
    Card("4000000000000119", ("chargeDeclinedProcessingError",), decline=PROCESSING),
    Card(
        "4000000000006975",
        ("visa_chargeDeclinedVelocityLimitExceeded", "chargeDeclinedVelocityLimitExceeded"),
        decline=_declined("card_velocity_exceeded"),
    ),
    Card("4000000000000341", ("chargeCustomerFail",), decline=GENERIC, keeps=True),
    Card(
        "4100000000000019",
        ("radarBlock",),
        decline=Decline("card_declined", "fraudulent", _DECLINED, blocked=True),
        keeps=True,
        risk="highest",
    ),
    Card(
        "4000000000004954",
        ("riskLevelHighest",),
        decline=Decline("card_declined", "fraudulent", _DECLINED, blocked=True),
        keeps=True,
        risk="highest",
    ),
    Card("4000000000009235", ("riskLevelElevated",), risk="elevated"),
    Card("4000000000000101", ("cvcCheckFail",), decline=CVC),
    # Disputes.
    Card("4000000000000259", ("createDispute", "visa_createDispute"), dispute="fraudulent"),
    Card(
        "4000000000002685",
        ("createDisputeProductNotReceived", "visa_createDisputeProductNotReceived"),
        dispute="product_not_received",
    ),
    Card(
        "4000000000001976",
        ("createDisputeInquiry", "visa_createDisputeInquiry"),
        dispute="fraudulent",
        inquiry=True,
    ),
    # Refunds.
    Card("4000000000007726", ("pendingRefund",), refund="succeeds_later"),
    Card("4000000000005126", ("refundFail",), refund="fails_later"),
    # Money available at once.
    Card("4000000000000077", ("bypassPending",), bypasses_pending=True),
    Card("4000003720000278", ("bypassPendingInternational",), bypasses_pending=True, country="IE"),
    # 3D Secure.
    Card("4000002500003155", ("authenticationRequiredOnSetup",), authentication="unless_set_up"),
    Card("4000002760003184", ("authenticationRequired",), authentication="always"),
    Card(
        "4000003800000446",
        ("authenticationRequiredSetupForOffSession",),
        authentication="on_session",
    ),
    Card(
        "4000008260003178",
        ("authenticationRequiredChargeDeclinedInsufficientFunds",),
        authentication="unless_set_up",
        decline=INSUFFICIENT,
        keeps=True,
    ),
    Card("4000000000003220", ("threeDSecure2Required",), authentication="always"),
    Card(
        "4000008400001629",
        ("threeDSecureRequiredChargeDeclined",),
        authentication="always",
        decline=GENERIC,
        keeps=True,
    ),
    Card(
        "4000008400001280",
        ("threeDSecureRequiredProcessingError",),
        authentication="always",
        decline=PROCESSING,
        keeps=True,
    ),
    Card("4000000000003055", ("threeDSecureOptional",), authentication="optional"),
)

BY_NUMBER = {card.number: card for card in CARDS}
BY_NAME = {name: card for card in CARDS for name in card.names}


@dataclass(frozen=True)
class BankAccount:
    """A test account at routing number 110000000, and what a debit of it ends in."""

    number: str
    name: str
    failure_code: str | None = None
    message: str | None = None
    stays: bool = False
    dispute: bool = False


ROUTING = "110000000"
BANK_ACCOUNTS: tuple[BankAccount, ...] = (
    BankAccount("000123456789", "success"),
    BankAccount(
        "000111111113",
        "accountClosed",
        "account_closed",
        "The customer's bank account has been closed.",
    ),
    BankAccount(
        "000111111116",
        "noAccount",
        "no_account",
        "The customer's bank account could not be located.",
    ),
    BankAccount(
        "000222222227",
        "insufficientFunds",
        "insufficient_funds",
        "The customer's account has insufficient funds to cover this payment.",
    ),
    BankAccount(
        "000333333335",
        "debitNotAuthorized",
        "debit_not_authorized",
        "The customer has notified their bank that this payment was unauthorized.",
    ),
    BankAccount(
        "000444444440",
        "invalidCurrency",
        "invalid_currency",
        "The bank was unable to process this payment because of its currency.",
    ),
    BankAccount("000555555559", "dispute", dispute=True),
    BankAccount("000000000009", "processing", stays=True),
)
BANK_BY_NUMBER = {account.number: account for account in BANK_ACCOUNTS}
BANK_BY_NAME = {account.name: account for account in BANK_ACCOUNTS}

# IBANs of the test page; the letters of the country vary, what follows decides.
IBANS: dict[str, BankAccount] = {
    "AT611904300234573201": BankAccount("AT611904300234573201", "success"),
    "AT321904300235473204": BankAccount("AT321904300235473204", "slow"),
    "AT861904300235473202": BankAccount(
        "AT861904300235473202", "failed", "debit_not_authorized", "The bank refused the debit."
    ),
    "IT40S0542811101000000123456": BankAccount("IT40S0542811101000000123456", "success"),
    "IT60X0542811101000000123456": BankAccount(
        "IT60X0542811101000000123456",
        "failed",
        "debit_not_authorized",
        "The bank refused the debit.",
    ),
}
