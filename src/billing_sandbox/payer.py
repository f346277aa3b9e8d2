"""A small payer: reads professional claims (837P) and answers with remittances (835).

It pays, reduces to its price (CO-45), leaves deductibles, coinsurance and copays to the patient
(PR-1, PR-2, PR-3), denies lines and whole claims, withholds and adds money outside claims (PLB), and
takes one payment back to send it corrected. All of it follows from a seed; nothing is random twice.
"""

import random
from collections.abc import Iterable

import msgspec

from billing_saas.edi import claim837_reader
from billing_saas.edi.claim837 import Claim
from billing_saas.edi.envelope import interchanges
from billing_saas.edi.remittance import ProviderAdjustment, Remittance
from billing_sandbox.adjudication import adjudicate, corrected_payment, reversed_payment
from billing_sandbox.payments import VERSION, Check, Payee, file_of, payment_of

__all__ = [
    "VERSION",
    "Check",
    "Payee",
    "adjudicate",
    "claims_of",
    "file_of",
    "pay",
    "payment_of",
    "reversed_payment",
    "stray",
    "take_back_and_correct",
]


def claims_of(claims_file: bytes) -> list[Claim]:
    """Every professional claim of an 837 file."""
    found: list[Claim] = []
    for interchange in interchanges([claims_file]):
        for group in interchange.groups():
            for transaction in group.transactions():
                if transaction.kind == "837P":
                    found += claim837_reader.read(transaction)
    return found


def pay(claims_file: bytes, payee: Payee, check: Check, *, seed: int) -> bytes:
    """The 835 for all claims of a file: one payment (ST) per payer."""
    remittances: list[Remittance] = []
    for payer_id, claims in _by_payer(claims_of(claims_file)).items():
        chance = random.Random(f"{payer_id}/{seed}")
        paid = [adjudicate(claim, chance) for claim in claims]
        pairs = _provider_adjustments(chance, payee, check) if not remittances else ()
        remittances.append(payment_of(claims[0], payee, check, paid, pairs))
    return file_of(remittances, payee, check)


def take_back_and_correct(
    claims_file: bytes, payee: Payee, first: Check, second: Check, *, seed: int
) -> bytes:
    """One claim that `pay` paid, reversed and then paid anew with more left to the patient.

    The reversal gives back every amount and code with its sign turned (RFI 1429) and comes before its
    correction in the same 835 (RFI 791).
    """
    for payer_id, claims in _by_payer(claims_of(claims_file)).items():
        chance = random.Random(f"{payer_id}/{seed}")
        for claim in claims:
            original = adjudicate(claim, chance)
            if original.paid_cents > 0 and claim.subscriber.insurance.sequence == "P":  # type: ignore[union-attr]  # every claim of ours names its order
                corrected = corrected_payment(original)
                pair = [reversed_payment(original), corrected]
                return file_of([payment_of(claim, payee, second, pair, ())], payee, second)
    raise ValueError(f"nothing was paid by {first.trace_prefix}: nothing can be taken back")


def stray(claims_file: bytes, payee: Payee, check: Check, *, seed: int) -> bytes:
    """A payment for a claim that nobody sent: its number is known to no one."""
    claim = claims_of(claims_file)[0]
    paid = adjudicate(claim, random.Random(f"stray/{seed}"), may_deny=False)
    paid = msgspec.structs.replace(paid, patient_control_number=f"LOST{seed:08d}")
    services = tuple(msgspec.structs.replace(service, references=()) for service in paid.services)
    paid = msgspec.structs.replace(paid, services=services)
    return file_of([payment_of(claim, payee, check, [paid], ())], payee, check)


def _by_payer(claims: Iterable[Claim]) -> dict[str, list[Claim]]:
    found: dict[str, list[Claim]] = {}
    for claim in claims:
        found.setdefault(claim.payer.id, []).append(claim)
    return found


def _provider_adjustments(
    chance: random.Random, payee: Payee, check: Check
) -> tuple[ProviderAdjustment, ...]:
    """Interest for a late payment, and an overpayment of another time kept back."""
    year_end = f"{check.paid_on.year}1231"
    return (
        ProviderAdjustment(payee.npi, year_end, "L6", "", -chance.randrange(50, 500)),
        ProviderAdjustment(payee.npi, year_end, "WO", "OLD0042", chance.randrange(1_000, 4_000)),
    )
