from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from billing_saas.outbox.jobs import Job, Queue


@dataclass(frozen=True, slots=True)
class HandleEvent(Job):
    kind: ClassVar[str] = "payments.handle_event"
    about: ClassVar[str] = "Ask the payment processor about what it said happened, and book it."
    queue: ClassVar[Queue] = "interactive"
    most_attempts: ClassVar[int] = 12
    most_minutes: ClassVar[int] = 3

    event_id: UUID


@dataclass(frozen=True, slots=True)
class AskAboutPayment(Job):
    kind: ClassVar[str] = "payments.ask"
    about: ClassVar[str] = "Ask the payment processor what became of a payment, and book it."
    queue: ClassVar[Queue] = "interactive"
    most_minutes: ClassVar[int] = 3

    payment_id: UUID


@dataclass(frozen=True, slots=True)
class AskAboutCard(Job):
    kind: ClassVar[str] = "payments.ask_card"
    about: ClassVar[str] = "Ask the payment processor whether a card was saved."
    queue: ClassVar[Queue] = "interactive"
    most_minutes: ClassVar[int] = 3

    saved_method_id: UUID


@dataclass(frozen=True, slots=True)
class MakeRefund(Job):
    kind: ClassVar[str] = "payments.refund"
    about: ClassVar[str] = "Give money back that was approved to be given back."
    queue: ClassVar[Queue] = "interactive"
    most_minutes: ClassVar[int] = 3

    refund_id: UUID


@dataclass(frozen=True, slots=True)
class AnswerDispute(Job):
    kind: ClassVar[str] = "payments.answer_dispute"
    about: ClassVar[str] = "Hand in the evidence in a dispute of a payment."
    queue: ClassVar[Queue] = "interactive"
    most_minutes: ClassVar[int] = 3

    dispute_id: UUID


@dataclass(frozen=True, slots=True)
class OpenAccount(Job):
    kind: ClassVar[str] = "payments.open_account"
    about: ClassVar[str] = "Open the practice's account at the payment processor."
    queue: ClassVar[Queue] = "interactive"
    most_minutes: ClassVar[int] = 3

    account_id: UUID


@dataclass(frozen=True, slots=True)
class AskAboutAccount(Job):
    kind: ClassVar[str] = "payments.ask_account"
    about: ClassVar[str] = "Ask the payment processor how the practice's account stands."
    queue: ClassVar[Queue] = "interactive"
    most_minutes: ClassVar[int] = 3

    account_id: UUID


@dataclass(frozen=True, slots=True)
class SweepPayments(Job):
    """Of one practice: whose fate is unknown is asked about."""

    kind: ClassVar[str] = "payments.sweep"
    about: ClassVar[str] = "Find payments and refunds whose fate is not known, and ask about them."
    queue: ClassVar[Queue] = "files"


@dataclass(frozen=True, slots=True)
class TellPlan(Job):
    """A payment of a plan moved on. Its act belongs to the room of plans, which stands above."""

    kind: ClassVar[str] = "payments.tell_plan"
    about: ClassVar[str] = "Tell a payment plan what became of a payment."
    queue: ClassVar[Queue] = "interactive"

    payment_id: UUID


@dataclass(frozen=True, slots=True)
class ForgetCard(Job):
    kind: ClassVar[str] = "payments.forget_card"
    about: ClassVar[str] = "Let the payment processor forget a card."
    queue: ClassVar[Queue] = "interactive"

    saved_method_id: UUID


@dataclass(frozen=True, slots=True)
class FindSilentPayments(Job):
    """By the clock: which practices have something to ask the processor about."""

    kind: ClassVar[str] = "payments.find_silent"
    about: ClassVar[str] = "Find practices with payments whose fate is not known."
    queue: ClassVar[Queue] = "interactive"
    most_minutes: ClassVar[int] = 2
    platform: ClassVar[bool] = True
