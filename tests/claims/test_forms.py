"""Taking a claim apart loses nothing: what no row holds stays in the visit's sealed form."""

from typing import Any

import msgspec
from hypothesis import HealthCheck, Phase, given, settings

from billing_saas.claims import forms
from billing_saas.edi.claim837 import Claim
from billing_saas.edi.claim837_lines import ServiceLine
from billing_saas.edi.claim837_parties import BillingProvider, Patient, Payer, Subscriber
from billing_saas.encounters.rules import Clinical
from tests.edi import claims837_strategies

# What rows or the clinical document itself hold; `claims.forms.claim_of` puts it back.
OF_CLAIM = {
    *("place", "billing_provider", "subscriber", "payer", "patient", "number", "charge_cents"),
    *("facility_code", "frequency", "diagnoses", "notes", "lines"),
}
OF_LINE = {
    *("position", "number", "procedure", "charge_cents", "unit", "quantity"),
    *("diagnosis_pointers", "professional", "dates"),
}
OF_PERSON = {
    *("position", "name", "first_name", "middle_name", "suffix", "id", "address"),
    "demographics",
}
OF_PROVIDER = {"position", "name", "first_name", "id", "address", "specialty"}
OF_PAYER = {"position", "name", "id"}


def kept(value: Any, held: set[str]) -> dict[str, Any]:
    return {f: getattr(value, f) for f in value.__struct_fields__ if f not in held}


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=(Phase.explicit, Phase.generate),
)
@given(claims837_strategies.claims("837P"))
def test_what_no_row_holds_is_kept(claim: Claim) -> None:
    sealed = msgspec.json.encode(forms.clinical_of(claim))
    clinical = msgspec.json.decode(sealed, type=Clinical)
    form = clinical.form
    assert form is not None
    assert clinical.diagnoses == claim.diagnoses
    assert clinical.notes == claim.notes
    assert kept(form, OF_CLAIM) == kept(claim, OF_CLAIM)
    assert kept(form.billing_provider, OF_PROVIDER) == kept(claim.billing_provider, OF_PROVIDER)
    assert kept(form.subscriber, OF_PERSON) == kept(claim.subscriber, OF_PERSON)
    assert kept(form.payer, OF_PAYER) == kept(claim.payer, OF_PAYER)
    if claim.patient is not None:
        assert kept(form.patient, OF_PERSON) == kept(claim.patient, OF_PERSON)
    for left, line in zip(form.lines, claim.lines, strict=True):
        assert kept(left, OF_LINE) == kept(line, OF_LINE)
        assert list(left.dates) == [d for d in line.dates if d.qualifier != "472"]


def test_the_form_names_nobody() -> None:
    """Names, numbers and addresses stand in the patient's and the policy's documents only."""
    blank = forms.clinical_of(
        Claim(
            billing_provider=BillingProvider(entity="85", name="ELM", id="1922164458"),
            subscriber=Subscriber(entity="IL", name="OKAFOR", first_name="BEN", id="M1"),
            payer=Payer(entity="PR", name="BLUE", id="00510"),
            patient=Patient(entity="QC", name="OKAFOR", first_name="BO"),
            number="ACCOUNT1",
            charge_cents=100_00,
            lines=(ServiceLine(charge_cents=100_00),),
        )
    )
    text = msgspec.json.encode(blank).decode()
    for word in ("OKAFOR", "BEN", "BO", "M1", "ACCOUNT1", "BLUE", "ELM", "10000"):
        assert f'"{word}"' not in text
