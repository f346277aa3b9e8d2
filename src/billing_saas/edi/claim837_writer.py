"""Write an 837: claims to segments, with the hierarchy built from whose claims they are.

Claims are written in the order they come. A level (billing provider, subscriber, patient) is
opened where it differs from that of the claim before, so claims of one party should follow each
other: `in_hierarchy` puts them so, and `batches` splits what is too much for one set.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

from billing_saas.edi.claim837 import BatchHeader, Claim
from billing_saas.edi.claim837_claim_writer import write_claim
from billing_saas.edi.claim837_parties import BillingProvider, Subscriber
from billing_saas.edi.claim837_parts import (
    CURRENCY,
    INSURANCE,
    PATIENT_DETAILS,
    SPECIALTY,
)
from billing_saas.edi.claim837_writing import Writing, inside, trimmed
from billing_saas.edi.delimiters import STANDARD, Delimiters
from billing_saas.edi.reel import Segment
from billing_saas.edi.writing import Unwritable

# A note in the guides' loop 2300; partners may agree on more, and ours have not.
MOST_CLAIMS = 5_000
MOST_CLAIMS_OF_A_PATIENT = 100


def write(
    header: BatchHeader, claims: Iterable[Claim], delimiters: Delimiters = STANDARD
) -> list[Segment]:
    """The segments between ST and SE. Raises Unwritable, naming claim, line and element."""
    return list(segments(header, claims, delimiters))


def segments(
    header: BatchHeader, claims: Iterable[Claim], delimiters: Delimiters = STANDARD
) -> Iterator[Segment]:
    """As `write`, a subscriber at a time."""
    yield from _header(header, delimiters)
    hierarchy = _Hierarchy(header.kind, delimiters)
    for first, run in _runs(claims):
        yield from hierarchy.write(first, run)


def batches(claims: Iterable[Claim], most: int = MOST_CLAIMS) -> Iterator[list[Claim]]:
    """Claims for one transaction set each (rule of the guides: at most 5,000 in a set)."""
    if not 0 < most <= MOST_CLAIMS:
        raise ValueError(f"a set holds from 1 to {MOST_CLAIMS} claims")
    batch: list[Claim] = []
    for claim in claims:
        batch.append(claim)
        if len(batch) == most:
            yield batch
            batch = []
    if batch:
        yield batch


def in_hierarchy(claims: Iterable[Claim]) -> list[Claim]:
    """The claims with those of one billing provider, subscriber and patient next to each other,
    a subscriber's own before those of dependents; else in the order they came."""
    levels: dict[object, int] = {}

    def rank(level: object) -> int:
        return levels.setdefault(level, len(levels))

    keyed = []
    for order, claim in enumerate(claims):
        provider = rank(claim.billing_provider)
        subscriber = rank((provider, claim.subscriber, claim.payer))
        patient = -1 if claim.patient is None else rank((subscriber, claim.patient))
        keyed.append((provider, subscriber, patient, order, claim))
    keyed.sort(key=lambda entry: entry[:4])
    return [entry[4] for entry in keyed]


def _same(one: object, other: object) -> bool:
    return one is other or one == other


def _runs(claims: Iterable[Claim]) -> Iterator[tuple[int, list[Claim]]]:
    """Claims of one subscriber at one payer that can hang under one level, and the ordinal of the
    first. A subscriber's own claims stand before those of dependents, so one that comes after
    them opens the level anew; so does the 101st claim of a patient."""
    run: list[Claim] = []
    of_patient = 0
    ordinal = 0
    for ordinal, claim in enumerate(claims, 1):
        if ordinal > MOST_CLAIMS:
            raise Unwritable(
                f"claim {ordinal}: a set holds at most {MOST_CLAIMS} claims; split it", "CLM"
            )
        if run:
            before = run[-1]
            same_patient = _same(claim.patient, before.patient)
            of_patient = of_patient + 1 if same_patient else 1
            if (
                of_patient > MOST_CLAIMS_OF_A_PATIENT
                or not _same(claim.subscriber, before.subscriber)
                or not _same(claim.payer, before.payer)
                or not _same(claim.billing_provider, before.billing_provider)
                or (claim.patient is None and not same_patient)
            ):
                yield ordinal - len(run), run
                run, of_patient = [], 1
        else:
            of_patient = 1
        run.append(claim)
    if run:
        yield ordinal - len(run) + 1, run


def _whose(first: int, started: int) -> str:
    return f"claim {first + started - 1}" if started else f"parties of claim {first}"


class _Hierarchy:
    """Numbers the levels from 1 without gaps (rule of the guides, and what payers check)."""

    def __init__(self, kind: str, delimiters: Delimiters) -> None:
        self._kind = kind
        self._delimiters = delimiters
        self._number = 0
        self._provider: BillingProvider | None = None
        self._provider_number = ""

    def write(self, first: int, claims: Sequence[Claim]) -> list[Segment]:
        """The levels of a subscriber and the claims; `first` is the ordinal of the first one."""
        writing = Writing(self._delimiters)
        # Where each claim starts among the segments, to name the one at fault.
        starts: list[int] = []
        try:
            self._write_levels_and_claims(writing, claims, starts)
        except Unwritable as fault:
            raise inside(_whose(first, len(starts)), fault) from None
        found = writing.check()
        if found is not None:
            raise inside(_whose(first, bisect_right(starts, found[0])), found[1])
        return writing.segments

    def _write_levels_and_claims(
        self, writing: Writing, claims: Sequence[Claim], starts: list[int]
    ) -> None:
        leader = claims[0]
        if not _same(self._provider, leader.billing_provider):
            self._write_provider(writing, leader.billing_provider)
        children = any(claim.patient is not None for claim in claims)
        subscriber_number = self._open(writing, self._provider_number, "22", children)
        _write_subscriber(writing, leader)
        patient = None
        for claim in claims:
            starts.append(len(writing.segments))
            if claim.patient is not None and not _same(claim.patient, patient):
                patient = claim.patient
                self._open(writing, subscriber_number, "23", children=False)
                if patient.details is not None:
                    writing.segments.append(PATIENT_DETAILS.write(patient.details))
                writing.party(patient, demographics=patient.demographics)
            write_claim(writing, self._kind, claim)

    def _open(self, writing: Writing, parent: str, code: str, children: bool) -> str:
        self._number += 1
        number = str(self._number)
        writing.segments.append(["HL", number, parent, code, "1" if children else "0"])
        return number

    def _write_provider(self, writing: Writing, provider: BillingProvider) -> None:
        self._provider = provider
        self._provider_number = self._open(writing, "", "20", children=True)
        if provider.specialty is not None:
            writing.segments.append(SPECIALTY.write(provider.specialty))
        if provider.currency is not None:
            writing.segments.append(CURRENCY.write(provider.currency))
        writing.party(provider)
        if provider.pay_to is not None:
            writing.party(provider.pay_to)
        if provider.pay_to_plan is not None:
            writing.party(provider.pay_to_plan)


def _write_subscriber(writing: Writing, claim: Claim) -> None:
    subscriber: Subscriber = claim.subscriber
    if subscriber.insurance is not None:
        writing.segments.append(INSURANCE.write(subscriber.insurance))
    if subscriber.details is not None:
        writing.segments.append(PATIENT_DETAILS.write(subscriber.details))
    writing.party(subscriber, demographics=subscriber.demographics)
    writing.party(claim.payer)
    for other in (subscriber.responsible_party, subscriber.card_holder):
        if other is not None:
            writing.party(other)


def _header(header: BatchHeader, delimiters: Delimiters) -> list[Segment]:
    writing = Writing(delimiters)
    writing.segments.append(
        trimmed(
            [
                "BHT",
                header.structure,
                header.purpose,
                header.reference,
                header.date,
                header.time,
                header.claim_kind,
            ]
        )
    )
    writing.references(header.references)
    for party in (header.submitter, header.receiver):
        if party is not None:
            writing.party(party)
    found = writing.check()
    if found is not None:
        raise inside("header", found[1])
    return writing.segments
