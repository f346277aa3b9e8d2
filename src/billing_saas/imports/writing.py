"""A batch of claims into rows: from the parties up to the submissions, by the same few statements."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from billing_saas.claims import assembling, forms
from billing_saas.claims.assembling import ClaimPayer, NewClaim
from billing_saas.coverage import enrolling
from billing_saas.coverage import finding as coverages
from billing_saas.coverage import rules as coverage_rules
from billing_saas.coverage.rules import SeenCoverage
from billing_saas.edi.claim837 import Claim
from billing_saas.encounters import charging
from billing_saas.encounters.charging import NewEncounter
from billing_saas.encounters.rules import Parties, PriorAdjustment
from billing_saas.imports import reading, rules
from billing_saas.inbox.handling import Handling
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.patients import registering
from billing_saas.patients.registering import Recognized, Seen
from billing_saas.payers import listing as payers
from billing_saas.providers import listing as providers
from billing_saas.providers.rules import SeenProvider, can_be_listed


class Batch:
    """Up to a thousand claims; `write` is called once."""

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
                yield reading.billing_provider_of(billing)
            if rendering is not None and can_be_listed(rendering.npi):
                yield reading.rendering_provider_of(rendering)

    def _payer_names(self) -> dict[str, str]:
        names: dict[str, str] = {}
        for claim in self.claims:
            names.setdefault(claim.payer.id, claim.payer.name)
            for _, payer in reading.other_payers(claim):
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
                        demographics=reading.demographics_of(claim),
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
            asked = reading.coverage_of(claim, patient_id, self.payers)
            others = reading.other_coverages_of(claim, patient_id, self.payers)
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
            for payer_id, n, group, reason, cents in reading.prior_of(claim)
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
            charges=reading.charges_of(claim),
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
            asked=reading.sequence_of(claim),
            account_number=claim.number,
        )
