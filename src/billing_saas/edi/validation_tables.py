"""A guide compiled for speed: where each segment may lead, and one pattern per segment use.

Most segments of a real file are clean, so each use of a segment has a regular expression that
only matches what is certainly clean; what it does not match is looked at element by element
(`validation_elements`), and that decides. Steps from one segment to the next are worked out when
they are first needed and remembered, so that walking a set is a dictionary look-up a segment.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache

from billing_saas.edi.delimiters import Delimiters
from billing_saas.edi.guides.catalog import Guide, Rule
from billing_saas.edi.guides.outline import LoopUse, SegmentUse
from billing_saas.edi.validation_patterns import Patterns

# A file chooses its own separators; few choices are seen, and a hostile one must not fill memory.
_TABLES_KEPT = 24


class SegmentNode:
    """One use of a segment in one loop."""

    __slots__ = (
        "bit",
        "id",
        "kept",
        "loop",
        "match",
        "maximum",
        "outside",
        "position",
        "steps",
        "use",
        "watched",
    )

    def __init__(self, use: SegmentUse, loop: "LoopNode", index: int) -> None:
        self.use = use
        self.id = use.id
        self.loop = loop
        self.bit = 1 << index
        self.position = use.position
        self.maximum = use.maximum
        self.steps: dict[str, Step | Fork | None] = {}
        self.match: Callable[[str], object] = self._nothing
        self.kept = False
        self.watched = _is_watched(use)
        self.outside = tuple(_outside(use))

    @staticmethod
    def _nothing(text: str) -> object:
        raise AssertionError("tables were not prepared")

    def accepts(self, code: str) -> bool:
        return self.use.qualifier is None or code in self.use.codes

    def __repr__(self) -> str:
        return f"<{self.id} of {self.loop.id or 'set'}>"


class LoopNode:
    """One place where a loop may stand. `members` are in the order of the guide."""

    __slots__ = (
        "bit",
        "id",
        "is_level",
        "kept",
        "maximum",
        "members",
        "parent",
        "position",
        "required",
        "rules",
        "use",
    )

    def __init__(self, use: LoopUse, parent: "LoopNode | None", index: int) -> None:
        self.use = use
        self.id = use.id
        self.parent = parent
        self.bit = 1 << index
        self.position = use.position
        self.maximum = use.maximum
        self.members: list[SegmentNode | LoopNode] = []
        self.required = 0
        self.rules: tuple[Rule, ...] = ()
        self.kept = False
        self.is_level = bool(use.members) and use.entry.id == "HL"

    @property
    def entry(self) -> SegmentNode:
        first = self.members[0]
        assert isinstance(first, SegmentNode)
        return first

    def __repr__(self) -> str:
        return f"<loop {self.id or 'set'}>"


class Step:
    """What a segment does: close so many loops, open this one (or none), and be this use."""

    __slots__ = ("closes", "moves", "node", "opens")

    def __init__(self, node: SegmentNode, closes: int, opens: LoopNode | None) -> None:
        self.node = node
        self.closes = closes
        self.opens = opens
        self.moves = bool(closes or opens)


class Fork:
    """The step depends on a code in the segment: its element `at`, or the first component of it."""

    __slots__ = ("at", "by_code", "inside")

    def __init__(self, at: int, inside: bool) -> None:
        self.at = at
        self.inside = inside
        self.by_code: dict[str, Step | None] = {}


class Tables:
    """A guide compiled for one choice of separators."""

    def __init__(self, guide: Guide, delimiters: Delimiters) -> None:
        self.guide = guide
        self.delimiters = delimiters
        self.ids: set[str] = set()
        self._patterns = Patterns(delimiters)
        self.root = self._compile(guide.root, None, 0, kept=False)
        self.start = self.root.entry

    def _compile(self, use: LoopUse, parent: LoopNode | None, index: int, kept: bool) -> LoopNode:
        loop = LoopNode(use, parent, index)
        loop.rules = self.guide.rules.get(use.id, ())
        # A level (HL) may hold a whole file: its own segments are kept, not the loops below.
        below = kept or bool(loop.rules and use.id and not loop.is_level)
        loop.kept = below
        for number, member in enumerate(use.members):
            node: SegmentNode | LoopNode
            if isinstance(member, LoopUse):
                node = self._compile(member, loop, number, below)
            else:
                node = SegmentNode(member, loop, number)
                node.kept = below or loop.is_level or bool(loop.rules)
                node.match = self._lazily(node)
                self.ids.add(member.id)
            if member.required:
                loop.required |= node.bit
            loop.members.append(node)
        return loop

    def _lazily(self, node: SegmentNode) -> Callable[[str], object]:
        def first_time(text: str) -> object:
            node.match = self._patterns.of(node.use)
            return node.match(text)

        return first_time

    def step(self, state: SegmentNode, segment: list[str]) -> Step | None:
        """The step of a segment that the remembered steps do not hold yet, if it fits forward."""
        segment_id = segment[0]
        if segment_id not in self.ids:
            return None
        candidates = list(forward(state, segment_id))
        qualified = [step for step in candidates if step.node.use.qualifier]
        if not candidates or not qualified:
            found = candidates[0] if candidates else None
            state.steps[segment_id] = found
            return found
        at, component = qualified[0].node.use.qualifier or (1, 0)
        code = qualifier_of(segment, at, component, self.delimiters)
        fitting = [step for step in candidates if step.node.accepts(code)]
        if not fitting:
            return None
        if any(_tells(step.node.use) for step in fitting):
            return next((step for step in fitting if _told(step.node.use, segment)), fitting[0])
        fork = state.steps.get(segment_id)
        if not isinstance(fork, Fork):
            fork = Fork(at, bool(component))
            state.steps[segment_id] = fork
        fork.by_code[code] = fitting[0]
        return fitting[0]


def qualifier_of(segment: list[str], at: int, component: int, delimiters: Delimiters) -> str:
    if len(segment) <= at:
        return ""
    return segment[at].split(delimiters.component, 1)[0] if component else segment[at]


def forward(state: SegmentNode, segment_id: str) -> Iterator[Step]:
    """Uses of a segment id that may follow `state`, the nearest first."""
    loop: LoopNode | None = state.loop
    position, closes = state.position, 0
    while loop is not None:
        for member in loop.members:
            if member.position < position:
                continue
            if isinstance(member, LoopNode):
                if member.entry.id == segment_id:
                    yield Step(member.entry, closes, member)
            elif member.id == segment_id and (member is not loop.entry or loop.parent is None):
                yield Step(member, closes, None)
        position, closes, loop = loop.position, closes + 1, loop.parent


def anywhere(state: SegmentNode, segment_id: str) -> Iterator[Step]:
    """Uses of a segment id in the loops that are open now, whatever their order."""
    loop: LoopNode | None = state.loop
    closes = 0
    while loop is not None:
        for member in loop.members:
            if isinstance(member, LoopNode):
                if member.entry.id == segment_id:
                    yield Step(member.entry, closes, member)
            elif member.id == segment_id and member is not loop.entry:
                yield Step(member, closes, None)
        closes, loop = closes + 1, loop.parent


@lru_cache(maxsize=_TABLES_KEPT)
def tables_for(guide: Guide, delimiters: Delimiters) -> Tables:
    return Tables(guide, delimiters)


def _tells(use: SegmentUse) -> bool:
    return any(element is not None and element.tells for element in use.elements)


def _told(use: SegmentUse, segment: list[str]) -> bool:
    return all(
        len(segment) > element.position and segment[element.position] in element.codes
        for element in use.elements
        if element is not None and element.tells
    )


def _is_watched(use: SegmentUse) -> bool:
    """HL numbers and NPIs are checked on every segment that carries one, clean or not; the
    beginning says on which day the file was made."""
    if use.id in {"HL", "BHT", "BPR"}:
        return True
    if use.id != "NM1" or len(use.elements) < 8 or use.elements[7] is None:
        return False
    return "XX" in use.elements[7].codes


def _outside(use: SegmentUse) -> Iterator[tuple[int, int, str]]:
    for element in use.elements:
        if element is None:
            continue
        if element.outside:
            yield element.position, 0, element.outside
        for component in element.components:
            if component is not None and component.outside:
                yield element.position, component.position, component.outside
