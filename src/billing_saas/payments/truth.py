"""What the processor says of a payment at one moment, put together from its answers. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from billing_saas.kit.processing import (
    BalanceLine,
    ChargeTold,
    CheckoutTold,
    DisputeTold,
    IntentTold,
    RefundTold,
)

NEVER_ASKED = "never_asked"


@dataclass(frozen=True, slots=True)
class AttemptTold:
    """`state` is one of `payment_attempt.state`."""

    n: int
    state: str
    failure_code: str = ""
    intent_id: str = ""
    checkout_id: str = ""
    checkout_url: str = ""
    expires_at: datetime | None = None


@dataclass(slots=True)
class Truth:
    payment_id: UUID
    attempts: dict[int, AttemptTold] = field(default_factory=dict)
    intents: dict[str, IntentTold] = field(default_factory=dict)

    def paged(self, n: int, checkout: CheckoutTold | None, intent: IntentTold | None) -> None:
        """An attempt on a page of the processor; neither page nor payment: it was never made."""
        if intent is not None:
            self.intents[intent.id] = intent
        if n in self.attempts:  # refused, just now
            return
        state, code = _of_page(checkout, intent)
        self.attempts[n] = AttemptTold(
            n,
            state,
            code,
            intent_id=intent.id if intent else "",
            checkout_id=checkout.id if checkout else "",
            checkout_url=checkout.url if checkout else "",
            expires_at=checkout.expires_at if checkout else None,
        )

    def charged(self, n: int, told: IntentTold | str) -> None:
        """An attempt on a kept card; a word instead of a payment: it was refused, and none was made."""
        if isinstance(told, str):
            self.refused(n, told)
            return
        self.intents[told.id] = told
        state, code = _of_charge(told)
        self.attempts[n] = AttemptTold(n, state, code, intent_id=told.id)

    def refused(self, n: int, code: str) -> None:
        self.attempts[n] = AttemptTold(n, "failed", code)

    # --- in one order, whoever told it when ---

    @property
    def charges(self) -> list[ChargeTold]:
        found = {one.id: one for intent in self.intents.values() for one in intent.charges}
        return sorted(found.values(), key=lambda one: (one.at, one.id))

    @property
    def refunds(self) -> list[RefundTold]:
        found = {one.id: one for intent in self.intents.values() for one in intent.refunds}
        return sorted(found.values(), key=lambda one: (one.at, one.id))

    @property
    def disputes(self) -> list[DisputeTold]:
        found = {one.id: one for intent in self.intents.values() for one in intent.disputes}
        return sorted(found.values(), key=lambda one: (one.at, one.id))

    @property
    def lines(self) -> list[BalanceLine | None]:
        """Every movement that is told of."""
        return [
            *(charge.line for charge in self.charges),
            *(line for refund in self.refunds for line in (refund.line, refund.failure_line)),
            *(line for dispute in self.disputes for line in dispute.lines),
        ]


def _of_page(checkout: CheckoutTold | None, intent: IntentTold | None) -> tuple[str, str]:
    if intent is not None and intent.charges:
        return "succeeded", ""
    if intent is not None and intent.status == "processing":
        return "processing", ""
    if checkout is None:
        return ("failed", NEVER_ASKED) if intent is None else ("failed", intent.failure_code)
    if checkout.status == "open":
        return "open", ""
    if checkout.status == "expired":
        return "expired", ""
    # Complete, and no money: a bank debit that is on its way, or came back.
    if intent is None or intent.status in ("requires_payment_method", "canceled"):
        return "failed", intent.failure_code if intent else ""
    return "processing", ""


def _of_charge(told: IntentTold) -> tuple[str, str]:
    if told.charges:
        return "succeeded", ""
    if told.status == "processing":
        return "processing", ""
    # `requires_action`: the bank wants its customer, who is not here.
    code = told.failure_code or (
        "authentication_required" if told.status == "requires_action" else ""
    )
    return "failed", code
