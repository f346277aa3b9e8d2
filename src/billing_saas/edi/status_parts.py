"""What 277 and 277CA share: a status (STC)."""

from typing import Annotated

import msgspec

from billing_saas.edi.findings import NOWHERE, Place
from billing_saas.edi.layouts import at, part
from billing_saas.edi.phi_free import Masked


class StatusCode(msgspec.Struct, frozen=True, kw_only=True):
    """Category (A1, F2 ...), status (a number) and whom it concerns (an entity code).
    `code_list` RX marks NCPDP reject codes."""

    category: Annotated[str, part(1)] = ""
    status: Annotated[str, part(2)] = ""
    entity: Annotated[str, part(3)] = ""
    code_list: Annotated[str, part(4)] = ""


class Status(Masked, frozen=True, kw_only=True):
    """STC. Up to three codes (STC01, STC10, STC11; rule 68) that belong together.

    `action` is WQ (accepted) or U (rejected) in a 277CA and not used in a 277.
    """

    codes: Annotated[tuple[StatusCode, ...], at("STC", 1, 10, 11)] = ()
    date: Annotated[str, at("STC", 2)] = ""
    action: Annotated[str, at("STC", 3)] = ""
    charge_cents: Annotated[int | None, at("STC", 4, kind="cents")] = None
    paid_cents: Annotated[int | None, at("STC", 5, kind="cents")] = None
    adjudication_date: Annotated[str, at("STC", 6)] = ""
    payment_method: Annotated[str, at("STC", 7)] = ""
    payment_date: Annotated[str, at("STC", 8)] = ""
    payment_number: Annotated[str, at("STC", 9)] = ""
    message: Annotated[str, at("STC", 12)] = ""
    place: Place = NOWHERE

    @property
    def categories(self) -> tuple[str, ...]:
        return tuple([code.category for code in self.codes if code.category])
