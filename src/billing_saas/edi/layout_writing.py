"""Structs that carry their own layout (`layouts`) to segments."""

from typing import Any

import msgspec

from billing_saas.edi.envelope import Segment
from billing_saas.edi.layout_cells import PenValue, Row
from billing_saas.edi.layouts import Child, Pattern, Plan, Run, plan_of
from billing_saas.edi.writing import Pen


def write_set(struct: msgspec.Struct, pen: Pen | None = None) -> list[Segment]:
    """The segments between ST and SE, in the order of the layout. HL numbers are made here;
    `unread` segments are not sent again: nobody vouches for them."""
    writer = _Writer(pen or Pen())
    writer.body(struct, plan_of(type(struct)), parent="")
    return writer.segments


class _Writer:
    def __init__(self, pen: Pen) -> None:
        self.segments: list[Segment] = []
        self._pen = pen
        self._levels = 0

    def body(self, struct: msgspec.Struct, plan: Plan, parent: str) -> None:
        for index, slot in enumerate(plan.slots):
            if isinstance(slot, Run):
                self._run(struct, slot, always=plan.always_sent(index))
                continue
            self._below(_held(struct, slot), slot, parent)

    def _below(self, held: tuple[msgspec.Struct, ...], slot: Child, parent: str) -> None:
        if slot.bracket and held:
            self.segments.append(self._pen.segment("LS", slot.bracket))
        for one in held:
            if slot.plan.level:
                self._level(one, slot.plan, parent)
            else:
                self.body(one, slot.plan, parent)
        if slot.bracket and held:
            self.segments.append(self._pen.segment("LE", slot.bracket))

    def _level(self, struct: msgspec.Struct, plan: Plan, parent: str) -> None:
        self._levels += 1
        number = str(self._levels)
        below = ""
        if plan.child_code:
            below = str(int(any(_held(struct, plan.slots[slot]) for slot in plan.levels.values())))
        self.segments.append(self._pen.segment("HL", number, parent, plan.level, below))
        self.body(struct, plan, number)

    def _run(self, struct: msgspec.Struct, run: Run, *, always: bool) -> None:
        row: Row = {}
        for cell in run.cells:
            cell.write(getattr(struct, cell.field), row)
        if always or any(row.values()):
            self.segments.append(self._pen.segment(run.pattern.tag, *_values(run.pattern, row)))


def _values(pattern: Pattern, row: Row) -> list[PenValue]:
    row.update(pattern.literals)
    return [row.get(number, "") for number in range(1, max(row) + 1)]


def _held(struct: msgspec.Struct, slot: Any) -> tuple[msgspec.Struct, ...]:
    assert isinstance(slot, Child)
    held = getattr(struct, slot.field)
    if held is None:
        return ()
    return held if slot.many else (held,)
