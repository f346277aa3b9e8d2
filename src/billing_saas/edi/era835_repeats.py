"""What the claims of one payer say again and again, read once: the amounts of adjustments (they
follow from price lists and copays), procedures, the remarks of an MOA.

The structs are frozen and can be shared. Each set has its own, and they end in number and length.
"""

from collections.abc import Sequence

from billing_saas.edi.amounts import cents
from billing_saas.edi.era835_parts import read_outpatient
from billing_saas.edi.parties import Procedure, read_procedure
from billing_saas.edi.remittance import OutpatientAdjudication

_MOST = 4096
# A hostile segment may be a megabyte long.
_LONGEST = 80


class Amounts(dict[str, int]):
    """Cents by their text. Raises AmountError as `amounts.cents` does."""

    __slots__ = ()

    def __missing__(self, text: str) -> int:
        if len(self) >= _MOST:
            self.clear()
        amount = self[text] = cents(text)
        return amount


class Procedures(dict[str, Procedure]):
    """Procedures by their composite: a practice bills few."""

    __slots__ = ("_component",)

    def __init__(self, component: str) -> None:
        super().__init__()
        self._component = component

    def __missing__(self, composite: str) -> Procedure:
        procedure = read_procedure(composite, self._component)
        if len(composite) <= _LONGEST:
            if len(self) >= _MOST:
                self.clear()
            self[composite] = procedure
        return procedure


class Outpatients(dict[str, OutpatientAdjudication]):
    """MOA by the text of the segment."""

    __slots__ = ()

    def read(self, written: str, moa: Sequence[str]) -> OutpatientAdjudication:
        known = self.get(written)
        if known is not None:
            return known
        outpatient = read_outpatient(list(moa))
        if len(written) <= _LONGEST:
            if len(self) >= _MOST:
                self.clear()
            self[written] = outpatient
        return outpatient
