"""How often may be tried, so that guessing is hopeless; see `portal.rules` for the numbers.

Who asks is counted before whom is asked for. A place past its limit is told so, whatever it shows; a
patient past theirs looks like a wrong birth date, for the answer must not tell that there is a patient.
"""

from dataclasses import dataclass
from uuid import UUID

from billing_saas.kit.rates import Limit, Want
from billing_saas.portal import rules
from billing_saas.requests import rules as request_rules
from billing_saas.requests.errors import TooMany
from billing_saas.requests.limiting import Limiter


@dataclass(frozen=True, slots=True)
class Place:
    """Where a try comes from. `prefix` is what a limit counts as one; the other two are for the trail."""

    prefix: str
    ip_prefix: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Tries:
    limiter: Limiter
    buckets: bytes

    def __repr__(self) -> str:
        return "<Tries>"

    async def of_place(self, place: Place) -> None:
        """Spend a try, or raise `TooMany`."""
        await self._take(rules.OF_A_PLACE, "place", place.prefix)

    async def of_patient(self, named: UUID | bytes) -> bool:
        """Spend a try at a patient (or at what names none, which costs as much); whether there was one."""
        return await self._taken(rules.OF_A_PATIENT, "patient", named)

    async def of_asking_for_a_code(self, patient_id: UUID) -> None:
        await self._take(rules.CODES_ASKED, "code", patient_id)

    async def of_asking_for_a_link(self, named: UUID | bytes) -> bool:
        return await self._taken(rules.LINKS_ASKED, "link", named)

    async def of_asking_about(self, payment_id: UUID) -> bool:
        """The processor is asked about a payment a few times an hour; it knocks anyway."""
        return await self._taken(rules.ASKED_ABOUT, "payment", payment_id)

    async def _taken(self, limit: Limit, kind: str, named: UUID | bytes) -> bool:
        try:
            await self._take(limit, kind, named)
        except TooMany:
            return False
        return True

    async def _take(self, limit: Limit, kind: str, named: str | bytes | UUID) -> None:
        bucket = request_rules.bucket(self.buckets, "portal", kind, named)
        await self.limiter.take(Want(bucket, limit))
