"""Clean files in our own words, to be spoiled one fault at a time."""

from collections.abc import Iterable
from datetime import datetime

from billing_saas.edi import ack999
from billing_saas.edi.acknowledging import acknowledge, group_acknowledgment
from billing_saas.edi.examining import InterchangeExamined, examine
from billing_saas.edi.findings import Finding
from billing_saas.edi.validation_envelope import NO_AGREEMENT, Agreement
from billing_saas.edi.validation_options import DEFAULT, Options

PROFESSIONAL = """
ISA*00*          *00*          *ZZ*ELMSTREET      *ZZ*CLEARINGHOUSE  *240115*1253*^*00501*000000905*0*P*:
GS*HC*ELM*CLEAR*20240115*1253*17*X*005010X222A1
ST*837*0001*005010X222A1
BHT*0019*00*244579*20240115*1023*CH
NM1*41*2*ELM STREET BILLING*****46*TGJ23
PER*IC*ALICE*TE*3055552222
NM1*40*2*KEY INSURANCE*****46*66783JJT
HL*1**20*1
PRV*BI*PXC*203BF0100Y
NM1*85*2*BEN KILDARE SERVICE*****XX*1234567893
N3*234 SEAWAY ST
N4*MIAMI*FL*331110001
REF*EI*587654321
HL*2*1*22*0
SBR*P*18*2222******CI
NM1*IL*1*SMITH*JANE****MI*JS00111223333
N3*236 N MAIN ST
N4*MIAMI*FL*33413
DMG*D8*19430501*F
NM1*PR*2*KEY INSURANCE COMPANY*****PI*999996666
CLM*26463774*100***11:B:1*Y*A*Y*I
REF*D9*17312345600006351
HI*ABK:J020*ABF:Z1159
NM1*82*1*KILDARE*BEN****XX*1234567893
LX*1
SV1*HC:99213*40*UN*1***1
DTP*472*D8*20240110
LX*2
SV1*HC:87070*60*UN*1***1:2
DTP*472*D8*20240110
SE*29*0001
GE*1*17
IEA*1*000000905
"""

INSTITUTIONAL = """
ISA*00*          *00*          *ZZ*ELMSTREET      *ZZ*CLEARINGHOUSE  *240115*1253*^*00501*000000906*0*P*:
GS*HC*ELM*CLEAR*20240115*1253*18*X*005010X223A2
ST*837*0001*005010X223A2
BHT*0019*00*0123*20240115*0932*CH
NM1*41*2*JONES HOSPITAL*****46*12345
PER*IC*JANE DOE*TE*9005555555
NM1*40*2*MEDICARE*****46*00120
HL*1**20*1
NM1*85*2*JONES HOSPITAL*****XX*1234567893
N3*225 MAIN STREET
N4*CENTERVILLE*PA*171110001
REF*EI*567891234
HL*2*1*22*0
SBR*S*18*******MB
NM1*IL*1*DOE*JOHN*T***MI*030005074A
N3*125 CITY AVENUE
N4*CENTERVILLE*PA*17111
DMG*D8*19261111*M
NM1*PR*2*MEDICARE B*****PI*00435
CLM*756048Q*89.93***14:A:7**A*Y*Y
DTP*434*RD8*20240101-20240102
CL1*3**01
REF*F8*0012345
HI*ABK:I10
NM1*71*1*JONES*JOHN*J***XX*1234567893
SBR*P*18*******CI
CAS*PR*1*5.15
AMT*D*84.78
OI***Y***Y
NM1*IL*1*DOE*JOHN*T***MI*222004433
NM1*PR*2*PAYER A*****PI*1135
LX*1
SV2*0305*HC:85025*13.39*UN*1
DTP*472*D8*20240101
SVD*1135*13.39*HC:85025*0305*1
DTP*573*D8*20240105
LX*2
SV2*0730*HC:93005*76.54*UN*3
DTP*472*D8*20240101
SVD*1135*76.54*HC:93005*0730*3
DTP*573*D8*20240105
SE*40*0001
GE*1*18
IEA*1*000000906
"""

REMITTANCE = """
ISA*00*          *00*          *ZZ*PAYER          *ZZ*ELMSTREET      *240115*1253*^*00501*000000907*0*P*:
GS*HP*PAYER*ELM*20240115*1253*19*X*005010X221A1
ST*835*0001
BPR*I*500*C*CHK************20240115
TRN*1*12345*1512345678
DTM*405*20240115
N1*PR*PAYER
N3*1 PAYER STREET
N4*LANSING*MI*48909
PER*BL*SUPPORT*TE*8005551111
N1*PE*BEN KILDARE SERVICE*XX*1234567893
LX*1
CLP*26463774*1*800*500**MC*4276512332*11*1
CAS*CO*45*100
NM1*QC*1*SMITH*JANE****MI*JS00111223333
SVC*HC:99213*500*400**1
DTM*472*20240110
CAS*PR*1*100
SVC*HC:87070*300*200**1
DTM*472*20240110
CAS*PR*2*100
SE*20*0001
GE*1*19
IEA*1*000000907
"""

ELIGIBILITY_ANSWER = """
ISA*00*          *00*          *ZZ*PAYER          *ZZ*ELMSTREET      *240115*1253*^*00501*000000908*0*P*:
GS*HB*PAYER*ELM*20240115*1253*20*X*005010X279A1
ST*271*0001*005010X279A1
BHT*0022*11*10001234*20240115*1319
HL*1**20*1
NM1*PR*2*ABC COMPANY*****PI*842610001
HL*2*1*21*1
NM1*1P*1*JONES*MARCUS****XX*1234567893
HL*3*2*22*0
NM1*IL*1*SMITH*ROBERT****MI*11122333301
AAA*N**75*C
SE*10*0001
GE*1*20
IEA*1*000000908
"""


class Draft:
    """The segments of a file. Positions count ST as 1, as the findings do."""

    def __init__(self, text: str) -> None:
        self.lines = text.strip().splitlines()

    @property
    def _st(self) -> int:
        return next(at for at, line in enumerate(self.lines) if line.startswith("ST*"))

    def find(self, start: str, nth: int = 1) -> int:
        """The position of the nth segment that starts so."""
        places = [at for at, line in enumerate(self.lines) if line.startswith(start)]
        return places[nth - 1] - self._st + 1

    def replace(self, start: str, line: str, nth: int = 1) -> "Draft":
        self.lines[self._st - 1 + self.find(start, nth)] = line
        return self

    def change(self, old: str, new: str) -> "Draft":
        """Change a piece of text that stands once."""
        whole = "\n".join(self.lines)
        assert whole.count(old) == 1, f"{old!r} stands {whole.count(old)} times"
        self.lines = whole.replace(old, new).split("\n")
        return self

    def drop(self, start: str, nth: int = 1, many: int = 1) -> "Draft":
        at = self._st - 1 + self.find(start, nth)
        del self.lines[at : at + many]
        return self

    def after(self, start: str, *lines: str, nth: int = 1) -> "Draft":
        at = self._st + self.find(start, nth)
        self.lines[at:at] = lines
        return self

    def before(self, start: str, *lines: str, nth: int = 1) -> "Draft":
        at = self._st - 1 + self.find(start, nth)
        self.lines[at:at] = lines
        return self

    def counted(self) -> "Draft":
        """Make SE01 true again after segments came or went."""
        first = None
        for at, line in enumerate(self.lines):
            if line.startswith("ST*"):
                first = at
            elif line.startswith("SE*") and first is not None:
                self.lines[at] = f"SE*{at - first + 1}*{line.split('*')[2]}"
        return self

    def text(self, terminator: str = "~") -> str:
        return "".join(line + terminator for line in self.lines)

    def bytes(self) -> bytes:
        return self.text().encode()


class Numbers:
    """Control numbers of a connection, rising."""

    def __init__(self) -> None:
        self.last = 0

    def interchange(self) -> int:
        self.last += 1
        return self.last

    group = interchange


NOW = datetime(2024, 1, 16, 8, 30, 0)


def seen(
    content: bytes, options: Options = DEFAULT, agreement: Agreement = NO_AGREEMENT
) -> list[InterchangeExamined]:
    return list(examine([content], options, agreement))


def findings(content: bytes, options: Options = DEFAULT) -> list[Finding]:
    return [one for examined in seen(content, options) for one in examined.every()]


def told(found: Iterable[Finding]) -> list[str]:
    """Findings as `IK304 segment*position*loop` or with the element, in short."""
    rows = []
    for one in found:
        where = f"{one.segment}*{one.place.segment}*{one.loop}*{one.ack_code}"
        if one.element:
            spot = f"{one.element}:{one.component}" if one.component else f"{one.element}"
            where = f"{one.segment}*{one.place.segment}*{one.loop}*{spot}*{one.ack_code}"
        rows.append(where if one.ack_code else f"{where}{one.code}")
    return rows


def answer(
    content: bytes, options: Options = DEFAULT, agreement: Agreement = NO_AGREEMENT
) -> list[str]:
    """The segments of the answer between ISA and IEA, but for envelopes."""
    written = acknowledge(
        [content], now=NOW, control_numbers=Numbers(), options=options, agreement=agreement
    )
    lines = written.decode().replace("~", "").splitlines()
    return [line for line in lines if line[:3] not in {"ISA", "IEA"} and line[:2] not in ENVELOPE]


ENVELOPE = {"GS", "GE", "ST", "SE"}


def refused(content: bytes) -> list[str]:
    """The 999s that the sets would get, were the envelope whole."""
    lines = []
    for examined in seen(content):
        for group in examined.groups:
            written = ack999.write(group_acknowledgment(group))
            lines += ["*".join(segment) for segment in written]
    return lines
