"""277CA: what each hop says of each claim, and what it comes to."""

import pytest
from msgspec.structs import replace

from billing_saas.edi import folding277ca, status277ca
from billing_saas.edi.findings import Finding
from billing_saas.edi.folding277ca import ClaimVerdict
from billing_saas.edi.status_parts import Status, StatusCode
from tests.edi.sets import copied, own

ALL = [
    "277ca-clearinghouse.edi",
    "277ca-payer.edi",
    "277ca-receiver-rejected.edi",
    "277ca-provider-rejected.edi",
]


def read(name: str) -> status277ca.ClaimAcknowledgment:
    findings: list[Finding] = []
    transaction = next(own(name))
    assert transaction.kind == "277CA"
    found = status277ca.read(transaction, findings)
    assert findings == []
    return found


def verdicts(name: str) -> dict[str, str]:
    found = folding277ca.claim_verdicts(read(name))
    return {one.claim_number: one.verdict for one in found}


def only_claim(statuses: tuple[Status, ...]) -> str:
    """The verdict on a claim with these statuses."""
    found = read("277ca-payer.edi")
    [source] = found.sources
    [receiver] = source.receivers
    [provider] = receiver.providers
    patient = replace(
        provider.patients[0],
        claims=(replace(provider.patients[0].claims[0], statuses=statuses),),
    )
    provider = replace(provider, patients=(patient,))
    receiver = replace(receiver, providers=(provider,))
    changed = replace(found, sources=(replace(source, receivers=(receiver,)),))
    [verdict] = folding277ca.claim_verdicts(changed)
    return verdict.verdict


def status(*categories: str, action: str = "WQ") -> Status:
    return Status(
        codes=tuple([StatusCode(category=one, status="20") for one in categories]), action=action
    )


@pytest.mark.parametrize("name", ALL)
def test_a_277ca_is_written_as_it_was_read(name: str) -> None:
    assert status277ca.write(read(name)) == copied(next(own(name)))


def test_every_level_is_read() -> None:
    found = read("277ca-clearinghouse.edi")
    [source] = found.sources
    assert source.name is not None
    assert (source.name.entity, source.name.id, source.trace) == (
        "AY",
        "CLRPTH",
        "CP26031000017",
    )
    assert source.received is not None
    assert str(source.received.start) == "2026-03-09"
    [receiver] = source.receivers
    assert receiver.batch_reference == "B20260309A1"
    assert (receiver.accepted_count, receiver.rejected_count) == (2, 1)
    assert (receiver.accepted_cents, receiver.rejected_cents) == (54050, 19000)
    [provider] = receiver.providers
    assert (provider.accepted_count, provider.rejected_cents) == (2, 19000)
    rejected = provider.patients[1].claims[0]
    assert [code.category for code in rejected.statuses[0].codes] == ["A7", "A7"]
    assert rejected.clearinghouse_number == "2603100004712"
    [line] = rejected.lines
    assert line.procedure is not None
    assert (line.procedure.code, line.line_number, line.charge_cents) == ("99213", "L1", 15000)
    assert rejected.place.segment == 32


def test_the_claims_of_a_clearing_house() -> None:
    assert verdicts("277ca-clearinghouse.edi") == {
        "ELM7Q2K9D1": "received",
        "ELM7Q2K9D2": "rejected",
        "ELM7Q2K9D3": "received",
    }


def test_the_claims_of_a_payer() -> None:
    assert verdicts("277ca-payer.edi") == {
        "ELM7Q2K9D1": "accepted",
        "ELM7Q2K9D3": "rejected",
        "ELM7Q2K9D4": "not_found",
        "ELM7Q2K9D5": "split",
        "ELM7Q2K9D6": "rejected",
    }


def test_a_verdict_carries_what_is_needed_to_act_on_it() -> None:
    found = {one.claim_number: one for one in folding277ca.claim_verdicts(read(ALL[1]))}
    accepted = found["ELM7Q2K9D1"]
    assert (accepted.payer_claim_number, accepted.hop, accepted.source_id) == (
        "NF2607000123",
        "payer",
        "60054",
    )
    rejected = found["ELM7Q2K9D6"]
    assert [(code.category, code.status) for code in rejected.codes] == [
        ("A8", "454"),
        ("A8", "455"),
    ]
    assert rejected.message == "Modifier and procedure do not agree"
    assert (rejected.charge_cents, rejected.date) == (14975, "20260311")


def test_a_rejected_batch_names_itself_where_no_claims_are_listed() -> None:
    found = read("277ca-receiver-rejected.edi")
    assert list(folding277ca.claim_verdicts(found)) == []
    [rejection] = folding277ca.batch_rejections(found)
    assert (rejection.batch_reference, rejection.level) == ("B20260311A2", "receiver")


def test_a_rejected_provider_takes_every_claim_below_with_it() -> None:
    """Rule 69. The claims themselves read as received."""
    found = read("277ca-provider-rejected.edi")
    assert verdicts("277ca-provider-rejected.edi") == {
        "ELM7Q2K9E1": "rejected",
        "ELM7Q2K9E2": "rejected",
        "ELM7Q2K9E3": "accepted",
    }
    first = next(folding277ca.claim_verdicts(found))
    assert (first.level, first.codes[0].status) == ("provider", "496")
    [rejection] = folding277ca.batch_rejections(found)
    assert (rejection.level, rejection.provider_id) == ("provider", "1234567893")


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [
        ((status("A0"),), "received"),
        ((status("A1"),), "received"),
        ((status("A2"),), "accepted"),
        ((status("A3"),), "rejected"),
        ((status("A4", action="U"),), "not_found"),
        ((status("A5"),), "split"),
        ((status("A6"),), "rejected"),
        ((status("A7"),), "rejected"),
        ((status("A8"),), "rejected"),
        ((status("A1"), status("A7", action="U")), "rejected"),
        ((status("A2", "A6"),), "rejected"),
        ((status("A1", "A2"),), "accepted"),
        ((status("A2", action="U"),), "rejected"),
        ((status("Z9"),), "received"),
        ((), "received"),
    ],
)
def test_the_worst_status_of_a_claim_is_its_verdict(
    statuses: tuple[Status, ...], verdict: str
) -> None:
    assert only_claim(statuses) == verdict


def heard(verdict: folding277ca.Verdict, hop: folding277ca.Hop, source: str) -> ClaimVerdict:
    return ClaimVerdict(
        claim_number="ELM7Q2K9D1", verdict=verdict, level="claim", hop=hop, source_id=source
    )


@pytest.mark.parametrize(
    ("history", "settled"),
    [
        ([("received", "clearinghouse", "CLRPTH"), ("accepted", "payer", "60054")], "accepted"),
        ([("accepted", "payer", "60054"), ("received", "clearinghouse", "CLRPTH")], "accepted"),
        ([("rejected", "clearinghouse", "CLRPTH"), ("accepted", "payer", "60054")], "accepted"),
        ([("received", "payer", "60054"), ("accepted", "payer", "60054")], "accepted"),
        ([("accepted", "payer", "60054"), ("rejected", "payer", "60054")], "rejected"),
        ([("rejected", "payer", "60054"), ("received", "payer", "60054")], "rejected"),
        (
            [("rejected", "clearinghouse", "FIRST"), ("received", "clearinghouse", "SECOND")],
            "received",
        ),
    ],
)
def test_the_worst_of_the_last_hop_wins(
    history: list[tuple[folding277ca.Verdict, folding277ca.Hop, str]], settled: str
) -> None:
    found = folding277ca.settle([heard(*one) for one in history])
    assert found is not None
    assert found.verdict == settled


def test_a_claim_nobody_spoke_of_has_no_verdict() -> None:
    assert folding277ca.settle([]) is None


@pytest.mark.parametrize("name", ALL)
def test_the_totals_fit_the_claims(name: str) -> None:
    assert list(folding277ca.differences(read(name))) == []


def test_totals_that_do_not_fit_are_told() -> None:
    found = read("277ca-clearinghouse.edi")
    assert list(folding277ca.differences(found)) == []
    [source] = found.sources
    receiver = replace(source.receivers[0], accepted_count=5, rejected_cents=1)
    changed = replace(found, sources=(replace(source, receivers=(receiver,)),))
    assert [one.code for one in folding277ca.differences(changed)] == ["acknowledgment_totals"] * 2


def test_totals_are_held_against_what_was_sent() -> None:
    """QTY*90 and AA, AMT*YU and YY (rule 66)."""
    found = read("277ca-clearinghouse.edi")
    assert list(folding277ca.differences_from_sent(found, 3, 73050)) == []
    assert len(list(folding277ca.differences_from_sent(found, 4, 73050))) == 1
    assert len(list(folding277ca.differences_from_sent(found, 4, 73049))) == 2


def test_a_contradictory_or_unknown_status_is_told() -> None:
    found = read("277ca-payer.edi")
    claim = found.sources[0].receivers[0].providers[0].patients[0].claims[0]
    doubtful = replace(claim, statuses=(status("A2", action="U"), status("Z9")))
    provider = found.sources[0].receivers[0].providers[0]
    provider = replace(provider, patients=(replace(provider.patients[0], claims=(doubtful,)),))
    receiver = replace(found.sources[0].receivers[0], providers=(provider,))
    changed = replace(found, sources=(replace(found.sources[0], receivers=(receiver,)),))
    codes = {one.code for one in folding277ca.differences(changed)}
    assert {"contradictory_status", "unknown_status_category"} <= codes
