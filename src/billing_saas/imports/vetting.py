"""First reading of a file of claims: what is wrong with it, and what of it can be taken. Pure.

A fault of a set's envelope refuses the set; one of a billing provider, a subscriber or a patient
refuses the claims below; one of a claim refuses that claim. The rest can be taken, as a 999 would
say it: accepted with errors. Who handed the file in to whom (loop 1000) is only reported: what we
send names us.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from billing_saas.edi import validation
from billing_saas.edi.claim837 import Claim
from billing_saas.edi.envelope import (
    Interchange,
    TransactionSet,
    Unreadable,
    interchanges,
)
from billing_saas.edi.findings import Finding, Place, mask
from billing_saas.edi.validation_options import CodeCheck, Options
from billing_saas.imports.rules import error

PROFESSIONAL = "837P"
# ISA15 T is a test. The sandbox's files are tests by nature, and where it can be reached at all,
# no real payer can be (x12.md rule 54).
SANDBOX = "sandbox"
MOST_FINDINGS = 5_000

# Why nothing of an interchange may be read: what was agreed on the connection it came over.
Refusing = Callable[[Interchange], list[Finding]]
# An HL and what stands between it and the NM1 that names its party (PRV, CUR, SBR, PAT).
_BEFORE_NAME = 4
_CLAIM_LOOPS = ("23", "24")
_HANDED_IN = "1000"


class Vetted:
    """What the first reading found: every finding in order, and what each refuses."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self._refused: set[tuple[int, int, int]] = set()
        self._errors: dict[tuple[int, int, int], list[tuple[int, str]]] = {}

    def add(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            self.findings.append(finding)
            if finding.severity == "error":
                self._note(finding)

    def _note(self, finding: Finding) -> None:
        place = finding.place
        if finding.loop.startswith(_HANDED_IN):
            return
        if finding.loop.startswith("2") and place.segment:
            self._errors.setdefault(_set_of(place), []).append((place.segment, finding.loop))
        else:
            self._refused.add(_set_of(place))

    def refuses_set(self, place: Place) -> bool:
        """Also by a fault of the set's group or interchange, or of the file."""
        interchange, group, transaction = _set_of(place)
        return not self._refused.isdisjoint(
            {
                (0, 0, 0),
                (interchange, 0, 0),
                (interchange, group, 0),
                (interchange, group, transaction),
            }
        )

    def refuses_claim(self, claim: Claim, end: int) -> bool:
        """`end` is the position of the next claim's CLM, or beyond the last segment."""
        start = claim.place.segment
        levels = {
            "A": claim.billing_provider.position,
            "B": claim.subscriber.position,
            "C": claim.patient.position if claim.patient else start,
        }
        for position, loop in self._errors.get(_set_of(claim.place), ()):
            if loop.startswith(_CLAIM_LOOPS):
                if start <= position < end:
                    return True
            elif levels.get(_level(loop), 0) - _BEFORE_NAME <= position < start:
                return True
        return False


def _set_of(place: Place) -> tuple[int, int, int]:
    return place.interchange, place.group, place.transaction


def _level(loop: str) -> str:
    """A of 2000A and 2010AA, B of 2000B and 2010BB, C of 2000C and 2010CA."""
    return loop[4:5]


def vet(
    chunks: Iterable[bytes], source: str, refuse: Refusing, code_sets: Mapping[str, CodeCheck]
) -> Vetted:
    """Read the whole file once. Raises `Unreadable` where it cannot be read to its end."""
    vetted = Vetted()
    options = Options(limit=MOST_FINDINGS, code_sets=code_sets)
    envelope: list[Finding] = []
    taken = 0
    for interchange in interchanges(_text_only(chunks), envelope):
        refusals = refuse(interchange)
        vetted.add(refusals)
        if interchange.header.usage == "T" and source != SANDBOX and not refusals:
            vetted.add([_test_file(interchange)])
        for transaction in sets(interchange):
            taken += transaction.kind == PROFESSIONAL
            # Of what counts as not read, nothing is said (rule 57).
            found = [] if refusals else _vet_set(transaction, options)
            vetted.add(found)
    vetted.add(envelope)
    if not taken and not vetted.findings:
        vetted.add([error("no_claims", "The file holds no 837P.", Place())])
    return vetted


def sets(interchange: Interchange) -> Iterator[TransactionSet]:
    for group in interchange.groups():
        yield from group.transactions()


def _vet_set(transaction: TransactionSet, options: Options) -> list[Finding]:
    if transaction.kind != PROFESSIONAL:
        return [_other_kind(transaction)]
    found = [_sealing(one) for one in validation.validate(transaction, options)]
    if len(found) >= MOST_FINDINGS:
        # Not every fault is listed, so no claim of the set is known to be sound.
        message = "The set has too many faults to take any claim of it."
        found.append(error("too_many_faults", message, transaction.place, "ST"))
    return found


def _sealing(finding: Finding) -> Finding:
    """Findings are kept in the clear, and a diagnosis is not: of a wrong one the shape is told."""
    if finding.segment == "HI" and finding.value:
        return msgspec.structs.replace(finding, value=mask(finding.value))
    return finding


def _other_kind(transaction: TransactionSet) -> Finding:
    kind = transaction.kind
    if kind in ("837I", "837D"):
        word = {"837I": "Institutional", "837D": "Dental"}[kind]
        message = f"{word} claims ({kind}) are not taken yet: only professional ones (837P) are."
        return error("kind_not_taken", message, transaction.place, "ST", 3)
    message = "Something else than claims stands here: only 837P are taken."
    return error("not_claims", message, transaction.place, "ST", 1)


def _test_file(interchange: Interchange) -> Finding:
    return error(
        "test_file",
        "A test file (ISA15 is T) never becomes claims: hand it in as production (P).",
        interchange.place,
        "ISA",
        15,
    )


def _text_only(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """No character set of X12 has a NUL, and the database's text cannot hold one."""
    for chunk in chunks:
        if b"\0" in chunk:
            raise Unreadable("the file holds NUL bytes", code="nul_byte")
        yield chunk
