"""The walk over one transaction set: every segment to its place, every loop closed and asked.

The clean way is short: a look-up, a pattern, a bit. Everything else ends in a finding.
"""

from collections.abc import Iterator

from billing_saas.edi.envelope import Segment
from billing_saas.edi.findings import Finding
from billing_saas.edi.identifiers import is_npi
from billing_saas.edi.validation_elements import is_day
from billing_saas.edi.validation_loops import Loop, element
from billing_saas.edi.validation_placing import Placing
from billing_saas.edi.validation_report import Spot
from billing_saas.edi.validation_tables import Fork, LoopNode, SegmentNode, Step


class Walk(Placing):
    """Validates one set; `run` returns its findings in the order of the segments."""

    _levels = 0

    def run(self, blocks: Iterator[tuple[int, list[Segment]]]) -> list[Finding]:
        """Walk the set's `blocks()` to their end."""
        self._begin()
        for first, run in blocks:
            if not self._stopped:
                self._take(run, first)
        self._end()
        return self.finish()

    def _begin(self) -> None:
        node, header = self._tables.start, self.transaction.header
        self._top.seen |= node.bit
        self._top.marks.append((node.bit, 1))
        if not node.match(self.delimiters.element.join(header)):
            self._inspect(node, 1, header)

    def _take(self, run: list[Segment], first: int) -> None:
        join, component = self.delimiters.element.join, self.delimiters.component
        coded = bool(self.options.code_sets)
        top, state = self._top, self._state
        for position, segment in enumerate(run, first):
            found = state.steps.get(segment[0])
            if isinstance(found, Fork):
                code = segment[found.at] if found.at < len(segment) else ""
                step = found.by_code.get(code.split(component, 1)[0] if found.inside else code)
            else:
                step = found
            if step is None or self._aside is not None:
                self._top, self._state, self.position = top, state, position
                step = self._place(segment)
                top, state = self._top, self._state
                if self._stopped:
                    break
                if step is None:
                    continue
            node = step.node
            if step.moves:
                self.position = position
                top = self._move(top, step)
            if not top.seen & node.bit:
                top.seen |= node.bit
                top.marks.append((node.bit, position))
            elif node.maximum:
                self._repeat(top, node, position)
            if not node.match(join(segment)):
                self._inspect(node, position, segment)
            if node.kept:
                top.segments.append((node, position, segment))
            if node.watched:
                self._watch(top, node, position, segment)
            if coded and node.outside:
                self._look_up(node, position, segment)
            state = node
        self._top, self._state = top, state

    def _end(self) -> None:
        transaction = self.transaction
        self.position = transaction.segment_count
        if self._aside is not None:
            self._top, self._state = self._aside
        # What is missing from a set that was cut off, or not understood, is not worth telling.
        if transaction.trailer is None or self._stopped:
            return
        top: Loop | None = self._top
        while top is not None:
            if top.parent is None:
                top.seen |= sum(one.bit for one in top.node.members if one.id == "SE")
            top = self._close(top)

    # -- loops

    def _move(self, top: Loop, step: Step) -> Loop:
        for _ in range(step.closes):
            self._close(top)
            top = top.above(1)
        return self._open(top, step.opens) if step.opens is not None else top

    def _open(self, parent: Loop, node: LoopNode) -> Loop:
        loop = Loop(node, parent, self.position)
        if not parent.seen & node.bit:
            parent.seen |= node.bit
            parent.marks.append((node.bit, self.position))
        elif node.maximum:
            count = parent.counts.get(node.bit, 1) + 1
            parent.counts[node.bit] = count
            if count > node.maximum:
                words = f"stands more often than {_times(node.maximum)}"
                self._loop_finding(node, self.position, "loop_repeats", "4", words)
        if parent.node.kept and node.kept:
            parent.below.append(loop)
        return loop

    def _close(self, loop: Loop) -> Loop | None:
        node = loop.node
        missing = node.required & ~loop.seen
        if missing:
            for member in node.members:
                if member.bit & missing:
                    self._miss(loop, member)
        if node.is_level:
            self._check_children(loop)
        for rule in node.rules:
            rule(loop, self)
        return loop.parent

    def _miss(self, loop: Loop, member: SegmentNode | LoopNode) -> None:
        """Something required is not there: it is missed where the next thing stands."""
        later = [position for bit, position in loop.marks if bit > member.bit]
        position = min(later, default=self.position)
        if isinstance(member, LoopNode):
            self._loop_finding(member, position, "loop_missing", "3", "is missing")
            return
        name = f"{member.id} ({member.use.label})" if member.use.label else member.id
        self.report(
            Spot(position, loop.id, member.id),
            "segment_missing",
            f"Segment {name} is missing from {loop.name}.",
            level="segment",
            ack_code="3",
        )

    def _repeat(self, loop: Loop, node: SegmentNode, position: int) -> None:
        count = loop.counts.get(node.bit, 1) + 1
        loop.counts[node.bit] = count
        if count > node.maximum:
            self.report(
                Spot(position, loop.id, node.id),
                "segment_repeats",
                f"Segment {node.id} stands more often than {_times(node.maximum)} in {loop.name}.",
                level="segment",
                ack_code="5",
            )

    # -- what every segment of its kind is asked, clean or not

    def _watch(self, loop: Loop, node: SegmentNode, position: int, segment: Segment) -> None:
        if node.id == "HL":
            self._check_level(loop, node, position, segment)
        elif node.id != "NM1":
            day = element(segment, 4 if node.id == "BHT" else 16)
            self.day = day if is_day(day) else ""
        elif element(segment, 8) == "XX" and len(segment) > 9 and not is_npi(segment[9]):
            self.report(
                Spot(position, node.loop.id, "NM1", 9, reference="67"),
                "npi",
                f"The NPI in NM109 of {loop.name} is not an NPI:"
                " its check digit or its length is wrong.",
            )

    def _check_level(self, loop: Loop, node: SegmentNode, position: int, segment: Segment) -> None:
        """HL01 counts from 1 without gaps; HL02 is an earlier HL, in claims the level above."""
        number, parent = element(segment, 1), loop.parent
        while parent is not None and not parent.hl:
            parent = parent.parent
        self._levels += 1
        if number != str(self._levels):
            self._level(position, node, 1, "hl_number", "HL01 does not count up by one.")
            if number.isdecimal() and number.isascii() and len(number) < 10:
                self._levels = int(number)
        if parent is not None and node.use.elements[1]:
            above = element(segment, 2)
            if above != parent.hl and (self._is_claim or not self._is_earlier(above)):
                self._level(position, node, 2, "hl_parent", "HL02 does not name the level above.")
        loop.hl = number

    def _is_earlier(self, number: str) -> bool:
        # A 278 may hang one service below another (public sample of a transport).
        return number.isdecimal() and number.isascii() and 0 < int(number[:9]) < self._levels

    def _check_children(self, loop: Loop) -> None:
        """HL04 says whether lower levels follow."""
        members = loop.node.members
        levels = [one for one in members if isinstance(one, LoopNode) and one.is_level]
        node = loop.node.entry
        if not levels or not node.use.elements[3] or not loop.segments:
            return
        said = element(loop.segments[0][2], 4)
        there = any(loop.seen & member.bit for member in levels)
        # Where a level is required and missing, that has been said.
        due = any(loop.node.required & member.bit for member in levels)
        if said == "0" and there:
            words = "HL04 says that no lower level follows, and one does."
        elif said == "1" and not there and not due:
            words = "HL04 says that a lower level follows, and none does."
        else:
            return
        self._level(loop.position, node, 4, "hl_children", words)

    def _level(self, position: int, node: SegmentNode, at: int, code: str, words: str) -> None:
        reference = ("628", "734", "735", "736")[at - 1]
        spot = Spot(position, node.loop.id, "HL", at, reference=reference)
        # An answer may break off below a refused request and keep its HL04 (the guide's own
        # example of a 271 does).
        tolerated = at == 4 and not self._is_claim
        ack_code = "" if tolerated else "7"
        self.report(spot, code, words, level="element", warning=tolerated, ack_code=ack_code)

    @property
    def _is_claim(self) -> bool:
        return self.transaction.kind.startswith("837")

    def _look_up(self, node: SegmentNode, position: int, segment: Segment) -> None:
        for at, component, name in node.outside:
            check = self.options.code_sets.get(name)
            value = element(segment, at)
            if component:
                parts = value.split(self.delimiters.component)
                value = parts[component - 1] if component <= len(parts) else ""
            if check is not None and value and not check(value, self.day):
                spot = Spot(position, node.loop.id, segment[0], at, component)
                self.unknown_code(spot, name, value)


def _times(maximum: int) -> str:
    return "once" if maximum == 1 else f"{maximum} times"
