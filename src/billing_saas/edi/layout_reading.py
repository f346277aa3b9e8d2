"""Segments of one transaction set to structs that carry their own layout (`layouts`).

A segment goes to the innermost open loop that has a place for it. What has no place, and any
segment with an element that no field holds, is kept with its position and reported: nothing is
dropped and nothing is raised.
"""

from collections.abc import Iterable
from typing import Any, TypeVar, cast

import msgspec

from billing_saas.edi.delimiters import Delimiters
from billing_saas.edi.envelope import Segment, TransactionSet
from billing_saas.edi.findings import Finding, Place
from billing_saas.edi.layouts import Child, Plan, Run, plan_of

# (position counting ST as 1, elements as sent)
Unread = tuple[int, tuple[str, ...]]

Root = TypeVar("Root", bound=msgspec.Struct)

_MESSAGES = {
    "amount_format": "The amount is not a decimal number with at most two decimals.",
    "count_format": "The count is not a whole number.",
    "unread_element": "The segment has an element that this transaction does not use.",
    "unread_component": "The element has a component that this transaction does not use.",
    "unexpected_separator": "The element holds a separator although it has no parts.",
    "empty_segment": "The segment has nothing in it but its qualifier.",
    "unknown_segment": "The segment has no place here; it is kept unread.",
    "unknown_level": "The HL level code has no place here; the level is kept unread.",
    "hierarchy_number": "The HL number does not follow the one before.",
    "hierarchy_parent": "The HL parent is not an earlier level that can hold this one.",
    "hierarchy_child_code": "HL04 does not say whether levels follow below.",
    "loop_header_missing": "The segment stands outside the LS and LE that should enclose it.",
    "loop_trailer_missing": "A loop opened by LS is not closed by LE.",
}
_WARNINGS = {
    "unread_element",
    "unread_component",
    "unexpected_separator",
    "empty_segment",
    "unknown_segment",
    "hierarchy_child_code",
    "loop_header_missing",
    "loop_trailer_missing",
}


class _Node:
    """A struct in the making."""

    __slots__ = ("above", "below", "child_code", "last", "place", "plan", "values")

    def __init__(self, plan: Plan, place: Place, above: "_Node | None") -> None:
        self.plan = plan
        self.place = place
        self.above = above
        self.values: dict[int, dict[str, Any]] = {}
        self.below: dict[int, list[_Node]] = {}
        self.last = -1
        self.child_code: tuple[str, Place] | None = None

    def room(self, slot: int) -> bool:
        found = self.plan.slots[slot]
        if isinstance(found, Run):
            return slot not in self.values
        return found.many or slot not in self.below

    def build(self) -> Any:
        fields: dict[str, Any] = {}
        for values in self.values.values():
            fields.update(values)
        for slot, nodes in self.below.items():
            child = self.plan.slots[slot]
            assert isinstance(child, Child)
            built = [node.build() for node in nodes]
            fields[child.field] = tuple(built) if child.many else built[0]
        if self.plan.has_place:
            fields["place"] = self.place
        return self.plan.struct(**fields)


class _Assembly:
    """One pass over the segments of a set."""

    def __init__(self, plan: Plan, place: Place, delimiters: Delimiters) -> None:
        self.root = _Node(plan, place, None)
        self.findings: list[Finding] = []
        self.unread: list[Unread] = []
        self._delimiters = delimiters
        self._current = self.root
        self._levels: dict[str, _Node] = {}
        self._level_count = 0
        self._level_unknown = False
        self._open_brackets: list[tuple[_Node, int]] = []
        self._place = place
        self._segment: Segment = []

    def fault(self, code: str, element: int) -> None:
        self._report(code, element)
        self._keep()

    def feed(self, position: int, segment: Segment) -> None:
        self._place = self._place.at(position)
        self._segment = segment
        tag = segment[0]
        if tag == "HL":
            self._open_level()
        elif self._level_unknown:
            self._keep()
        elif not (tag in {"LS", "LE"} and self._bracket(tag)) and not self._put():
            self._report("unknown_segment")
            self._keep()

    def finish(self) -> Any:
        for _ in self._open_brackets:
            self._report("loop_trailer_missing")
        for node in self._levels.values():
            self._check_child_code(node)
        return self.root.build()

    def _report(self, code: str, element: int = 0) -> None:
        self.findings.append(
            Finding(
                severity="warning" if code in _WARNINGS else "error",
                level="element" if element else "segment",
                code=code,
                message=_MESSAGES[code],
                place=self._place,
                segment=_printable_id(self._segment),
                element=element,
            )
        )

    def _keep(self) -> None:
        kept = (self._place.segment, tuple(self._segment))
        if not self.unread or self.unread[-1] != kept:
            self.unread.append(kept)

    def _put(self) -> bool:
        node: _Node | None = self._current
        while node is not None:
            opened = self._accept(node)
            if opened is not None:
                self._current = opened
                return True
            # A segment of one HL level never belongs to the level above.
            node = None if node.plan.level else node.above
        return False

    def _accept(self, node: _Node) -> _Node | None:
        """Give the segment to a slot of this node; the node that is then innermost."""
        slot = self._slot_for(node)
        if slot is None:
            return None
        node.last = slot
        found = node.plan.slots[slot]
        if isinstance(found, Run):
            node.values[slot] = self._read_run(found)
            if not node.plan.always_sent(slot) and not self._says_more_than(found):
                self.fault("empty_segment", 0)
            return node
        if found.bracket and (node, slot) not in self._open_brackets:
            self._report("loop_header_missing")
        return self._accept(self._below(node, slot))

    def _below(self, node: _Node, slot: int) -> _Node:
        found = node.plan.slots[slot]
        assert isinstance(found, Child)
        child = _Node(found.plan, self._place, node)
        node.below.setdefault(slot, []).append(child)
        return child

    def _slot_for(self, node: _Node) -> int | None:
        """The slot with the closest pattern; of equals, the first not before the last one used."""
        best: tuple[int, bool, int] | None = None
        chosen = None
        for slot in node.plan.by_tag.get(self._segment[0], ()):
            found = node.plan.slots[slot]
            heads = (found.pattern,) if isinstance(found, Run) else found.heads
            exact = [len(head.literals) for head in heads if head.matches(self._segment)]
            if not exact or not node.room(slot):
                continue
            rank = (max(exact), slot >= node.last, -slot)
            if best is None or rank > best:
                best, chosen = rank, slot
        return chosen

    def _read_run(self, run: Run) -> dict[str, Any]:
        segment = self._segment
        values = {cell.field: cell.read(segment, self._delimiters, self) for cell in run.cells}
        for number in range(1, len(segment)):
            if segment[number] and number not in run.covered:
                self.fault("unread_element", number)
        return values

    def _says_more_than(self, run: Run) -> bool:
        literals = dict(run.pattern.literals)
        return any(
            value and number not in literals for number, value in enumerate(self._segment) if number
        )

    def _bracket(self, tag: str) -> bool:
        loop = self._segment[1] if len(self._segment) > 1 else ""
        node: _Node | None = self._current
        while node is not None:
            slot = node.plan.brackets.get(loop)
            if slot is not None:
                if tag == "LS":
                    self._open_brackets.append((node, slot))
                elif (node, slot) in self._open_brackets:
                    self._open_brackets.remove((node, slot))
                else:
                    return False
                self._current = node
                return True
            node = None if node.plan.level else node.above
        return False

    def _open_level(self) -> None:
        number, parent, code, child_code = ([*self._segment[1:5], "", "", "", ""])[:4]
        self._level_count += 1
        if number != str(self._level_count):
            # HL01 runs 1, 2, 3 ... within the set.
            self._report("hierarchy_number", 1)
        above = self._parent_of(parent, code)
        self._level_unknown = above is None
        if above is None:
            self._report("unknown_level", 3)
            self._keep()
            return
        node = self._below(above, above.plan.levels[code])
        node.child_code = (child_code, self._place)
        self._levels[number] = node
        self._current = node

    def _parent_of(self, parent: str, code: str) -> _Node | None:
        """The level named by HL02 if it can hold this one, else the nearest open one that can."""
        named = self._levels.get(parent) if parent else self.root
        if named is not None and code in named.plan.levels:
            return named
        node: _Node | None = self._current
        while node is not None:
            if code in node.plan.levels:
                self._report("hierarchy_parent", 2)
                return node
            node = node.above
        return None

    def _check_child_code(self, node: _Node) -> None:
        if node.child_code is None or not node.child_code[0]:
            return
        has_levels = any(slot in node.below for slot in node.plan.levels.values())
        if node.child_code[0] != str(int(has_levels)):
            self._place = node.child_code[1]
            self._segment = ["HL"]
            self._report("hierarchy_child_code", 4)


def _printable_id(segment: Segment) -> str:
    """A segment id, unless what stands there is not shaped like one and may be data."""
    tag = segment[0] if segment else ""
    return tag if len(tag) <= 3 and tag.isascii() and tag.isalnum() else ""


class UnsupportedSet(Exception):
    """The set is of a kind or version whose meaning these structs do not hold."""


class Reads(msgspec.Struct, frozen=True):
    """What a module reads: ST01 as `TransactionSet.kind` has it, and the versions by their start."""

    kind: str
    versions: tuple[str, ...] = ("005010", "004010")


def read_set(
    struct: type[Root],
    reads: Reads,
    transaction: TransactionSet,
    findings: list[Finding] | None = None,
) -> Root:
    """The whole set as `struct`, whose `unread` keeps what had no place in it."""
    if transaction.kind != reads.kind:
        raise UnsupportedSet(f"the transaction set is not a {reads.kind}")
    if not transaction.version.startswith(reads.versions):
        known = " and ".join(reads.versions)
        raise UnsupportedSet(f"only versions {known} of the {reads.kind} are read")
    return assemble(
        struct, transaction.place, transaction.segments(), transaction.delimiters, findings
    )


def assemble(
    struct: type[Root],
    place: Place,
    segments: Iterable[tuple[int, Segment]],
    delimiters: Delimiters,
    findings: list[Finding] | None = None,
) -> Root:
    assembly = _Assembly(plan_of(struct), place, delimiters)
    for position, segment in segments:
        assembly.feed(position, segment)
    built = assembly.finish()
    if findings is not None:
        findings.extend(assembly.findings)
    if assembly.unread:
        built = msgspec.structs.replace(built, unread=tuple(assembly.unread))
    return cast(Root, built)
