"""Segments that have no place where they stand: unknown, unexpected, out of order, of no kind."""

from billing_saas.edi import validation_elements
from billing_saas.edi.envelope import Segment, TransactionSet
from billing_saas.edi.findings import mask
from billing_saas.edi.guides import dictionary
from billing_saas.edi.validation_elements import Fault, Reading
from billing_saas.edi.validation_loops import Loop, name_of
from billing_saas.edi.validation_options import Options
from billing_saas.edi.validation_report import Report, Spot
from billing_saas.edi.validation_tables import (
    LoopNode,
    SegmentNode,
    Step,
    Tables,
    anywhere,
    forward,
    qualifier_of,
)


class Placing(Report):
    """Where the walk stands, and what it does with a segment that does not fit there."""

    def __init__(self, transaction: TransactionSet, tables: Tables, options: Options) -> None:
        super().__init__(transaction, options)
        # The segment in hand: what a loop lacks is missed here.
        self.position = 1
        self._tables = tables
        self._top = Loop(tables.root, None, 1)
        self._state: SegmentNode = tables.start
        self._reading = Reading(self.delimiters, options.other_letters)
        # After a misspelt start of a loop, the state it was met in.
        self._lost_at: SegmentNode | None = None
        # While a loop out of its order is read: the place to come back to.
        self._aside: tuple[Loop, SegmentNode] | None = None
        self._stopped = False

    def _place(self, segment: Segment) -> Step | None:
        """The step of a segment that no remembered step is for; None where it has no place."""
        if self._aside is not None:
            step = self._step_aside(segment)
            if step is not None:
                return step
            self._top, self._state = self._aside
            self._aside = None
        return self._tables.step(self._state, segment) or self._misfit(segment)

    def _step_aside(self, segment: Segment) -> Step | None:
        """A loop out of its order is read to its end, without leaving the place it stands in."""
        home = self._top.node
        for step in forward(self._state, segment[0]):
            inside = not step.closes and step.opens is None and step.node.loop is home
            if inside and step.node.accepts(self._code(step.node, segment)):
                return step
        return None

    def _code(self, node: SegmentNode, segment: Segment) -> str:
        at, component = node.use.qualifier or (1, 0)
        return qualifier_of(segment, at, component, self.delimiters)

    def _misfit(self, segment: Segment) -> Step | None:
        segment_id = segment[0]
        if segment_id not in self._tables.ids:
            self._unknown(segment_id)
            return None
        if self._lost_at is self._state and self._might_be_of_the_lost_loop(segment_id):
            return None
        for step in anywhere(self._state, segment_id):
            if step.node.accepts(self._code(step.node, segment)):
                self._misplaced(step, segment)
                return None
        candidates = list(forward(self._state, segment_id))
        if candidates:
            return self._of_no_kind(candidates, segment)
        self._no_place(
            segment_id, "unexpected_segment", "2", f"Segment {segment_id} may not stand here."
        )
        return None

    def _unknown(self, segment_id: str) -> None:
        if dictionary.is_known(segment_id):
            words = f"Segment {segment_id} does not belong in this kind of transaction."
            self._no_place(segment_id, "segment_not_in_set", "6", words)
            return
        # It may be a misspelt start of a loop: what belongs to that loop is not counted against
        # the sender a second time.
        self._lost_at = self._state
        shown = segment_id if segment_id.isalnum() and len(segment_id) <= 4 else ""
        words = f"There is no segment {shown or 'of that name'}."
        self._no_place(shown, "unknown_segment", "1", words)

    def _no_place(self, segment_id: str, code: str, ack_code: str, words: str) -> None:
        spot = Spot(self.position, self._state.loop.id, segment_id)
        self.report(spot, code, words, level="segment", ack_code=ack_code)

    def _might_be_of_the_lost_loop(self, segment_id: str) -> bool:
        loop: LoopNode | None = self._state.loop
        while loop is not None:
            for member in loop.members:
                if isinstance(member, LoopNode) and any(
                    isinstance(under, SegmentNode) and under.id == segment_id
                    for under in member.members[1:]
                ):
                    return True
            loop = loop.parent
        return False

    def _misplaced(self, step: Step, segment: Segment) -> None:
        node, home = step.node, self._top.above(step.closes)
        member: SegmentNode | LoopNode = step.opens or node
        count = home.counts.get(member.bit, 1 if home.seen & member.bit else 0) + 1
        home.counts[member.bit] = count
        home.seen |= member.bit
        too_often = bool(member.maximum) and count > member.maximum
        words = "stands once too often" if too_often else "is out of its order"
        loop = home
        if step.opens is not None:
            code, ack_code = ("loop_repeats", "4") if too_often else ("loop_sequence", "7")
            self._loop_finding(step.opens, self.position, code, ack_code, words)
            loop = self._turn_aside(step.opens, home)
        else:
            code, ack_code = ("segment_repeats", "5") if too_often else ("segment_sequence", "7")
            words = f"Segment {node.id} {words} in {home.name}."
            spot = Spot(self.position, home.id, node.id)
            self.report(spot, code, words, level="segment", ack_code=ack_code)
        if node.kept:
            loop.segments.append((node, self.position, segment))
        if not node.match(self.delimiters.element.join(segment)):
            self._inspect(node, self.position, segment)

    def _turn_aside(self, node: LoopNode, home: Loop) -> Loop:
        loop = Loop(node, home, self.position)
        loop.seen |= node.entry.bit
        if home.node.kept and node.kept:
            home.below.append(loop)
        self._aside = (self._top, self._state)
        self._top, self._state = loop, node.entry
        return loop

    def _of_no_kind(self, candidates: list[Step], segment: Segment) -> Step | None:
        """The segment may stand here, but its code says that it is none of those that may."""
        is_level = segment[0] == "HL"
        for step in candidates:
            home = self._top.above(step.closes)
            member: SegmentNode | LoopNode = step.opens or step.node
            if home.node.required & member.bit & ~home.seen and not is_level:
                return step
        self.fault(
            self._wrong_kind(candidates[0].node, segment),
            Spot(self.position, self._state.loop.id, segment[0]),
        )
        if is_level:
            # Which loop begins here cannot be told, so nothing below it can be held to anything.
            self._stopped = True
        elif any(step.opens is not None for step in candidates):
            self._lost_at = self._state
        return None

    def _wrong_kind(self, node: SegmentNode, segment: Segment) -> Fault:
        at, component = node.use.qualifier or (1, 0)
        code = self._code(node, segment)
        use = node.use.elements[at - 1]
        if use is not None and component and use.components:
            use = use.components[component - 1]
        name = f"the {use.element.name}" if use else "its first element"
        reference = use.element.reference if use else ""
        if not code:
            words = f"{name} is missing, so that it cannot be told what it is"
            return Fault("element_missing", "1", words, at, component, reference=reference)
        words = f"{name} is a code that is not allowed here"
        return Fault("code", "7", words, at, component, reference=reference, value=_shown(code))

    def _loop_finding(
        self, node: LoopNode, position: int, code: str, ack_code: str, words: str
    ) -> None:
        name = name_of(node)
        self.report(
            Spot(position, node.id, node.entry.id),
            code,
            f"{name[:1].upper()}{name[1:]} {words}.",
            level="segment",
            ack_code=ack_code,
        )

    def _inspect(self, node: SegmentNode, position: int, segment: Segment) -> None:
        spot = Spot(position, node.loop.id, node.id)
        for fault in validation_elements.check(node.use, segment, self._reading):
            self.fault(fault, spot, node.use.label)


def _shown(code: str) -> str:
    return code if code.isalnum() and len(code) <= 3 else mask(code)
