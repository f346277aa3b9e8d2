"""The books of a desk, to the last line, and payments that change them."""

from typing import Any
from uuid import UUID

import msgspec

from billing_saas.edi.claim837 import Claim
from billing_saas.edi.remittance import Adjustment, ClaimPayment
from billing_saas.ledger.rules import Account
from billing_saas.remittances import posting, unposting
from billing_saas.remittances.tables import Remittance
from tests.remittances.desk import Desk, paid

Books = dict[tuple[Any, ...], int]


async def books_of(desk: Desk, claim: Claim) -> Books:
    """Every balance of the claim: per account, party, line, and reason of an adjustment."""
    rows = await desk.sql(
        "SELECT account, party_id, charge_id, group_code, reason_code, sum(amount_cents)"
        " FROM ledger_line WHERE claim_id = :claim GROUP BY 1, 2, 3, 4, 5",
        claim=(await desk.record(claim)).claim.id,
    )
    return {tuple(row[:5]): int(row[5]) for row in rows if row[5]}


async def whole_book(desk: Desk) -> Books:
    """The trial balance of the practice, to the last line."""
    rows = await desk.sql(
        "SELECT account, party_kind, party_id, patient_id, claim_id, charge_id, group_code,"
        " reason_code, sum(amount_cents) FROM ledger_line GROUP BY 1, 2, 3, 4, 5, 6, 7, 8"
    )
    return {tuple(row[:8]): int(row[8]) for row in rows if row[8]}


def answer(claim: Claim) -> ClaimPayment:
    """A price, a deductible and a coinsurance on each line."""
    lines = [
        (line.charge_cents - 1_800, [("CO", "45", 1_000), ("PR", "1", 500), ("PR", "2", 300)])
        for line in claim.lines
    ]
    return paid(claim, *lines)


def correction(claim: Claim) -> ClaimPayment:
    """The same, and two dollars more of the first line are the patient's."""
    first, *others = answer(claim).services
    more = msgspec.structs.replace(
        first,
        paid_cents=first.paid_cents - 200,
        adjustments=(*first.adjustments, Adjustment("PR", "3", 200)),
    )
    said = answer(claim)
    return msgspec.structs.replace(
        said,
        paid_cents=said.paid_cents - 200,
        payer_control_number="CORRECTED",
        services=(more, *others),
    )


async def remit(desk: Desk, claim: Claim, *said: ClaimPayment) -> Remittance:
    """The remittance, after the worker posted it."""
    arrival = await desk.remit(desk.remittance(claim, *said))
    assert (arrival.state, arrival.errors) == ("handled", 0)
    remittance = (await desk.remittances())[-1]
    assert remittance.state == "posted"
    return remittance


async def unpost(desk: Desk, remittance_id: UUID) -> None:
    async with desk.database.tenant(desk.tenant.id) as db:
        await unposting.unpost(db, desk.person.actor, remittance_id)


async def post(desk: Desk, remittance_id: UUID) -> posting.Posted:
    async with desk.database.tenant(desk.tenant.id) as db:
        return await posting.post(db, desk.person.actor, remittance_id)


async def verdicts(desk: Desk, claim: Claim) -> list[tuple[int, int, bool]]:
    """What counts now of what payers said, per line: paid and left to the patient."""
    record = await desk.record(claim)
    return [
        (said.paid_cents, said.patient_responsibility_cents, said.denied)
        for said in record.adjudications
        if said.reversed_by is None
    ]


async def nonzero(desk: Desk) -> dict[Account, int]:
    return {account: cents for account, cents in (await desk.balances()).items() if cents}
