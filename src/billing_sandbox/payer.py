"""A small payer: reads professional claims (837P) and answers with remittances (835).

It pays, reduces to its price (CO-45), leaves deductibles, coinsurance and copays to the patient
(PR-1, PR-2, PR-3), denies lines and whole claims, withholds and adds money outside claims (PLB), and
takes one payment back to send it corrected. All of it follows from a seed; nothing is random twice.
"""

import datetime
import random
from collections.abc import Iterable, Sequence

import msgspec

from billing_saas.edi import claim837_reader, era835
from billing_saas.edi.claim837 import Claim
from billing_saas.edi.claim837_lines import ServiceLine
from billing_saas.edi.envelope import GroupHeader, InterchangeHeader, interchanges
from billing_saas.edi.parties import (
    Address,
    AmountValue,
    Contact,
    DateValue,
    Party,
    Reference,
)
from billing_saas.edi.remittance import (
    Account,
    Adjustment,
    ClaimHeading,
    ClaimPayment,
    ProviderAdjustment,
    Remark,
    Remittance,
    ServicePayment,
)
from billing_saas.edi.writing import OutgoingGroup, OutgoingSet, write_interchange

VERSION = "005010X221A1"
_PROCESSED_AS = {"P": "1", "S": "2", "T": "3"}
_REVERSAL = "22"
# Why lines are denied: not medically necessary, lacks information, benefit maximum, not covered.
_DENIALS = (("50", "N115"), ("16", "M76"), ("119", "N362"), ("204", "N130"))


class Payee(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the payer pays."""

    name: str
    npi: str
    tax_id: str
    address: Address


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """The payment that an 835 speaks of."""

    trace_prefix: str
    """With the payer's id it makes TRN02, which is unique per payer."""
    paid_on: datetime.date
    control_number: int = 1
    usage: str = "P"


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
                corrected = _corrected(original)
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


def adjudicate(claim: Claim, chance: random.Random, *, may_deny: bool = True) -> ClaimPayment:
    """What the payer makes of one claim; balanced at every level."""
    whole = may_deny and chance.random() < 0.04
    deductible = chance.choice((0, 0, 0, 2_500, 5_000))
    copay = chance.choice((0, 0, 1_500, 2_000))
    services = []
    for line in claim.lines:
        denied = whole or (may_deny and chance.random() < 0.06)
        if denied:
            services.append(_denied(line, chance))
            continue
        service, deductible, copay = _priced(line, chance, deductible, copay)
        services.append(service)
    paid = sum(service.paid_cents for service in services)
    insurance = claim.subscriber.insurance
    sequence = insurance.sequence if insurance else "P"
    return ClaimPayment(
        patient_control_number=claim.number,
        status=_PROCESSED_AS[sequence],
        charge_cents=claim.charge_cents,
        paid_cents=paid,
        patient_responsibility_cents=_shared(services) or None,
        filing_indicator=(insurance.filing_indicator if insurance else "") or "CI",
        payer_control_number=f"{chance.randrange(10**13):013d}",
        facility=claim.facility_code,
        frequency=claim.frequency or "1",
        parties=_parties(claim),
        dates=_claim_dates(claim),
        services=tuple(services),
        heading=ClaimHeading(number="1"),
    )


def reversed_payment(original: ClaimPayment) -> ClaimPayment:
    """CLP02 = 22: the original with every sign turned."""
    return msgspec.structs.replace(
        original,
        status=_REVERSAL,
        charge_cents=-original.charge_cents,
        paid_cents=-original.paid_cents,
        patient_responsibility_cents=None,
        adjustments=_turned(original.adjustments),
        services=tuple(
            msgspec.structs.replace(
                service,
                charge_cents=-service.charge_cents,
                paid_cents=-service.paid_cents,
                adjustments=_turned(service.adjustments),
                amounts=(),
            )
            for service in original.services
        ),
    )


def _turned(adjustments: Sequence[Adjustment]) -> tuple[Adjustment, ...]:
    return tuple(
        msgspec.structs.replace(adjusted, amount_cents=-adjusted.amount_cents)
        for adjusted in adjustments
    )


def _corrected(original: ClaimPayment) -> ClaimPayment:
    """Ten dollars (or all, where it paid less) of the first paid line become the patient's copay."""
    services = list(original.services)
    at = next(n for n, service in enumerate(services) if service.paid_cents > 0)
    service = services[at]
    moved = min(1_000, service.paid_cents)
    services[at] = msgspec.structs.replace(
        service,
        paid_cents=service.paid_cents - moved,
        adjustments=(*service.adjustments, Adjustment("PR", "3", moved)),
    )
    return msgspec.structs.replace(
        original,
        paid_cents=original.paid_cents - moved,
        patient_responsibility_cents=_shared(services),
        payer_control_number=f"{int(original.payer_control_number) + 1:013d}",
        services=tuple(services),
    )


def _by_payer(claims: Iterable[Claim]) -> dict[str, list[Claim]]:
    found: dict[str, list[Claim]] = {}
    for claim in claims:
        found.setdefault(claim.payer.id, []).append(claim)
    return found


def _denied(line: ServiceLine, chance: random.Random) -> ServicePayment:
    reason, remark = chance.choice(_DENIALS)
    return _service(
        line, 0, (Adjustment("CO", reason, line.charge_cents),), None, (Remark("HE", remark),)
    )


def _priced(
    line: ServiceLine, chance: random.Random, deductible: int, copay: int
) -> tuple[ServicePayment, int, int]:
    """The price, less what an earlier payer settled, less the patient's share. And what is left of
    the deductible and copay for the claim's other lines."""
    settled = _settled_before(line)
    left = line.charge_cents - settled
    adjustments: list[Adjustment] = []
    if settled:
        # The prior payer's effect is one CAS OA*23 (RFI 2806).
        adjustments.append(Adjustment("OA", "23", settled))
    else:
        reduction = line.charge_cents * chance.randrange(10, 45) // 100
        left -= reduction
        adjustments.append(Adjustment("CO", "45", reduction))
    allowed = left
    for reason, owed in (("1", deductible), ("3", copay)):
        taken = min(owed, left)
        left -= taken
        if taken:
            adjustments.append(Adjustment("PR", reason, taken))
        if reason == "1":
            deductible -= taken
        else:
            copay -= taken
    coinsurance = left // 5 if chance.random() < 0.5 else 0
    if coinsurance:
        adjustments.append(Adjustment("PR", "2", coinsurance))
    kept = tuple(adjusted for adjusted in adjustments if adjusted.amount_cents)
    return _service(line, left - coinsurance, kept, allowed, ()), deductible, copay


def _settled_before(line: ServiceLine) -> int:
    """What earlier payers paid and wrote off of a line, in cents (2430 SVD and CAS, group CO)."""
    return sum(
        said.paid_cents
        + sum(adjusted.amount_cents for adjusted in said.adjustments if adjusted.group == "CO")
        for said in line.adjudications
    )


def _service(
    line: ServiceLine,
    paid_cents: int,
    adjustments: tuple[Adjustment, ...],
    allowed_cents: int | None,
    remarks: tuple[Remark, ...],
) -> ServicePayment:
    assert line.procedure is not None
    day = line.service_date
    number = line.control_number
    return ServicePayment(
        procedure=line.procedure,
        charge_cents=line.charge_cents,
        paid_cents=paid_cents,
        units=line.quantity,
        dates=(DateValue("472", day.value[:8]),) if day else (),
        adjustments=adjustments,
        references=(Reference("6R", number),) if number else (),
        amounts=(AmountValue("B6", allowed_cents),) if allowed_cents else (),
        remarks=remarks,
    )


def _shared(services: Sequence[ServicePayment]) -> int:
    return sum(
        adjusted.amount_cents
        for service in services
        for adjusted in service.adjustments
        if adjusted.group == "PR"
    )


def _parties(claim: Claim) -> tuple[Party, ...]:
    person = claim.patient_person
    holder = claim.subscriber
    parties = [
        Party(
            entity="QC",
            entity_type="1",
            name=person.name,
            first_name=person.first_name,
            middle_name=person.middle_name,
            id_qualifier="MI",
            id=holder.member_id,
        )
    ]
    if claim.patient is not None:
        parties.append(
            Party(
                entity="IL",
                entity_type="1",
                name=holder.name,
                first_name=holder.first_name,
                id_qualifier="MI",
                id=holder.member_id,
            )
        )
    rendering = claim.rendering_provider
    if rendering is not None:
        parties.append(
            Party(
                entity="82",
                entity_type="1",
                name=rendering.name,
                first_name=rendering.first_name,
                id_qualifier="XX",
                id=rendering.npi,
            )
        )
    return tuple(parties)


def _claim_dates(claim: Claim) -> tuple[DateValue, ...]:
    days = [line.service_date.value[:8] for line in claim.lines if line.service_date]
    return (DateValue("232", min(days)), DateValue("233", max(days))) if days else ()


def _provider_adjustments(
    chance: random.Random, payee: Payee, check: Check
) -> tuple[ProviderAdjustment, ...]:
    """Interest for a late payment, and an overpayment of another time kept back."""
    year_end = f"{check.paid_on.year}1231"
    return (
        ProviderAdjustment(payee.npi, year_end, "L6", "", -chance.randrange(50, 500)),
        ProviderAdjustment(payee.npi, year_end, "WO", "OLD0042", chance.randrange(1_000, 4_000)),
    )


def payment_of(
    claim: Claim,
    payee: Payee,
    check: Check,
    paid: Sequence[ClaimPayment],
    pairs: tuple[ProviderAdjustment, ...],
) -> Remittance:
    """One payment by the payer of `claim`; its total follows from what is `paid` and from `pairs`."""
    payer = claim.payer
    total = sum(one.paid_cents for one in paid) - sum(pair.amount_cents for pair in pairs)
    if total < 0:
        # A payer never debits by BPR02: what it could not take is carried (PLB FB negative).
        pairs += (
            ProviderAdjustment(
                payee.npi, f"{check.paid_on.year}1231", "FB", check.trace_prefix, total
            ),
        )
        total = 0
    return Remittance(
        handling="I" if total else "H",
        payment_cents=total,
        credit_or_debit="C",
        method="ACH" if total else "NON",
        payment_format="CCP" if total else "",
        payer_account=Account("01", "999999992", "DA", "1234567") if total else Account(),
        originator_id=_tax_number(payer.id) if total else "",
        payee_account=Account("01", "999988880", "DA", "7654321") if total else Account(),
        payment_date=f"{check.paid_on:%Y%m%d}",
        trace_number=f"{check.trace_prefix}{payer.id}",
        trace_payer_id=_tax_number(payer.id),
        dates=(DateValue("405", f"{check.paid_on:%Y%m%d}"),),
        payer=Party(
            entity="PR",
            name=payer.name,
            address=Address(
                line1="1 PAYER PLAZA", city="SPRINGFIELD", state="IL", postal_code="62701"
            ),
            references=(Reference("2U", payer.id),),
            contacts=(Contact("BL", "PROVIDER SERVICES", (("TE", "8005550100"),)),),
        ),
        payee=Party(
            entity="PE",
            name=payee.name,
            id_qualifier="XX",
            id=payee.npi,
            address=payee.address,
            references=(Reference("TJ", payee.tax_id),),
        ),
        claims=tuple(paid),
        provider_adjustments=pairs,
    )


def _tax_number(payer_id: str) -> str:
    """TRN03 and BPR10: 1 and nine digits that follow from the payer's id."""
    return (
        "1" + f"{sum(ord(letter) * 7919**place for place, letter in enumerate(payer_id)):09d}"[-9:]
    )


def file_of(remittances: Sequence[Remittance], payee: Payee, check: Check) -> bytes:
    """The interchange with one ST per payment."""
    sets = [
        OutgoingSet(
            identifier="835", control_number=f"{n:04d}", version=None, segments=era835.write(one)
        )
        for n, one in enumerate(remittances, 1)
    ]
    day = check.paid_on
    group = GroupHeader(
        functional_id="HP",
        sender="SANDBOXPAYER",
        receiver=payee.npi,
        date=f"{day:%Y%m%d}",
        time="0800",
        control_number=str(check.control_number),
        agency="X",
        version=VERSION,
    )
    header = InterchangeHeader(
        authorization_qualifier="00",
        authorization="",
        security_qualifier="00",
        security="",
        sender_qualifier="ZZ",
        sender="SANDBOXPAYER",
        receiver_qualifier="ZZ",
        receiver=payee.npi,
        date=f"{day:%y%m%d}",
        time="0800",
        repetition="^",
        version="00501",
        control_number=f"{check.control_number:09d}",
        ack_requested="0",
        usage=check.usage,
        component=":",
    )
    return write_interchange(header, [OutgoingGroup(header=group, sets=sets)]).encode()
