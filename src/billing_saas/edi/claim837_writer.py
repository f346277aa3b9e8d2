"""Write an 837: claims to text, with the hierarchy built from whose claims they are.

Claims are written in the order they come. A level (billing provider, subscriber, patient) is
opened where it differs from that of the claim before, so claims of one party should follow each
other: `in_hierarchy` puts them so, and `batches` splits what is too much for one set.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from billing_saas.edi.claim837 import BatchHeader, Claim
from billing_saas.edi.claim837_claim_writer import write_claim
from billing_saas.edi.claim837_exactness import StandIns, with_delimiters
from billing_saas.edi.claim837_parties import BillingProvider, Subscriber
from billing_saas.edi.claim837_parts import CURRENCY, PATIENT_DETAILS
from billing_saas.edi.claim837_writing import Writing, inside, trimmed
from billing_saas.edi.delimiters import STANDARD, Delimiters
from billing_saas.edi.reel import Segment
from billing_saas.edi.writing import Block, Unwritable

# A note in the guides' loop 2300; partners may agree on more, and ours have not.
MOST_CLAIMS = 5_000
MOST_CLAIMS_OF_A_PATIENT = 100
# A block of about 20 KB: far less to hold than a set, far fewer looks than one a claim.
_RUNS_PER_BLOCK = 32
# Claims of one subscriber that hang under one level, after the ordinal of the first.
Run = tuple[int, list[Claim]]


def blocks(
    header: BatchHeader, claims: Iterable[Claim], delimiters: Delimiters = STANDARD
) -> Iterator[Block]:
    """What stands between ST and SE as text, some dozens of claims at a time: what
    `OutgoingSet.segments` takes. Raises Unwritable, naming claim, line and element."""
    return _blocks(header, claims, delimiters, _RUNS_PER_BLOCK)


def write(
    header: BatchHeader, claims: Iterable[Claim], delimiters: Delimiters = STANDARD
) -> list[Segment]:
    """The segments between ST and SE. Raises Unwritable as `blocks` does."""
    return list(segments(header, claims, delimiters))


def segments(
    header: BatchHeader, claims: Iterable[Claim], delimiters: Delimiters = STANDARD
) -> Iterator[Segment]:
    """As `write`, a subscriber at a time."""
    for block in _blocks(header, claims, delimiters, 1):
        for segment in block.text.split(delimiters.segment)[:-1]:
            yield segment.split(delimiters.element)


def _blocks(
    header: BatchHeader, claims: Iterable[Claim], delimiters: Delimiters, most: int
) -> Iterator[Block]:
    yield _header_block(header, delimiters)
    hierarchy = _Hierarchy(header.kind, delimiters)
    coming = _runs(claims)
    while runs := list(islice(coming, most)):
        yield hierarchy.block(runs)


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


def _runs(claims: Iterable[Claim]) -> Iterator[Run]:
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
            same_patient = claim.patient is before.patient or claim.patient == before.patient
            of_patient = of_patient + 1 if same_patient else 1
            if (
                of_patient > MOST_CLAIMS_OF_A_PATIENT
                or (claim.patient is None and not same_patient)
                or (
                    claim.subscriber is not before.subscriber
                    and claim.subscriber != before.subscriber
                )
                or (claim.payer is not before.payer and claim.payer != before.payer)
                or (
                    claim.billing_provider is not before.billing_provider
                    and claim.billing_provider != before.billing_provider
                )
            ):
                yield ordinal - len(run), run
                run, of_patient = [], 1
        else:
            of_patient = 1
        run.append(claim)
    if run:
        yield ordinal - len(run) + 1, run


class _Hierarchy:
    """Numbers the levels from 1 without gaps (rule of the guides, and what payers check)."""

    def __init__(self, kind: str, delimiters: Delimiters) -> None:
        self._kind = kind
        self._delimiters = delimiters
        self._number = 0
        self._provider: BillingProvider | None = None
        self._provider_number = ""

    def block(self, runs: Sequence[Run]) -> Block:
        """The levels of some subscribers and their claims."""
        before = self._number, self._provider, self._provider_number
        writing = Writing(self._delimiters.component)
        for run in runs:
            self._write_run(writing, run)
        text = writing.text
        exact = with_delimiters(text, writing.separators, self._delimiters)
        if exact is None:
            self._number, self._provider, self._provider_number = before
            stand_ins = StandIns(text, self._delimiters)
            exact = "".join([self._write_closely(stand_ins, run) for run in runs])
        return Block(exact, len(writing.texts), self._delimiters)

    def _write_closely(self, stand_ins: StandIns, run: Run) -> str:
        """A run of claims, each value looked at, to name the one at fault."""
        first, claims = run
        writing = Writing()
        self._provider = stand_ins.put(self._provider)
        self._write_run(writing, (first, stand_ins.put(tuple(claims))))
        self._provider = claims[0].billing_provider
        exact = []
        for at, text in enumerate(writing.texts):
            try:
                exact.append(stand_ins.segment(text))
            except Unwritable as fault:
                raise inside(_whose(first, writing, at), fault) from None
        return "".join(exact)

    def _write_run(self, writing: Writing, run: Run) -> None:
        first, claims = run
        writing.starts = []
        try:
            self._write_levels_and_claims(writing, claims)
        except Unwritable as fault:
            raise inside(_claim_or_parties(first, len(writing.starts)), fault) from None

    def _write_levels_and_claims(self, writing: Writing, claims: Sequence[Claim]) -> None:
        leader = claims[0]
        provider = leader.billing_provider
        if self._provider is not provider and self._provider != provider:
            self._write_provider(writing, provider)
        # A subscriber's own claims come before those of dependents.
        children = claims[-1].patient is not None
        subscriber_number = self._open(writing, self._provider_number, "22", children)
        _write_subscriber(writing, leader)
        patient = None
        for claim in claims:
            writing.starts.append(len(writing.texts))
            if claim.patient is not None and claim.patient != patient:
                patient = claim.patient
                self._open(writing, subscriber_number, "23", children=False)
                if patient.details is not None:
                    writing.add(PATIENT_DETAILS.write(patient.details))
                writing.party(patient, demographics=patient.demographics)
            write_claim(writing, self._kind, claim)

    def _open(self, writing: Writing, parent: str, code: str, children: bool) -> str:
        self._number += 1
        number = str(self._number)
        writing.joints += 4
        writing.texts.append(f"HL*{number}*{parent}*{code}*{'1' if children else '0'}")
        return number

    def _write_provider(self, writing: Writing, provider: BillingProvider) -> None:
        self._provider = provider
        self._provider_number = self._open(writing, "", "20", children=True)
        if provider.specialty is not None:
            writing.specialty(provider.specialty)
        if provider.currency is not None:
            writing.add(CURRENCY.write(provider.currency))
        writing.party(provider)
        if provider.pay_to is not None:
            writing.party(provider.pay_to)
        if provider.pay_to_plan is not None:
            writing.party(provider.pay_to_plan)


def _claim_or_parties(first: int, started: int) -> str:
    return f"claim {first + started - 1}" if started else f"parties of claim {first}"


def _whose(first: int, writing: Writing, at: int) -> str:
    """The claim, and the line if it is in one, that a segment is of."""
    started = bisect_right(writing.starts, at)
    place = _claim_or_parties(first, started)
    start = writing.starts[started - 1] if started else at
    line = sum(text.startswith("LX*") for text in writing.texts[start : at + 1])
    return f"{place}: line {line}" if line else place


def _write_subscriber(writing: Writing, claim: Claim) -> None:
    subscriber: Subscriber = claim.subscriber
    if subscriber.insurance is not None:
        writing.insurance(subscriber.insurance)
    if subscriber.details is not None:
        writing.add(PATIENT_DETAILS.write(subscriber.details))
    writing.party(subscriber, demographics=subscriber.demographics)
    writing.party(claim.payer)
    for other in (subscriber.responsible_party, subscriber.card_holder):
        if other is not None:
            writing.party(other)


def _write_header(writing: Writing, header: BatchHeader) -> None:
    bht = ["BHT", header.structure, header.purpose, header.reference]
    writing.add(trimmed([*bht, header.date, header.time, header.claim_kind]))
    writing.references(header.references)
    for party in (header.submitter, header.receiver):
        if party is not None:
            writing.party(party)


def _header_block(header: BatchHeader, delimiters: Delimiters) -> Block:
    writing = Writing(delimiters.component)
    _write_header(writing, header)
    exact = with_delimiters(writing.text, writing.separators, delimiters)
    if exact is None:
        stand_ins = StandIns(writing.text, delimiters)
        closely = Writing()
        _write_header(closely, stand_ins.put(header))
        try:
            exact = "".join([stand_ins.segment(text) for text in closely.texts])
        except Unwritable as fault:
            raise inside("header", fault) from None
    return Block(exact, len(writing.texts), delimiters)
