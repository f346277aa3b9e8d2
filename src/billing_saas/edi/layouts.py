"""A struct is its own layout: each field says in which segment and element it stands.

    class ServiceLine(Masked, frozen=True, kw_only=True):
        charge_cents: Annotated[int | None, at("SVC", 2, kind="cents")] = None
        line_number: Annotated[str, at("REF*FJ", 2)] = ""
        dates: Annotated[DateValue | None, only("DTP*472")] = None
        statuses: tuple[Status, ...] = ()

The fields of one struct may stand in several segments, each at most once; a pattern such as
"REF*FJ" is a segment whose first element is FJ. A field that is itself such a struct (or a tuple
of them) is a segment or loop below. Fields are declared in the order the guide gives their
segments. A class with `LEVEL` opens with an HL of that code. `layout_reading` and
`layout_writing` interpret this; reader and writer can therefore not disagree.
"""

import functools
import types
import typing
from typing import Any, Union

import msgspec

from billing_saas.edi import layout_cells as cells
from billing_saas.edi import parties
from billing_saas.edi.layout_cells import Cell, Kind


class At(msgspec.Struct, frozen=True):
    pattern: str
    elements: tuple[int, ...]
    kind: Kind = "text"
    pairs: bool = False


class Part(msgspec.Struct, frozen=True):
    numbers: tuple[int, ...]


class Only(msgspec.Struct, frozen=True):
    pattern: str


class Bracket(msgspec.Struct, frozen=True):
    loop: str


def at(pattern: str, *elements: int, kind: Kind = "text") -> At:
    """A field in element(s) of a segment. Several elements, or a repeated one, make a tuple."""
    return At(pattern, elements, kind)


def pairs(pattern: str, *firsts: int) -> At:
    """A tuple of (qualifier, value) pairs whose qualifiers stand at `firsts`."""
    return At(pattern, firsts, pairs=True)


def part(*numbers: int) -> Part:
    """A field of a composite, in these components."""
    return Part(numbers)


def only(pattern: str) -> Only:
    """A struct below, narrowed to one qualifier: only("DTP*472")."""
    return Only(pattern)


def bracket(loop: str) -> Bracket:
    """Structs below that stand between LS and LE."""
    return Bracket(loop)


class Pattern(msgspec.Struct, frozen=True):
    tag: str
    literals: tuple[tuple[int, str], ...] = ()

    def matches(self, segment: list[str]) -> bool:
        if segment[0] != self.tag:
            return False
        return all(
            number < len(segment) and segment[number] == literal
            for number, literal in self.literals
        )


class Run(msgspec.Struct, frozen=True):
    """A segment that fills fields of the struct itself."""

    pattern: Pattern
    cells: tuple[Cell, ...]
    covered: frozenset[int]


class Child(msgspec.Struct, frozen=True):
    """A field that holds structs with segments of their own."""

    field: str
    plan: "Plan"
    many: bool
    heads: tuple[Pattern, ...]
    bracket: str = ""


class Plan(msgspec.Struct, frozen=True):
    """`slots` in the order of the guide. `level` is HL03 for a class that opens with an HL, and
    `child_code` whether its HL04 is sent."""

    struct: type[msgspec.Struct]
    slots: tuple[Run | Child, ...]
    heads: tuple[Pattern, ...]
    level: str = ""
    child_code: bool = True
    has_place: bool = False
    # The slots that a segment with this id may go to.
    by_tag: dict[str, tuple[int, ...]] = msgspec.field(default_factory=dict)
    levels: dict[str, int] = msgspec.field(default_factory=dict)
    brackets: dict[str, int] = msgspec.field(default_factory=dict)

    def always_sent(self, slot: int) -> bool:
        """Whether this is the one segment that opens the struct: it is sent even where empty."""
        return slot == 0 and len(self.heads) == 1 and isinstance(self.slots[0], Run)


_DESCRIBED: dict[type, tuple[dict[str, At | Part | None], bool]] = {}


def describe(
    struct: type[msgspec.Struct], *, any_opens: bool = False, **fields: At | Part | None
) -> None:
    """The layout of a struct that does not carry its own; None is a field with segments below.
    `any_opens`: each of its segments may stand first (N4 without N3)."""
    _DESCRIBED[struct] = (fields, any_opens)


def parse_pattern(written: str) -> Pattern:
    tag, *literals = written.split("*")
    return Pattern(tag, tuple([(at, text) for at, text in enumerate(literals, 1) if text]))


@functools.cache
def plan_of(struct: type[msgspec.Struct]) -> Plan:
    described, any_opens = _DESCRIBED.get(struct, ({}, False))
    hints = typing.get_type_hints(struct, include_extras=True)
    ordered = described or dict.fromkeys(struct.__struct_fields__)
    slots: list[Run | Child] = []
    bound: dict[str, list[Cell]] = {}
    for name in ordered:
        hint = hints[name]
        marker = described.get(name) or _marker(hint)
        inner, many, optional = _unwrap(hint)
        if isinstance(marker, At):
            bound.setdefault(marker.pattern, []).append(_cell(name, marker, inner, many, optional))
            if len(bound[marker.pattern]) == 1:
                # Its cells are gathered until the last field is seen.
                slots.append(Run(parse_pattern(marker.pattern), (), frozenset()))
        elif not isinstance(marker, Part) and _has_layout(inner):
            slots.append(_child(name, marker, plan_of(inner), many))
    gathered = {parse_pattern(written): found for written, found in bound.items()}
    finished = tuple(
        [
            _run(slot.pattern, gathered[slot.pattern]) if isinstance(slot, Run) else slot
            for slot in slots
        ]
    )
    return _plan(struct, finished, any_opens=any_opens)


def _run(pattern: Pattern, found: list[Cell]) -> Run:
    covered = {number for cell in found for number in cell.elements}
    return Run(pattern, tuple(found), frozenset(covered | {at for at, _ in pattern.literals}))


def _child(name: str, marker: object, plan: Plan, many: bool) -> Child:
    heads = (parse_pattern(marker.pattern),) if isinstance(marker, Only) else plan.heads
    return Child(name, plan, many, heads, marker.loop if isinstance(marker, Bracket) else "")


def _plan(struct: type[msgspec.Struct], slots: tuple[Run | Child, ...], *, any_opens: bool) -> Plan:
    by_tag: dict[str, tuple[int, ...]] = {}
    levels: dict[str, int] = {}
    brackets: dict[str, int] = {}
    for index, slot in enumerate(slots):
        if isinstance(slot, Child) and slot.plan.level:
            levels[slot.plan.level] = index
            continue
        if isinstance(slot, Child) and slot.bracket:
            brackets[slot.bracket] = index
        for tag in {pattern.tag for pattern in _heads(slot)}:
            by_tag[tag] = (*by_tag.get(tag, ()), index)
    level = getattr(struct, "LEVEL", "")
    first = slots if any_opens else slots[:1]
    return Plan(
        struct=struct,
        slots=slots,
        heads=() if level else tuple([head for slot in first for head in _heads(slot)]),
        level=level,
        child_code=bool(getattr(struct, "CHILD_CODE", True)),
        has_place="place" in struct.__struct_fields__,
        by_tag=by_tag,
        levels=levels,
        brackets=brackets,
    )


def _heads(slot: Run | Child) -> tuple[Pattern, ...]:
    return (slot.pattern,) if isinstance(slot, Run) else slot.heads


def _marker(hint: Any) -> At | Part | Only | Bracket | None:
    for note in getattr(hint, "__metadata__", ()):
        if isinstance(note, At | Part | Only | Bracket):
            return note
    return None


def _unwrap(hint: Any) -> tuple[Any, bool, bool]:
    """The type inside: (type, whether a tuple of it, whether it may be None)."""
    if typing.get_origin(hint) is typing.Annotated:
        hint = typing.get_args(hint)[0]
    if typing.get_origin(hint) in {Union, types.UnionType}:
        inner = [arg for arg in typing.get_args(hint) if arg is not type(None)]
        return inner[0], False, True
    if typing.get_origin(hint) is tuple:
        return typing.get_args(hint)[0], True, False
    return hint, False, False


def _has_layout(kind: Any) -> bool:
    if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
        return False
    if kind in _DESCRIBED or hasattr(kind, "LEVEL"):
        return True
    hints = typing.get_type_hints(kind, include_extras=True)
    return any(isinstance(_marker(hint), At) for hint in hints.values()) or any(
        name != "place" and _has_layout(_unwrap(hint)[0]) for name, hint in hints.items()
    )


def _cell(name: str, marker: At, inner: Any, many: bool, optional: bool) -> Cell:
    one = len(marker.elements) == 1
    if marker.pairs:
        return cells.PairsCell(name, marker.elements)
    if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
        shape = _composite(inner)
        if many:
            return cells.CompositesCell(name, marker.elements, shape)
        return cells.CompositeCell(name, marker.elements[0], shape)
    if many:
        if one:
            return cells.RepeatedCell(name, marker.elements[0])
        return cells.SpreadCell(name, marker.elements)
    if marker.kind == "text":
        return cells.TextCell(name, marker.elements[0])
    missing: str | int | None = "" if marker.kind == "quantity" else None if optional else 0
    return cells.NumberCell(name, marker.elements[0], marker.kind, missing)


@functools.cache
def _composite(struct: type[msgspec.Struct]) -> cells.CompositeShape:
    described = _DESCRIBED.get(struct, ({}, False))[0]
    fields = []
    for name, hint in typing.get_type_hints(struct, include_extras=True).items():
        marker = described.get(name) or _marker(hint)
        if isinstance(marker, Part):
            fields.append((name, marker.numbers, _unwrap(hint)[1]))
    return cells.CompositeShape(struct, tuple(fields))


# The shared parts, in the order in which the inquiry and status guides send their segments.
describe(
    parties.Address,
    any_opens=True,
    line1=at("N3", 1),
    line2=at("N3", 2),
    city=at("N4", 1),
    state=at("N4", 2),
    postal_code=at("N4", 3),
    country=at("N4", 4),
    subdivision=at("N4", 7),
)
describe(parties.Contact, function=at("PER", 1), name=at("PER", 2), numbers=pairs("PER", 3, 5, 7))
describe(
    parties.Reference,
    qualifier=at("REF", 1),
    value=at("REF", 2),
    description=at("REF", 3),
)
describe(parties.DateValue, qualifier=at("DTP", 1), format=at("DTP", 2), value=at("DTP", 3))
describe(parties.AmountValue, qualifier=at("AMT", 1), amount_cents=at("AMT", 2, kind="cents"))
describe(parties.QuantityValue, qualifier=at("QTY", 1), quantity=at("QTY", 2, kind="quantity"))
describe(
    parties.Party,
    entity=at("NM1", 1),
    entity_type=at("NM1", 2),
    name=at("NM1", 3),
    first_name=at("NM1", 4),
    middle_name=at("NM1", 5),
    prefix=at("NM1", 6),
    suffix=at("NM1", 7),
    id_qualifier=at("NM1", 8),
    id=at("NM1", 9),
    references=None,
    address=None,
    contacts=None,
)
describe(
    parties.Procedure,
    qualifier=part(1),
    code=part(2),
    modifiers=part(3, 4, 5, 6),
    description=part(7),
    range_end=part(8),
)
