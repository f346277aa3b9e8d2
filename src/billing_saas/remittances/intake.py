"""An 835 that arrived becomes remittances: parsed, balanced at three levels, and held if it is not.

A file may hold many payments (one ST each); each becomes a remittance of its own, and one that
balances asks to be posted. The file is read as a stream, and written a batch of claims at a time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from billing_saas.audit import contents, trail
from billing_saas.audit.contents import Content
from billing_saas.blobs import storing
from billing_saas.connections import admitting
from billing_saas.connections.admitting import Admission
from billing_saas.edi import parties
from billing_saas.edi.envelope import Unreadable
from billing_saas.edi.era835 import RemittanceReading
from billing_saas.edi.findings import Finding
from billing_saas.edi.remittance import ClaimPayment as ClaimPaid
from billing_saas.edi.remittance import Remittance as Paid
from billing_saas.followups import cards
from billing_saas.followups.cards import NewCard
from billing_saas.inbox.handling import Handling, handling
from billing_saas.kit import bulk, clock, points, pulling
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.outbox import queue
from billing_saas.payers import recognising as payers
from billing_saas.phi import keyring
from billing_saas.phi.keyring import Keyring
from billing_saas.phi.registry import PROVIDER_ADJUSTMENT_PHI_DEMO, REMITTANCE_PHI_DEMO
from billing_saas.remittances import intake_rules, rows
from billing_saas.remittances import keeping_rules as keeping
from billing_saas.remittances.jobs import PostRemittance, TakeInRemittances
from billing_saas.remittances.keeping_rules import CannotBeKept
from billing_saas.remittances.rules import ProviderAdjustmentReference
from billing_saas.remittances.tables import ProviderAdjustment, Remittance
from billing_saas.tenants import queries as tenants
from billing_saas.tenants.tables import Practice

BATCH = 2_000
# States of a remittance that was never fit to be posted, or was not the first of its trace number.
NEVER_SOUND = ("parsed", "out_of_balance", "duplicate")


async def take_in(db: TenantSession, actor: Actor, job: TakeInRemittances) -> None:
    """Read the arrival's 835s into rows; whatever is wrong is a finding at the arrival."""
    async with handling(db, job.arrival_id) as arrival:
        practice = await tenants.this_practice(db)
        intake = _Intake(db, actor, arrival, practice, await keyring.of(db))
        admission = await admitting.admission(db, arrival.id, of_claims=False)
        try:
            # What cannot be read to its end leaves no row: sent again whole, it is new.
            async with db.begin_nested():
                await pulling.reading(
                    storing.read(db, arrival.blob_id), lambda chunks: intake.read(chunks, admission)
                )
        except Unreadable as error:
            intake.forget()
            arrival.unreadable(str(error))
        except CannotBeKept as error:
            intake.forget()
            intake.refuse([error.finding])
        await intake.open_cards()
        await trail.record(
            db,
            actor,
            "arrival.take_in",
            object_type="arrival",
            object_id=job.arrival_id,
            detail={
                "kind": "835",
                "count": len(intake.taken),
                "claims": sum(taken.claims for taken in intake.taken),
            },
        )


@dataclass(frozen=True, slots=True)
class _Taken:
    """A remittance whose rows are written, and whose fate the end of the file decides."""

    remittance_id: UUID
    reading: RemittanceReading
    claims: int
    adjusted_cents: int
    payer_id: UUID


class _Intake:
    """One arrival being read; runs inside the greenlet bridge, so it may wait."""

    def __init__(
        self,
        db: TenantSession,
        actor: Actor,
        arrival: Handling,
        practice: Practice,
        ring: Keyring,
    ) -> None:
        self.db = db
        self.actor = actor
        self.arrival = arrival
        self.practice = practice
        self.ring = ring
        self.taken: list[_Taken] = []
        self._cards: list[NewCard] = []

    def forget(self) -> None:
        """What was written of it is rolled back."""
        self.taken.clear()
        self._cards.clear()

    def read(self, chunks: Iterator[bytes], admission: Admission) -> None:
        of_envelope: list[Finding] = []
        nuls = keeping.Nuls()
        found = refused = 0
        for reading in intake_rules.readings(nuls.blanked(chunks), of_envelope, admission.refuse):
            if isinstance(reading, Finding):
                refused += reading.level == "interchange"
                self.refuse([reading])
                continue
            found += 1
            self._take(reading, found)
        of_envelope += nuls.findings
        self.arrival.report(of_envelope)
        if not found and not refused:
            self.refuse([intake_rules.no_remittance()])
        pulling.wait(admission.remember(of_envelope))
        # Only the end of the file tells whether it is whole: until then nothing may be posted.
        whole = not any(finding.severity == "error" for finding in of_envelope)
        for taken in self.taken:
            self._conclude(taken, whole)

    def refuse(self, findings: Sequence[Finding]) -> None:
        self.arrival.report(findings)
        self.arrival.hold()

    def _take(self, reading: RemittanceReading, n: int) -> None:
        paid = reading.remittance
        refusal = intake_rules.refusal(paid, self.practice.npi, self.practice.tax_id)
        if refusal is not None:
            for _ in reading.claims():
                pass  # read on, so that what else is wrong with it is told as well
            self.refuse([refusal, *reading.findings])
            return
        keeping.check_head(paid)
        remittance_id = new_id()
        payer_id = self._payer(paid)
        self._write_head(remittance_id, n, paid, payer_id)
        count, adjusted = self._write_parts(remittance_id, reading)
        self.arrival.report(reading.findings)
        self.taken.append(_Taken(remittance_id, reading, count, adjusted, payer_id))
        points.reach("remittances.intake.taken")

    def _payer(self, paid: Paid) -> UUID:
        identifiers = intake_rules.payer_identifiers(paid)
        name = paid.payer.name if paid.payer else ""
        return pulling.wait(payers.recognise(self.db, identifiers, name))

    def _write_head(self, remittance_id: UUID, n: int, paid: Paid, payer_id: UUID) -> None:
        sealed = self.ring.seal(REMITTANCE_PHI_DEMO, remittance_id, intake_rules.identity(paid))
        self.db.add(
            Remittance(
                tenant_id=self.db.tenant_id,
                id=remittance_id,
                arrival_id=self.arrival.id,
                n=n,
                payer_id=payer_id,
                payer_name=paid.payer.name if paid.payer else "",
                trace_number=paid.trace_number,
                payment_cents=paid.payment_cents,
                method=paid.method,
                payment_on=intake_rules.payment_day(paid) or clock.today(self.practice.time_zone),
                claims=0,
                claims_paid_cents=0,
                provider_adjustment_cents=0,
                difference_cents=0,
                state="parsed",
                posting_number=0,
                received_at=clock.now(),
                phi_demo=sealed,
                key_ver=self.ring.key_ver,
            )
        )
        pulling.wait(self.db.flush())
        self._tell(remittance_id, [contents.of(REMITTANCE_PHI_DEMO, remittance_id, sealed)])

    def _write_parts(self, remittance_id: UUID, reading: RemittanceReading) -> tuple[int, int]:
        count = 0
        batch: list[ClaimPaid] = []
        for claim in reading.claims():
            keeping.check_claim(claim, reading.remittance.place)
            batch.append(claim)
            if len(batch) == BATCH:
                self._write_claims(remittance_id, count, batch)
                count += len(batch)
                batch.clear()
        self._write_claims(remittance_id, count, batch)
        return count + len(batch), self._write_provider_adjustments(remittance_id, reading)

    def _write_claims(self, remittance_id: UUID, written: int, batch: Sequence[ClaimPaid]) -> None:
        sealed = pulling.wait(rows.write(self.db, self.ring, remittance_id, written, batch))
        self._tell(remittance_id, sealed)

    def _tell(self, remittance_id: UUID, sealed: Sequence[Content]) -> None:
        if sealed:
            pulling.wait(
                trail.record(
                    self.db,
                    self.actor,
                    "remittance.keep",
                    object_type="remittance",
                    object_id=remittance_id,
                    sealed=sealed,
                    detail={"count": len(sealed)},
                )
            )

    def _write_provider_adjustments(self, remittance_id: UUID, reading: RemittanceReading) -> int:
        pairs = reading.provider_adjustments
        keeping.check_pairs(pairs, reading.remittance.place)
        ids = [new_id() for _ in pairs]
        sealed = [
            self.ring.seal(
                PROVIDER_ADJUSTMENT_PHI_DEMO, row_id, ProviderAdjustmentReference(pair.reference)
            )
            for row_id, pair in zip(ids, pairs, strict=True)
        ]
        columns: dict[str, Sequence[Any]] = {
            "id": ids,
            "n": list(range(1, len(pairs) + 1)),
            "provider_identifier": [pair.provider_id for pair in pairs],
            "fiscal_period_end": [parties.day(pair.fiscal_period_end) for pair in pairs],
            "reason": [pair.reason for pair in pairs],
            "amount_cents": [pair.amount_cents for pair in pairs],
            "phi_demo": sealed,
        }
        same = {
            "tenant_id": self.db.tenant_id,
            "remittance_id": remittance_id,
            "key_ver": self.ring.key_ver,
        }
        pulling.wait(bulk.insert(self.db, bulk.table_of(ProviderAdjustment), columns, same))
        self._tell(
            remittance_id,
            [
                contents.of(PROVIDER_ADJUSTMENT_PHI_DEMO, row_id, cell)
                for row_id, cell in zip(ids, sealed, strict=True)
            ],
        )
        return sum(pair.amount_cents for pair in pairs)

    def _sent_before(self, taken: _Taken) -> UUID | None:
        """TRN02 plus the payer identifies an 835; the file name does not.

        One that never was sound or balanced does not count: the payer sends it again, mended.
        """
        return pulling.wait(
            self.db.scalar(
                select(Remittance.id).where(
                    Remittance.tenant_id == self.db.tenant_id,
                    Remittance.payer_id == taken.payer_id,
                    Remittance.trace_number == taken.reading.remittance.trace_number,
                    Remittance.state.not_in(NEVER_SOUND),
                )
            )
        )

    def _conclude(self, taken: _Taken, whole: bool) -> None:
        """Sound and balanced: ask for it to be posted. Otherwise: a card for a person."""
        reading, paid = taken.reading, taken.reading.remittance
        duplicate_of = self._sent_before(taken)
        state = intake_rules.state_of(reading, whole, duplicate_of is not None)
        pulling.wait(
            self.db.execute(
                update(Remittance)
                .where(
                    Remittance.tenant_id == self.db.tenant_id, Remittance.id == taken.remittance_id
                )
                .values(
                    claims=taken.claims,
                    claims_paid_cents=reading.paid_cents,
                    provider_adjustment_cents=taken.adjusted_cents,
                    difference_cents=reading.paid_cents - taken.adjusted_cents - paid.payment_cents,
                    state=state,
                    duplicate_of=duplicate_of,
                )
            )
        )
        if state == "balanced":
            pulling.wait(queue.add(self.db, PostRemittance(taken.remittance_id)))
            return
        self.arrival.hold()
        if state == "duplicate":
            self.arrival.report([intake_rules.sent_before(paid)])
        kind, why = intake_rules.HELD[state]
        self._cards.append(
            self._card(kind, why, "remittance", taken.remittance_id, paid.payment_cents)
        )

    def _card(
        self, kind: str, why: str, subject_type: str, subject_id: UUID, worth_cents: int = 0
    ) -> NewCard:
        return NewCard(
            kind=kind,
            why=why,
            owner="biller",
            subject_type=subject_type,
            subject_id=subject_id,
            source=f"{kind}:{subject_id}",
            worth_cents=worth_cents,
            due_on=clock.today(self.practice.time_zone),  # money that waits is looked at today
        )

    async def open_cards(self) -> None:
        """For each remittance that is held; for the file, where it was not taken at all."""
        held = [] if self.taken else self._cards_of_file()
        await cards.open_cards(self.db, self._cards + held)

    def _cards_of_file(self) -> list[NewCard]:
        if self.arrival.state == "handled":
            return []
        kind, why = intake_rules.FILE_HELD
        return [self._card(kind, why, "arrival", self.arrival.id)]
