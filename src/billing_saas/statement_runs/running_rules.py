"""Who gets a statement, of what, and why not. Pure: facts in, a verdict out, with every reason there is."""

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

import msgspec

from billing_saas.statements import dunning_rules
from billing_saas.statements.dunning_rules import Clock, Held, Stage
from billing_saas.statements.rules import OpenItem


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A practice's own. `cycle_days` lie at least between two statements of which no stage is due."""

    minimum_cents: int = 500
    cycle_days: int = 30
    due_days: int = 25
    automatic: bool = False
    electronic: bool = True
    phone: str = ""
    pay_to: str = ""
    version: int = 0


DEFAULTS = Rule()


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one guarantor today. `finished`: claims whose insurers have nothing to say any more."""

    guarantor_id: UUID
    items: Sequence[OpenItem]
    finished: Collection[UUID]
    held: Sequence[Held]
    credit_cents: int
    clock: Clock | None
    last_issued_on: date | None
    billed: Collection[tuple[UUID, UUID | None, UUID | None]]
    """(patient, claim, charge) of what statements of the clock that runs spoke of."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """`reasons` say why in, or why out; with them, why some of what is owed is not asked for."""

    guarantor_id: UUID
    included: bool
    reasons: tuple[str, ...]
    stage: Stage | None
    items: tuple[OpenItem, ...]
    owed_cents: int

    @property
    def billed_cents(self) -> int:
        return sum(item.cents for item in self.items)


def judge(facts: Facts, rule: Rule, today: date, *, on_demand: bool = False) -> Verdict:
    """`on_demand`: a person asks for this one, so neither the minimum nor the cycle is waited for."""
    out = {one.kind for one in facts.held if dunning_rules.stops(one, facts.guarantor_id)}
    items, left_out = _billable(facts)
    stage, why = _stage(facts, items, rule, today)
    if facts.credit_cents > 0:
        # Who has paid ahead is not asked before somebody applied it.
        out.add("credit_to_apply")
    if not items:
        out |= left_out or {"nothing_owed"}
    elif not on_demand:
        if sum(item.cents for item in items) < rule.minimum_cents:
            out.add("below_minimum")
        if stage is None:
            out.add("not_due")
    elif stage is None:
        stage, why = (facts.clock.stage if _running(facts) and facts.clock else "first"), "asked"
    reasons = out or {why, *(f"some_{name}" for name in left_out)}
    return Verdict(
        guarantor_id=facts.guarantor_id,
        included=not out,
        reasons=tuple(sorted(reasons)),
        stage=stage if not out else None,
        items=tuple(items),
        owed_cents=sum(item.cents for item in facts.items),
    )


def _billable(facts: Facts) -> tuple[list[OpenItem], set[str]]:
    """What may be asked for, and why the rest may not."""
    items: list[OpenItem] = []
    left_out: set[str] = set()
    for item in facts.items:
        if item.claim_id is not None and item.claim_id not in facts.finished:
            left_out.add("insurance_pending")
            continue
        holding = {one.kind for one in facts.held if _holds(one, item)}
        if holding:
            left_out |= holding
        else:
            items.append(item)
    return items, left_out


def _holds(held: Held, item: OpenItem) -> bool:
    if held.patient_id != item.patient_id:
        return False
    if held.kind in dunning_rules.OF_ITEM:
        return held.claim_id is None or held.claim_id == item.claim_id
    # Of a dependant who died or is bankrupt, nothing is asked of who pays for him without a person.
    return held.kind in ("bankruptcy", "deceased")


def _running(facts: Facts) -> bool:
    return facts.clock is not None and facts.clock.ended_on is None


def _stage(
    facts: Facts, items: Sequence[OpenItem], rule: Rule, today: date
) -> tuple[Stage | None, str]:
    """The stage that a statement of today would have, and why there is one today."""
    rested = facts.last_issued_on is None or (today - facts.last_issued_on).days >= rule.cycle_days
    if not _running(facts) or facts.clock is None:
        return ("first", "first") if rested else (None, "")
    due = dunning_rules.due(facts.clock, today)
    if due is not None:
        return due, due
    new = any((i.patient_id, i.claim_id, i.charge_id) not in facts.billed for i in items)
    if new and rested and facts.clock.paused_on is None:
        return facts.clock.stage, "new_charges"
    return None, ""
