"""The sandbox payer's 835: payments of claims, and the file they go out in."""

import datetime
from collections.abc import Sequence

import msgspec

from billing_saas.edi import era835
from billing_saas.edi.claim837 import Claim
from billing_saas.edi.envelope import GroupHeader, InterchangeHeader
from billing_saas.edi.parties import Address, Contact, DateValue, Party, Reference
from billing_saas.edi.remittance import Account, ClaimPayment, ProviderAdjustment, Remittance
from billing_saas.edi.writing import OutgoingGroup, OutgoingSet, write_interchange

VERSION = "005010X221A1"


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
