"""Loops as they stand in a file, for the walk and for the rules of the guides."""

from billing_saas.edi.envelope import Segment
from billing_saas.edi.validation_tables import LoopNode, SegmentNode

# Fewer segments than this are looked through; for more an index is made.
_FEW = 8


def element(segment: Segment, position: int) -> str:
    """An element, "" where it was not sent."""
    return segment[position] if position < len(segment) else ""


class Loop:
    """One occurrence of a loop. Segments and loops below are kept where the guide has rules."""

    __slots__ = (
        "_by_id",
        "below",
        "counts",
        "hl",
        "marks",
        "node",
        "parent",
        "position",
        "seen",
        "segments",
    )

    def __init__(self, node: LoopNode, parent: "Loop | None", position: int) -> None:
        self.node = node
        self.parent = parent
        self.position = position
        # One bit for each member of the loop that has stood in it.
        self.seen = 0
        self.counts: dict[int, int] = {}
        # The bit (that is, the order in the guide) and the position of the first of each member.
        self.marks: list[tuple[int, int]] = []
        self.hl = ""
        self.segments: list[tuple[SegmentNode, int, Segment]] = []
        self.below: list[Loop] = []
        self._by_id: dict[str, list[tuple[int, Segment]]] | None = None

    @property
    def id(self) -> str:
        return self.node.id

    @property
    def name(self) -> str:
        return name_of(self.node)

    def above(self, closes: int) -> "Loop":
        loop = self
        for _ in range(closes):
            assert loop.parent is not None
            loop = loop.parent
        return loop

    def every(self, segment_id: str, *codes: str) -> list[tuple[int, Segment]]:
        """Position and elements of each segment of that id (and first element, where given).

        Asked of a loop that is complete.
        """
        if self._by_id is None:
            if len(self.segments) <= _FEW:
                found = [(at, one) for node, at, one in self.segments if node.id == segment_id]
                return [one for one in found if element(one[1], 1) in codes] if codes else found
            self._by_id = {}
            for _, position, segment in self.segments:
                self._by_id.setdefault(segment[0], []).append((position, segment))
        found = self._by_id.get(segment_id, [])
        if not codes:
            return found
        return [one for one in found if element(one[1], 1) in codes]

    def first(self, segment_id: str, *codes: str) -> tuple[int, Segment]:
        """The first such segment; position 0 and no elements where there is none."""
        if not codes and self._by_id is None:
            for node, position, segment in self.segments:
                if node.id == segment_id:
                    return position, segment
            return 0, []
        found = self.every(segment_id, *codes)
        return found[0] if found else (0, [])

    def inside(self, *loop_ids: str) -> "list[Loop]":
        """The kept loops below this one that have one of these ids."""
        return [loop for loop in self.below if loop.node.id in loop_ids]

    def has(self, loop_id: str) -> bool:
        """Whether such a loop stood below this one, kept or not."""
        return any(
            self.seen & member.bit
            for member in self.node.members
            if isinstance(member, LoopNode) and member.id == loop_id
        )


def name_of(node: LoopNode) -> str:
    """What a loop is called in a sentence."""
    if not node.id:
        return "the transaction set"
    return f"loop {node.id} ({node.use.label})" if node.use.label else f"loop {node.id}"
