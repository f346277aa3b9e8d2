"""What is not whole, not balanced, not ours or not new is kept, named, and never posted."""

import re
from collections.abc import Callable

import msgspec
import pytest

from billing_saas.edi.claim837 import Claim
from billing_saas.edi.remittance import ClaimPayment
from billing_saas.ledger.rules import Account
from billing_saas.remittances import posting
from billing_saas.remittances.errors import IsDuplicate, NotSound, OutOfBalance
from billing_sandbox import payer
from tests.cast import Tenant
from tests.remittances.desk import Desk, paid
from tests.remittances.held import (
    full,
    kept,
    not_taken,
    nothing_posted,
    off_at_the_claim,
    still_at_work,
    told,
    two_payments,
)

CASH = Account.PAYER_CASH


# --- again ---


async def test_the_same_file_twice_is_one_arrival_and_one_posting(desk: Desk) -> None:
    claim = desk.claim()
    file = desk.remittance(claim, full(claim))
    first = await desk.remit(file)
    balances = await desk.balances()
    again = await desk.remit(file)
    assert again.id == first.id
    assert len(await desk.remittances()) == 1
    assert await desk.balances() == balances


async def test_the_same_trace_number_with_other_bytes_is_held(desk: Desk) -> None:
    claim = desk.claim()
    check = desk.check()
    first = desk.remittance(claim, full(claim), check=check)
    changed = desk.remittance(claim, full(claim), check=check).replace(
        b"P" + claim.number.encode(), b"Q1"
    )
    assert first != changed
    await desk.remit(first)
    balances = await desk.balances()
    arrival = await desk.remit(changed)
    assert arrival.state == "held"
    assert await told(desk, arrival) == [("error", "TRN", 2, "trace_number_repeated")]
    one, two = await desk.remittances()
    assert (one.state, two.state, two.duplicate_of) == ("posted", "duplicate", one.id)
    assert await desk.balances() == balances
    (card,) = await desk.cards()
    assert (card.kind, card.subject_id, card.worth_cents) == (
        "duplicate_remittance",
        two.id,
        claim.charge_cents,
    )
    async with desk.database.tenant(desk.tenant.id) as db:
        with pytest.raises(IsDuplicate):
            await posting.post(db, desk.person.actor, two.id)
    await still_at_work(desk)


async def test_the_same_trace_number_of_another_payer_is_another_payment(desk: Desk) -> None:
    claim = desk.claim()
    other = next(one for one in desk.claims if one.payer.id != claim.payer.id)
    check = desk.check()
    for one in (claim, other):
        remittance = payer.payment_of(one, desk.payee, check, [full(one)], ())
        same = msgspec.structs.replace(remittance, trace_number="SAMETRACE")
        arrival = await desk.remit(payer.file_of([same], desk.payee, check))
        assert arrival.state == "handled"
    assert [one.state for one in await desk.remittances()] == ["posted", "posted"]


async def test_one_trace_number_twice_in_a_file_is_posted_once(desk: Desk) -> None:
    claim = desk.claim()
    check = desk.check()
    one = payer.payment_of(claim, desk.payee, check, [full(claim)], ())
    arrival = await desk.remit(payer.file_of([one, one], desk.payee, check))
    assert arrival.state == "held"
    assert [one.state for one in await desk.remittances()] == ["posted", "duplicate"]
    assert (await desk.balances())[CASH] == claim.charge_cents


async def test_a_held_file_sent_again_whole_is_posted(desk: Desk) -> None:
    """What was never sound was never this payment: its trace number is still free."""
    claim = desk.claim()
    file = desk.remittance(claim, full(claim))
    broken = await desk.remit(file[: file.index(b"~SE*") + 1])
    assert broken.state == "held"
    arrival = await desk.remit(file)
    assert arrival.state == "handled"
    assert [one.state for one in await desk.remittances()] == ["parsed", "posted"]
    third = await desk.remit(file.replace(b"~IEA", b"~\nIEA"))
    assert third.state == "held"
    _, second, last = await desk.remittances()
    assert (last.state, last.duplicate_of) == ("duplicate", second.id)
    assert (await desk.balances())[CASH] == claim.charge_cents


# --- out of balance ---


def off_at_a_line(claim: Claim) -> ClaimPayment:
    """The line's parts do not make what it pays; the claim's and the payment's do."""
    first, second = full(claim).services
    first = msgspec.structs.replace(first, paid_cents=first.paid_cents - 125)
    second = msgspec.structs.replace(second, paid_cents=second.paid_cents + 125)
    return msgspec.structs.replace(full(claim), services=(first, second))


@pytest.mark.parametrize(
    ("wrong", "segment", "element", "apart"),
    [(off_at_a_line, "SVC", 3, ["1.25", "1.25"]), (off_at_the_claim, "CLP", 4, ["1.25"])],
)
async def test_what_does_not_add_up_is_held_and_each_difference_named(
    desk: Desk, wrong: Callable[[Claim], ClaimPayment], segment: str, element: int, apart: list[str]
) -> None:
    claim = desk.claim(lines=2)
    arrival = await desk.remit(desk.remittance(claim, wrong(claim)))
    assert arrival.state == "held"
    findings = await desk.findings(arrival.id)
    assert [(one.segment, one.element) for one in findings] == [(segment, element)] * len(apart)
    assert [re.findall(r"They are (\S+) apart", one.message) for one in findings] == [
        [dollars] for dollars in apart
    ]
    assert all(one.segment_position > 1 for one in findings)
    await held_out_of_balance(desk)


async def test_a_payment_that_is_not_the_sum_of_its_claims_is_held(desk: Desk) -> None:
    claim = desk.claim()
    file = desk.remittance(claim, full(claim))
    dollars = re.search(rb"~BPR\*I\*([0-9.]+)\*", file)
    assert dollars is not None
    more = f"{int(claim.charge_cents) + 7:d}"
    arrival = await desk.remit(
        file.replace(dollars.group(), f"~BPR*I*{more[:-2]}.{more[-2:]}*".encode())
    )
    assert arrival.state == "held"
    assert await told(desk, arrival) == [("error", "BPR", 2, "payment_out_of_balance")]
    (remittance,) = await desk.remittances()
    assert remittance.difference_cents == -7
    await held_out_of_balance(desk)


async def held_out_of_balance(desk: Desk) -> None:
    (remittance,) = await desk.remittances()
    assert remittance.state == "out_of_balance"
    (card,) = await desk.cards()
    assert (card.kind, card.subject_id) == ("remittance_out_of_balance", remittance.id)
    async with desk.database.tenant(desk.tenant.id) as db:
        with pytest.raises(OutOfBalance):
            await posting.post(db, desk.person.actor, remittance.id)
    await nothing_posted(desk)
    await still_at_work(desk)


# --- not sound ---

BREAKS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "SE count": (lambda f: re.sub(rb"~SE\*\d+", b"~SE*999", f), "segment_count"),
    "SE number": (
        lambda f: re.sub(rb"~SE\*(\d+)\*\d+", rb"~SE*\1*7777", f),
        "transaction_control_number",
    ),
    "GE count": (lambda f: re.sub(rb"~GE\*\d+", b"~GE*9", f), "transaction_count"),
    "GE number": (lambda f: re.sub(rb"~GE\*(\d+)\*\d+", rb"~GE*\1*77", f), "group_control_number"),
    "IEA count": (lambda f: re.sub(rb"~IEA\*\d+", b"~IEA*9", f), "group_count"),
    "IEA number": (
        lambda f: re.sub(rb"~IEA\*(\d+)\*\d+", rb"~IEA*\1*000000777", f),
        "interchange_control_number",
    ),
    "no SE": (lambda f: re.sub(rb"~SE\*[^~]*", b"", f), "transaction_trailer_missing"),
    "no GE": (lambda f: re.sub(rb"~GE\*[^~]*", b"", f), "group_trailer_missing"),
    "no IEA": (lambda f: re.sub(rb"~IEA\*[^~]*~", b"~", f), "interchange_trailer_missing"),
}


@pytest.mark.parametrize("what", BREAKS)
async def test_an_envelope_that_contradicts_itself_is_held(desk: Desk, what: str) -> None:
    broken, code = BREAKS[what]
    claim = desk.claim()
    file = broken(desk.remittance(claim, full(claim)))
    arrival = await desk.remit(file)
    assert arrival.state == "held"
    assert code in [found for _, _, _, found in await told(desk, arrival)]
    (remittance,) = await desk.remittances()
    assert remittance.state == "parsed"
    assert await desk.card_kinds() == ["remittance_unsound"]
    async with desk.database.tenant(desk.tenant.id) as db:
        with pytest.raises(NotSound):
            await posting.post(db, desk.person.actor, remittance.id)
    await nothing_posted(desk)
    await kept(desk, arrival, file)
    await still_at_work(desk)


@pytest.mark.slow
async def test_a_file_cut_short_anywhere_is_never_posted(desk: Desk) -> None:
    claim, other = desk.claim(), desk.claim()
    file = two_payments(desk, (claim, full(claim)), (other, full(other)))
    ends = [at for at, byte in enumerate(file) if byte in b"~*"][:-1]
    cuts = sorted({*ends[::9], *ends[-12:], 0, 1, 50, 105, 106, len(file) - 5})
    for cut in cuts:
        arrival = await desk.remit(file[:cut])
        assert arrival.state in ("held", "unreadable"), f"cut at {cut}"
        assert arrival.errors > 0
        await nothing_posted(desk)
    whole = await desk.remit(file)
    assert whole.state == "handled"
    assert (await desk.balances())[CASH] == claim.charge_cents + other.charge_cents


async def test_a_third_decimal_is_not_rounded(desk: Desk) -> None:
    claim = desk.claim()
    file = desk.remittance(claim, full(claim))
    file = re.sub(rb"(~CLP\*[^*]*\*1\*)([0-9.]+)", rb"\g<1>12.345", file)
    arrival = await desk.remit(file)
    assert arrival.state == "held"
    assert ("error", "CLP", 3, "amount_format") in await told(desk, arrival)
    await held_out_of_balance(desk)


@pytest.mark.parametrize("amount", ["9" * 18, "9" * 16 + ".99", "-" + "9" * 18, "1" + "0" * 12])
async def test_an_amount_beyond_all_measure_is_held(desk: Desk, amount: str) -> None:
    claim = desk.claim()
    file = desk.remittance(claim, full(claim))
    plain = re.search(rb"~BPR\*I\*([0-9.]+)\*", file)
    assert plain is not None
    arrival = await desk.remit(file.replace(b"*" + plain.group(1), b"*" + amount.encode()))
    assert arrival.state in ("held", "unreadable")
    assert arrival.errors > 0
    assert any(segment in ("BPR", "CLP", "SVC") for _, segment, _, _ in await told(desk, arrival))
    await nothing_posted(desk)
    await still_at_work(desk)


async def test_segments_nobody_knows_are_told_and_the_payment_is_posted(desk: Desk) -> None:
    claim = desk.claim()
    file = desk.remittance(claim, full(claim))
    file = file.replace(b"~SVC*", b"~ZZZ*WHAT*EVER~SVC*", 1)
    file = re.sub(rb"~SE\*(\d+)", lambda found: b"~SE*%d" % (int(found.group(1)) + 1), file)
    arrival = await desk.remit(file)
    assert (arrival.state, arrival.errors, arrival.warnings) == ("handled", 0, 1)
    assert [(s, g) for s, g, _, _ in await told(desk, arrival)] == [("warning", "ZZZ")]
    assert [one.state for one in await desk.remittances()] == ["posted"]


async def test_an_unknown_reason_code_is_posted_for_review(desk: Desk) -> None:
    """x12.md rule 32: code lists change; an unknown code must post, not fail."""
    claim = desk.claim()
    said = paid(claim, (claim.charge_cents - 500, [("CO", "ZZ9", 500)]))
    arrival = await desk.remit(desk.remittance(claim, said))
    assert arrival.state == "handled"
    assert await desk.card_kinds() == ["adjustment_to_review"]


# --- not for us ---


async def test_another_practices_money_is_held_without_a_row(desk: Desk, oak: Tenant) -> None:
    claim = desk.claim()
    file = desk.remittance(claim, full(claim))
    file = file.replace(desk.tenant.new.npi.encode(), oak.new.npi.encode())
    arrival = await desk.remit(file)
    assert arrival.state == "held"
    assert await told(desk, arrival) == [("error", "N1", 4, "other_payee")]
    await not_taken(desk, arrival, file)


async def test_a_test_file_is_held(desk: Desk) -> None:
    claim = desk.claim()
    file = desk.remittance(claim, full(claim), check=desk.check(usage="T"))
    arrival = await desk.remit(file)
    assert arrival.state == "held"
    assert await told(desk, arrival) == [("error", "ISA", 15, "test_file")]
    await not_taken(desk, arrival, file)


# --- several in one file ---


async def test_of_several_payments_the_good_ones_are_posted(desk: Desk) -> None:
    good, bad = desk.claim(), desk.claim()
    file = two_payments(desk, (good, full(good)), (bad, off_at_the_claim(bad)))
    arrival = await desk.remit(file)
    assert arrival.state == "held"
    assert [one.state for one in await desk.remittances()] == ["posted", "out_of_balance"]
    assert (await desk.balances())[CASH] == good.charge_cents


async def test_of_a_file_that_is_not_whole_none_is_posted(desk: Desk) -> None:
    good, other = desk.claim(), desk.claim()
    file = two_payments(desk, (good, full(good)), (other, full(other)))
    arrival = await desk.remit(re.sub(rb"~IEA\*\d+", b"~IEA*9", file))
    assert arrival.state == "held"
    assert [one.state for one in await desk.remittances()] == ["parsed", "parsed"]
    await nothing_posted(desk)


async def test_something_else_among_835s_is_named(desk: Desk) -> None:
    claim = desk.claim()
    file = two_payments(desk, (claim, full(claim)), (claim, full(claim)))
    _, second = [found.start() for found in re.finditer(rb"~ST\*835", file)]
    file = file[:second] + file[second:].replace(b"~ST*835", b"~ST*820", 1)
    arrival = await desk.remit(file)
    assert arrival.state == "held"
    assert ("error", "ST", 1, "not_a_remittance") in await told(desk, arrival)
    assert [one.state for one in await desk.remittances()] == ["posted"]
