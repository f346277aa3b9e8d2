"""Merkle trees of RFC 6962 (section 2.1): hashes, growth by a frontier, and proofs of both kinds.

A proof needs no more of the log than the frontier at some size and the leaves since: whole subtrees
to the left are in the frontier, all others are made of those leaves.
"""

import hashlib
from collections.abc import Iterable, Sequence

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256().digest()


class BadProof(Exception):
    """The proof does not show what it says."""


def leaf_hash(leaf: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """What a growing tree must remember: the roots of its whole subtrees, the largest first."""

    def __init__(self, size: int = 0, packed: bytes = b"") -> None:
        if len(packed) != size.bit_count() * HASH_BYTES:
            raise BadProof("a frontier has one hash for each bit of its size")
        self.size = size
        self.hashes = [packed[i : i + HASH_BYTES] for i in range(0, len(packed), HASH_BYTES)]

    def append(self, leaf: bytes) -> None:
        """Grow by one leaf, given by its hash."""
        sha256, hashes, size = hashlib.sha256, self.hashes, self.size
        while size & 1:  # `node_hash`, without the call: this is the sealer's inner loop
            leaf = sha256(b"\x01" + hashes.pop() + leaf).digest()
            size >>= 1
        hashes.append(leaf)
        self.size += 1

    def extend(self, leaves: Iterable[bytes]) -> None:
        for leaf in leaves:
            self.append(leaf)

    @property
    def root(self) -> bytes:
        if not self.hashes:
            return EMPTY_ROOT
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = node_hash(left, root)
        return root

    def packed(self) -> bytes:
        return b"".join(self.hashes)


class Span:
    """A tree known from `before` on: its frontier there, and every leaf hash since."""

    def __init__(self, before: Frontier, leaves: Sequence[bytes]) -> None:
        self._known_from = before.size
        self._leaves = leaves
        self.size = before.size + len(leaves)
        self._whole: dict[tuple[int, int], bytes] = {}
        low = 0
        for bit, whole in zip(_bits(before.size), before.hashes, strict=True):
            self._whole[low, low + bit] = whole
            low += bit

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The path of leaf `index` in the tree of `size` leaves (2.1.1), from the leaf up."""
        if not self._known_from <= index < size <= self.size:
            raise ValueError("the leaf or the tree lies outside of what is known")
        path: list[bytes] = []
        low, high = 0, size
        while high - low > 1:
            middle = low + _split(high - low)
            if index < middle:
                path.append(self._root(middle, high))
                high = middle
            else:
                path.append(self._root(low, middle))
                low = middle
        return path[::-1]

    def consistency(self, first: int, second: int) -> list[bytes]:
        """That the tree of `first` leaves is a beginning of the tree of `second` (2.1.2)."""
        if not self._known_from <= first <= second <= self.size:
            raise ValueError("the trees lie outside of what is known")
        if first in (0, second):
            return []
        path: list[bytes] = []
        low, high = 0, second
        while first != high:
            middle = low + _split(high - low)
            if first <= middle:
                path.append(self._root(middle, high))
                high = middle
            else:
                path.append(self._root(low, middle))
                low = middle
        if low > 0:  # else the first tree stands whole in the second, and its root is known
            path.append(self._root(low, high))
        return path[::-1]

    def _root(self, low: int, high: int) -> bytes:
        whole = self._whole.get((low, high))
        if whole is not None:
            return whole
        if high - low == 1:
            made = self._leaves[low - self._known_from]
        else:
            middle = low + _split(high - low)
            made = node_hash(self._root(low, middle), self._root(middle, high))
        self._whole[low, high] = made
        return made


class Levels:
    """A small tree whose leaves change: all its levels, a node without a sibling being promoted."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self._levels = [list(leaves)]
        while len(self._levels[-1]) > 1:
            below = self._levels[-1]
            self._levels.append([self._node(below, i) for i in range((len(below) + 1) // 2)])

    @property
    def root(self) -> bytes:
        return self._levels[-1][0] if self._levels[0] else EMPTY_ROOT

    def change(self, index: int, leaf: bytes) -> None:
        self._levels[0][index] = leaf
        for below, level in zip(self._levels, self._levels[1:], strict=False):
            index //= 2
            level[index] = self._node(below, index)

    def inclusion(self, index: int) -> list[bytes]:
        path = []
        for level in self._levels[:-1]:
            if index ^ 1 < len(level):
                path.append(level[index ^ 1])
            index //= 2
        return path

    @staticmethod
    def _node(below: Sequence[bytes], index: int) -> bytes:
        pair = below[2 * index : 2 * index + 2]
        return node_hash(*pair) if len(pair) == 2 else pair[0]


def check_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Refuse, unless the tree of `size` leaves under `root` holds `leaf` (a hash) at `index`.

    RFC 9162, 2.1.3.2.
    """
    if not 0 <= index < size:
        raise BadProof("the leaf lies outside of the tree")
    at, last, made = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise BadProof("the path is too long")
        if at & 1 or at == last:
            made = node_hash(sibling, made)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            made = node_hash(made, sibling)
        at, last = at >> 1, last >> 1
    if last or made != root:
        raise BadProof("the path does not lead from the leaf to the root")


def check_consistency(
    first: int, first_root: bytes, second: int, second_root: bytes, path: Sequence[bytes]
) -> None:
    """Refuse, unless the tree of `first` leaves is a beginning of the tree of `second`.

    RFC 9162, 2.1.4.2.
    """
    if not 0 <= first <= second:
        raise BadProof("a tree does not shrink")
    if first in (0, second):
        expected = EMPTY_ROOT if first == 0 else second_root
        if path or first_root != expected:
            raise BadProof("trees of one size have one root")
        return
    nodes = [first_root, *path] if first.bit_count() == 1 else list(path)
    if not nodes:
        raise BadProof("the path is missing")
    at, last = first - 1, second - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    made_first = made_second = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            raise BadProof("the path is too long")
        if at & 1 or at == last:
            made_first, made_second = node_hash(node, made_first), node_hash(node, made_second)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            made_second = node_hash(made_second, node)
        at, last = at >> 1, last >> 1
    if last or made_first != first_root or made_second != second_root:
        raise BadProof("the path does not lead from the one root to the other")


def _split(size: int) -> int:
    """The largest power of two below `size`: where RFC 6962 divides a tree."""
    return 1 << (size - 1).bit_length() - 1


def _bits(size: int) -> list[int]:
    return [1 << i for i in reversed(range(size.bit_length())) if size >> i & 1]
