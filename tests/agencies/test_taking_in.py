"""What an agency says it collected: right to the cent and posted, or held and not believed."""

from datetime import timedelta
from uuid import UUID

import pytest

from billing_saas.agencies import paying, queries, recognising
from billing_saas.agencies.errors import FeeBeyondDue, InvoicePaid
from billing_saas.agencies.jobs import WatchPlacements
from billing_saas.collections import ending, policies
from billing_saas.followups import queries as followups
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.ids import new_id
from billing_saas.kit.paging import PageRequest
from billing_saas.ledger import journal
from billing_saas.ledger.rules import Account, Entry, Line
from billing_saas.payments import recording
from tests.agencies.birch import Birch, report
from tests.cast import Person
from tests.collections.accounts import Books
from tests.collections.conftest import AGENCY

SYSTEM = Actor(kind=ActorKind.SYSTEM, id=UUID(int=9))


@pytest.fixture
def birch(books: Books, agency: UUID, proven: Actor) -> Birch:
    return Birch(books, agency, proven)


@pytest.fixture
async def net(birch: Birch, books: Books) -> Birch:
    """Birch keeps its fee."""
    terms = {name: getattr(AGENCY, name) for name in AGENCY.__struct_fields__} | {"remits": "net"}
    async with books.database.tenant(books.practice.id) as db:
        await policies.change_agency(db, birch.proven, birch.agency_id, policies.NewAgency(**terms))
    return birch


async def test_gross_the_fee_is_an_expense_of_its_own_and_owed_until_it_is_paid(
    birch: Birch, books: Books, petra: Person
) -> None:
    garcia = await books.overdue(10_000)
    placement_id = await birch.placed(garcia)
    ref = await birch.reference(placement_id)
    arrival = await birch.report(
        report(("payment", ref, "P-1", books.today, "40.00", "12.00"), total="40.00")
    )
    assert await birch.state(arrival) == "handled", await birch.findings(arrival)
    assert await books.balances() == {
        Account.AGENCY: 6_000,
        Account.PATIENT_CASH: 4_000,
        Account.AGENCY_FEES: 1_200,
        Account.AGENCY_FEES_DUE: -1_200,
        Account.GROSS_CHARGES: -10_000,
    }
    async with books.database.tenant(books.practice.id) as db:
        (shown,) = (await queries.reports(db, petra.actor, PageRequest())).rows
        assert (shown.state, shown.collected_cents, shown.fee_cents) == ("posted", 4_000, 1_200)
        with pytest.raises(FeeBeyondDue):
            await paying.pay(db, petra.actor, birch.agency_id, 1_201, books.today, "INV-1")
        await paying.pay(db, petra.actor, birch.agency_id, 1_000, books.today, "INV-1")
    async with books.database.tenant(books.practice.id) as db:
        with pytest.raises(InvoicePaid):
            await paying.pay(db, petra.actor, birch.agency_id, 100, books.today, "INV-1")
    async with books.database.tenant(books.practice.id) as db:
        assert await queries.fees_due(db, petra.actor, birch.agency_id) == 200
    assert (await books.balances())[Account.BANK] == -1_000


async def test_net_the_agency_paid_itself(net: Birch, books: Books) -> None:
    placement_id = await net.placed(await books.overdue(10_000))
    ref = await net.reference(placement_id)
    await net.report(report(("payment", ref, "P-1", books.today, "100.00", "30.00"), total="70.00"))
    assert await books.balances() == {
        Account.PATIENT_CASH: 7_000,
        Account.AGENCY_FEES: 3_000,
        Account.GROSS_CHARGES: -10_000,
    }
    shown = await net.shown(placement_id)
    assert (shown.row.state, shown.row.reason, shown.left_cents) == ("settled", "paid", 0)


async def test_more_than_was_owed_is_the_patients(birch: Birch, books: Books) -> None:
    garcia = await books.overdue(10_000)
    ref = await birch.reference(await birch.placed(garcia))
    await birch.report(
        report(("payment", ref, "P-1", books.today, "101.00", "30.30"), total="101.00")
    )
    balances = await books.balances(garcia)
    assert balances[Account.UNAPPLIED_PATIENT_CASH] == -100
    assert Account.AGENCY not in balances


async def test_what_was_recalled_or_given_up_is_paid_where_it_stands(
    birch: Birch, books: Books
) -> None:
    recalled, given_up = await books.overdue(10_000), await books.overdue(10_000)
    first, second = await birch.placed(recalled), await birch.placed(given_up)
    await birch.file()
    async with books.database.tenant(books.practice.id) as db:
        await ending.recall(db, birch.proven, first, "practice_asked")
        await ending.call_bad_debt(db, birch.proven, second, "uncollectable")
    refs = [await birch.reference(one) for one in (first, second)]
    rows = [("payment", ref, f"P-{n}", books.today, "30.00", "9.00") for n, ref in enumerate(refs)]
    await birch.report(report(*rows, total="60.00"))
    assert (await books.balances(recalled))[Account.PATIENT_RECEIVABLE] == 7_000
    assert (await books.balances(given_up))[Account.BAD_DEBT] == 7_000


@pytest.mark.parametrize("ended", ["", "recalled", "bad_debt"])
async def test_a_payment_that_bounced_is_owed_again_where_the_account_is(
    birch: Birch, books: Books, ended: str
) -> None:
    garcia = await books.overdue(10_000)
    placement_id = await birch.placed(garcia)
    await birch.file()
    ref = await birch.reference(placement_id)
    part = "100.00" if not ended else "40.00"
    fee = "30.00" if not ended else "12.00"
    await birch.report(report(("payment", ref, "P-1", books.today, part, fee), total=part))
    async with books.database.tenant(books.practice.id) as db:
        if ended == "recalled":
            await ending.recall(db, birch.proven, placement_id, "practice_asked")
        elif ended == "bad_debt":
            await ending.call_bad_debt(db, birch.proven, placement_id, "uncollectable")
    if not ended:
        assert (await birch.shown(placement_id)).row.state == "settled"
    arrival = await birch.report(
        report(("reversal", ref, "P-1", books.today, part, fee), total=f"-{part}")
    )
    assert await birch.state(arrival) == "handled", await birch.findings(arrival)
    where = {
        "": Account.AGENCY,
        "recalled": Account.PATIENT_RECEIVABLE,
        "bad_debt": Account.BAD_DEBT,
    }
    assert await books.balances() == {where[ended]: 10_000, Account.GROSS_CHARGES: -10_000}
    assert (await birch.shown(placement_id)).row.state == (ended or "placed")


async def test_a_file_with_one_thing_wrong_posts_nothing(birch: Birch, books: Books) -> None:
    placement_id = await birch.placed(await books.overdue(10_000))
    ref = await birch.reference(placement_id)
    before = await books.balances()
    good = ("payment", ref, "P-1", books.today, "40.00", "12.00")
    tomorrow = books.today + timedelta(days=1)
    for rows, total, code in (
        ([good], "39.99", "total_differs"),
        ([good], "28.00", "total_differs"),
        (
            [good, ("payment", "A" * 12, "P-2", books.today, "1.00", "0.00")],
            "41.00",
            "unknown_account",
        ),
        ([good, ("payment", ref, "P-2", tomorrow, "1.00", "0.00")], "41.00", "paid_on"),
        ([good, ("direct", ref, "D-1", books.today, "1.00", "0.30")], "40.00", "unknown_direct"),
        ([("reversal", ref, "P-9", books.today, "1.00", "0.30")], "-1.00", "nothing_to_reverse"),
        ([("payment", ref, "P-1", books.today, "40", "12.00")], "40.00", "amount"),
    ):
        arrival = await birch.report(report(*rows, total=total))
        assert await birch.state(arrival) == "held"
        assert await birch.findings(arrival) == [code]
        assert await books.balances() == before
    async with books.database.tenant(books.practice.id) as db:
        assert (await followups.open_by_kind(db, birch.proven))["agency_report_held"] == 7
    await birch.report(report(good, total="40.00"))
    assert (await books.balances())[Account.AGENCY] == 6_000


async def test_the_same_payment_told_twice_counts_once(birch: Birch, books: Books) -> None:
    ref = await birch.reference(await birch.placed(await books.overdue(10_000)))
    row = ("payment", ref, "P-1", books.today, "40.00", "12.00")
    first = await birch.report(report(row, total="40.00"))
    assert await birch.report(report(row, total="40.00")) == first
    again = await birch.report(
        report(row, ("payment", ref, "P-2", books.today, "1.00", "0.30"), total="41.00")
    )
    assert await birch.findings(again) == ["told_before"]
    assert (await books.balances())[Account.AGENCY] == 6_000


async def test_an_account_of_another_agency_is_unknown(birch: Birch, books: Books) -> None:
    ref = await birch.reference(await birch.placed(await books.overdue(10_000)))
    async with books.database.tenant(books.practice.id) as db:
        other = await policies.add_agency(db, birch.proven, AGENCY)
    alder = Birch(books, other, birch.proven)
    arrival = await alder.report(
        report(("payment", ref, "P-1", books.today, "40.00", "12.00"), total="40.00")
    )
    assert await alder.findings(arrival) == ["unknown_account"]


async def test_another_fee_than_was_agreed_is_posted_and_shown(birch: Birch, books: Books) -> None:
    ref = await birch.reference(await birch.placed(await books.overdue(10_000)))
    arrival = await birch.report(
        report(("payment", ref, "P-1", books.today, "40.00", "20.00"), total="40.00")
    )
    assert await birch.state(arrival) == "handled"
    assert await birch.findings(arrival) == ["fee_differs"]
    async with books.database.tenant(books.practice.id) as db:
        assert "agency_fee_differs" in await followups.open_by_kind(db, birch.proven)


async def test_paid_at_the_office_it_is_recognised_told_and_earns_the_fee_once(
    birch: Birch, books: Books, alice: Person
) -> None:
    garcia = await books.overdue(10_000)
    placement_id = await birch.placed(garcia)
    await birch.file()
    ref = await birch.reference(placement_id)
    async with books.database.tenant(books.practice.id) as db:
        payment_id = await recording.record(db, alice.actor, garcia, 4_000, "cheque")
        await recording.record(db, alice.actor, garcia, 500, "cash", purpose="prepayment")
    assert (await books.balances(garcia))[Account.UNAPPLIED_PATIENT_CASH] == -4_500
    for found in (1, 0):
        async with books.database.tenant(books.practice.id) as db:
            assert await recognising.watch(db, SYSTEM, WatchPlacements()) == found
    balances = await books.balances(garcia)
    assert balances[Account.AGENCY] == 6_000
    assert balances[Account.UNAPPLIED_PATIENT_CASH] == -500, (
        "what was paid ahead is not the agency's"
    )
    early = await birch.report(
        report(("direct", ref, "D-0", books.today, "40.00", "12.00"), total="0.00")
    )
    assert await birch.findings(early) == ["unknown_direct"], "it was not told yet"
    (row,) = await birch.told()
    assert (row["action"], row["amount"], row["last_name"]) == ("payment", "40.00", "")
    await birch.report(report(("direct", ref, "D-1", books.today, "40.00", "12.00"), total="0.00"))
    total = await books.balances()
    assert (total[Account.AGENCY_FEES], total[Account.AGENCY_FEES_DUE]) == (1_200, -1_200)
    twice = await birch.report(
        report(("direct", ref, "D-2", books.today, "40.00", "12.00"), total="0.00")
    )
    assert await birch.findings(twice) == ["unknown_direct"]
    # The cheque bounces: it is owed to the office again, for the agency was told that it is paid.
    async with books.database.tenant(books.practice.id) as db:
        await recording.void(db, birch.proven, payment_id, "bounced")
    balances = await books.balances(garcia)
    assert (balances[Account.AGENCY], balances[Account.PATIENT_RECEIVABLE]) == (6_000, 4_000)


async def test_an_insurer_that_pays_after_all_lowers_what_the_agency_asks_for(
    birch: Birch, books: Books
) -> None:
    garcia = await books.overdue(10_000)
    placement_id = await birch.placed(garcia)
    await birch.file()
    paid = Entry(
        source=f"late:{new_id()}",
        kind="test",
        effective_on=books.today,
        lines=(
            Line(Account.PAYER_CASH, 2_500, "payer", None, garcia),
            Line(Account.PATIENT_RECEIVABLE, -2_500, "patient", garcia, garcia),
        ),
    )
    async with books.database.tenant(books.practice.id) as db:
        await journal.post(db, books.actor, [paid])
        assert await recognising.recognise(db, birch.proven, placement_id) == 2_500
    balances = await books.balances(garcia)
    assert balances[Account.AGENCY] == 7_500
    assert Account.PATIENT_RECEIVABLE not in balances
    (row,) = await birch.told()
    assert (row["action"], row["amount"]) == ("adjust", "25.00")
