"""What the invented practice hands in is clean, sound and the same for the same seed."""

import datetime
import io
from pathlib import Path

import pytest
from pyx12.params import params
from pyx12.x12n_document import x12n_document

from billing_saas.edi import claim837_rules, validation
from billing_saas.edi.claim837 import Claim
from billing_saas.edi.findings import Finding
from billing_saas.edi.parties import Address
from billing_sandbox.practice_people import npi
from billing_sandbox.practice_system import Delivery, PracticeIdentity, claims_file
from tests.edi.claims837 import read, sets_of

OCTOBER = datetime.date(2026, 10, 1)
ELM = PracticeIdentity(
    name="ELM STREET FAMILY MEDICINE",
    npi=npi(199_912_345),
    tax_id="900000001",
    taxonomy="207Q00000X",
    address=Address(line1="100 ELM ST", city="ELMTON", state="IL", postal_code="627010001"),
    contact_name="FRONT DESK",
    contact_phone="2175550100",
    submitter_id="ELMSUB01",
)


@pytest.fixture(scope="module")
def october() -> bytes:
    return claims_file(ELM, seed=7, month=OCTOBER, claims=120)


@pytest.fixture(scope="module")
def claims(october: bytes) -> list[Claim]:
    findings: list[Finding] = []
    ((_, found),) = read(october, findings)
    assert findings == []
    return found


def test_the_same_seed_gives_the_same_file(october: bytes) -> None:
    assert claims_file(ELM, seed=7, month=OCTOBER, claims=120) == october
    assert claims_file(ELM, seed=8, month=OCTOBER, claims=120) != october


def test_pyx12_finds_nothing_wrong(october: bytes, tmp_path: Path) -> None:
    """The only free validator of the professional guide accepts the file whole."""
    handed_in = tmp_path / "october.837"
    handed_in.write_bytes(october)
    answer = io.StringIO()
    assert x12n_document(params(), str(handed_in), answer, None, None)
    segments = [segment.strip() for segment in answer.getvalue().split("~")]
    assert "IK5*A" in segments
    assert "AK9*A*1*1*1" in segments
    assert not any(segment.startswith(("IK3", "IK4", "TA1")) for segment in segments)


def test_our_own_validator_finds_nothing_wrong(october: bytes) -> None:
    judged = [validation.validate(transaction) for transaction in sets_of(october)]
    assert judged == [[]]


def test_pyx12_would_have_seen_a_fault(october: bytes, tmp_path: Path) -> None:
    handed_in = tmp_path / "broken.837"
    handed_in.write_bytes(october.replace(b"*UN*", b"*XX*", 1))
    answer = io.StringIO()
    assert not x12n_document(params(), str(handed_in), answer, None, None)


def test_every_claim_is_sound(claims: list[Claim]) -> None:
    assert len(claims) == 120
    assert [finding for claim in claims for finding in claim837_rules.check(claim)] == []
    assert all(1 <= len(claim.lines) <= 6 for claim in claims)
    numbers = {claim.number for claim in claims}
    assert len(numbers) == 120
    assert max(map(len, numbers)) <= 20


def test_there_are_dependents_and_second_payers(claims: list[Claim]) -> None:
    assert any(claim.patient for claim in claims)
    assert any(claim.patient is None for claim in claims)
    assert len({claim.payer.id for claim in claims}) >= 4
    sequences = {
        claim.subscriber.insurance.sequence for claim in claims if claim.subscriber.insurance
    }
    assert sequences == {"P", "S"}
    answered = [claim for claim in claims if any(one.paid_cents for one in claim.other_coverages)]
    assert answered
    assert all(line.adjudications for claim in answered for line in claim.lines)


def test_services_lie_in_the_month_and_not_in_the_future() -> None:
    today = datetime.date(2026, 10, 9)
    ((header, found),) = read(claims_file(ELM, seed=1, month=OCTOBER, claims=60, today=today))
    assert header.date == "20261009"
    days = {line.service_date.start for claim in found for line in claim.lines if line.service_date}
    assert min(day for day in days if day) >= OCTOBER
    assert max(day for day in days if day) <= today
    with pytest.raises(ValueError, match="has not begun"):
        claims_file(ELM, seed=1, month=OCTOBER, claims=1, today=datetime.date(2026, 9, 30))


def test_no_code_is_the_amas(claims: list[Claim]) -> None:
    """HCPCS Level II starts with a letter; CPT codes with a digit."""
    procedures = {line.procedure.code for claim in claims for line in claim.lines if line.procedure}
    assert len(procedures) > 20
    assert all(code[0].isalpha() and len(code) == 5 for code in procedures)


def luhn(digits: str) -> bool:
    values = [
        sum(divmod(int(digit) * (2 if place % 2 else 1), 10))
        for place, digit in enumerate(reversed("80840" + digits))
    ]
    return sum(values) % 10 == 0


def test_npis_have_their_check_digit(claims: list[Claim]) -> None:
    found = {claim.billing_provider.npi for claim in claims} | {
        claim.rendering_provider.npi for claim in claims if claim.rendering_provider
    }
    assert len(found) == 4
    assert all(len(number) == 10 and luhn(number) for number in found)
    # The example of the NPI standard itself.
    assert npi(123_456_789) == "1234567893"


def test_many_claims_are_several_sets() -> None:
    delivery = Delivery(usage="P", control_number=42, receiver_id="CLEARING")
    content = claims_file(ELM, seed=1, month=OCTOBER, claims=5_050, delivery=delivery)
    found = read(content)
    assert [len(claims) for _, claims in found] == [5_000, 50]
    assert content[:106].split(b"*")[13] == b"000000042"
    assert len({header.reference for header, _ in found}) == 2
