"""Names of segments, elements and short codes for a person, in our own words."""

from functools import cache

from billing_saas.edi import inquiry_codes, ta1
from billing_saas.edi.guides import dictionary

# Segment, its name, and its elements in order; an empty name is taken from the dictionary. A line
# that starts with blanks continues the one before.
_NAMES = """
TA1 interchange acknowledgment: interchange, its date, its time, verdict, note
BHT beginning: structure, purpose, reference, date, time, kind
BGN beginning: purpose, reference, date, time
HL level: number, parent, holds, levels follow
TRN trace: kind, number, originator, further number
ST set: kind, control number, guide
NM1 name: who, person or organization, name, first name, middle name, prefix, suffix, by, id
N1 party: who, name, by, id
N2 more of the name: name, name
N3 street: line, second line
N4 city: city, state, postal code, country, , , part of the country
PER contact: function, name, by, number, by, number, by, number
REF reference: kind, number, description
DTP date: of, format, date
DTM date: of, date, time
DMG birth and sex: format, birth date, sex
INS relationship: is the subscriber, relationship, change, reason of change
PRV provider's role: role, by, code
PAT patient: relationship, , , , format, date of death, unit, weight, pregnant
SBR coverage: order, relationship, group number, plan, insurance, , , , kind of plan
BPR payment: handling, paid, credit or debit, method, format, bank by, sending bank,
  account kind, sending account, payer id, supplement, bank by, receiving bank, account kind,
  receiving account, on
PLB provider adjustment: provider, fiscal year end, reason, amount, reason, amount, reason,
  amount, reason, amount, reason, amount, reason, amount
LX line: number
CLP claim payment: claim number, status, charge, paid, patient owes, plan,
  payer's claim number, facility, frequency, patient status, diagnosis group, weight,
  discharge fraction
CAS adjustment: group, reason, amount, quantity, reason, amount, quantity, reason, amount,
  quantity, reason, amount, quantity, reason, amount, quantity, reason, amount, quantity
SVC service: procedure, charge, paid, revenue code, units paid, procedure billed, units billed
MIA inpatient adjudication: covered days
MOA outpatient adjudication: reimbursement rate, payable, remark, remark, remark, remark, remark
TS2 more totals
TS3 totals of a provider: provider, facility, fiscal year end, claims, charges
RDM how the remittance travels: by, name, number
LQ remark: list, code
CUR currency: whose, currency
AMT amount: of, amount
QTY quantity: of, quantity
CLM claim: claim number, charge, , , place and frequency, provider signed, assignment,
  benefits assigned, release, signature source, related causes, special program
CL1 institutional facts: admission type, admission source, patient status
CR1 ambulance: unit, weight, transport, reason, unit, distance
CR2 spinal manipulation
CR3 equipment certification
CR5 home oxygen
CR6 home health
CRC conditions: kind, apply, condition, condition, condition, condition, condition
CN1 contract: kind, amount, percent, code
CTP drug pricing: , , unit price, quantity, unit
DN1 orthodontics: months, months left
DN2 tooth: tooth, status
FRM form answer: question, yes or no, answer, date, percent
HCP repriced: method, allowed, saved, by
HI health codes: code, code, code, code, code, code, code, code, code, code, code, code
HCR decision: action, authorization number, reason, second opinion
HSD delivery of care: of, quantity, per, sample, period, periods, pattern, time
III specifics: list, code
K3 fixed text: text
LIN drug: , by, code
MEA measurement: kind, what, value
MPI military service
MSG message: text
NTE note: kind, text
OI other insurance: , , benefits assigned, signature source, , release
PS1 purchased service: provider, amount
PWK paperwork: report, travels by, , , by, control number
SV1 professional service: procedure, charge, unit, units, place, , diagnosis pointers
SV2 institutional service: revenue code, procedure, charge, unit, units
SV3 dental service: procedure, charge, place, area, prosthesis, units
SV5 equipment: procedure, unit, length of need, rental price, purchase price
SVD paid by another payer: payer, paid, procedure, revenue code, units, bundled with line
TOO tooth: list, tooth, surfaces
UM review asked for: category, certification, service type, facility, related causes,
  level of service
EB benefit: says, for whom, services, insurance, plan, period, amount, percent, of, quantity,
  authorization needed, in network, procedure, diagnosis pointers
EQ asks about: services, procedure, for whom, insurance, diagnosis pointers
AAA refusal: request valid, , reason, what to do
STC status: status, on, action, charge, paid, adjudicated on, paid by, paid on, check,
  second status, third status, message
LS loop begins: loop
LE loop ends: loop
AK1 answers group: kind, control number, version
AK2 answers set: kind, control number, guide
AK3 segment in error: segment, position, loop, error
AK4 element in error: element, reference, error, value
AK5 verdict on the set: verdict, note, note, note, note, note
IK3 segment in error: segment, position, loop, error
IK4 element in error: element, reference, error, value
IK5 verdict on the set: verdict, note, note, note, note, note
CTX context: context, segment, position, loop, element, reference
AK9 verdict on the group: verdict, sets included, sets received, sets accepted, note, note,
  note, note, note
CAT category: report, format
EFI about the file: security level
OOI object: reference, attribute, value
BIN document: length, content
BDS encoded document: encoding, length, content
"""
_VERDICTS = (
    "A accepted, E accepted with errors, P accepted in part, R rejected, M rejected, W rejected,"
    " X rejected"
)
_YES = "Y yes, N no, U unknown, W not applicable"
# Segment and element: code meaning, code meaning ...
_CODES = f"""
HL 3: 20 payer or source, 21 receiver or submitter, 19 provider, 22 subscriber, 23 dependent,
  PT patient, EV event, SS service
HL 4: 0 no, 1 yes
BHT 2: 00 original, 18 repeated, 13 request, 11 response, 08 status, 01 cancellation
TRN 1: 1 the sender's own, 2 given back
NM1 2: 1 person, 2 organization
NM1 1: 85 billing provider, 87 pay-to address, 41 submitter, 40 receiver, PR payer, PE payee,
  IL subscriber, QC patient, 03 dependent, 82 rendering provider, DN referring provider,
  P3 primary care provider, DQ supervising provider, DK ordering provider, 77 service location,
  71 attending provider, 72 operating provider, 73 other provider, ZZ other operating provider,
  1P provider, FA facility, 74 corrected member, TT next payer, GB other insured, PW pick-up,
  45 drop-off, X3 reviewer, SJ service provider, AY clearinghouse, GP gateway, P5 plan sponsor,
  VN vendor, 36 employer, PRP primary payer, SEP secondary payer, TTP tertiary payer,
  ND next destination, R3 next stop, FS final stop
N1 1: PR payer, PE payee, P5 plan sponsor, IN insurer
NM1 8: XX NPI, MI member id, II health id, PI payer id, XV plan id, FI tax id,
  46 transmitter id, SV provider number, 24 employer id, 34 social security number,
  EI employer id
REF 1: 1K payer's claim number, D9 clearinghouse number, BLT bill type, EJ patient account,
  EA medical record, 6R line number, F8 payer's claim number, G1 prior authorization,
  9F referral, 1L group or policy, 6P group, 18 plan, SY social security number, EI tax id,
  TJ tax id, 0B state license, 1G provider UPIN, G2 provider number, LU location,
  XZ prescription, FJ line number, EV receiver, F2 version, Y4 property claim, X4 CLIA number,
  9A repricer, P4 project, BB authorization, NT reference of the review, 1W member id,
  IG policy, 0F subscriber number, 9C adjusted repricer, CE contract class, IL group, PQ payee,
  HPI NPI, TT terminal
DTP 1: 472 service, 232 claim from, 233 claim to, 434 statement, 435 admission, 096 discharge,
  431 onset, 439 accident, 454 first treatment, 484 last menstrual period, 050 received,
  009 processed, 573 paid, 291 plan, 346 plan begins, 347 plan ends, 307 eligibility,
  356 eligible from, 357 eligible to, 348 benefit begins, 349 benefit ends, 304 last visit,
  455 last x-ray, 456 surgery, AAH event, ABC expected birth, 036 expires, 007 effective,
  102 issued
DTM 1: 405 produced, 232 claim from, 233 claim to, 472 service, 150 service from,
  151 service to, 036 coverage expired, 050 received, 009 processed
DMG 3: M male, F female, U unknown
INS 1: {_YES}
SBR 1: P primary, S secondary, T tertiary, A fourth, B fifth, U unknown
SBR 2: 18 self
BPR 1: C payment with remittance, D payment alone, H notification only, I remittance alone,
  P prenotification, U split payment, X split payment
BPR 3: C credit, D debit
BPR 4: ACH electronic transfer, CHK check, NON no payment, BOP by financial institution,
  FWT wire transfer
CLP 2: 1 processed as primary, 2 processed as secondary, 3 processed as tertiary, 4 denied,
  19 primary and forwarded, 20 secondary and forwarded, 21 tertiary and forwarded, 22 reversal,
  23 not ours and forwarded, 25 predetermination
CAS 1: CO contractual, PR patient, OA other, PI payer initiated, CR correction
AMT 1: AU covered, B6 allowed, D paid by the payer, EAF patient owes, A8 not covered,
  F5 patient paid, I interest, T tax, T3 charge, YU accepted, YY rejected, KH late filing,
  DY per day, ZK federal share, ZL federal share, ZM federal share, ZN federal share,
  ZO federal share, R spend down, F4 postage
QTY 1: 90 accepted, AA rejected, QA accepted claims, QC rejected claims, CA covered,
  LA lifetime reserve, PS prescriptions, VS visits, ZK federal share
CLM 6: {_YES}
CLM 7: A assigned, B clinical laboratory only, C not assigned
CLM 8: {_YES}
CLM 9: Y signed, I informed
OI 3: {_YES}
HCR 1: A1 certified, A2 certified in part, A3 not certified, A4 pended, A6 modified,
  C cancelled, CT contact the payer, NA no action needed
UM 1: AR admission, HS health services, SC specialty care, IN information
UM 2: I initial, R renewal, S revised, 1 urgent appeal, 2 appeal, 3 cancel, 4 extension,
  5 notification, 6 verification
HSD 1: VS visits, DY days, UN units, HS hours, MN months, FL units
EB 1: 1 active coverage, 2 active with full risk, 3 active with capitation to others,
  4 active with capitation to this provider, 5 active pending, 6 inactive, 7 inactive pending,
  8 inactive pending review, A coinsurance, B copayment, C deductible, CB coverage basis,
  D benefit description, E exclusions, F limitations, G out of pocket, H unlimited,
  I not covered, J cost containment, K reserve, L primary care provider,
  M pre-existing condition, MC managed care, N services restricted, O not medically necessary,
  P disclaimer, Q second opinion, R other payer, S prior year, T card reported lost,
  U contact for details, V cannot be told, W other source, X health care facility, Y spend down
EB 2: IND individual, FAM family, EMP employee, ESP employee and spouse,
  ECH employee and children, SPC spouse and children, SPO spouse, CHD children, DEP dependents
EB 6: 6 hour, 7 day, 13 a day, 21 years, 22 service year, 23 calendar year, 24 year to date,
  25 contract, 26 episode, 27 visit, 29 remaining, 32 lifetime, 33 lifetime remaining,
  34 month, 35 week, 36 admission
EB 11: {_YES}
EB 12: {_YES}
AAA 1: {_YES}
STC 3: WQ accepted, U rejected, NA no action
AK9 1: {_VERDICTS}
IK5 1: {_VERDICTS}
AK5 1: {_VERDICTS}
TA1 4: A accepted, E accepted with errors, R rejected
IK3 4: 1 unknown segment, 2 unexpected segment, 3 missing segment, 4 loop too often,
  5 segment too often, 6 not in this set, 7 out of order, 8 element errors,
  I4 not used by the guide, I6 not allowed here, I7 loop too seldom,
  I8 element errors of the guide, I9 missing by situation
AK3 4: 1 unknown segment, 2 unexpected segment, 3 missing segment, 4 loop too often,
  5 segment too often, 6 not in this set, 7 out of order, 8 element errors
IK4 3: 1 missing, 2 missing by condition, 3 too many elements, 4 too short, 5 too long,
  6 invalid character, 7 invalid code, 8 invalid date, 9 invalid time, 10 excluded by another,
  12 too many repetitions, 13 too many components, I6 code value not in the guide,
  I9 missing by situation, I10 not used by the guide, I11 too few repetitions, I12 pattern,
  I13 not allowed by situation
AK4 3: 1 missing, 2 missing by condition, 3 too many elements, 4 too short, 5 too long,
  6 invalid character, 7 invalid code, 8 invalid date, 9 invalid time, 10 excluded by another
PWK 2: AA available on request, BM by mail, EL electronically, EM by e-mail, FX by fax,
  FT by file transfer, VO by voice
LQ 1: HE remark code, RX pharmacy reject
"""
# STC01-1: the kind of a claim status category, by its letter where the code is not listed.
STATUS_CATEGORIES = {
    "A0": "forwarded",
    "A1": "received",
    "A2": "accepted for adjudication",
    "A3": "returned",
    "A4": "not found",
    "A5": "split",
    "A6": "rejected for missing data",
    "A7": "rejected for invalid data",
    "A8": "rejected for fields that disagree",
    "F0": "finalized",
    "F1": "paid",
    "F2": "denied",
    "F3": "revised",
    "F4": "finalized without payment",
    "P": "pending",
    "R": "information wanted",
    "E": "could not be answered",
    "D": "data search unsuccessful",
}
SETS = {
    "837P": "professional claims",
    "837I": "institutional claims",
    "837D": "dental claims",
    "837": "claims",
    "835": "remittance",
    "270": "eligibility inquiry",
    "271": "eligibility answer",
    "276": "claim status inquiry",
    "277": "claim status answer",
    "277CA": "claim acknowledgment",
    "278": "services review",
    "275": "attachment",
    "999": "acknowledgment",
    "997": "acknowledgment",
    "834": "enrollment",
    "820": "premium payment",
    "824": "application advice",
}


@cache
def names() -> dict[str, tuple[str, tuple[str, ...]]]:
    found = {}
    for line in _NAMES.strip().replace("\n  ", " ").splitlines():
        tag, _, rest = line.partition(" ")
        name, _, elements = rest.partition(":")
        found[tag] = (name, tuple([one.strip() for one in elements.split(",")]))
    return found


@cache
def codes() -> dict[tuple[str, int], dict[str, str]]:
    found: dict[tuple[str, int], dict[str, str]] = {}
    for line in _CODES.strip().replace("\n  ", " ").splitlines():
        where, _, listed = line.partition(":")
        meanings = [one.strip().partition(" ") for one in listed.split(",")]
        tag, number = where.split()
        found[(tag, int(number))] = {code: meaning for code, _, meaning in meanings if meaning}
    found[("AAA", 3)] = dict(inquiry_codes.REFUSAL_REASONS)
    found[("AAA", 4)] = {
        code: meaning.replace("_", " ") for code, meaning in inquiry_codes.FOLLOW_UPS.items()
    }
    found[("HCR", 3)] = dict(inquiry_codes.DECISION_REASONS)
    found[("TA1", 5)] = dict(ta1.NOTES)
    return found


def segment_name(tag: str) -> str:
    return names()[tag][0] if tag in names() else "segment"


def element_name(tag: str, number: int) -> str:
    """What an element is called; its number where nobody has named it."""
    ours = names().get(tag, ("", ()))[1]
    if number <= len(ours) and ours[number - 1]:
        return ours[number - 1]
    standard = dictionary.segments().get(tag)
    if standard is not None and number <= len(standard.parts):
        reference = standard.parts[number - 1]
        element = dictionary.elements().get(reference) or dictionary.composites().get(reference)
        if element is not None:
            return element.name
    return f"element {number}"


def element_kind(tag: str, number: int) -> str:
    """The X12 data element number, "" where the dictionary does not know it."""
    standard = dictionary.segments().get(tag)
    if standard is None or number > len(standard.parts):
        return ""
    return standard.parts[number - 1]


def meaning(tag: str, number: int, code: str) -> str:
    """A short code in words, "" where it is not listed."""
    return codes().get((tag, number), {}).get(code, "")
