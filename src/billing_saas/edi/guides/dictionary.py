"""The X12 005010 standard, as far as the adopted guides use it.

Data element numbers, types and lengths; composites; segments with the elements they are made of
and the standard's relational conditions. The facts were read from the maps of pyx12 (BSD, see
docs/licences/pyx12.txt) and from public companion guides; the words are ours.

Conditions: P all or none, R at least one, E at most one, C if the first then all the others,
L if the first then at least one of the others; the numbers are element positions.
"""

from functools import cache

import msgspec

# number, type, least-greatest length, what it is. R and N count digits only.
_ELEMENTS = """
2    N0 1-6    number of accepted transaction sets
19   AN 2-30   city
26   ID 2-3    country
28   N0 1-9    group control number
61   AN 1-30   free-form information
66   ID 1-2    identifier qualifier
67   AN 2-80   identifier
81   R  1-10   weight
93   AN 1-60   name
96   N0 1-10   number of included segments
97   N0 1-6    number of transaction sets
98   ID 2-3    entity
100  ID 3-3    currency
116  ID 3-15   ZIP or postal code
118  R  1-9    rate
123  N0 1-6    number of received transaction sets
127  AN 1-50   reference number
128  ID 2-3    reference qualifier
143  ID 3-3    set identifier
156  ID 2-2    state or province
166  AN 1-55   address line
212  R  1-17   unit price
234  AN 1-48   product or procedure
235  ID 2-2    procedure qualifier
236  ID 3-3    price identifier
280  R  4-10   exchange rate
289  N0 1-2    multiple price quantity
305  ID 1-2    transaction handling
306  ID 1-2    action
309  ID 1-2    location qualifier
310  AN 1-30   location identifier
329  AN 4-9    set control number
332  R  1-6    percent, decimal format
337  TM 4-8    time
338  R  1-6    terms discount percent
350  AN 1-20   assigned id
352  AN 1-80   text
353  ID 2-2    purpose of the set
355  ID 2-2    unit
363  ID 3-3    note reference
364  AN 1-256  contact number
365  ID 2-2    contact number qualifier
366  ID 2-2    contact function
373  DT 8-8    date
374  ID 3-3    date qualifier
380  R  1-15   quantity
426  ID 2-2    provider adjustment reason
429  AN 1-16   check number
443  AN 1-20   contact inquiry reference
447  AN 1-6    loop identifier
449  AN 1-80   fixed format text
478  ID 1-1    credit/debit flag
479  ID 2-2    functional identifier
480  AN 1-12   version
481  ID 1-2    trace type
499  AN 1-10   condition value
506  ID 2-2    bank number qualifier
507  AN 3-12   bank number
508  AN 1-35   account number
509  AN 10-10  originating company identifier
510  AN 9-9    originating company supplemental
522  ID 1-3    amount qualifier
554  N0 1-6    line number
559  ID 2-2    agency qualifier
569  ID 1-3    account number qualifier
584  ID 2-2    employment status
591  ID 3-3    payment method
594  ID 1-1    frequency
609  N0 1-9    count
615  ID 1-2    time period qualifier
616  N0 1-3    number of periods
618  ID 1-3    set syntax error
620  ID 1-3    segment syntax error
621  ID 1-3    element syntax error
623  ID 2-2    time
628  AN 1-12   hierarchy number
639  ID 2-2    basis of unit price
640  ID 2-2    type of the set
648  ID 3-3    price multiplier qualifier
649  R  1-10   multiplier
659  ID 1-2    basis of verification
669  ID 3-3    currency market/exchange
673  ID 2-2    quantity qualifier
678  ID 1-2    ship/delivery or calendar pattern
679  ID 1-1    ship/delivery pattern time
687  ID 2-2    class of trade
706  ID 2-2    entity relationship
715  ID 1-1    functional group acknowledgment
716  ID 1-3    group syntax error
717  ID 1-1    transaction set acknowledgment
719  N0 1-6    segment position in transaction set
721  ID 2-3    segment id
722  N0 1-2    element position
724  AN 1-99   copy of the bad element
725  N0 1-4    data element reference number
734  AN 1-12   parent's hierarchy number
735  ID 1-2    hierarchy level
736  ID 1-1    whether children follow
737  ID 2-2    measurement reference id
738  ID 1-3    measurement qualifier
739  R  1-20   measurement value
740  R  1-20   range minimum
741  R  1-20   range maximum
752  ID 2-2    surface/layer/position
755  ID 2-2    report type
756  ID 1-2    report transmission
757  N0 1-2    report copies needed
782  R  1-18   amount
799  AN 1-30   version identifier
812  ID 1-10   payment format
875  ID 3-3    maintenance type
889  ID 1-1    follow-up action
901  ID 2-2    reject reason
923  ID 1-1    prognosis
933  AN 1-264  free-form message text
934  ID 2-2    printer carriage control
935  ID 2-2    measurement significance
936  ID 2-2    measurement attribute
954  R  1-10   percentage as decimal
1005 ID 4-4    hierarchical structure
1018 R  1-15   exponent
1028 AN 1-38   claim's control number
1029 ID 1-2    claim status
1032 ID 1-2    kind of insurance
1033 ID 1-2    adjustment group
1034 ID 1-5    adjustment reason
1035 AN 1-60   last or organization name
1036 AN 1-35   first name
1037 AN 1-25   middle name
1038 AN 1-10   name prefix
1039 AN 1-10   name suffix
1048 ID 1-3    business function
1065 ID 1-1    person or organization
1066 ID 1-2    citizenship status
1067 ID 1-1    marital status
1068 ID 1-1    gender
1069 ID 2-2    relationship to the subscriber
1073 ID 1-1    yes or no
1109 ID 1-1    race or ethnicity
1136 ID 2-2    code category
1137 AN 1-15   medical value
1138 ID 1-1    order of the payer
1143 ID 1-1    coordination of benefits
1165 ID 1-1    confidentiality
1166 ID 2-2    contract type
1167 R  1-6    sample selection modulus
1201 ID 1-1    information status
1203 ID 2-3    maintenance reason
1204 AN 1-50   plan coverage description
1207 ID 3-3    coverage level
1213 ID 1-1    current health condition
1216 ID 1-1    benefit status
1218 ID 1-1    medicare plan
1219 ID 1-2    COBRA reason
1220 ID 1-1    student status
1221 ID 1-3    provider
1223 ID 3-3    provider organization
1250 ID 2-3    date format
1251 AN 1-35   date or period
1270 ID 1-3    code list
1271 AN 1-30   code
1314 ID 1-1    source of admission
1315 ID 1-1    type of admission
1316 ID 1-1    kind of transport
1317 ID 1-1    reason for transport
1321 ID 2-3    condition
1322 ID 1-1    certification type
1325 ID 1-1    claim frequency
1327 ID 1-1    copay status
1328 N0 1-2    diagnosis pointer
1331 AN 1-2    place of service or facility type
1332 ID 1-2    facility code list
1333 ID 1-2    record format
1334 ID 1-1    health care professional shortage area
1335 ID 1-1    insulin dependent
1336 ID 1-3    insurance type
1337 ID 1-1    level of care
1338 ID 1-3    level of service
1339 AN 2-2    modifier
1340 ID 1-2    multiple procedure
1341 AN 1-2    national or local assigned review value
1342 ID 1-1    nature of condition
1343 ID 1-2    non-institutional claim type
1345 ID 1-1    nursing home residential status
1348 ID 1-1    oxygen equipment type
1349 ID 1-1    oxygen test condition
1350 ID 1-1    oxygen test findings
1351 ID 1-1    patient signature source
1352 ID 1-2    patient status
1354 ID 1-4    diagnosis related group
1358 ID 1-1    prosthesis, crown or inlay
1359 ID 1-1    assignment
1360 ID 1-1    provider agreement
1361 ID 1-3    area of the mouth
1362 ID 2-3    related cause
1363 ID 1-1    release of information
1364 ID 1-2    review
1365 ID 1-2    service type
1366 ID 2-3    special program
1367 ID 2-3    subluxation level
1368 ID 1-2    tooth status
1369 ID 1-2    tooth surface
1371 R  1-10   unit rate
1373 ID 2-4    measurement method or device
1382 ID 1-1    oxygen delivery system
1383 ID 2-2    claim submission reason
1384 ID 1-1    patient location
1390 ID 1-2    eligibility or benefit information
1470 N0 1-9    number
1473 ID 2-2    pricing methodology
1514 ID 1-2    delay reason
1525 ID 1-2    request category
1526 ID 1-2    policy compliance
1527 ID 1-2    exception
1528 N0 1-2    component position
1595 ID 1-1    government service affiliation
1596 ID 2-2    military rank
1686 N0 1-4    repetition position
1701 ID 1-1    eligibility reason
1705 AN 1-35   guide
1715 ID 1-3    part of a country
9998 AN 1-35   context reference
9999 AN 1-35   context name
"""

_COMPOSITES = """
C001 unit of measure: 355 1018 649
C003 procedure: 235 234 1339 1339 1339 1339 352 234
C004 diagnosis pointers: 1328 1328 1328 1328
C005 tooth surface: 1369 1369 1369 1369 1369
C006 area of the mouth: 1361 1361 1361 1361 1361
C022 health care code: 1270 1271 1250 1251 782 380 799 1271 1073
C023 place of service: 1331 1332 1325
C024 related causes: 1362 1362 1362 156 26
C030 position of the element: 722 1528 1686
C040 reference: 128 127 128 127 128 127
C042 provider adjustment: 426 127
C043 claim status: 1271 1271 98 1270
C052 Medicare status: 1218 1701 1701 1701
C056 race or ethnicity: 1109 1270 1271
C998 context: 9999 9998
C999 reference in the segment: 725 725
"""

# A line that starts with blanks continues the one before; n*k repeats an element k times.
_SEGMENTS = """
AAA 1073 559 901 889
AK1 479 28 480
AK2 143 329 1705
AK9 715 97 123 2 716*5
AMT 522 782 478
BHT 1005 353 127 373 337 640
BPR 305 782 478 591 812 506 507 569 508 509 510 506 507 569 508 373 1048 506 507 569 508 ; P0607
    C0809 P1213 C1415 P1819 C2021
CAS 1033 1034 782 380 1034 782 380 1034 782 380 1034 782 380 1034 782 380 1034 782 380 ; L050607
    C0605 C0705 L080910 C0908 C1008 L111213 C1211 C1311 L141516 C1514 C1614 L171819 C1817 C1917
CL1 1315 1314 1352 1345
CLM 1028 782 1032 1343 C023 1073 1359 1073 1363 1351 C024 1366 1073 1338 1073 1360 1029 1073
    1383 1514
CLP 1028 1029 782*3 1032 127 1331 1325 1352 1354 380 954 1073
CN1 1166 782 332 127 338 799
CR1 355 81 1316 1317 355 380 166*2 352*2 ; P0102 P0506
CR2 609 380 1367*2 355 380*2 1342 1073 352*2 1073 ; P0102 C0403 P0506
CR3 1322 355 380 1335 352 ; P0203
CR5 1322 380 1348*2 352 380*3 352 380*2 1349 1350*3 380 1382 1348
CR6 923 373 1250 1251 373 1073*2 1322 373 235 1137 373*3 1250 1251 1384 373*4 ; P0304 P091011
    P151617
CRC 1136 1073 1321*5
CTP 687 236 212 380 C001 648 649 782 639 499 289 ; P0405 C0607 C0902 C1002 C1103
CTX C998 721 719 447 C030 C999
CUR 98 100 280 98 100 669 374 373 337 374 373 337 374 373 337 374 373 337 374 373 337 ; C0807
    C0907 L101112 C1110 C1210 L131415 C1413 C1513 L161718 C1716 C1816 L192021 C2019 C2119
DMG 1250 1251 1068 1067 C056 1066 26 659 380 1270 1271 ; P0102 P1011 C1105
DN1 380*2 1073 352
DN2 127 1368 380 1250 1251 1270 ; P0405
DTM 374 373 337 623 1250 1251 ; R020305 C0403 P0506
DTP 374 1250 1251
EB  1390 1207 1365 1336 1204 615 782 954 673 380 1073*2 C003 C004 ; P0910
EQ  1365 C003 1207 1336 C004 ; R0102
FRM 350 1073 127 373 332 ; R02030405
HCP 1473 782*2 127 118 127 782 234 235 234 355 380 901 1526 1527 ; R0113 P0910 P1112
HCR 306 127 1271 1073
HI  C022*12
HL  628 734 735 736
HSD 673 380 355 1167 615 616 678 679 ; P0102 C0605
III 1270 1271 1136 933 380 C001 752*3 ; P0102 L030405
IK3 721 719 447 620
IK4 C030 725 621 724
IK5 717 618*5
INS 1073 1069 875 1203 1216 C052 1219 584 1220 1073 1250 1251 1165 19 156 26 1470 ; P1112
K3  449 1333 C001
LE  447
LIN 350 235 234 235 234 235 234 235 234 235 234 235 234 235 234 235 234 235 234 235 234 235 234
    235 234 235 234 235 234 235 234 ; P0405 P0607 P0809 P1011 P1213 P1415 P1617 P1819 P2021
    P2223 P2425 P2627 P2829 P3031
LQ  1270 1271 ; C0102
LS  447
LX  554
MEA 737 738 739 C001 740 741 935 936 752 1373 1270 1271 ; R03050608 L050412 L060412 L07030506
    E0803 P1112
MIA 380 782 380 782 127 782*9 380 782*4 127*4 782
MOA 954 782 127*5 782*2
MPI 1201 584 1595 352 1596 1250 1251 ; P0607
MSG 933 934 1470
N1  98 93 66 67 706 98 ; R0203 P0304
N3  166*2
N4  19 156 116 26 309 310 1715 ; E0207 C0605 C0704
NM1 98 1065 1035 1036 1037 1038 1039 66 67 706 98 1035 ; P0809 C1110 C1203
NTE 363 352
OI  1032 1383 1073 1351 1360 1363
PAT 1069 1384 584 1220 1250 1251 355 81 1073 ; P0506 P0708
PER 366 93 365 364 365 364 365 364 443 ; P0304 P0506 P0708
PLB 127 373 C042 782 C042 782 C042 782 C042 782 C042 782 C042 782 ; P0506 P0708 P0910 P1112 P1314
PRV 1221 128 127 156 C035 1223 ; P0203
PS1 127 782 156
PWK 755 756 757 98 66 67 352 C002 1525 ; P0506
QTY 673 380 C001 61 ; E0204 R0204
RDM 756 93 364 C040*2
REF 128 127 352 C040 ; R0203
SBR 1138 1069 127 93 1336 1143 1073 584 1032
SE  96 329
ST  143 329 1705
STC C043 373 306 782*2 373 591 373 429 C043*2 933
SV1 C003 782 355 380 1331 1365 C004 782 1073 1340 1073*2 1364 1341 1327 1334 127 116 782 1337
    1360 ; P0304
SV2 234 C003 782 355 380 1371 782 1073 1345 1337 ; R0102 P0405
SV3 C003 782 1331 C006 1358 380 352 1327 1360 1073 C004
SV5 C003 355 380 782*2 594 923 ; R0405 C0604
SVC C003 782*2 234 380 C003 380
SVD 67 782 C003 234 380 554
TOO 1270 1271 C005 ; P0102
TRN 481 127 509 127
TS2 782*6 380 782*2 380*5 782 380 782*3
TS3 127 1331 373 380 782*18 380 782
UM  1525 1322 1365 C023 C024 1338 1213 923 1363 1514
"""

# Segments of X12 that none of our guides uses: "not in this set" (IK304 6) and not "unknown" (1).
_ELSEWHERE_IDS = (
    "ACT ADX AK3 AK4 AK5 AMT B2 BDS BGN BIN BPS CAT COB DED DSB EFI ENT G62 HD HLH ICM IDC INV IT1"
    " LUI N2 N9 NM2 OOI PLA PYT QTY RMR SAC SLN SPK TED TXN VEH YNQ"
)
_ELSEWHERE = frozenset(_ELSEWHERE_IDS.split())


class Element(msgspec.Struct, frozen=True):
    """A data element: its number in the dictionary, its type, and how long it may be."""

    reference: str
    kind: str
    minimum: int
    maximum: int
    name: str


class Condition(msgspec.Struct, frozen=True):
    kind: str
    positions: tuple[int, ...]


class Composite(msgspec.Struct, frozen=True):
    reference: str
    name: str
    parts: tuple[str, ...]


class Standard(msgspec.Struct, frozen=True):
    """A segment as the standard has it: `parts` are element or composite references."""

    id: str
    parts: tuple[str, ...]
    conditions: tuple[Condition, ...]


@cache
def elements() -> dict[str, Element]:
    found = {}
    for line in _ELEMENTS.strip().splitlines():
        reference, kind, lengths, name = line.split(None, 3)
        minimum, _, maximum = lengths.partition("-")
        found[reference] = Element(reference, kind, int(minimum), int(maximum), name)
    return found


@cache
def composites() -> dict[str, Composite]:
    found = {}
    for line in _COMPOSITES.strip().splitlines():
        words, _, parts = line.partition(":")
        reference, name = words.split(None, 1)
        found[reference] = Composite(reference, name, tuple(parts.split()))
    return found


@cache
def segments() -> dict[str, Standard]:
    found = {}
    for line in _SEGMENTS.strip().replace("\n ", " ").splitlines():
        made_of, _, conditions = line.partition(";")
        segment_id, *words = made_of.split()
        parts: list[str] = []
        for word in words:
            reference, _, times = word.partition("*")
            parts += [reference] * int(times or 1)
        found[segment_id] = Standard(
            segment_id, tuple(parts), tuple(_condition(text) for text in conditions.split())
        )
    return found


def _condition(text: str) -> Condition:
    numbers = text[1:]
    positions = tuple(int(numbers[at : at + 2]) for at in range(0, len(numbers), 2))
    return Condition(text[0], positions)


def is_known(segment_id: str) -> bool:
    return segment_id in segments() or segment_id in _ELSEWHERE
