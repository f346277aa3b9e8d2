"""Any instance of a struct that carries its own layout, for round trips."""

from typing import Any

import msgspec
from hypothesis import strategies as st

from billing_saas.edi import layout_cells as cells
from billing_saas.edi.layouts import Child, Pattern, Plan, Run, plan_of

# Lower case, because the qualifiers that name a field are in capitals: a generic REF must not
# look like one that has a field of its own.
_WORD = st.text("abcdefghij 0123456789", min_size=1, max_size=6).map(
    lambda text: text.strip() or "a"
)
_QUANTITY = (
    st.integers(-99999, 99999)
    .map(lambda number: str(number // 10) if number % 10 == 0 else f"{number // 10}.{number % 10}")
    .filter(lambda text: not text.startswith(("0.", "-0", "-1.")))
)
_SEVERAL = {"min_size": 1, "max_size": 2}


def instances(struct: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    return st.deferred(lambda: _instances(plan_of(struct), ()))


def _instances(plan: Plan, narrowed: tuple[tuple[int, str], ...]) -> st.SearchStrategy[Any]:
    fields: dict[str, st.SearchStrategy[Any]] = {}
    for index, slot in enumerate(plan.slots):
        if isinstance(slot, Run):
            literals = dict(narrowed) if index == 0 else {}
            for cell in slot.cells:
                fixed = literals.get(cell.elements[0])
                fields[cell.field] = st.just(fixed) if fixed else _values(cell)
        else:
            fields[slot.field] = _below(slot)
    return st.builds(plan.struct, **fields)


def _below(child: Child) -> st.SearchStrategy[Any]:
    literals: tuple[tuple[int, str], ...] = ()
    if child.heads and child.heads != child.plan.heads:
        literals = _literals(child.heads[0])
    below = _instances(child.plan, literals)
    if child.many:
        return st.lists(below, max_size=2).map(tuple)
    # A name parts what stands before it from what stands after, so it is always there.
    return below if child.field == "name" else st.none() | below


def _literals(pattern: Pattern) -> tuple[tuple[int, str], ...]:
    return pattern.literals


def _values(cell: cells.Cell) -> st.SearchStrategy[Any]:
    if isinstance(cell, cells.NumberCell):
        return _numbers(cell)
    if isinstance(cell, cells.TextCell):
        return _WORD
    if isinstance(cell, cells.PairsCell):
        return st.lists(st.tuples(_WORD, _WORD), min_size=1, max_size=3).map(tuple)
    if isinstance(cell, cells.CompositeCell):
        return st.none() | _composites(cell.shape)
    if isinstance(cell, cells.CompositesCell):
        return st.lists(_composites(cell.shape), **_SEVERAL).map(tuple)  # type: ignore[arg-type]  # sizes by name
    return st.lists(_WORD, **_SEVERAL).map(tuple)  # type: ignore[arg-type]  # sizes by name


def _numbers(cell: cells.NumberCell) -> st.SearchStrategy[Any]:
    if cell.kind == "cents":
        return st.integers(-(10**10), 10**10)
    if cell.kind == "quantity":
        return _QUANTITY
    return st.integers(0, 10**6)


def _composites(shape: cells.CompositeShape) -> st.SearchStrategy[Any]:
    return st.builds(
        shape.struct,
        **{
            name: st.lists(_WORD, max_size=len(numbers)).map(tuple) if several else _WORD
            for name, numbers, several in shape.fields
        },
    ).filter(lambda made: any(getattr(made, name) for name, _, _ in shape.fields))
