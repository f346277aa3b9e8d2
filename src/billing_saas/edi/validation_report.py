"""Findings of one set, as they are made: limited in number, and small warnings said a few times."""

from typing import Literal

import msgspec

from billing_saas.edi.envelope import TransactionSet
from billing_saas.edi.findings import Finding, Trigger, mask
from billing_saas.edi.validation_elements import Fault
from billing_saas.edi.validation_options import Options

Level = Literal["transaction", "segment", "element", "balance", "business"]
# Needless zeros stand in every amount of some files: they are said so often and no more.
_SAME_WARNINGS = 3
_SAID_OF_EACH = {"unknown_code"}
# The longest code of an outside set, a taxonomy. What is longer may be anything: its shape is shown.
_LONGEST_CODE = 10


class Spot(msgspec.Struct, frozen=True, gc=False):
    """A place in a set: segment position (ST is 1), loop, segment id, element, component."""

    position: int
    loop: str = ""
    segment: str = ""
    element: int = 0
    component: int = 0
    repetition: int = 0
    reference: str = ""

    def as_trigger(self) -> Trigger:
        return Trigger(
            self.segment,
            self.position,
            self.loop,
            self.element,
            self.component,
            self.reference,
        )

    def __str__(self) -> str:
        component = f"-{self.component}" if self.component else ""
        return self.segment + (f"{self.element:02d}{component}" if self.element else "")


class Report:
    """What is wrong with one set. Rules of the guides add to it by `report`."""

    def __init__(self, transaction: TransactionSet, options: Options) -> None:
        self.transaction = transaction
        self.options = options
        self.delimiters = transaction.delimiters
        self.findings: list[Finding] = []
        # What rules add up over the whole set, by names of their own.
        self.tally: dict[str, int] = {}
        # Claim numbers met, where they must not come twice.
        self.claim_numbers: set[str] = set()
        # The day the file gives itself (BHT04, BPR16), for codes that come and go; CCYYMMDD.
        self.day = ""
        self._left_out = 0
        self._warned: dict[tuple[str, str, int], int] = {}

    def report(
        self,
        spot: Spot,
        code: str,
        message: str,
        *,
        level: Level = "business",
        warning: bool = False,
        ack_code: str = "",
        value: str = "",
        trigger: Spot | None = None,
    ) -> None:
        """Add a finding: an error unless `warning`. `message` is a sentence without PHI;
        `trigger` is the element that made a situational rule apply."""
        if warning and code not in _SAID_OF_EACH and self._said_often(code, spot):
            return
        if len(self.findings) >= self.options.limit:
            self._left_out += 1
            return
        self.findings.append(
            Finding(
                severity="warning" if warning else "error",
                level=level,
                code=code,
                message=message,
                place=self.transaction.place.at(spot.position),
                loop=spot.loop,
                segment=spot.segment,
                element=spot.element,
                component=spot.component,
                repetition=spot.repetition,
                element_reference=spot.reference,
                ack_code=ack_code,
                value=value,
                trigger=trigger.as_trigger() if trigger else None,
            )
        )

    def fault(self, fault: Fault, spot: Spot, label: str = "") -> None:
        """Add what the element check found in a segment; `label` is what the segment is."""
        where = Spot(
            spot.position,
            spot.loop,
            spot.segment,
            fault.element,
            fault.component,
            fault.repetition,
            fault.reference,
        )
        name = f"{label[:1].upper()}{label[1:]} ({where})" if label else str(where)
        self.report(
            where,
            fault.code,
            f"{name}: {fault.words}.",
            level="element" if fault.element else "segment",
            warning=fault.warning,
            ack_code=fault.ack_code,
            value=fault.value,
        )

    def unknown_code(self, spot: Spot, name: str, value: str) -> None:
        """A code that its outside code set does not have, or not on that day: WEDI SNIP type 5.

        A warning, because sets change several times a year and the caller's may be the older one
        (an unknown adjustment reason must post, not fail); said of every claim.
        """
        loop = f" of loop {spot.loop}" if spot.loop else ""
        self.report(
            spot,
            "unknown_code",
            f"The code in {spot}{loop} is not in its code set ({name}) on that day.",
            warning=True,
            value=value if value.isalnum() and len(value) <= _LONGEST_CODE else mask(value),
        )

    def finish(self) -> list[Finding]:
        """The findings in the order of their segments."""
        self.findings.sort(key=lambda finding: finding.place.segment)
        if self._left_out:
            self.findings.append(
                Finding(
                    severity="warning",
                    level="transaction",
                    code="more_findings",
                    message=f"{self._left_out} more findings were left out.",
                    place=self.transaction.place,
                )
            )
        return self.findings

    def _said_often(self, code: str, spot: Spot) -> bool:
        key = (code, spot.segment, spot.element)
        self._warned[key] = self._warned.get(key, 0) + 1
        return self._warned[key] > _SAME_WARNINGS
