"""A processor that keeps its keys and takes money as a story wants it to."""

from collections.abc import Sequence
from typing import Any

from billing_saas.kit import clock
from billing_saas.kit.processing import ChargeTold, IntentTold, ProcessorCall
from billing_saas.kit.protocols import ProcessorDown, ProcessorUnknown


class Struck(Exception):
    """The process ended here."""


class Bank:
    """`will` is what each new request comes to: "ok" or a decline, with "unknown", "struck" behind it for
    an answer that nobody hears, and "down", "struck-before" for a request that never arrived."""

    livemode = False

    def __init__(self, will: Sequence[str] = ()) -> None:
        self.will = list(will)
        self.known: dict[str, IntentTold] = {}
        self.calls: list[ProcessorCall] = []

    @property
    def taken_cents(self) -> int:
        return sum(one.cents for one in self.known.values() if one.status == "succeeded")

    async def charge(self, call: ProcessorCall) -> IntentTold:
        self.calls.append(call)
        if call.key in self.known:
            return self.known[call.key]
        outcome, _, lost = (self.will.pop(0) if self.will else "ok").partition("+")
        if outcome == "down":
            raise ProcessorDown
        if outcome == "struck-before":
            raise Struck
        self.known[call.key] = told = self._told(call, outcome)
        if lost == "unknown":
            raise ProcessorUnknown
        if lost == "struck":
            raise Struck
        return told

    def _told(self, call: ProcessorCall, outcome: str) -> IntentTold:
        number = len(self.known) + 1
        charge = ChargeTold(
            f"ch_{number}{call.key[-6:].replace(':', '')}", call.cents, None, clock.now()
        )
        return IntentTold(
            id=f"pi_{number}{call.key[-6:].replace(':', '')}",
            reference=call.reference,
            status="succeeded" if outcome == "ok" else "requires_payment_method",
            cents=call.cents,
            failure_code="" if outcome == "ok" else outcome,
            charges=(charge,) if outcome == "ok" else (),
        )

    async def intent(self, call: ProcessorCall) -> IntentTold:
        return next(one for one in self.known.values() if one.id == call.ids["intent"])

    async def intents_of(self, call: ProcessorCall) -> list[IntentTold]:
        return [one for one in self.known.values() if one.reference == call.reference]

    async def close(self) -> None: ...

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"this story asks the bank for {name}")
