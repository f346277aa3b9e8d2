"""An 837P of a practice's own system becomes patients, policies, visits, charges, claims, submissions.

The file is read twice: first held to its guide (`vetting`), then taken, a thousand claims at a time,
each thousand by the same few statements. A claim that is on file already (same account number, days
of service and charge) is reported and left out.
"""

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import text

from billing_saas.audit import trail
from billing_saas.blobs import storing
from billing_saas.claims import finding as claims_on_file
from billing_saas.connections import admitting
from billing_saas.edi import claim837_reader
from billing_saas.edi.claim837 import Claim
from billing_saas.edi.envelope import Unreadable, interchanges
from billing_saas.edi.findings import Finding, Place
from billing_saas.followups import cards
from billing_saas.followups.cards import NewCard
from billing_saas.imports import reading, rules, vetting
from billing_saas.imports.jobs import ImportClaims
from billing_saas.imports.vetting import Vetted
from billing_saas.imports.writing import Batch
from billing_saas.inbox.handling import Handling, handling
from billing_saas.kit import points, pulling
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.phi.rules import identifier_1
from billing_saas.reference import codes
from billing_saas.tenants import queries as tenants
from billing_saas.tenants.tables import Practice

BATCH = 1_000
# The code sets that a claim is held to, as a warning.
CODE_SETS = codes.checks("icd10", "hcpcs", "place", "taxonomy")

_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended(:practice, 0))")


async def take_in(db: TenantSession, actor: Actor, job: ImportClaims) -> None:
    """Read the arrival's claims into rows; whatever is wrong is a finding at the arrival."""
    async with handling(db, job.arrival_id) as arrival:
        # One file of a practice at a time: two that name the same new patient or claim must see
        # each other's.
        await db.execute(_ONE_AT_A_TIME, {"practice": f"imports {db.tenant_id}"})
        practice = await tenants.this_practice(db)
        intake = _Intake(db, actor, arrival, practice)
        admission = await admitting.admission(db, arrival.id, of_claims=True)
        arrival.kind = vetting.PROFESSIONAL
        try:
            vetted = await pulling.reading(
                storing.read(db, arrival.blob_id),
                lambda chunks: vetting.vet(chunks, arrival.source, admission.refuse, CODE_SETS),
            )
        except Unreadable as fault:
            arrival.unreadable(str(fault))
        else:
            arrival.report(vetted.findings)
            await admission.remember(vetted.findings)
            await pulling.reading(
                storing.read(db, arrival.blob_id), lambda chunks: intake.read(chunks, vetted)
            )
            if arrival.errors and not intake.taken:
                arrival.hold()
        await _open_card(db, arrival, intake.taken)
        await trail.record(
            db,
            actor,
            "arrival.take_in",
            object_type="arrival",
            object_id=job.arrival_id,
            detail={
                "kind": arrival.kind,
                "claims": intake.taken,
                "findings": arrival.errors + arrival.warnings,
            },
        )


async def _open_card(db: TenantSession, arrival: Handling, taken: int) -> None:
    """What was not taken must be mended where it came from: someone has to say so."""
    if not arrival.errors:
        return
    if arrival.state == "unreadable":
        why = "A file of claims cannot be read."
    else:
        why = f"A file of claims has {arrival.errors} errors; {taken} of its claims were taken."
    card = NewCard(
        kind="claims_refused",
        why=f"{why} The findings say where.",
        owner="biller",
        subject_type="arrival",
        subject_id=arrival.id,
        source=f"arrival:{arrival.id}:claims",
    )
    await cards.open_cards(db, [card])


class _Intake:
    """One arrival being read. `read` runs inside the greenlet bridge, so it may wait."""

    def __init__(
        self, db: TenantSession, actor: Actor, arrival: Handling, practice: Practice
    ) -> None:
        self.db = db
        self.actor = actor
        self.arrival = arrival
        self.practice = practice
        self.taken = 0
        self._strangers: set[Place] = set()
        self._in_file: set[tuple[object, ...]] = set()

    def read(self, chunks: Iterable[bytes], vetted: Vetted) -> None:
        batch: list[Claim] = []
        for claim, end in _claims(chunks, vetted):
            if self._may_be_taken(claim, end, vetted):
                batch.append(claim)
            if len(batch) == BATCH:
                pulling.wait(self._take(batch))
                batch = []
        if batch:
            pulling.wait(self._take(batch))

    def _may_be_taken(self, claim: Claim, end: int, vetted: Vetted) -> bool:
        provider = claim.billing_provider
        if not rules.is_ours(provider, self.practice.npi, self.practice.tax_id):
            where = claim.place.at(provider.position)
            if where not in self._strangers:
                self._strangers.add(where)
                self._report(_other_payee(where))
            return False
        if vetted.refuses_claim(claim, end):
            message = "The claim was not taken, because of the errors found in it."
            self._report(rules.error("claim_not_taken", message, claim.place, "CLM"))
            return False
        refusal = rules.refusal(claim)
        self._report(refusal or rules.patient_paid(claim))
        return refusal is None

    def _report(self, finding: Finding | None) -> None:
        if finding is not None:
            self.arrival.report([finding])

    async def _take(self, batch: Sequence[Claim]) -> None:
        fresh = await self._without_duplicates(batch)
        if fresh:
            await Batch(self.db, self.actor, self.arrival, fresh).write()
            self.taken += len(fresh)
            points.reach("imports.claims837.batch")

    async def _without_duplicates(self, batch: Sequence[Claim]) -> list[Claim]:
        """Those that are neither on file nor in this file twice."""
        on_file = await claims_on_file.by_account_numbers(
            self.db, [claim.number for claim in batch]
        )
        known = {
            (found.account_number, found.service_from, found.service_to, found.charge_cents)
            for numbered in on_file.values()
            for found in numbered
        }
        fresh = []
        for claim in batch:
            charges = reading.charges_of(claim)
            key = (
                identifier_1(claim.number),
                min(charge.service_from for charge in charges),
                max(charge.service_to for charge in charges),
                claim.charge_cents,
            )
            if key in known or key in self._in_file:
                self._report(_duplicate(claim))
            else:
                fresh.append(claim)
            self._in_file.add(key)
        return fresh


def _claims(chunks: Iterable[bytes], vetted: Vetted) -> Iterator[tuple[Claim, int]]:
    """Each claim of the sets that may be taken, with the position where the next one begins."""
    for interchange in interchanges(chunks):
        for transaction in vetting.sets(interchange):
            if transaction.kind != vetting.PROFESSIONAL or vetted.refuses_set(transaction.place):
                continue
            before: Claim | None = None
            for claim in claim837_reader.read(transaction):
                if before is not None:
                    yield before, claim.place.segment
                before = claim
            if before is not None:
                yield before, transaction.segment_count + 1


def _other_payee(place: Place) -> Finding:
    return rules.error(
        "other_payee",
        "The billing provider is not this practice, neither by NPI nor by tax id.",
        place,
        "NM1",
        9,
    )


def _duplicate(claim: Claim) -> Finding:
    return rules.warning(
        "duplicate_claim",
        "A claim of the same number, days of service and charge is on file: left out.",
        claim.place,
        "CLM",
    )
