"""Which guide a transaction set is held to. A guide is read when it is first asked for."""

import importlib
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from billing_saas.edi.guides import outline
from billing_saas.edi.guides.outline import LoopUse

if TYPE_CHECKING:
    from billing_saas.edi.validation_loops import Loop
    from billing_saas.edi.validation_report import Report

# What a loop is asked once it is complete; findings go to the report.
Rule = Callable[["Loop", "Report"], None]
# Loop id ("" is the whole set) to its rules.
Rules = Mapping[str, tuple[Rule, ...]]

_MODULES = {
    "837P": "professional_837p",
    "837I": "institutional_837i",
    "837D": "dental_837d",
    "835": "remittance_835",
    "999": "acknowledgment_999",
    "277CA": "acknowledgment_277ca",
    "276": "status_276_277",
    "277": "status_276_277",
    "270": "eligibility_270_271",
    "271": "eligibility_270_271",
    "278": "authorization_278",
}
# GS01 of a group to the kinds of set that it may carry.
_IN_GROUP = {
    "HC": ("837P", "837I", "837D"),
    "HP": ("835",),
    "FA": ("999",),
    "HN": ("277CA", "277"),
    "HR": ("276",),
    "HS": ("270",),
    "HB": ("271",),
    "HI": ("278",),
}


class Guide:
    """One guide. `also_read` are versions that are near enough to be held to it, with a warning:
    the base without its addenda, and addenda that were never adopted."""

    def __init__(
        self,
        *,
        kind: str,
        version: str,
        functional_id: str,
        outline: str,
        codes: Mapping[str, str] | None = None,
        also_read: tuple[str, ...] = (),
        rules: Rules | None = None,
        purposes: frozenset[str] = frozenset(),
    ) -> None:
        self.kind = kind
        self.version = version
        self.also_read = also_read
        self.functional_id = functional_id
        self.rules: Rules = rules or {}
        # BHT02 of the sets that this guide is for, where one kind has a request and a response.
        self.purposes = purposes
        self._outline = outline
        self._codes = codes

    @cached_property
    def root(self) -> LoopUse:
        return outline.read(self._outline, self._codes)

    def reads(self, version: str) -> bool:
        return version == self.version or version in self.also_read

    def __repr__(self) -> str:
        return f"<Guide {self.kind} {self.version}>"


def guides_for(kind: str) -> tuple[Guide, ...]:
    """The guides of a kind of set (two for a 278: request and response), or ()."""
    name = _MODULES.get(kind)
    if name is None:
        return ()
    module = importlib.import_module(f"billing_saas.edi.guides.{name}")
    return tuple(guide for guide in module.GUIDES if guide.kind == kind)


def guides_of_group(functional_id: str) -> tuple[Guide, ...]:
    """The guides whose sets come in groups of this GS01."""
    kinds = _IN_GROUP.get(functional_id, ())
    return tuple(guide for kind in kinds for guide in guides_for(kind))


def kinds() -> tuple[str, ...]:
    return tuple(_MODULES)
