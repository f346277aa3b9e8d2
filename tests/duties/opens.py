"""How often each sealed cell was opened: counted around the one function that opens them."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from billing_saas.phi.keyring import Keyring
from billing_saas.phi.registry import Cell

Opens = Counter[str]


@contextmanager
def counting() -> Iterator[Opens]:
    opened: Opens = Counter()
    real: Any = Keyring._open

    def counted(ring: Keyring, keys: Any, cell: Cell, *rest: Any) -> Any:
        opened[cell.name] += 1
        return real(ring, keys, cell, *rest)

    with mock.patch.object(Keyring, "_open", counted):
        yield opened
