"""What happened at a visit: codes, charges, and the parts of its claim form that no column holds."""

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
    """What the payer before said, in cents, of line `n` (0: of the whole claim). An empty group is
    what it paid."""

    n: int
    group: str
    reason: str
    cents: int


class Parties(msgspec.Struct, frozen=True, kw_only=True):
    """Whose money it is: `asked` owes now (None: the patient), `answered` paid before."""

    claim_id: UUID
    patient_id: UUID
    asked: UUID | None
    answered: UUID | None = None


def new_line_number() -> str:
    """REF*6R of ours, which the payer brings back for the line: 120 random bits, 24 of at most 30
    characters, and of letters and digits only."""
    return "".join(secrets.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(24))


def charge_entry(
    encounter_id: UUID,
    effective_on: date,
    parties: Parties,
    charges: Sequence[tuple[UUID, NewCharge]],
) -> Entry | None:
    """What the visit charges: owed by the first payer, or by the patient who pays for himself.

    None when there is nothing to owe (a visit reported without charge).
    """
    first = parties.answered or parties.asked
    lines = []
    for charge_id, charge in charges:
        if not charge.charge_cents:
            continue
        lines.append(_receivable(parties, first, charge_id, charge.charge_cents))
        lines.append(
            Line(
                Account.GROSS_CHARGES,
                -charge.charge_cents,
                "practice",
                patient_id=parties.patient_id,
                claim_id=parties.claim_id,
                charge_id=charge_id,
            )
        )
    if not lines:
        return None
    return Entry(
        source=source_charge(encounter_id),
        kind="charge",
        effective_on=effective_on,
        lines=tuple(lines),
    )


def prior_entry(
    encounter_id: UUID,
    effective_on: date,
    parties: Parties,
    charge_ids: Sequence[UUID],
    adjustments: Sequence[PriorAdjustment],
) -> Entry | None:
    """What the payer before had paid and adjusted when the claim was handed in for the next one.

    Its money lies in the practice's bank already and will not come by a remittance. The patient's
    share goes on to the payer now asked; what the payer before took off stays off.
    """
    lines = []
    for prior in adjustments:
        if prior.cents:
            charge_id = charge_ids[prior.n - 1] if prior.n else None
            lines += _prior_lines(parties, charge_id, prior)
    if not lines:
        return None
    return Entry(
        source=f"prior-payment:{encounter_id}",
        kind="prior_payment",
        effective_on=effective_on,
        lines=tuple(lines),
    )


def _prior_lines(parties: Parties, charge_id: UUID | None, prior: PriorAdjustment) -> list[Line]:
    if prior.group == "PR":
        counter = _receivable(parties, parties.asked, charge_id, prior.cents, prior)
    else:
        account = Account.CONTRACTUAL_ADJUSTMENT if prior.group else Account.BANK
        counter = Line(
            account,
            prior.cents,
            "payer",
            parties.answered,
            parties.patient_id,
            parties.claim_id,
            charge_id,
            prior.group or None,
            prior.reason or None,
        )
    return [counter, _receivable(parties, parties.answered, charge_id, -prior.cents)]


def _receivable(
    parties: Parties,
    payer_id: UUID | None,
    charge_id: UUID | None,
    cents: int,
    prior: PriorAdjustment | None = None,
) -> Line:
    return Line(
        Account.PAYER_RECEIVABLE if payer_id else Account.PATIENT_RECEIVABLE,
        cents,
        "payer" if payer_id else "patient",
        payer_id or parties.patient_id,
        parties.patient_id,
        parties.claim_id,
        charge_id,
        prior.group if prior else None,
        prior.reason if prior else None,
    )
