"""Frances takes money at Elm's desk: it is on the books at once, numbered, counted, and taken back if wrong."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from uuid import UUID

import pypdf
import pytest
from sqlalchemy import text

from billing_saas.desk import asking, closing, crediting, receipts, taking
from billing_saas.desk.errors import (
    NoPlanToPay,
    NothingTaken,
    NothingToApply,
    ReceiptNotFound,
    TooLateToVoid,
)
from billing_saas.desk.taking import Taking
from billing_saas.duties import settings as duties
from billing_saas.duties.errors import AnotherMust
from billing_saas.duties.settings import Settings as Duties
from billing_saas.identity import rules as roles
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor, ActorKind, NotPermitted
from billing_saas.kit.ids import new_id
from billing_saas.patients import guarantors
from billing_saas.payments.errors import NotVoidable
from billing_saas.payments.rules import DeskMethod, Purpose
from tests.plans.debts import OFFICE, Debts, patient

pytestmark = pytest.mark.usefixtures("invariants_hold")
NOON = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)


def actor(*held: str) -> Actor:
    return Actor(
        kind=ActorKind.USER,
        id=new_id(),
        roles=frozenset(held),
        permissions=roles.permissions_of(held),
    )


FRANCES, SUE, ALICE = actor("front_desk"), actor("supervisor", "practice_admin"), actor("biller")


@pytest.fixture(autouse=True)
def _noon() -> object:
    with clock.frozen(NOON):
        yield


async def take(
    debts: Debts,
    patient_id: UUID,
    cents: int,
    method: DeskMethod = "cash",
    purpose: Purpose = "bill",
    by: Actor = FRANCES,
    number: str = "",
) -> UUID:
    async with debts.database.tenant(debts.tenant.id) as db:
        wanted = Taking(
            guarantor_id=patient_id,
            cents=cents,
            method=method,
            purpose=purpose,
            number_last4=number,
        )
        return await taking.take(db, by, wanted)


async def balances(debts: Debts) -> dict[str, int]:
    query = text(
        "SELECT account, sum(amount_cents)::bigint AS cents FROM ledger_line"
        " WHERE tenant_id = :tenant GROUP BY account HAVING sum(amount_cents) <> 0"
    )
    async with debts.database.tenant(debts.tenant.id) as db:
        found = await db.execute(query, {"tenant": debts.tenant.id})
        return {row.account: row.cents for row in found}


async def test_cash_pays_the_debt_and_the_rest_is_credit(debts: Debts) -> None:
    moreno = await debts.guarantor(7_500)
    payment_id = await take(debts, moreno, 10_000)
    assert await balances(debts) == {
        "gross_charges": -7_500,
        "patient_cash": 10_000,
        "unapplied_patient_cash": -2_500,
    }
    async with debts.database.tenant(debts.tenant.id) as db:
        shown = await receipts.receipt(db, FRANCES, payment_id)
        paper = await receipts.paper(db, FRANCES, payment_id)
        credit = await crediting.credit(db, FRANCES, moreno)
    assert (shown.number, shown.amount_cents) == (1, 10_000)
    assert (shown.applied_cents, shown.credit_cents) == (7_500, 2_500)
    assert (credit.credit_cents, credit.applicable_cents, credit.refundable_cents) == (
        *(2_500, 0, 2_500),
    )
    read = pypdf.PdfReader(BytesIO(paper)).pages[0].extract_text()
    for said in ("000001", "$100.00", "$75.00", "$25.00", "Lucía Moreno", "cash", "11/23/2026"):
        assert said in read


async def test_what_is_given_for_a_visit_waits_for_it(debts: Debts) -> None:
    """A copay of today does not pay an old debt; once the visit is billed, it is laid on that."""
    moreno = await debts.guarantor(9_000)
    await take(debts, moreno, 3_000, purpose="copay")
    await take(debts, moreno, 1_000, "cheque", "prepayment", number="0042")
    assert (await balances(debts))["patient_receivable"] == 9_000
    async with debts.database.tenant(debts.tenant.id) as db:
        shown = await crediting.credit(db, FRANCES, moreno)
        assert (shown.credit_cents, shown.applicable_cents) == (4_000, 4_000)
        await crediting.apply(db, FRANCES, moreno, 3_500)
    assert await balances(debts) == {
        "gross_charges": -9_000,
        "patient_cash": 4_000,
        "patient_receivable": 5_500,
        "unapplied_patient_cash": -500,
    }
    async with debts.database.tenant(debts.tenant.id) as db:
        await crediting.apply(db, FRANCES, moreno)
        with pytest.raises(NothingToApply):
            await crediting.apply(db, FRANCES, moreno)
    assert (await balances(debts))["patient_receivable"] == 5_000


async def test_two_who_apply_the_same_credit_apply_it_once(debts: Debts) -> None:
    moreno = await debts.guarantor()
    await take(debts, moreno, 4_000)
    await debts.owes(moreno, 10_000)

    async def apply() -> None:
        async with debts.database.tenant(debts.tenant.id) as db:
            await crediting.apply(db, FRANCES, moreno)

    answers = await asyncio.gather(*(apply() for _ in range(4)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in answers) == ["NoneType", *["NothingToApply"] * 3]
    assert (await balances(debts))["patient_receivable"] == 6_000


async def test_receipts_are_numbered_without_a_gap_whoever_takes(debts: Debts) -> None:
    people = [await debts.guarantor(1_000) for _ in range(3)]
    ids = await asyncio.gather(
        *(take(debts, people[n % 3], 100 + n) for n in range(8)), take_wrongly(debts, people[0])
    )

    async def asked(payment_id: UUID) -> int:
        async with debts.database.tenant(debts.tenant.id) as db:
            return (await receipts.receipt(db, ALICE, payment_id)).number

    numbers = await asyncio.gather(*(asked(one) for one in ids[:-1] if one is not None))
    assert sorted(numbers) == list(range(1, 9))


async def take_wrongly(debts: Debts, person: UUID) -> None:
    """What is refused takes no number with it."""
    with pytest.raises(NoPlanToPay):
        await take(debts, person, 100, purpose="plan")


async def test_a_guarantor_sees_his_own_receipts_and_no_other(debts: Debts) -> None:
    moreno, other = await debts.guarantor(1_000), await debts.guarantor(1_000)
    payment_id = await take(debts, moreno, 1_000)
    async with debts.database.tenant(debts.tenant.id) as db:
        assert (await receipts.receipt(db, patient(moreno), payment_id)).number == 1
        with pytest.raises(ReceiptNotFound):
            await receipts.receipt(db, patient(other), payment_id)
        with pytest.raises(ReceiptNotFound):
            await receipts.receipt(db, FRANCES, new_id())


async def test_a_mistake_is_taken_back_the_same_day(debts: Debts) -> None:
    moreno = await debts.guarantor(5_000)
    payment_id = await take(debts, moreno, 5_000)
    async with debts.database.tenant(debts.tenant.id) as db:
        with pytest.raises(NotPermitted):
            await taking.void(db, FRANCES, payment_id, "mistyped")
        await taking.void(db, ALICE, payment_id, "mistyped")
        with pytest.raises(NotVoidable):
            await taking.void(db, ALICE, payment_id, "mistyped")
    assert await balances(debts) == {"gross_charges": -5_000, "patient_receivable": 5_000}
    async with debts.database.tenant(debts.tenant.id) as db:
        shown = await receipts.receipt(db, FRANCES, payment_id)
        paper = await receipts.paper(db, FRANCES, payment_id, "es")
    assert (shown.state, shown.applied_cents) == ("voided", 0)
    assert "ANULADO" in pypdf.PdfReader(BytesIO(paper)).pages[0].extract_text()


async def test_not_another_day_and_not_after_counting(debts: Debts) -> None:
    moreno = await debts.guarantor(5_000)
    first, second = await take(debts, moreno, 1_000), await take(debts, moreno, 2_000)
    with clock.frozen(NOON + timedelta(hours=12, minutes=1)):  # 00:01 of the next day at Elm
        async with debts.database.tenant(debts.tenant.id) as db:
            with pytest.raises(TooLateToVoid):
                await taking.void(db, ALICE, first, "mistyped")
    async with debts.database.tenant(debts.tenant.id) as db:
        await closing.close(db, FRANCES, FRANCES.id, {"cash": 3_000})
        with pytest.raises(TooLateToVoid):
            await taking.void(db, ALICE, second, "mistyped")


async def test_where_duties_are_kept_apart_another_takes_it_back(debts: Debts) -> None:
    async with debts.database.tenant(debts.tenant.id) as db:
        await duties.change(db, SUE, Duties(refunds_apart=True))
    moreno = await debts.guarantor(5_000)
    payment_id = await take(debts, moreno, 5_000, by=ALICE)
    with pytest.raises(AnotherMust):
        async with debts.database.tenant(debts.tenant.id) as db:
            await taking.void(db, ALICE, payment_id, "wrong_patient")
    async with debts.database.tenant(debts.tenant.id) as db:
        await taking.void(db, SUE, payment_id, "wrong_patient")
    assert (await balances(debts))["patient_receivable"] == 5_000


async def test_the_day_is_counted_by_person_and_method(debts: Debts) -> None:
    moreno = await debts.guarantor(100_000)
    await take(debts, moreno, 4_000)
    await take(debts, moreno, 2_500)
    await take(debts, moreno, 10_000, "cheque", number="1187")
    mistaken = await take(debts, moreno, 9_999)
    await take(debts, moreno, 700, by=ALICE)
    async with debts.database.tenant(debts.tenant.id) as db:
        await taking.void(db, ALICE, mistaken, "mistyped")
        open_drawers = {one.user_id: one for one in await closing.drawers(db, SUE)}
        assert open_drawers[FRANCES.id].voided == 1
        assert [(one.method, one.takings) for one in open_drawers[ALICE.id].expected] == [
            *(("cash", 1), ("cheque", 0), ("money_order", 0)),
        ]
        close_id = await closing.close(db, FRANCES, FRANCES.id, {"cash": 6_400, "cheque": 10_000})
    async with debts.database.tenant(debts.tenant.id) as db:
        shown = await closing.closed(db, SUE, close_id)
        assert {
            one.method: (one.takings, one.expected_cents, one.over_cents) for one in shown.counts
        } == {
            "cash": (2, 6_500, -100),
            "cheque": (1, 10_000, 0),
            "money_order": (0, 0, 0),
        }
        assert shown.closed_on == date(2026, 11, 23)
        with pytest.raises(NothingTaken):
            await closing.close(db, FRANCES, FRANCES.id, {})
        assert [one.user_id for one in await closing.drawers(db, SUE)] == [ALICE.id]


async def test_a_drawer_is_counted_once_by_two_who_count(debts: Debts) -> None:
    moreno = await debts.guarantor(100_000)
    for n in range(3):
        await take(debts, moreno, 1_000 + n)

    async def count() -> UUID:
        async with debts.database.tenant(debts.tenant.id) as db:
            return await closing.close(db, SUE, FRANCES.id, {"cash": 3_003})

    answers = await asyncio.gather(count(), count(), return_exceptions=True)
    assert sorted(isinstance(one, NothingTaken) for one in answers) == [False, True]


async def test_who_pays_for_a_child_gets_the_receipt(debts: Debts) -> None:
    parent, child = await debts.guarantor(), await debts.guarantor(2_000)
    async with debts.database.tenant(debts.tenant.id) as db:
        await guarantors.assign(db, OFFICE, child, parent)
    payment_id = await take(debts, child, 2_000)
    async with debts.database.tenant(debts.tenant.id) as db:
        shown = await receipts.receipt(db, patient(parent), payment_id)
    assert (shown.guarantor_id, shown.applied_cents) == (parent, 2_000)


def test_a_code_is_a_picture_that_nothing_runs_in() -> None:
    code = asking.code_of("https://checkout.stripe.test/c/pay/cs_test_" + "a" * 300)
    assert code.startswith(b"<?xml")
    assert b"<svg" in code
    assert b"script" not in code
    assert b"cs_test" not in code, "the address is in its squares only"
