"""From the statuses of 277CAs to one verdict per claim (rules 66 to 69)."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from billing_saas.edi.findings import NOWHERE, Finding, Place
from billing_saas.edi.phi_free import Masked
from billing_saas.edi.status277ca import (
    BillingProvider,
    ClaimAcknowledgment,
    ClaimStatus,
    Receiver,
    Source,
)
from billing_saas.edi.status_parts import Status, StatusCode

# `received` is no verdict yet: A0 and A1 say only that the claim came in and went on.
Verdict = Literal["received", "accepted", "rejected", "not_found", "split"]
Hop = Literal["clearinghouse", "payer"]
Level = Literal["receiver", "provider", "claim", "line"]
_BY_CATEGORY: dict[str, Verdict] = {
    "A0": "received",
    "A1": "received",
    "A2": "accepted",
    "A3": "rejected",
    "A4": "not_found",
    "A5": "split",
    "A6": "rejected",
    "A7": "rejected",
    "A8": "rejected",
}
_WORSE: dict[Verdict, int] = {
    "received": 0,
    "accepted": 1,
    "split": 2,
    "not_found": 3,
    "rejected": 4,
}
_REJECTS = "U"
_ACCEPTS = "WQ"


class ClaimVerdict(Masked, frozen=True, kw_only=True):
    """What one hop says of one claim. `claim_number` is our CLM01; `level` is where the verdict
    stands: a rejection at receiver or provider level takes every claim below with it."""

    claim_number: str
    verdict: Verdict
    level: Level
    hop: Hop
    source_id: str = ""
    payer_claim_number: str = ""
    clearinghouse_number: str = ""
    batch_reference: str = ""
    codes: tuple[StatusCode, ...] = ()
    charge_cents: int | None = None
    date: str = ""
    message: str = ""
    place: Place = NOWHERE


class BatchVerdict(Masked, frozen=True, kw_only=True):
    """A rejected 837 set, or all of one billing provider's claims in it. The claims may not be
    listed at all: they are those of the set whose BHT03 is `batch_reference`."""

    batch_reference: str
    level: Level
    provider_id: str = ""
    codes: tuple[StatusCode, ...] = ()
    place: Place = NOWHERE


def claim_verdicts(acknowledgment: ClaimAcknowledgment) -> Iterator[ClaimVerdict]:
    """A verdict for each claim that is listed, in the order of the file."""
    for source, receiver in acknowledgment.receivers():
        receiver_rejects = _rejects(receiver.statuses)
        for provider in receiver.providers:
            provider_rejects = _rejects(provider.statuses)
            for claim in _claims(provider):
                if receiver_rejects:
                    above: tuple[Level, tuple[Status, ...]] = "receiver", receiver.statuses
                elif provider_rejects:
                    above = "provider", provider.statuses
                else:
                    above = "claim", ()
                yield _verdict(source, receiver, claim, above)


def batch_rejections(acknowledgment: ClaimAcknowledgment) -> Iterator[BatchVerdict]:
    """Rejections at receiver and provider level, whether or not claims are listed below."""
    for _, receiver in acknowledgment.receivers():
        if _rejects(receiver.statuses):
            yield BatchVerdict(
                batch_reference=receiver.batch_reference,
                level="receiver",
                codes=_codes(receiver.statuses),
                place=receiver.place,
            )
        for provider in receiver.providers:
            if _rejects(provider.statuses):
                yield BatchVerdict(
                    batch_reference=receiver.batch_reference,
                    level="provider",
                    provider_id=provider.name.id if provider.name else "",
                    codes=_codes(provider.statuses),
                    place=provider.place,
                )


def settle(verdicts: Sequence[ClaimVerdict]) -> ClaimVerdict | None:
    """The verdict that stands after all 277CAs on one claim, given in the order they came.

    Each hop answers for itself: the worst of the last hop wins (rule 68). A payer is the hop
    after any clearing house, even where its file came first; of clearing houses, the one heard
    last. None where nobody has answered.
    """
    if not verdicts:
        return None
    of_payers = [one for one in verdicts if one.hop == "payer"]
    heard = of_payers or list(verdicts)
    last_source = heard[-1].source_id
    worst = heard[-1]
    for one in heard:
        # Of equals the later one, which carries the newer numbers.
        if one.source_id == last_source and _WORSE[one.verdict] >= _WORSE[worst.verdict]:
            worst = one
    return worst


def differences(acknowledgment: ClaimAcknowledgment) -> Iterator[Finding]:
    """Where the totals of a 277CA do not fit the claims it lists, or a status is contradictory
    or unknown. Some senders list rejected claims only, so totals are warnings here."""
    for _, receiver in acknowledgment.receivers():
        listed: list[tuple[ClaimStatus, bool]] = []
        for provider in receiver.providers:
            taken_along = _rejects(receiver.statuses) or _rejects(provider.statuses)
            own = [
                (claim, taken_along or _worst_of(claim) == "rejected")
                for claim in _claims(provider)
            ]
            yield from _total_differences(provider, own)
            listed += own
            for claim, _ in own:
                yield from _doubtful(claim.statuses)
        yield from _total_differences(receiver, listed)


def differences_from_sent(
    acknowledgment: ClaimAcknowledgment, claim_count: int, total_cents: int
) -> Iterator[Finding]:
    """Where the receiver's totals are not what we sent in the 837 set (rule 66)."""
    for _, receiver in acknowledgment.receivers():
        counts = (receiver.accepted_count, receiver.rejected_count)
        if counts != (None, None) and sum(one or 0 for one in counts) != claim_count:
            yield _difference(
                receiver.place, "The claims accepted and rejected are not all that were sent."
            )
        amounts = (receiver.accepted_cents, receiver.rejected_cents)
        if amounts != (None, None) and sum(one or 0 for one in amounts) != total_cents:
            yield _difference(
                receiver.place, "The amounts accepted and rejected are not the total sent."
            )


def _claims(provider: BillingProvider) -> Iterator[ClaimStatus]:
    for patient in provider.patients:
        yield from patient.claims


def _verdict(
    source: Source,
    receiver: Receiver,
    claim: ClaimStatus,
    above: tuple[Level, tuple[Status, ...]],
) -> ClaimVerdict:
    level, statuses = above
    verdict: Verdict = "rejected"
    if level == "claim":
        statuses = claim.statuses
        verdict = _worst(statuses)
        of_lines = tuple([status for line in claim.lines for status in line.statuses])
        if _WORSE[_worst(of_lines)] > _WORSE[verdict]:
            level, verdict = "line", _worst(of_lines)
            statuses = statuses + of_lines
    last = claim.statuses[-1] if claim.statuses else None
    return ClaimVerdict(
        claim_number=claim.claim_number,
        verdict=verdict,
        level=level,
        hop="clearinghouse" if source.name and source.name.entity == "AY" else "payer",
        source_id=source.name.id if source.name else "",
        payer_claim_number=claim.payer_claim_number,
        clearinghouse_number=claim.clearinghouse_number,
        batch_reference=receiver.batch_reference,
        codes=_codes(statuses),
        charge_cents=last.charge_cents if last else None,
        date=last.date if last else "",
        message=" ".join([status.message for status in statuses if status.message]),
        place=claim.place,
    )


def _worst(statuses: Iterable[Status]) -> Verdict:
    worst: Verdict = "received"
    for status in statuses:
        # A category that is not known is never taken for an acceptance.
        found = [_BY_CATEGORY.get(category, "received") for category in status.categories]
        own: Verdict = max(found, key=_WORSE.__getitem__, default="received")
        # U rejects whatever the category says: better to look at a claim twice than to lose it.
        if status.action == _REJECTS and own in {"received", "accepted"}:
            own = "rejected"
        worst = max(worst, own, key=_WORSE.__getitem__)
    return worst


def _rejects(statuses: Sequence[Status]) -> bool:
    """At receiver and provider level STC03 decides; the category only where it is missing."""
    return any(
        status.action == _REJECTS
        or (status.action != _ACCEPTS and _worst([status]) in {"rejected", "not_found"})
        for status in statuses
    )


def _codes(statuses: Iterable[Status]) -> tuple[StatusCode, ...]:
    return tuple([code for status in statuses for code in status.codes if code.category])


def _total_differences(
    level: Receiver | BillingProvider, listed: list[tuple[ClaimStatus, bool]]
) -> Iterator[Finding]:
    """`listed`: each claim and whether it is rejected. A level without claims adds up to what
    was rejected above them."""
    if not listed:
        return
    for count, cents, rejected in (
        (level.accepted_count, level.accepted_cents, False),
        (level.rejected_count, level.rejected_cents, True),
    ):
        claims = [claim for claim, is_rejected in listed if is_rejected == rejected]
        if count is not None and count != len(claims):
            yield _difference(level.place, "A count of claims is not the number listed.")
        charges = [claim.statuses[0].charge_cents for claim in claims if claim.statuses]
        if cents is not None and None not in charges and cents != sum(one or 0 for one in charges):
            yield _difference(level.place, "A total amount is not that of the claims listed.")


def _worst_of(claim: ClaimStatus) -> Verdict:
    of_lines = [status for line in claim.lines for status in line.statuses]
    return _worst([*claim.statuses, *of_lines])


def _doubtful(statuses: Iterable[Status]) -> Iterator[Finding]:
    for status in statuses:
        for category in status.categories:
            if category not in _BY_CATEGORY:
                yield _doubt("unknown_status_category", "The status category is unknown.", status)
        by_category = {_BY_CATEGORY.get(category, "received") for category in status.categories}
        if status.action == _REJECTS and not by_category & {"rejected", "not_found"}:
            yield _doubt(
                "contradictory_status",
                "The action code rejects while the category does not; it counts as rejected.",
                status,
            )


def _doubt(code: str, message: str, status: Status) -> Finding:
    return Finding(
        severity="error",
        level="business",
        code=code,
        message=message,
        place=status.place,
        segment="STC",
        element=1,
    )


def _difference(place: Place, message: str) -> Finding:
    return Finding(
        severity="warning",
        level="balance",
        code="acknowledgment_totals",
        message=message,
        place=place,
    )
