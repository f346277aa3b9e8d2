"""A seeded 835 of any size that balances at all three levels.

Each claim has what payers usually send (patient, subscriber, rendering provider, MOA, references,
dates) and three lines; each line two CAS with three or four triplets between them, a date, two
references, the allowed amount and a remark; every fiftieth claim is reversed and corrected; the payment ends with two PLB. Written as a
stream, so that a file of 200,000 claims costs no memory.

    python -m benchmarks.generate835 10000 build/835-10000.edi
"""

import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

SEED = 835
_CODES = ("99213", "99214", "99203", "36415", "80053", "85025", "93000", "71046", "97110", "97140")
_LAST = ("ADAMS", "BAKER", "CLARK", "DAVIS", "EVANS", "FRANK", "GHOSH", "HILLS", "IRWIN", "JONES")
_FIRST = ("ANNA", "BEN", "CARLA", "DAN", "EVE", "FRED", "GINA", "HUGO", "IDA", "JACK")


def dollars(cents: int) -> str:
    """As payers write them: always two decimals."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"


class Totals:
    """What was generated, for the correctness table."""

    def __init__(self) -> None:
        self.claims = 0
        self.services = 0
        self.adjustments = 0
        self.adjusted_cents = 0
        self.paid_cents = 0
        self.provider_adjustments = 0
        self.payments = 0


def generate(claims: int, out: TextIO, *, seed: int = SEED, payments: int = 1) -> Totals:
    """Write a file of `payments` transaction sets with `claims` claims each."""
    totals = Totals()
    out.write(
        "ISA*00*          *00*          *ZZ*PAYER00001     *ZZ*BILLER0001     "
        "*260105*1200*^*00501*000000001*0*T*:~"
        "GS*HP*PAYER00001*BILLER0001*20260105*1200*1*X*005010X221A1~"
    )
    for number in range(1, payments + 1):
        _payment(number, claims, out, random.Random(seed + number), totals)
    out.write(f"GE*{payments}*1~IEA*1*000000001~")
    return totals


def _payment(number: int, claims: int, out: TextIO, dice: random.Random, totals: Totals) -> None:
    totals.payments += 1
    before = totals.paid_cents
    written = 0
    with tempfile.TemporaryFile("w+", encoding="ascii") as body:
        for ordinal in range(1, claims + 1):
            for segment in _claim(number, ordinal, dice, totals):
                body.write(segment)
                body.write("~")
                written += 1
        recovered, interest, moved = dice.randrange(100, 9000), 1234, 250_00
        paid = totals.paid_cents - before - (recovered - interest - moved)
        tail = [
            f"PLB*1234567893*20261231*WO:CLM{number}*{dollars(recovered)}*L6*{dollars(-interest)}",
            f"PLB*1234567893*20261231*FB:NEXT{number}*{dollars(-moved)}",
        ]
        totals.provider_adjustments += 3
        head = _header(number, paid)
        for segment in head:
            out.write(segment + "~")
        body.seek(0)
        while piece := body.read(1 << 16):
            out.write(piece)
        for segment in tail:
            out.write(segment + "~")
        out.write(f"SE*{written + len(head) + len(tail) + 1}*{number:04d}~")


def _header(number: int, paid: int) -> list[str]:
    return [
        f"ST*835*{number:04d}",
        f"BPR*I*{dollars(paid)}*C*ACH*CCP*01*999999992*DA*123456*1512345678**01*999988880"
        "*DA*98765*20260105",
        f"TRN*1*TRACE{number:06d}*1512345678",
        "REF*EV*CLEARINGHOUSE",
        "DTM*405*20260104",
        "N1*PR*SAMPLE HEALTH PLAN*XV*12345",
        "N3*1 PAYER WAY",
        "N4*SPRINGFIELD*IL*627010001",
        "REF*2U*12345",
        "PER*BL*TECHNICAL DESK*TE*8005551212*EM*EDI@PLAN.EXAMPLE",
        "N1*PE*ELM MEDICAL GROUP*XX*1234567893",
        "REF*TJ*123456789",
        "LX*1",
    ]


def _claim(number: int, ordinal: int, dice: random.Random, totals: Totals) -> Iterator[str]:
    lines = [_line(ordinal, line, dice) for line in (1, 2, 3)]
    head = _Head(number, ordinal, dice)
    yield from _statement(head, "1", lines, 1, totals)
    if ordinal % 50 == 0:
        yield from _statement(head, "22", lines, -1, totals)
        yield from _statement(head, "1", lines, 1, totals)


class _Head:
    def __init__(self, number: int, ordinal: int, dice: random.Random) -> None:
        self.account = f"P{number:03d}A{ordinal:08d}"
        self.payer_number = f"2026{number:03d}{ordinal:08d}"
        self.last, self.first = dice.choice(_LAST), dice.choice(_FIRST)
        self.subscriber = dice.choice(_FIRST)
        self.member = f"MEM{dice.randrange(10**8):08d}"
        self.day = f"2025{dice.randrange(1, 13):02d}{dice.randrange(1, 29):02d}"
        self.level = dice.randrange(0, 3) * 5_00  # a claim-level adjustment now and then


Line = tuple[str, str, int, list[tuple[str, list[tuple[str, int]]]]]


def _line(ordinal: int, number: int, dice: random.Random) -> Line:
    """Contractual and sequestration in one CAS, the patient's share in another; 300 fee lines."""
    charge = dice.randrange(300) * 2_35 + 45_00
    contractual = charge * 38 // 100
    share = [("1", dice.randrange(1, 15_00)), ("2", dice.randrange(1, 10_00))]
    adjustments = [
        ("CO", [("45", contractual), ("253", (charge - contractual) * 2 // 100)]),
        ("PR", share[: dice.choice((1, 1, 2))]),
    ]
    return dice.choice(_CODES), f"{ordinal}L{number}", charge, adjustments


def _statement(
    head: _Head, status: str, lines: list[Line], sign: int, totals: Totals
) -> Iterator[str]:
    level = head.level * sign
    charge = sum(line[2] for line in lines) * sign + level
    line_adjusted = sum(a for line in lines for _, ts in line[3] for _, a in ts) * sign
    paid = charge - line_adjusted - level
    patient = sum(a for line in lines for group, ts in line[3] if group == "PR" for _, a in ts)
    totals.claims += 1
    totals.paid_cents += paid
    yield (
        f"CLP*{head.account}*{status}*{dollars(charge)}*{dollars(paid)}*{dollars(patient * sign)}"
        f"*12*{head.payer_number}*11*1"
    )
    if level:
        totals.adjustments += 1
        totals.adjusted_cents += level
        yield f"CAS*CO*A2*{dollars(level)}"
    yield f"NM1*QC*1*{head.last}*{head.first}****MI*{head.member}"
    yield f"NM1*IL*1*{head.last}*{head.subscriber}****MI*{head.member}"
    yield "NM1*82*1*WELBY*MARCUS****XX*1234567893"
    yield "MOA***MA01*MA18"
    yield f"REF*1L*GRP{head.member[3:6]}"
    yield f"REF*EA*MRN{head.member}"
    yield f"DTM*232*{head.day}"
    yield f"DTM*233*{head.day}"
    yield "DTM*050*20251222"
    yield f"AMT*AU*{dollars(charge)}"
    for line in lines:
        yield from _service(line, head.day, sign, totals)


def _service(line: Line, day: str, sign: int, totals: Totals) -> Iterator[str]:
    code, control_number, charge, adjustments = line
    adjusted = sum(amount for _, triplets in adjustments for _, amount in triplets)
    totals.services += 1
    paid = (charge - adjusted) * sign
    yield f"SVC*HC:{code}:25*{dollars(charge * sign)}*{dollars(paid)}**1"
    yield f"DTM*472*{day}"
    for group, triplets in adjustments:
        totals.adjustments += len(triplets)
        totals.adjusted_cents += sum(amount for _, amount in triplets) * sign
        parts = "**".join(f"{reason}*{dollars(amount * sign)}" for reason, amount in triplets)
        yield f"CAS*{group}*{parts}"
    yield "REF*LU*11"
    yield f"REF*6R*{control_number}"
    yield f"AMT*B6*{dollars(paid)}"
    yield "LQ*HE*N130"


def file(claims: int, *, payments: int = 1, folder: Path = Path("build")) -> tuple[Path, Totals]:
    """The generated file, made on demand; generating is cheap enough to always repeat."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"835-{payments}x{claims}.edi"
    with path.open("w", encoding="ascii", newline="") as out:
        return path, generate(claims, out, payments=payments)


if __name__ == "__main__":
    with open(sys.argv[2], "w", encoding="ascii", newline="") as target:
        print(vars(generate(int(sys.argv[1]), target)))
