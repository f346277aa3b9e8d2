"""What an 835 must be before it is anyone's business, and how its payment reads. Pure."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date

from billing_saas.edi import era835
from billing_saas.edi.envelope import Interchange, interchanges
from billing_saas.edi.era835 import RemittanceReading, UnsupportedVersion
from billing_saas.edi.findings import Finding
from billing_saas.edi.parties import day
from billing_saas.edi.remittance import Account, Remittance, reference
from billing_saas.remittances.rules import RemittanceIdentity

WHY_DUPLICATE = "The payer sent this trace number before, with other content."

# State of a remittance that is held: the kind of its card, and why.
HELD = {
    "out_of_balance": (
        "remittance_out_of_balance",
        "The payer's numbers contradict each other; the findings name each difference.",
    ),
    "parsed": (
        "remittance_unsound",
        "The remittance has errors, or its file is not whole; the findings name each place.",
    ),
    "duplicate": ("duplicate_remittance", WHY_DUPLICATE),
}

# Where nothing of a file could be taken: the kind of its card, and why.
FILE_HELD = (
    "remittance_file_held",
    "A remittance file was not taken: it is not this practice's, a test, or cannot be read.",
)


def state_of(reading: RemittanceReading, whole: bool, sent_before: bool) -> str:
    """`balanced`, and only then postable; or why it is held. `whole`: the envelope has no error."""
    if sent_before:
        return "duplicate"
    if not reading.balanced:
        return "out_of_balance"
    sound = whole and not any(finding.severity == "error" for finding in reading.findings)
    return "balanced" if sound else "parsed"


def readings(
    chunks: Iterable[bytes],
    findings: list[Finding],
    refuse: Callable[[Interchange], list[Finding]],
) -> Iterator[RemittanceReading | Finding]:
    """Every 835 of a file; for anything else in it, a finding that says so.

    `refuse` says why nothing of an interchange may be read: what was agreed on its connection.
    """
    for interchange in interchanges(chunks, findings):
        refusals = refuse(interchange)
        yield from refusals
        if refusals:
            continue
        for group in interchange.groups():
            for transaction in group.transactions():
                if transaction.kind != "835":
                    yield Finding(
                        severity="error",
                        level="transaction",
                        code="not_a_remittance",
                        message=f"A {transaction.kind} stands here, where only 835s are taken.",
                        place=transaction.place,
                        segment="ST",
                        element=1,
                    )
                    continue
                try:
                    reading = era835.read(transaction)
                except UnsupportedVersion as error:
                    yield Finding(
                        severity="error",
                        level="transaction",
                        code="unsupported_version",
                        message=str(error),
                        place=transaction.place,
                        segment="ST",
                    )
                    continue
                yield reading


def no_remittance() -> Finding:
    return Finding(
        severity="error",
        level="interchange",
        code="no_remittance",
        message="The file holds no 835 that could be read.",
    )


def refusal(paid: Remittance, npi: str, tax_id: str) -> Finding | None:
    """Why this payment is not for this practice's books, or None.

    ISA15 = T is a test and must never post (x12.md rule 54).
    """
    if paid.usage == "T":
        return _refusal("test_file", "A test file (ISA15 is T) is never posted.", paid, "ISA", 15)
    if payee_is(paid, npi, tax_id):
        return None
    return _refusal(
        "other_payee",
        "The payee is not this practice, neither by NPI nor by tax id: held for a person.",
        paid,
        "N1",
        4,
    )


def payee_is(paid: Remittance, npi: str, tax_id: str) -> bool:
    """The payee's NPI (N1*PE*XX) decides; a tax id (FI or REF*TJ) where no NPI is given."""
    if paid.payee is None:
        return False
    if paid.payee.id_qualifier == "XX":
        return paid.payee.id == npi
    named = {paid.payee.id, reference(paid.payee.references, "TJ")}
    return tax_id in {number.replace("-", "") for number in named}


def sent_before(paid: Remittance) -> Finding:
    return _refusal("trace_number_repeated", WHY_DUPLICATE, paid, "TRN", 2)


def _refusal(code: str, message: str, paid: Remittance, segment: str, element: int) -> Finding:
    return Finding(
        severity="error",
        level="business",
        code=code,
        message=message,
        place=paid.place,
        segment=segment,
        element=element,
    )


def payer_identifiers(paid: Remittance) -> list[str]:
    """What the payer may be known by, most telling first: REF*2U, N104, then TRN03."""
    found = []
    if paid.payer is not None:
        found = [reference(paid.payer.references, "2U"), paid.payer.id]
    found += [paid.trace_payer_id]
    return list(dict.fromkeys(identifier for identifier in found if identifier)) or ["UNKNOWN"]


def payment_day(paid: Remittance) -> date | None:
    """BPR16, else the production date."""
    return day(paid.payment_date) or day(paid.production_date)


def identity(paid: Remittance) -> RemittanceIdentity:
    return RemittanceIdentity(
        payer_account=_account(paid.payer_account),
        payee_account=_account(paid.payee_account),
        payee_name=paid.payee.name if paid.payee else "",
        payee_id=paid.payee.id if paid.payee else "",
        trace_payer_id=paid.trace_payer_id,
    )


def _account(account: Account) -> str:
    return " ".join(part for part in (account.bank_id, account.account_number) if part)
