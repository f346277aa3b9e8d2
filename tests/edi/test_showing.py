"""`edi show --json`: one shape for every kind of file."""

import json
from pathlib import Path
from typing import Any

import pytest

from billing_saas.edi import showing
from billing_saas.edi.delimiters import Unreadable
from tests.edi.remittances import body_of, file_of

SAMPLES = Path(__file__).parent.parent / "samples" / "x12"
INDEX = [
    line.split("\t")
    for line in (SAMPLES / "INDEX.tsv").read_text(encoding="utf-8").splitlines()[1:]
]
KINDS = {
    "837P", "837I", "837D", "835", "999", "997", "TA1", "277CA", "276", "277", "270", "271", "278",
    "275", "837", "834", "824",
}  # fmt: skip


def only_set(shown: dict[str, Any]) -> dict[str, Any]:
    (interchange,) = shown["interchanges"]
    (group,) = interchange["groups"]
    (transaction,) = group["transactions"]
    one: dict[str, Any] = transaction
    return one


def shown_of(body: str) -> dict[str, Any]:
    return showing.show_chunks([file_of(body)])


def test_a_remittance_is_shown_to_the_last_adjustment() -> None:
    claim = (
        "CLP*ACCT1*1*200*120*30*12*PAYER9~CAS*CO*A2*20~NM1*QC*1*DOE*JANE~MOA***MA01~"
        "SVC*HC:99214:25*180*120**2.5**3~CAS*CO*45*30*1~REF*6R*L1~LQ*HE*N1~"
        "SVC*NU:0450*0*0***HC:1~"
    )
    shown = shown_of(body_of(claim, "140", "PLB*1234567893*20261231*WO:OLD1*-20~"))
    transaction = only_set(shown)
    assert transaction["kind"] == "835"
    assert transaction["control_number"] == "0001"
    assert transaction["payment_cents"] == 14000
    assert transaction["method"] == "ACH"
    assert transaction["trace_number"] == "TRACE1"
    assert transaction["payer"] == "SAMPLE PLAN"
    assert transaction["payee"] == "ELM MEDICAL"
    assert transaction["balanced"] is False
    assert transaction["claims"] == [
        {
            "patient_control_number": "ACCT1",
            "payer_control_number": "PAYER9",
            "status": "1",
            "charge_cents": 20000,
            "paid_cents": 12000,
            "patient_responsibility_cents": 3000,
            "adjustments": [
                {"group": "CO", "reason": "A2", "amount_cents": 2000, "quantity": None}
            ],
            "remarks": ["MA01"],
            "services": [
                {
                    "procedure": "99214",
                    "procedure_qualifier": "HC",
                    "modifiers": ["25"],
                    "submitted_procedure": None,
                    "charge_cents": 18000,
                    "paid_cents": 12000,
                    "units": 2.5,
                    "adjustments": [
                        {"group": "CO", "reason": "45", "amount_cents": 3000, "quantity": 1}
                    ],
                    "remarks": ["N1"],
                    "line_control_number": "L1",
                },
                {
                    "procedure": "0450",
                    "procedure_qualifier": "NU",
                    "modifiers": [],
                    "submitted_procedure": "1",
                    "charge_cents": 0,
                    "paid_cents": 0,
                    "units": 1,
                    "adjustments": [],
                    "remarks": [],
                    "line_control_number": None,
                },
            ],
        }
    ]
    assert transaction["provider_adjustments"] == [
        {"provider_id": "1234567893", "reason": "WO", "reference": "OLD1", "amount_cents": -2000}
    ]
    assert [finding["code"] for finding in shown["findings"]] == [
        "line_out_of_balance",
        "claim_out_of_balance",
    ]
    assert shown["findings"][0]["place"]["segment"] == 11


def test_the_envelope_is_shown_as_written() -> None:
    shown = shown_of(body_of("", "0"))
    (interchange,) = shown["interchanges"]
    assert interchange["control_number"] == "000000001"
    assert (interchange["sender"], interchange["receiver"]) == ("PAYER", "BILLER")
    assert interchange["usage"] == "T"
    assert interchange["groups"][0]["version"] == "005010X221A1"


def test_a_ta1_stands_in_a_group_without_version() -> None:
    content = file_of(body_of("", "0")).replace(b"GS*", b"TA1*000000907*260105*1200*A*000~GS*", 1)
    first, second = showing.show_chunks([content])["interchanges"][0]["groups"]
    assert first["version"] is None
    (ta1,) = first["transactions"]
    assert (ta1["kind"], ta1["control_number"], ta1["verdict"]) == ("TA1", "000000907", "accepted")
    assert second["transactions"][0]["kind"] == "835"


def test_claims_are_shown_with_their_payers() -> None:
    path = SAMPLES / "LinuxForHealth+x12/837_005010X222A2/demo.cob.example3.B.837"
    transaction = only_set(showing.show(path))
    assert transaction["kind"] == "837P"
    (claim,) = transaction["claims"]
    assert set(claim) >= {
        "patient_control_number", "charge_cents", "frequency", "diagnoses", "lines", "payers",
    }  # fmt: skip
    assert claim["charge_cents"] == sum(line["charge_cents"] for line in claim["lines"])
    assert claim["lines"][0]["pointers"]
    assert [payer["sequence"] for payer in claim["payers"]] == ["S", "P"]
    assert claim["payers"][0]["paid_cents"] is None
    assert claim["payers"][1]["paid_cents"] == 3915


def test_an_institutional_line_may_have_no_procedure() -> None:
    path = SAMPLES / "LinuxForHealth+x12/837_004010X096A1/institutional.837"
    lines = only_set(showing.show(path))["claims"][0]["lines"]
    assert all(line["revenue_code"] for line in lines)


def test_what_is_not_read_says_why_and_shows_no_claims() -> None:
    for version in (b"003051X091", b"006020"):
        content = file_of(body_of("CLP*A*1*1*1~", "1")).replace(b"005010X221A1", version)
        shown = showing.show_chunks([content])
        transaction = only_set(shown)
        assert "004010 and 005010" in transaction["refused"]
        assert transaction["claims"] == []
        assert "refused" in [finding["code"] for finding in shown["findings"]]
    old = file_of("BHT*1*2~CLM*A*1~").replace(b"ST*835*0001", b"ST*837*0001*003051")
    assert "only versions" in only_set(showing.show_chunks([old]))["refused"]


def test_what_came_before_an_unreadable_part_is_kept() -> None:
    content = file_of(body_of("CLP*A*1*1*1~", "1"))
    shown = showing.show_chunks([content + b"ISA*broken~"])
    assert len(shown["interchanges"]) == 1
    assert shown["interchanges"][0]["groups"][0]["transactions"][0]["claims"]
    assert shown["findings"][-1]["code"] == "isa_length"


def test_a_file_that_is_no_interchange_is_not_shown() -> None:
    with pytest.raises(Unreadable, match="no interchange header"):
        showing.show_chunks([b"Dear all, please find enclosed"])


@pytest.mark.parametrize("row", INDEX, ids=[row[0].rpartition("/")[2] for row in INDEX])
def test_every_public_sample_is_shown_or_refused_in_words(row: list[str]) -> None:
    path = SAMPLES / row[0]
    try:
        shown = showing.show(path)
    except Unreadable:
        return
    assert json.loads(json.dumps(shown)) == shown
    for interchange in shown["interchanges"]:
        for group in interchange["groups"]:
            for transaction in group["transactions"]:
                assert transaction["kind"] in KINDS
                read = set(transaction) - {"kind", "control_number", "version", "segment_count"}
                assert read
                if "refused" in transaction:
                    assert transaction["claims"] == []
