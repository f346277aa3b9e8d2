"""What a file that was held, or not taken, must leave behind."""

import msgspec

from billing_saas.blobs import storing
from billing_saas.edi.claim837 import Claim
from billing_saas.edi.remittance import ClaimPayment
from billing_saas.inbox.queries import ArrivalShown
from billing_saas.ledger.rules import Account
from billing_sandbox import payer
from tests.remittances.desk import Desk, paid

CASH = Account.PAYER_CASH


def full(claim: Claim) -> ClaimPayment:
    return paid(claim, *((line.charge_cents, []) for line in claim.lines))


def two_payments(desk: Desk, *said: tuple[Claim, ClaimPayment]) -> bytes:
    """One file, one payment (ST) per claim."""
    check = desk.check()
    remittances = [
        msgspec.structs.replace(
            payer.payment_of(claim, desk.payee, check, [one], ()),
            trace_number=f"{check.trace_prefix}N{n}",
        )
        for n, (claim, one) in enumerate(said)
    ]
    return payer.file_of(remittances, desk.payee, check)


async def told(desk: Desk, arrival: ArrivalShown) -> list[tuple[str, str, int, str]]:
    """Severity, segment, element and code of each finding."""
    found = await desk.findings(arrival.id)
    return [(one.severity, one.segment, one.element, one.code) for one in found]


async def nothing_posted(desk: Desk) -> None:
    balances = await desk.balances()
    assert CASH not in balances
    assert Account.UNAPPLIED_PAYER_CASH not in balances
    assert await desk.sql("SELECT id FROM claim_payment WHERE state <> 'unmatched'") == []


async def still_at_work(desk: Desk) -> None:
    """The worker takes the next file as if nothing had been."""
    claim = desk.claim()
    arrival = await desk.remit(desk.remittance(claim, full(claim)))
    assert (arrival.state, arrival.errors) == ("handled", 0)
    assert (await desk.record(claim)).claim.receivable == "settled"
    assert await desk.sql("SELECT id FROM job WHERE state <> 'done'") == []


async def kept(desk: Desk, arrival: ArrivalShown, file: bytes) -> None:
    """The file is there as it came."""
    async with desk.database.tenant(desk.tenant.id) as db:
        whole = b"".join([chunk async for chunk in storing.read(db, arrival.blob_id)])
    assert whole == file


async def not_taken(desk: Desk, arrival: ArrivalShown, file: bytes) -> None:
    assert await desk.remittances() == []
    (card,) = await desk.cards()
    assert (card.kind, card.subject_id) == ("remittance_file_held", arrival.id)
    await nothing_posted(desk)
    await kept(desk, arrival, file)
    await still_at_work(desk)


def off_at_the_claim(claim: Claim) -> ClaimPayment:
    return msgspec.structs.replace(full(claim), paid_cents=claim.charge_cents - 125)
