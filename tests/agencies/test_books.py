"""Whatever is placed, collected, bounced, recalled and given up, in whatever order: every cent is somewhere,
and what the family of accounts says is owed is what is owed."""

import random
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from billing_saas.agencies import recognising
from billing_saas.agencies.errors import NothingToTell
from billing_saas.agencies.rules import dollars, fee_by_contract
from billing_saas.collections import ending, placing, policies, proposing
from billing_saas.kit.actor import Actor
from billing_saas.ledger.rules import Account
from billing_saas.patients import guarantors
from billing_saas.payments import recording
from tests.agencies.birch import Birch, report
from tests.collections.accounts import Books
from tests.collections.conftest import AGENCY

FAMILY = (Account.PATIENT_RECEIVABLE, Account.AGENCY, Account.BAD_DEBT)
STEPS = ("place", "collect", "collect", "bounce", "office", "recall", "close", "settle", "file")


@dataclass
class Told:
    """One guarantor, as a clerk with a pencil keeps them."""

    guarantor_id: UUID
    charged: int
    placement_id: UUID | None = None
    reference: str = ""
    state: str = "owing"
    paid: int = 0
    given_up: int = 0
    collected: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    """By number: the amount, the fee, and what of it came off what the agency had."""

    @property
    def owed(self) -> int:
        return self.charged - self.paid - self.given_up


class Year:
    def __init__(self, birch: Birch, remits: str, seed: int) -> None:
        self.birch, self.remits, self.dice = birch, remits, random.Random(seed)
        self.people: list[Told] = []
        self.cash = self.fees = self.fees_due = self.number = 0

    @property
    def books(self) -> Books:
        return self.birch.books

    async def begin(self) -> None:
        terms = {name: getattr(AGENCY, name) for name in AGENCY.__struct_fields__}
        async with self.books.database.tenant(self.books.practice.id) as db:
            await policies.change_agency(
                db,
                self.birch.proven,
                self.birch.agency_id,
                policies.NewAgency(**terms | {"remits": self.remits}),
            )
        for _ in range(4):
            cents = self.dice.randint(6_000, 90_000)
            parent = await self.books.person()
            child = await self.books.person(pays=parent)
            part = self.dice.randint(1, cents - 1)
            owed = {parent: part, child: cents - part}
            for patient_id, share in owed.items():
                await self.books.owe(patient_id, share)
            await self.books.bill(parent, owed, days_ago=200)
            await self.books.bill(parent, owed, days_ago=60, stage="final_notice")
            self.people.append(Told(parent, cents))

    async def step(self) -> None:
        one = self.dice.choice(self.people)
        await getattr(self, self.dice.choice(STEPS))(one)

    async def place(self, one: Told) -> None:
        if one.state not in ("owing", "recalled") or one.owed < 5_000:
            return
        async with self.books.database.tenant(self.books.practice.id) as db:
            one.placement_id = await proposing.propose(db, self.books.actor, one.guarantor_id)
            await placing.place(db, self.birch.proven, one.placement_id)
        one.reference, one.state = await self.birch.reference(one.placement_id), "placed"
        one.collected = {}

    async def collect(self, one: Told) -> None:
        """Also after the account was recalled or given up, and sometimes more than is owed."""
        if one.placement_id is None:
            return
        cents = self.dice.randint(1, max(1, one.owed + self.dice.choice((0, 0, 500))))
        fee = fee_by_contract(cents, AGENCY.rate_bps)
        self.number += 1
        number = f"P-{self.number}"
        had = (await self._standing(one)).get(Account.AGENCY, 0)
        await self._report("payment", one, number, cents, fee)
        off = min(cents, had) if one.state == "placed" else 0
        one.collected[number] = (cents, fee, off)
        one.paid += cents
        self._money(cents, fee)
        if one.state == "placed" and off == had:
            one.state = "settled"

    async def bounce(self, one: Told) -> None:
        if not one.collected:
            return
        number, (cents, fee, off) = one.collected.popitem()
        await self._report("reversal", one, number, cents, fee)
        one.paid -= cents
        self._money(-cents, -fee)
        if one.state == "settled" and off:
            one.state = "placed"

    async def office(self, one: Told) -> None:
        cents = self.dice.randint(1, 3_000)
        async with self.books.database.tenant(self.books.practice.id) as db:
            await recording.record(db, self.books.actor, one.guarantor_id, cents, "cash")
        one.paid += cents
        self.cash += cents
        if one.state == "placed" and one.placement_id is not None:
            async with self.books.database.tenant(self.books.practice.id) as db:
                await recognising.recognise(db, self.birch.proven, one.placement_id)
            if not (await self._standing(one)).get(Account.AGENCY):
                one.state = "settled"

    async def recall(self, one: Told) -> None:
        if one.state == "placed" and one.placement_id is not None:
            async with self.books.database.tenant(self.books.practice.id) as db:
                await ending.recall(db, self.birch.proven, one.placement_id, "practice_asked")
            one.state = "recalled"

    async def close(self, one: Told) -> None:
        if one.state == "placed" and one.placement_id is not None:
            async with self.books.database.tenant(self.books.practice.id) as db:
                await ending.call_bad_debt(db, self.birch.proven, one.placement_id, "uncollectable")
            one.state = "bad_debt"

    async def settle(self, one: Told) -> None:
        if one.state == "placed" and one.placement_id is not None and self.dice.random() < 0.3:
            one.given_up += (await self._standing(one)).get(Account.AGENCY, 0)
            async with self.books.database.tenant(self.books.practice.id) as db:
                await ending.settle(db, self.birch.proven, one.placement_id)
            one.state = "settled"

    async def file(self, one: Told) -> None:
        if one.placement_id is not None and (await self.birch.shown(one.placement_id)).notices:
            with suppress(NothingToTell):
                await self.birch.file()

    def _money(self, cents: int, fee: int) -> None:
        self.cash += cents - (fee if self.remits == "net" else 0)
        self.fees += fee
        self.fees_due += fee if self.remits == "gross" else 0

    async def _report(self, kind: str, one: Told, number: str, cents: int, fee: int) -> None:
        sign = -1 if kind == "reversal" else 1
        total = sign * (cents - (fee if self.remits == "net" else 0))
        row = (kind, one.reference, number, self.books.today, dollars(cents), dollars(fee))
        arrival = await self.birch.report(report(row, total=dollars(total)))
        found = await self.birch.findings(arrival)
        assert await self.birch.state(arrival) == "handled", (found, kind, one)

    async def check(self) -> None:
        """The clerk's pencil against the journal."""
        balances = await self.books.balances()
        assert sum(balances.values()) == 0
        assert balances.get(Account.PATIENT_CASH, 0) == self.cash
        assert balances.get(Account.AGENCY_FEES, 0) == self.fees
        assert -balances.get(Account.AGENCY_FEES_DUE, 0) == self.fees_due
        for one in self.people:
            standing = await self._standing(one)
            credit = standing.get(Account.UNAPPLIED_PATIENT_CASH, 0)
            assert sum(standing.get(account, 0) for account in FAMILY) + credit == one.owed, one
            assert all(standing.get(account, 0) >= 0 for account in FAMILY), (one, standing)
            with_agency = standing.get(Account.AGENCY, 0)
            assert (with_agency > 0) == (one.state == "placed"), (one, standing)
            if one.placement_id is not None:
                shown = await self.birch.shown(one.placement_id)
                assert shown.row.state == one.state, one
                assert shown.left_cents == (with_agency or standing.get(Account.BAD_DEBT, 0))

    async def _standing(self, one: Told) -> dict[Account, int]:
        """By account, of all for whom he pays."""
        async with self.books.database.tenant(self.books.practice.id) as db:
            family = await guarantors.dependants_of(db, one.guarantor_id)
        return await self.books.balances(one.guarantor_id, *family)


async def lived(
    books: Books, agency: UUID, proven: Actor, remits: str, seed: int, steps: int
) -> None:
    year = Year(Birch(books, agency, proven), remits, seed)
    await year.begin()
    await year.check()
    for _ in range(steps):
        await year.step()
        await year.check()


@pytest.mark.parametrize("remits", ["gross", "net"])
async def test_every_cent_is_somewhere(
    books: Books, agency: UUID, proven: Actor, remits: str
) -> None:
    await lived(books, agency, proven, remits, seed=7, steps=10)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("remits", ["gross", "net"])
async def test_every_cent_is_somewhere_at_length(
    books: Books, agency: UUID, proven: Actor, remits: str, seed: int
) -> None:
    await lived(books, agency, proven, remits, seed, steps=45)
