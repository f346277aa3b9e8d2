"""The 835 (005010X221A1, and 004010X091A1): read as a stream, write, and check its balances.

for interchange in envelope.interchanges(chunks, findings):
    for group in interchange.groups():
        for transaction in group.transactions():
            reading = era835.read(transaction)
            reading.remittance                      # the payment, at once
            for claim in reading.claims(): ...      # one at a time, in flat memory
            reading.provider_adjustments            # after the claims
            reading.findings, reading.balanced
"""

from collections.abc import Iterable, Iterator

from billing_saas.edi.envelope import TransactionSet, interchanges
from billing_saas.edi.era835_balance import check_balances, check_claim, check_reversal
from billing_saas.edi.era835_reader import RemittanceReading, UnsupportedVersion, read
from billing_saas.edi.era835_writer import write
from billing_saas.edi.findings import Finding
from billing_saas.edi.remittance import Remittance

__all__ = [
    "RemittanceReading",
    "UnsupportedVersion",
    "check_balances",
    "check_claim",
    "check_reversal",
    "gather",
    "read",
    "readings",
    "write",
]


def gather(transaction: TransactionSet, findings: list[Finding] | None = None) -> Remittance:
    """A whole 835 in memory; its findings are appended to `findings`."""
    reading = read(transaction)
    remittance = reading.gather()
    if findings is not None:
        findings += reading.findings
    return remittance


def readings(
    chunks: Iterable[bytes], findings: list[Finding] | None = None
) -> Iterator[RemittanceReading]:
    """Every 835 of a file, one after another; other transactions are passed over.

    Envelope faults go to `findings`; what is wrong inside a set is in its reading.
    """
    for interchange in interchanges(chunks, findings):
        for group in interchange.groups():
            for transaction in group.transactions():
                if transaction.kind == "835":
                    yield read(transaction)
