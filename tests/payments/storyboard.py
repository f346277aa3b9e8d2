"""A processor whose truth about one payment goes through the scenes of a story, told from any scene on."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from billing_saas.kit.processing import (
    BalanceLine,
    ChargeTold,
    CheckoutTold,
    DisputeTold,
    IntentTold,
    PayoutTold,
    ProcessorCall,
    RefundTold,
)
from billing_saas.kit.protocols import PaymentProcessor
from billing_saas.payments.truth import Truth

_BEGIN = datetime(2026, 11, 3, 15, tzinfo=UTC)
CENTS = 10_000

# What knocks, by the scene in which it is true. Scenes 1 and 2 are a debit that came back.
EVENTS = (
    (1, "checkout.session.completed", "first_page"),
    (2, "checkout.session.async_payment_failed", "first_page"),
    (3, "checkout.session.completed", "page"),
    (4, "checkout.session.async_payment_succeeded", "page"),
    (4, "payment_intent.succeeded", "intent"),
    (5, "refund.created", "refund_1"),
    (6, "charge.refunded", "charge"),
    (7, "refund.failed", "refund_2"),
    (8, "charge.dispute.created", "dispute_1"),
    (9, "charge.dispute.closed", "dispute_1"),
    (10, "charge.dispute.created", "dispute_2"),
    (11, "charge.dispute.closed", "dispute_2"),
    (12, "payout.paid", "payout"),
)
LAST = 12


@dataclass
class Storyboard:
    """One payment with two attempts. `scene` is how far the story has come when it is asked."""

    name: str
    payment_id: UUID
    scene: int = 0

    def id(self, what: str) -> str:
        prefixes = {"charge": "ch", "payout": "po", "intent": "pi", "first_intent": "pi"}
        kind, _, _ = what.partition("_")
        prefix = prefixes.get(what) or {"refund": "re", "dispute": "du", "txn": "txn"}.get(
            kind, "cs"
        )
        return f"{prefix}_{self.name}_{what}"

    @property
    def processor(self) -> PaymentProcessor:
        return cast(PaymentProcessor, cast(Any, self))

    async def close(self) -> None:
        """Nothing was opened."""

    async def truth(self) -> Truth:
        """All that asking would bring, without a database to ask what to ask about."""
        told = Truth(self.payment_id)
        for n, page, intent in ((1, "first_page", "first_intent"), (2, "page", "intent")):
            call = ProcessorCall(account="", ids={"checkout": self.id(page)})
            checkout = await self.checkout_told(call)
            known = ProcessorCall(account="", ids={"intent": self.id(intent)})
            told.paged(n, checkout, await self.intent(known) if checkout.intent else None)
        return told

    # --- what is asked ---

    async def checkout_told(self, call: ProcessorCall) -> CheckoutTold:
        is_first = call.ids["checkout"] == self.id("first_page")
        done, scene = ("first_intent", 1) if is_first else ("intent", 3)
        complete = self.scene >= scene
        return CheckoutTold(
            id=call.ids["checkout"],
            reference=self.payment_id,
            url="" if complete else "https://checkout.test/pay",
            status="complete" if complete else "open",
            payment_status="paid" if not is_first and self.scene >= 4 else "unpaid",
            intent=self.id(done) if complete else "",
            setup="",
            expires_at=None,
        )

    async def intent(self, call: ProcessorCall) -> IntentTold:
        if call.ids["intent"] == self.id("first_intent"):
            failed = self.scene >= 2
            return IntentTold(
                id=self.id("first_intent"),
                reference=self.payment_id,
                status="requires_payment_method" if failed else "processing",
                cents=CENTS,
                failure_code="debit_not_authorized" if failed else "",
                charges=(),
            )
        came = self.scene >= 4
        return IntentTold(
            id=self.id("intent"),
            reference=self.payment_id,
            status="succeeded" if came else "processing",
            cents=CENTS,
            failure_code="",
            charges=(self._charge(),) if came else (),
            refunds=self._refunds(),
            disputes=self._disputes(),
        )

    async def intent_about(self, call: ProcessorCall) -> IntentTold:
        return await self.intent(replace(call, ids={"intent": self.id("intent")}))

    async def payout(self, _call: ProcessorCall) -> PayoutTold:
        """Told in its scene or later only: nobody can ask about what is not."""
        refunds, disputes = self._refunds(), self._disputes()
        lines = [
            self._charge().line,
            *(line for refund in refunds for line in (refund.line, refund.failure_line)),
            *(line for dispute in disputes for line in dispute.lines),
        ]
        told = tuple(line for line in lines if line is not None)
        return PayoutTold(
            id=self.id("payout"),
            cents=sum(line.net_cents for line in told),
            status="paid",
            arrival_on=date(2026, 11, 10),
            automatic=True,
            lines=told,
        )

    # --- what is true ---

    def _at(self, scene: int) -> datetime:
        return _BEGIN + timedelta(hours=scene)

    def _line(self, name: str, scene: int, source: str, cents: int, fee: int = 0) -> BalanceLine:
        return BalanceLine(
            id=self.id(f"txn_{name}"),
            kind="of_it",
            source=self.id(source),
            cents=cents,
            fee_cents=fee,
            net_cents=cents - fee,
            at=self._at(scene),
        )

    def _charge(self) -> ChargeTold:
        # The movement is known a scene later than the money: Stripe's own delay.
        line = self._line("charge", 5, "charge", CENTS, 320) if self.scene >= 5 else None
        return ChargeTold(self.id("charge"), CENTS, line, self._at(4))

    def _refunds(self) -> tuple[RefundTold, ...]:
        told = []
        for n, scene, cents in ((1, 5, 2_500), (2, 6, 4_000)):
            if self.scene < scene:
                continue
            failed = n == 2 and self.scene >= 7
            told.append(
                RefundTold(
                    id=self.id(f"refund_{n}"),
                    charge=self.id("charge"),
                    cents=cents,
                    status="failed" if failed else "succeeded",
                    failure_code="lost_or_stolen_card" if failed else "",
                    reference=None,
                    line=self._line(f"refund_{n}", scene, f"refund_{n}", -cents),
                    failure_line=self._line("failure", 7, "refund_2", cents) if failed else None,
                    at=self._at(scene),
                )
            )
        return tuple(told)

    def _disputes(self) -> tuple[DisputeTold, ...]:
        told = []
        for n, scene, cents, end in ((1, 8, 3_000, "won"), (2, 10, 1_000, "lost")):
            if self.scene < scene:
                continue
            closed = self.scene > scene
            lines = [self._line(f"withdrawn_{n}", scene, f"dispute_{n}", -cents, 1_500)]
            if closed and end == "won":
                lines.append(self._line(f"given_{n}", scene + 1, f"dispute_{n}", cents, -1_500))
            told.append(
                DisputeTold(
                    id=self.id(f"dispute_{n}"),
                    charge=self.id("charge"),
                    cents=cents,
                    status=end if closed else "needs_response",
                    reason="fraudulent",
                    due_at=self._at(scene + 200),
                    lines=tuple(lines),
                    at=self._at(scene),
                )
            )
        return tuple(told)
