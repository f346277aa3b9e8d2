"""What happened at a visit: codes, charges, and the parts of its claim form that no column holds."""

import base64
import secrets
from collections.abc import Sequence
from datetime import date
from uuid import UUID

import msgspec

from billing_saas.edi.claim837 import Claim
from billing_saas.edi.claim837_clinical import HealthCode
from billing_saas.edi.claim837_parts import Note
from billing_saas.ledger.rules import Account, Entry, Line, source_charge
from billing_saas.phi.sealing import Document


class Clinical(Document, kw_only=True, omit_defaults=True):
    """`encounter.phi_clin`. `diagnoses` stand in the order that the charges' pointers count.

    `form` is the claim as a practice's system handed it in, without what rows hold (`claims.forms`
    takes it apart and puts it together): referrals, certifications, drugs, other payers' words …
    """

    diagnoses: tuple[HealthCode, ...] = ()
    notes: tuple[Note, ...] = ()
    form: Claim | None = None


class NewCharge(msgspec.Struct, frozen=True, kw_only=True):
    """One line. `units` is canonical decimal text; `pointers` count the diagnoses from 1."""

    procedure_qualifier: str
    procedure_code: str
    modifiers: tuple[str, ...] = ()
    units: str
    unit_basis: str
    charge_cents: int
    pointers: tuple[int, ...]
    place_of_service: str = ""
    service_from: date
    service_to: date


class PriorAdjustment(msgspec.Struct, frozen=True):
    """What a payer asked before paid or took off, in cents, of line `n` (0: of the whole claim).

    An empty group is what it paid. What it left to the patient is not here: the next payer, who is
    asked now, owes the rest of the charge.
    """

    n: int
    payer_id: UUID
    group: str
    reason: str
    cents: int


class Parties(msgspec.Struct, frozen=True, kw_only=True):
    """Whose money it is: `first` was billed first, `asked` is billed now (None: the patient is)."""

    claim_id: UUID
    patient_id: UUID
    first: UUID | None
    asked: UUID | None


def new_line_number() -> str:
    """REF*6R of ours, which the payer brings back for the line: 120 random bits, 24 of at most 30
    characters, and of letters and digits only."""
    return base64.b32encode(secrets.token_bytes(15)).decode()


Numbered = Sequence[tuple[UUID, NewCharge]]


def charge_entry(
    encounter_id: UUID, effective_on: date, parties: Parties, charges: Numbered
) -> Entry | None:
    """What the visit charges: owed by the first payer, or by the patient who pays for himself.

    None when there is nothing to owe (a visit reported without charge).
    """
    lines = []
    for charge_id, charge in charges:
        if charge.charge_cents:
            lines += [
                _owed(parties, parties.first, charge_id, charge.charge_cents),
                Line(
                    Account.GROSS_CHARGES,
                    -charge.charge_cents,
                    "practice",
                    patient_id=parties.patient_id,
                    claim_id=parties.claim_id,
                    charge_id=charge_id,
                ),
            ]
    return _entry(source_charge(encounter_id), "charge", effective_on, lines)


def prior_entry(
    encounter_id: UUID,
    effective_on: date,
    parties: Parties,
    charges: Numbered,
    adjustments: Sequence[PriorAdjustment],
) -> Entry | None:
    """What payers before had paid and taken off when the claim was handed in for the next one.

    Their money lies in the practice's bank already and will not come by a remittance.
    """
    if parties.first == parties.asked:
        return None
    taken: dict[int, int] = {}
    lines = []
    for prior in adjustments:
        if prior.cents:
            charge_id = charges[prior.n - 1][0] if prior.n else None
            taken[prior.n] = taken.get(prior.n, 0) + prior.cents
            lines.append(_prior(parties, charge_id, prior))
    for n, (charge_id, charge) in enumerate(charges, 1):
        rest = charge.charge_cents - taken.get(n, 0)
        for payer_id, cents in ((parties.first, -charge.charge_cents), (parties.asked, rest)):
            if cents:
                lines.append(_owed(parties, payer_id, charge_id, cents))
    if taken.get(0):
        lines.append(_owed(parties, parties.asked, None, -taken[0]))
    return _entry(f"prior-payment:{encounter_id}", "prior_payment", effective_on, lines)


def _entry(source: str, kind: str, effective_on: date, lines: Sequence[Line]) -> Entry | None:
    if not lines:
        return None
    return Entry(source=source, kind=kind, effective_on=effective_on, lines=tuple(lines))


def _owed(parties: Parties, payer_id: UUID | None, charge_id: UUID | None, cents: int) -> Line:
    return Line(
        Account.PAYER_RECEIVABLE if payer_id else Account.PATIENT_RECEIVABLE,
        cents,
        "payer" if payer_id else "patient",
        payer_id or parties.patient_id,
        parties.patient_id,
        parties.claim_id,
        charge_id,
    )


def _prior(parties: Parties, charge_id: UUID | None, prior: PriorAdjustment) -> Line:
    return Line(
        Account.CONTRACTUAL_ADJUSTMENT if prior.group else Account.BANK,
        prior.cents,
        "payer",
        prior.payer_id,
        parties.patient_id,
        parties.claim_id,
        charge_id,
        prior.group or None,
        prior.reason or None,
    )
