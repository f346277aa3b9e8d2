"""Cases by name. A case is a function that returns one or more figures."""

import importlib
import pkgutil
from collections.abc import Callable, Iterable

import msgspec

Number = int | float


class Figure(msgspec.Struct, kw_only=True):
    """One row of the table. `ratio` is ours to the floor (None where there is no floor).

    A peer that could not be installed or failed is None, with the reason in `note`.
    """

    name: str
    ours: Number | None
    floor: Number | None = None
    peers: dict[str, Number | None] = {}
    ratio: float | None = None
    unit: str
    required: str = ""
    met: bool | None = None
    note: str = ""


Case = Callable[[], Iterable[Figure] | Figure]
CASES: dict[str, Case] = {}


def case(name: str) -> Callable[[Case], Case]:
    def register(function: Case) -> Case:
        CASES[name] = function
        return function

    return register


def load() -> dict[str, Case]:
    """Import every module of `benchmarks.cases`, so that it registers its cases."""
    from benchmarks import cases

    for module in pkgutil.iter_modules(cases.__path__):
        importlib.import_module(f"benchmarks.cases.{module.name}")
    return dict(sorted(CASES.items()))
