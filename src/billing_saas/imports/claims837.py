"""An 837P of a practice's own system becomes patients, policies, visits, charges, claims, submissions.

The file is read twice: first held to its guide (`vetting`), then taken, a thousand claims at a time,
each thousand by the same few statements. A claim that is on file already (same account number, days
of service and charge) is reported and left out.
"""

from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from billing_saas.audit import trail
from billing_saas.blobs import storing
from billing_saas.claims import assembling, forms
from billing_saas.claims import finding as claims_on_file
from billing_saas.claims.assembling import ClaimPayer, NewClaim
from billing_saas.coverage import enrolling
from billing_saas.coverage import finding as coverages
from billing_saas.coverage import rules as coverage_rules
from billing_saas.coverage.enrolling import SeenCoverage
from billing_saas.edi import claim837_reader
from billing_saas.edi.claim837 import Claim
from billing_saas.edi.envelope import Unreadable, interchanges
from billing_saas.edi.findings import Finding, Place
from billing_saas.encounters import charging
from billing_saas.encounters.charging import NewEncounter
from billing_saas.encounters.rules import Parties, PriorAdjustment
from billing_saas.imports import rules, vetting
from billing_saas.imports.jobs import ImportClaims
from billing_saas.imports.vetting import Vetted
from billing_saas.inbox.handling import Handling, handling
from billing_saas.kit import points, pulling
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.patients import registering
from billing_saas.patients.registering import Recognized, Seen
from billing_saas.payers import listing as payers
from billing_saas.phi.rules import identifier_1
from billing_saas.providers import listing as providers
from billing_saas.providers.listing import SeenProvider
from billing_saas.tenants import queries as tenants
from billing_saas.tenants.tables import Practice

BATCH = 1_000


async def take_in(db: TenantSession, actor: Actor, job: ImportClaims) -> None:
    """Read the arrival's claims into rows; whatever is wrong is a finding at the arrival."""
    async with handling(db, job.arrival_id) as arrival:
        practice = await tenants.this_practice(db)
        intake = _Intake(db, actor, arrival, practice)
        arrival.kind = vetting.PROFESSIONAL
        try:
            vetted = await pulling.reading(
                storing.read(db, arrival.blob_id),
                lambda chunks: vetting.vet(chunks, arrival.source),
            )
        except Unreadable as fault:
            arrival.unreadable(str(fault))
        else:
            arrival.report(vetted.findings)
            await pulling.reading(
                storing.read(db, arrival.blob_id), lambda chunks: intake.read(chunks, vetted)
            )
            if arrival.errors and not intake.taken:
                arrival.hold()
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
            writing = _Batch(self.db, self.actor, self.arrival, fresh)
            await writing.write()
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
            charges = rules.charges_of(claim)
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


class _Batch:
    """Up to a thousand claims being written: from the parties up to the submissions."""

    def __init__(
        self, db: TenantSession, actor: Actor, arrival: Handling, claims: Sequence[Claim]
    ) -> None:
        self.db = db
        self.actor = actor
        self.arrival = arrival
        self.claims = claims
        self.claim_ids = [new_id() for _ in claims]
        self.providers: dict[str, UUID] = {}
        self.payers: dict[str, UUID] = {}
        self.patient_ids: list[UUID] = []

    async def write(self) -> None:
        self.providers = await providers.list_many(self.db, self.actor, list(self._providers()))
        self.payers = await payers.list_many(self.db, self.actor, self._payer_names())
        self.patient_ids = await self._recognize()
        orders = await self._enroll()
        encounters = [
            self._encounter(at, claim, orders[at]) for at, claim in enumerate(self.claims)
        ]
        await charging.charge_many(self.db, self.actor, encounters)
        await assembling.assemble_many(
            self.db,
            self.actor,
            [
                self._claim(claim, encounter, order)
                for claim, encounter, order in zip(self.claims, encounters, orders, strict=True)
            ],
            why="imported",
            source_type="arrival",
            source_id=self.arrival.id,
        )

    def _providers(self) -> Iterator[SeenProvider]:
        seen: set[int] = set()
        for claim in self.claims:
            billing, rendering = claim.billing_provider, claim.rendering_provider
            if id(billing) not in seen:
                seen.add(id(billing))
                yield rules.billing_provider_of(billing)
            if rendering is not None and providers.can_be_listed(rendering.npi):
                yield rules.rendering_provider_of(rendering)

    def _payer_names(self) -> dict[str, str]:
        names: dict[str, str] = {}
        for claim in self.claims:
            names.setdefault(claim.payer.id, claim.payer.name)
            for _, payer in rules.other_payers(claim):
                names.setdefault(payer.id, payer.name)
        return names

    async def _recognize(self) -> list[UUID]:
        """The patient of each claim. Claims that share a person of the file are asked for once."""
        held = await coverages.by_member_id(
            self.db, {claim.subscriber.member_id for claim in self.claims}
        )
        places: dict[tuple[int, int], int] = {}
        people: list[Seen] = []
        first: list[Claim] = []
        asked = []
        for claim in self.claims:
            key = (id(claim.patient_person), id(claim.subscriber))
            if key not in places:
                places[key] = len(people)
                member_id = coverage_rules.comparable(claim.subscriber.member_id)
                payer_id = self.payers[claim.payer.id]
                people.append(
                    Seen(
                        demographics=rules.demographics_of(claim),
                        policy=f"{payer_id} {member_id}" if member_id else "",
                        insured=frozenset(
                            coverage.patient_id
                            for coverage in held.get(member_id, [])
                            if coverage.payer_id == payer_id
                        ),
                    )
                )
                first.append(claim)
            asked.append(places[key])
        recognized = await registering.recognize_many(self.db, self.actor, people)
        self._report_alike(first, recognized)
        return [recognized[place].patient_id for place in asked]

    def _report_alike(self, claims: Sequence[Claim], recognized: Sequence[Recognized]) -> None:
        self.arrival.report(
            rules.warning(
                "patient_alike",
                "Someone of the same name and birth date is on file; nothing else agreed, so this "
                "patient was put on file apart.",
                claim.place.at(claim.patient_person.position),
                "NM1",
            )
            for claim, found in zip(claims, recognized, strict=True)
            if found.alike
        )

    async def _enroll(self) -> list[tuple[ClaimPayer, ...]]:
        """The payers of each claim, in their order."""
        seen: list[SeenCoverage] = []
        sequences: list[list[str]] = []
        for claim, patient_id in zip(self.claims, self.patient_ids, strict=True):
            asked = rules.coverage_of(claim, patient_id, self.payers)
            others = rules.other_coverages_of(claim, patient_id, self.payers)
            chosen = sorted(
                [asked, *others], key=lambda c: coverage_rules.SEQUENCES.index(c.sequence)
            )
            seen += chosen
            sequences.append([coverage.sequence for coverage in chosen])
        ids = iter(zip(await enrolling.enroll_many(self.db, self.actor, seen), seen, strict=True))
        orders = []
        for named in sequences:
            order = []
            for sequence in named:
                coverage_id, coverage = next(ids)
                order.append(ClaimPayer(sequence, coverage_id, coverage.payer_id))
            orders.append(tuple(order))
        return orders

    def _encounter(self, at: int, claim: Claim, order: Sequence[ClaimPayer]) -> NewEncounter:
        asked = self.payers[claim.payer.id]
        prior = tuple(
            PriorAdjustment(n, self.payers[payer_id], group, reason, cents)
            for payer_id, n, group, reason, cents in rules.prior_of(claim)
        )
        rendering = claim.rendering_provider
        return NewEncounter(
            parties=Parties(
                claim_id=self.claim_ids[at],
                patient_id=self.patient_ids[at],
                first=order[0].payer_id if prior else asked,
                asked=asked,
            ),
            billing_provider_id=self.providers[claim.billing_provider.npi],
            rendering_provider_id=self.providers.get(rendering.npi) if rendering else None,
            arrival_id=self.arrival.id,
            place_of_service=claim.facility_code,
            clinical=forms.clinical_of(claim),
            charges=rules.charges_of(claim),
            prior=prior,
        )

    def _claim(
        self, claim: Claim, encounter: NewEncounter, order: tuple[ClaimPayer, ...]
    ) -> NewClaim:
        return NewClaim(
            id=encounter.parties.claim_id,
            encounter_id=encounter.id,
            patient_id=encounter.parties.patient_id,
            billing_provider_id=encounter.billing_provider_id,
            charge_cents=claim.charge_cents,
            service_from=encounter.service_from,
            service_to=encounter.service_to,
            payers=order,
            asked=rules.sequence_of(claim),
            account_number=claim.number,
        )
