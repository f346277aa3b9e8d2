"""What is printed: a practice's letterhead, to whom a statement goes, and its rows."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

import msgspec
from sqlalchemy import select

from billing_saas.edi.parties import Address
from billing_saas.kit.db import TenantSession
from billing_saas.patients import finding
from billing_saas.patients import queries as patients
from billing_saas.patients.rules import Demographics
from billing_saas.providers.tables import Provider
from billing_saas.statement_papers.pdf import Letterhead, Row
from billing_saas.statements.explaining import ClaimExplanation
from billing_saas.statements.rules import OpenItem
from billing_saas.tenants import queries as tenants

# What a QR code says before the code that is typed as well: a page that asks for the birth date.
_PATH = "/s/"


class Addressee(msgspec.Struct, frozen=True):
    """Who is asked; `lines` is empty below the name where no address is known."""

    name: str
    lines: tuple[str, ...]

    @property
    def mailable(self) -> bool:
        return bool(self.lines)

    def __repr__(self) -> str:
        return "<Addressee>"


async def letterhead(db: TenantSession, *, phone: str, pay_to: str) -> Letterhead:
    """`pay_to` has the lines of an address; empty: the office's own."""
    practice = await tenants.this_practice(db)
    office = await db.scalar(
        select(Provider).where(Provider.tenant_id == db.tenant_id, Provider.npi == practice.npi)
    )
    address: tuple[str, ...] = ()
    if office is not None:
        address = _lines(
            office.address_line1,
            office.address_line2,
            office.city,
            office.state,
            office.postal_code,
        )
    lines = tuple(line.strip() for line in pay_to.splitlines() if line.strip())
    return Letterhead(
        name=practice.name,
        address=address,
        pay_to=lines or address,
        phone=phone,
        site=db.portal_site.partition("://")[2],
        link=f"{db.portal_site}{_PATH}",
    )


async def addressees(db: TenantSession, ids: Collection[UUID]) -> dict[UUID, Addressee]:
    """Opened. The caller records that they were."""
    known = await finding.known(db, ids)
    return {asked: addressee(found.demographics) for asked, found in known.items()}


def addressee(person: Demographics) -> Addressee:
    name = " ".join(part for part in (person.first_name, person.last_name, person.suffix) if part)
    found = person.address or Address()
    if not (found.line1 and found.city and found.postal_code):
        return Addressee(name, ())
    return Addressee(
        name, _lines(found.line1, found.line2, found.city, found.state, found.postal_code)
    )


async def first_names(db: TenantSession, ids: Collection[UUID]) -> dict[UUID, str]:
    """A first name is enough to know one's family by. Opened; the caller records that."""
    names = await patients.names(db, ids)
    return {patient_id: name.first_name or name.last_name for patient_id, name in names.items()}


def rows(
    items: Sequence[OpenItem],
    explained: Mapping[UUID, ClaimExplanation],
    names: Mapping[UUID, str],
) -> list[Row]:
    """A row per visit, oldest first: what became of its charges, and what of them is owed."""
    owed: dict[tuple[UUID, UUID | None], int] = {}
    first: dict[tuple[UUID, UUID | None], OpenItem] = {}
    for item in items:
        key = (item.patient_id, item.claim_id)
        owed[key] = owed.get(key, 0) + item.cents
        first.setdefault(key, item)
    return [_row(first[key], cents, explained, names) for key, cents in owed.items()]


def _row(
    item: OpenItem,
    cents: int,
    explained: Mapping[UUID, ClaimExplanation],
    names: Mapping[UUID, str],
) -> Row:
    claim = explained.get(item.claim_id) if item.claim_id is not None else None
    name = names.get(item.patient_id, "")
    if claim is None:
        return Row(name, item.service_on, cents, 0, 0, 0, cents)
    sums = claim.told.sums
    return Row(
        patient=name,
        service_on=claim.service_from,
        charge_cents=sums.charge_cents,
        plan_paid_cents=sums.plan_paid_cents,
        reduced_cents=sums.contract_cents + sums.write_off_cents,
        patient_paid_cents=sums.patient_paid_cents,
        owed_cents=cents,
    )


def _lines(line1: str, line2: str, city: str, state: str, postal_code: str) -> tuple[str, ...]:
    code = f"{postal_code[:5]}-{postal_code[5:]}" if len(postal_code) == 9 else postal_code
    place = f"{city}, {state} {code}".strip(", ")
    return tuple(line for line in (line1, line2, place) if line)
