"""Take in what an agency says it collected: all of the file is right, or none of it is posted.

Each payment is an entry: what was collected comes to cash and off what the agency has; its fee is an
expense of its own, owed to the agency until it is paid. An agency that sends the net has paid itself.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from billing_saas.agencies import rules
from billing_saas.agencies.jobs import TakeInAgencyReport
from billing_saas.agencies.money_rules import bounced, fees_kept, payment_entry
from billing_saas.agencies.rules import Paid, Report, Wrong
from billing_saas.agencies.tables import AgencyPayment, AgencyReport
from billing_saas.audit import trail
from billing_saas.blobs import storing
from billing_saas.collections import ending, money_rules, moving, policies
from billing_saas.collections.rules import Item
from billing_saas.collections.tables import AgencyNotice, CollectionAgency, Placement
from billing_saas.edi.findings import Finding, Place
from billing_saas.followups import cards
from billing_saas.followups.cards import NewCard
from billing_saas.inbox.handling import Handling, handling
from billing_saas.kit import bulk, clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.ledger import journal
from billing_saas.ledger.rules import Account, Entry
from billing_saas.ledger.tables import LedgerLine
from billing_saas.payments import laying

CARD_HELD = "agency_report_held"
CARD_FEE = "agency_fee_differs"


async def take_in(db: TenantSession, actor: Actor, job: TakeInAgencyReport) -> None:
    async with handling(db, job.arrival_id) as arrival:
        agency = await policies.agency_named(db, job.agency_id)
        taking = _Taking(db, actor, arrival, agency)
        content = await _content(db, arrival)
        if content is None:
            await taking.hold([Wrong(0, "too_large", "A report has at most eight megabytes.")])
            return
        report = rules.read(content)
        wrong = list(report.wrong) or await taking.compare(report)
        if wrong:
            await taking.hold(wrong, report)
            return
        await taking.post(report)


async def _content(db: TenantSession, arrival: Handling) -> bytes | None:
    if arrival.bytes > rules.MOST_BYTES:
        return None
    return b"".join([chunk async for chunk in storing.read(db, arrival.blob_id)])


class _Taking:
    """One report being taken in."""

    def __init__(
        self, db: TenantSession, actor: Actor, arrival: Handling, agency: CollectionAgency
    ) -> None:
        self.db = db
        self.actor = actor
        self.arrival = arrival
        self.agency = agency
        self.report_id = new_id()
        self.placements: dict[str, Placement] = {}
        self.earlier: dict[str, AgencyPayment] = {}
        self.direct: Counter[tuple[UUID, int]] = Counter()

    async def compare(self, report: Report) -> list[Wrong]:
        """With what stands here: accounts, payments told before, and what should have come."""
        await self._find(report)
        wrong = [fault for one in report.paid for fault in await self._faults(one)]
        should = rules.remitted(report, self.agency.remits)
        if should != report.remitted_cents:
            wrong.append(
                Wrong(
                    0, "total_differs", "The total is not what the lines come to by the contract."
                )
            )
        return wrong

    async def _find(self, report: Report) -> None:
        references = sorted({one.reference for one in report.paid})
        found = await self.db.scalars(
            select(Placement.id).where(
                Placement.tenant_id == self.db.tenant_id,
                Placement.agency_id == self.agency.id,
                Placement.placed_on.is_not(None),
                Placement.reference == bindparam("references", references, ARRAY(Text)).any_(),
            )
        )
        ids = found.all()
        guarantors = await self.db.scalars(
            select(Placement.guarantor_id).where(
                Placement.tenant_id == self.db.tenant_id, Placement.id.in_(ids)
            )
        )
        for guarantor_id in sorted(set(guarantors)):
            await laying.lock_guarantor(self.db, guarantor_id)
        self.placements = {row.reference: row for row in await moving.locked(self.db, ids)}
        numbers = sorted({one.number for one in report.paid})
        told = await self.db.scalars(
            select(AgencyPayment).where(
                AgencyPayment.tenant_id == self.db.tenant_id,
                AgencyPayment.agency_id == self.agency.id,
                AgencyPayment.number == bindparam("numbers", numbers, ARRAY(Text)).any_(),
            )
        )
        self.earlier = {f"{row.kind}:{row.number}": row for row in told}

    async def _faults(self, one: Paid) -> list[Wrong]:
        placement = self.placements.get(one.reference)
        if placement is None:
            return [Wrong(one.n, "unknown_account", "No account of this agency has the reference.")]
        if f"{one.kind}:{one.number}" in self.earlier:
            return [Wrong(one.n, "told_before", "The number stood in an earlier report.")]
        if one.paid_on > await laying.today(self.db):
            return [Wrong(one.n, "paid_on", "The day has not come yet.")]
        if one.kind == "reversal":
            paid = self.earlier.get(f"payment:{one.number}")
            same = paid is not None and (paid.placement_id, paid.amount_cents, paid.fee_cents) == (
                placement.id,
                one.cents,
                one.fee_cents,
            )
            if not same:
                return [
                    Wrong(
                        one.n,
                        "nothing_to_reverse",
                        "No payment of the number and amounts is known.",
                    )
                ]
        if one.kind == "direct" and not await self._was_told(placement.id, one.cents):
            return [
                Wrong(one.n, "unknown_direct", "No payment of this amount was told to the agency.")
            ]
        return []

    async def _was_told(self, placement_id: UUID, cents: int) -> bool:
        """Each payment that was told to the agency earns it a fee once."""
        told = select(func.count()).where(
            AgencyNotice.tenant_id == self.db.tenant_id,
            AgencyNotice.placement_id == placement_id,
            AgencyNotice.kind == "payment",
            AgencyNotice.amount_cents == cents,
            AgencyNotice.file_id.is_not(None),
        )
        counted = select(func.count()).where(
            AgencyPayment.tenant_id == self.db.tenant_id,
            AgencyPayment.placement_id == placement_id,
            AgencyPayment.kind == "direct",
            AgencyPayment.amount_cents == cents,
        )
        self.direct[placement_id, cents] += 1
        before = await self.db.scalar(counted) or 0
        return before + self.direct[placement_id, cents] <= (await self.db.scalar(told) or 0)

    async def hold(self, wrong: Sequence[Wrong], report: Report | None = None) -> None:
        """Nothing of it is posted; the agency sends it again, mended."""
        self.arrival.report([_finding(one) for one in wrong])
        self.arrival.hold()
        await self._write_report("held", report or Report((), 0, ()))
        await self._card(CARD_HELD, "A report of an agency cannot be posted: see its findings.")

    async def post(self, report: Report) -> None:
        today = await laying.today(self.db)
        await self._write_report("posted", report)
        ids = [row.id for row in self.placements.values()]
        left = {
            account: await moving.left_of(self.db, ids, account)
            for account in (Account.AGENCY, Account.BAD_DEBT, Account.PATIENT_RECEIVABLE)
        }
        entries: list[tuple[Paid, Entry | None]] = []
        for one in report.paid:
            row = self.placements[one.reference]
            owed = left[money_rules.OWED_IN[row.state]]
            entry, laid = self._entry(one, row, owed[row.id], today)
            owed[row.id] = money_rules.without(owed[row.id], laid)
            entries.append((one, entry))
        posted = [entry for _, entry in entries if entry is not None]
        ids_of = dict(
            zip(
                [entry.source for entry in posted],
                await journal.post(self.db, self.actor, posted),
                strict=True,
            )
        )
        await self._write_payments(
            [(one, ids_of[entry.source] if entry else None) for one, entry in entries]
        )
        await self._reverse(report, today)
        kept = fees_kept(self.report_id, self.agency.id, today, report.fee_cents)
        if self.agency.remits == "net" and kept is not None:
            await journal.post(self.db, self.actor, [kept])
        await self._after(report)

    def _entry(
        self, one: Paid, row: Placement, owed: Sequence[Item], today: date
    ) -> tuple[Entry | None, tuple[Item, ...]]:
        if one.kind == "reversal":
            return None, ()  # what stands is reversed, not written anew
        laid = money_rules.spread(one.cents if one.kind == "payment" else 0, owed)
        entry = payment_entry(
            f"agency-report:{self.report_id}:{one.n}",
            today,
            account=money_rules.OWED_IN[row.state],
            laid=laid,
            guarantor_id=row.guarantor_id,
            agency_id=self.agency.id,
            fee_cents=one.fee_cents,
        )
        return entry, laid.items

    async def _reverse(self, report: Report, today: date) -> None:
        """A payment that bounced: its entry is reversed, and what is owed goes to where it stands now."""
        back = [
            (one, self.earlier[f"payment:{one.number}"])
            for one in report.paid
            if one.kind == "reversal"
        ]
        entry_ids = [paid.entry_id for _, paid in back if paid.entry_id is not None]
        if entry_ids:
            await journal.reverse(self.db, self.actor, entry_ids, effective_on=today)
        for one, paid in back:
            row = self.placements[one.reference]
            items = await self._taken_from_agency(paid)
            if not items:
                continue
            if row.state in ("recalled", "bad_debt"):
                source = f"agency-report:{self.report_id}:{one.n}:back"
                entry = bounced(source, today, items, into=money_rules.OWED_IN[row.state])
                await journal.post(self.db, self.actor, [entry])
            elif row.state == "settled":
                await ending.open_again(self.db, self.actor, row, one.cents)

    async def _taken_from_agency(self, paid: AgencyPayment) -> list[Item]:
        """What the payment that bounced was laid on, while the agency had the account."""
        lines = await self.db.execute(
            select(
                LedgerLine.patient_id,
                LedgerLine.claim_id,
                LedgerLine.charge_id,
                LedgerLine.amount_cents,
            )
            .where(
                LedgerLine.tenant_id == self.db.tenant_id,
                LedgerLine.entry_id == paid.entry_id,
                LedgerLine.account == Account.AGENCY,
            )
            .order_by(LedgerLine.n)
        )
        return [
            Item(line.patient_id, line.claim_id, line.charge_id, -line.amount_cents)
            for line in lines
        ]

    async def _after(self, report: Report) -> None:
        ids = [row.id for row in self.placements.values()]
        await ending.settle_if_paid(self.db, self.actor, ids)
        differs = [one for one in report.paid if self._fee_differs(one)]
        if differs:
            self.arrival.report(
                _finding(
                    Wrong(one.n, "fee_differs", "The fee is not the rate that was agreed."),
                    severity="warning",
                )
                for one in differs
            )
            await self._card(CARD_FEE, "An agency kept another fee than was agreed.")
        await trail.record(
            self.db,
            self.actor,
            "agency.report",
            object_type="agency_report",
            object_id=self.report_id,
            subjects=[row.guarantor_id for row in self.placements.values()],
            detail={"count": len(report.paid), "cents": report.collected_cents},
        )

    def _fee_differs(self, one: Paid) -> bool:
        agreed = rules.fee_by_contract(one.cents, self.placements[one.reference].rate_bps)
        return abs(one.fee_cents - agreed) > 1 and one.kind != "reversal"

    async def _write_report(self, state: str, report: Report) -> None:
        row = {
            "id": self.report_id,
            "agency_id": self.agency.id,
            "arrival_id": self.arrival.id,
            "remits": self.agency.remits,
            "state": state,
            "rows": len(report.paid),
            "collected_cents": report.collected_cents,
            "direct_cents": report.direct_cents,
            "fee_cents": report.fee_cents,
            "remitted_cents": report.remitted_cents,
            "taken_in_at": clock.now(),
        }
        await bulk.insert_rows(self.db, AgencyReport, [row])

    async def _write_payments(self, paid: Sequence[tuple[Paid, UUID | None]]) -> None:
        rows: list[dict[str, Any]] = [
            {
                "id": new_id(),
                "report_id": self.report_id,
                "agency_id": self.agency.id,
                "placement_id": self.placements[one.reference].id,
                "n": one.n,
                "kind": one.kind,
                "number": one.number,
                "paid_on": one.paid_on,
                "amount_cents": one.cents,
                "fee_cents": one.fee_cents,
                "entry_id": entry_id,
            }
            for one, entry_id in paid
        ]
        await bulk.insert_rows(self.db, AgencyPayment, rows)

    async def _card(self, kind: str, why: str) -> None:
        await cards.open_cards(
            self.db,
            [
                NewCard(
                    kind=kind,
                    why=why,
                    owner="biller",
                    subject_type="agency_report",
                    subject_id=self.report_id,
                    source=f"{kind}:{self.report_id}",
                    due_on=await laying.today(self.db),
                )
            ],
        )


def _finding(one: Wrong, *, severity: str = "error") -> Finding:
    return Finding(
        severity="error" if severity == "error" else "warning",
        level="transaction",
        code=one.code,
        message=one.message,
        place=Place(interchange=0, group=0, transaction=0, segment=one.n),
    )
