"""Remittances for tests: a small 835 made of segments, read as a file would be."""

from billing_saas.edi import era835
from billing_saas.edi.era835 import RemittanceReading
from billing_saas.edi.findings import Finding
from billing_saas.edi.remittance import Remittance

ENVELOPE = (
    "ISA*00*          *00*          *ZZ*PAYER          *ZZ*BILLER         "
    "*260105*1200*^*00501*000000001*0*T*:~"
    "GS*HP*PAYER*BILLER*20260105*1200*1*X*005010X221A1~"
)
HEADER = (
    "BPR*I*{payment}*C*ACH*CCP*01*111111118*DA*12345*1512345678**01*222222226*DA*67890*20260105~"
    "TRN*1*TRACE1*1512345678~"
    "N1*PR*SAMPLE PLAN~N1*PE*ELM MEDICAL*XX*1234567893~LX*1~"
)


def file_of(*bodies: str) -> bytes:
    """A file of one group with one set per body (the text between ST and SE)."""
    sets = "".join(
        f"ST*835*{number:04d}~{body}SE*{body.count('~') + 2}*{number:04d}~"
        for number, body in enumerate(bodies, 1)
    )
    return f"{ENVELOPE}{sets}GE*{len(bodies)}*1~IEA*1*000000001~".encode()


def body_of(claims: str, payment: str, plb: str = "") -> str:
    return HEADER.format(payment=payment) + claims + plb


def reading_of(body: str) -> RemittanceReading:
    """The reading of a file of one set, not yet consumed."""
    return next(era835.readings([file_of(body)]))


def read(body: str) -> tuple[Remittance, list[Finding]]:
    reading = reading_of(body)
    remittance = reading.gather()
    return remittance, reading.findings


def read_file(content: bytes) -> tuple[list[Remittance], list[Finding], list[Finding]]:
    """Remittances of a file, the findings inside them, and those of the envelope."""
    envelope: list[Finding] = []
    inside: list[Finding] = []
    remittances = []
    for reading in era835.readings([content], envelope):
        remittances.append(reading.gather())
        inside += reading.findings
    return remittances, inside, envelope


def codes(findings: list[Finding]) -> list[str]:
    return [finding.code for finding in findings]
