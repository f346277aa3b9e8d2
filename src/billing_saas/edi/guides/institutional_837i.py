"""837I, institutional claims: 005010X223A2.

Differences from pyx12's map are ours: levels of 2310, 2330 and 2420 stand at the position of
their first segments.
"""

from billing_saas.edi.guides import claim_rules, codes
from billing_saas.edi.guides.catalog import Guide

_CODES = {
    **codes.CLAIM,
    "note": "ALG DCP DGN DME MED NTR ODT RHB RLH RNH SET SFM SPT UPI",
}

_OUTLINE = """
table 1
  0050 ST  R 1  01R=837 02R 03R
  0100 BHT R 1  01R=0019 02R=00|18 03R 04R 05R 06R=31|CH|RP -- beginning of the claims
  0200 loop 1000A R 1 -- submitter
    0200 NM1 R 1  01R=41 02R=1|2 03R 04S 05S 08R=46 09R -- submitter
    0450 PER R 2  01R=IC 02S 03R=EM|FX|TE 04R 05S=EM|EX|FX|TE 06S 07S=EM|EX|FX|TE 08S
                  -- submitter's contact
  0200 loop 1000B R 1 -- receiver
    0200 NM1 R 1  01R=40 02R=2 03R 08R=46 09R -- receiver
table 2
  0010 loop 2000A R >1 -- billing provider level
    0010 HL  R 1  01R 03R=20 04R=1
    0030 PRV S 1  01R=BI 02R=PXC 03R#taxonomy -- billing provider's specialty
    0100 CUR S 1  01R=85 02R#currency -- currency
    0150 loop 2010AA R 1 -- billing provider
      0150 NM1 R 1  01R=85 02R=2 03R 08S=XX 09S -- billing provider
      0250 N3  R 1  01R 02S -- billing provider's address
      0300 N4  R 1  01R 02S#state 03S 04S#country 07S -- billing provider's city
      0350 REF R 1  01R=EI 02R -- billing provider's tax id
      0400 PER S 2  01R=IC 02S 03R=EM|FX|TE 04R 05S=EM|EX|FX|TE 06S 07S=EM|EX|FX|TE 08S
                    -- billing provider's contact
    0150 loop 2010AB S 1 -- pay-to address
      0150 NM1 R 1  01R=87 02R=2
      0250 N3  R 1  01R 02S
      0300 N4  R 1  01R 02S#state 03S 04S#country 07S
    0150 loop 2010AC S 1 -- pay-to plan
      0150 NM1 R 1  01R=PE 02R=2 03R 08R=PI|XV 09R
      0250 N3  R 1  01R 02S
      0300 N4  R 1  01R 02S#state 03S 04S#country 07S
      0350 REF S 1  01R=2U|FY|NF 02R -- pay-to plan's other id
      0350 REF R 1  01R=EI 02R -- pay-to plan's tax id
    0700 loop 2000B R >1 -- subscriber level
      0010 HL  R 1  01R 02R 03R=22 04R=0|1
      0050 SBR R 1  01R=@payer_order 02S=18 03S 04S 09S=@insurance -- subscriber's coverage
      0150 loop 2010BA R 1 -- subscriber
        0150 NM1 R 1  01R=IL 02R=1|2 03R 04S 05S 07S 08S=II|MI 09S -- subscriber
        0250 N3  S 1  01R 02S -- subscriber's address
        0300 N4  S 1  01R 02S#state 03S 04S#country 07S -- subscriber's city
        0320 DMG S 1  01R=D8 02R 03R=F|M|U -- subscriber's birth date and sex
        0350 REF S 1  01R=SY 02R -- subscriber's social security number
        0350 REF S 1  01R=Y4 02R -- property and casualty claim number
      0150 loop 2010BB R 1 -- payer
        0150 NM1 R 1  01R=PR 02R=2 03R 08R=PI|XV 09R -- payer
        0250 N3  S 1  01R 02S -- payer's address
        0300 N4  S 1  01R 02S#state 03S 04S#country 07S -- payer's city
        0350 REF S 3  01R=2U|EI|FY|NF 02R -- payer's other id
        0350 REF S 1  01R=G2|LU 02R -- billing provider's id with the payer
      1300 use 2300 S 100
      1400 loop 2000C S >1 -- patient level
        0010 HL  R 1  01R 02R 03R=23 04R=0
        0070 PAT R 1  01R=@patient -- patient's relationship to the subscriber
        0150 loop 2010CA R 1 -- patient
          0150 NM1 R 1  01R=QC 02R=1 03R 04S 05S 07S -- patient
          0250 N3  R 1  01R 02S -- patient's address
          0300 N4  R 1  01R 02S#state 03S 04S#country 07S -- patient's city
          0320 DMG R 1  01R=D8 02R 03R=F|M|U -- patient's birth date and sex
          0350 REF S 1  01R=Y4 02R -- property and casualty claim number
          0350 REF S 1  01R=1W|SY 02R -- property and casualty patient id
        1300 use 2300 R 100
table 3
  0010 SE  R 1  01R 02R

block 2300 -- claim
  1300 CLM R 1  01R 02R 05R(01R 02R=A 03R) 07R=A|B|C 08R=N|W|Y 09R=I|Y 20S=@delay -- claim
  1350 DTP S 1  01R=096 02R=TM 03R -- hour of discharge
  1350 DTP R 1  01R=434 02R=RD8 03R -- statement dates
  1350 DTP S 1  01R=435 02R=D8|DT 03R -- admission
  1350 DTP S 1  01R=050 02R=D8 03R -- received by the repricer
  1400 CL1 R 1  01S 02S 03R -- institutional claim codes
  1550 PWK S 10  01R=@report 02R=AA|BM|EL|EM|FT|FX 05S=AC 06S -- attachment
  1600 CN1 S 1  01R=01|02|03|04|05|06|09 02-06S -- contract
  1750 AMT S 1  01R=F3 02R -- due from the patient
  1800 REF S 1  01R=4N 02R -- service authorization exception
  1800 REF S 1  01R=9F 02R -- referral
  1800 REF S 1  01R=G1 02R -- prior authorization
  1800 REF S 1  01R=F8 02R -- payer's claim number
  1800 REF S 1  01R=9A 02R -- repriced claim number
  1800 REF S 1  01R=9C 02R -- adjusted repriced claim number
  1800 REF S 5  01R=LX 02R -- investigational device
  1800 REF S 1  01R=D9 02R -- clearinghouse's claim number
  1800 REF S 1  01R=LU 02R -- auto accident state
  1800 REF S 1  01R=EA 02R -- medical record
  1800 REF S 1  01R=P4 02R -- demonstration project
  1800 REF S 1  01R=G4 02R -- peer review approval
  1850 K3  S 10  01R -- file information
  1900 NTE S 10  01R=@note 02R -- claim note
  1900 NTE S 1  01R=ADD 02R -- billing note
  2200 CRC S 1  01R=ZZ 02R=N|Y 03R=AV|NU|S2|ST 04-05S=AV|NU|S2|ST -- EPSDT referral
  2310 HI  R 1  01R(01R=ABK|BK 02R 09S=N|U|W|Y) -- principal diagnosis
  2310 HI  S 1  01R(01R=ABJ|BJ 02R) -- admitting diagnosis
  2310 HI  S 1  01R(01R=APR|PR 02R) 02-03S(01R=APR|PR 02R) -- patient's reason for the visit
  2310 HI  S 1  01R(01R=ABN|BN 02R 09S=N|U|W|Y) 02-12S(01R=ABN|BN 02R 09S=N|U|W|Y)
                -- external causes
  2310 HI  S 1  01R(01R=DR 02R) -- diagnosis related group
  2310 HI  S 2  01R(01R=ABF|BF 02R 09S=N|U|W|Y) 02-12S(01R=ABF|BF 02R 09S=N|U|W|Y)
                -- other diagnoses
  2310 HI  S 1  01R(01R=BBR|BR|CAH 02R 03R=D8 04R) -- principal procedure
  2310 HI  S 2  01R(01R=BBQ|BQ 02R 03R=D8 04R) 02-12S(01R=BBQ|BQ 02R 03R=D8 04R)
                -- other procedures
  2310 HI  S 2  01R(01R=BI 02R 03R=RD8 04R) 02-12S(01R=BI 02R 03R=RD8 04R) -- occurrence spans
  2310 HI  S 2  01R(01R=BH 02R 03R=D8 04R) 02-12S(01R=BH 02R 03R=D8 04R) -- occurrences
  2310 HI  S 2  01R(01R=BE 02R 05R) 02-12S(01R=BE 02R 05R) -- values
  2310 HI  S 2  01R(01R=BG 02R) 02-12S(01R=BG 02R) -- conditions
  2310 HI  S 2  01R(01R=TC 02R) 02-12S(01R=TC 02R) -- treatment codes
  2410 HCP S 1  01R=@pricing 02R 03-08S 11S=DA|UN 12S 13S=T1|T2|T3|T4|T5|T6 14S=1|2|3|4|5
                15S=1|2|3|4|5|6 -- repricing
  2500 loop 2310A S 1 -- attending provider
    2500 NM1 R 1  01R=71 02R=1 03R 04S 05S 07S 08S=XX 09S
    2550 PRV S 1  01R=AT 02R=PXC 03R#taxonomy
    2710 REF S 4  01R=0B|1G|G2|LU 02R
  2500 loop 2310B S 1 -- operating physician
    2500 NM1 R 1  01R=72 02R=1 03R 04S 05S 07S 08S=XX 09S
    2710 REF S 4  01R=0B|1G|G2|LU 02R
  2500 loop 2310C S 1 -- other operating physician
    2500 NM1 R 1  01R=ZZ 02R=1 03R 04S 05S 07S 08S=XX 09S
    2710 REF S 4  01R=0B|1G|G2|LU 02R
  2500 loop 2310D S 1 -- rendering provider
    2500 NM1 R 1  01R=82 02R=1 03R 04S 05S 07S 08S=XX 09S
    2710 REF S 4  01R=0B|1G|G2|LU 02R
  2500 loop 2310E S 1 -- service facility
    2500 NM1 R 1  01R=77 02R=2 03R 08S=XX 09S
    2650 N3  R 1  01R 02S
    2700 N4  R 1  01R 02S#state 03S 04S#country 07S
    2710 REF S 3  01R=0B|G2|LU 02R
  2500 loop 2310F S 1 -- referring provider
    2500 NM1 R 1  01R=DN 02R=1 03R 04S 05S 07S 08S=XX 09S
    2710 REF S 3  01R=0B|1G|G2 02R
  2900 loop 2320 S 10 -- other payer's coverage
    2900 SBR R 1  01R=@payer_order 02R=@relationship 03S 04S 09S=@insurance
    2950 CAS S 5  01R=@groups 02R#carc 03R 04S 05S#carc 06S 07S 08S#carc 09S 10S 11S#carc 12S 13S
                  14S#carc 15S 16S 17S#carc 18S 19S -- other payer's adjustments
    3000 AMT S 1  01R=D 02R -- paid by the other payer
    3000 AMT S 1  01R=EAF 02R -- remaining patient liability
    3000 AMT S 1  01R=A8 02R -- not covered by the other payer
    3100 OI  R 1  03R=N|W|Y 06R=I|Y -- other insurance
    3150 MIA S 1  01R 03-04S 05S#rarc 06-19S 20-23S#rarc 24S -- inpatient adjudication
    3200 MOA S 1  01S 02S 03-07S#rarc 08S 09S -- outpatient adjudication
    3250 loop 2330A R 1 -- other subscriber
      3250 NM1 R 1  01R=IL 02R=1|2 03R 04S 05S 07S 08R=II|MI 09R
      3320 N3  S 1  01R 02S
      3400 N4  S 1  01R 02S#state 03S 04S#country 07S
      3550 REF S 2  01R=SY 02R
    3250 loop 2330B R 1 -- other payer
      3250 NM1 R 1  01R=PR 02R=2 03R 08R=PI|XV 09R
      3320 N3  S 1  01R 02S
      3400 N4  S 1  01R 02S#state 03S 04S#country 07S
      3450 DTP S 1  01R=573 02R=D8 03R -- paid by the other payer
      3550 REF S 2  01R=2U|EI|FY|NF 02R -- other payer's other id
      3550 REF S 1  01R=G1 02R -- other payer's prior authorization
      3550 REF S 1  01R=9F 02R -- other payer's referral
      3550 REF S 1  01R=T4 02R -- other payer's adjustment
      3550 REF S 1  01R=F8 02R -- other payer's claim number
    3250 loop 2330C S 1 -- other payer's attending provider
      3250 NM1 R 1  01R=71 02R=1
      3550 REF R 4  01R=0B|1G|G2|LU 02R
    3250 loop 2330D S 1 -- other payer's operating physician
      3250 NM1 R 1  01R=72 02R=1
      3550 REF R 4  01R=0B|1G|G2|LU 02R
    3250 loop 2330E S 1 -- other payer's other operating physician
      3250 NM1 R 1  01R=ZZ 02R=1
      3550 REF R 4  01R=0B|1G|G2|LU 02R
    3250 loop 2330F S 1 -- other payer's service facility
      3250 NM1 R 1  01R=77 02R=2
      3550 REF R 3  01R=0B|G2|LU 02R
    3250 loop 2330G S 1 -- other payer's rendering provider
      3250 NM1 R 1  01R=82 02R=1
      3550 REF R 4  01R=0B|1G|G2|LU 02R
    3250 loop 2330H S 1 -- other payer's referring provider
      3250 NM1 R 1  01R=DN 02R=1
      3550 REF R 3  01R=0B|1G|G2 02R
    3250 loop 2330I S 1 -- other payer's billing provider
      3250 NM1 R 1  01R=85 02R=2
      3550 REF R 2  01R=G2|LU 02R
  3650 loop 2400 R 999 -- service line
    3650 LX  R 1  01R -- service line number
    3750 SV2 R 1  01R 02S(01R=ER|HC|HP|IV|WK 02R 03-07S) 03R 04R=DA|UN 05R 07S
                  -- institutional service
    4200 PWK S 10  01R=@report 02R=AA|BM|EL|EM|FT|FX 05S=AC 06S -- attachment
    4550 DTP S 1  01R=472 02R=D8|RD8 03R -- service date
    4700 REF S 1  01R=6R 02R -- line's control number
    4700 REF S 1  01R=9B 02R -- repriced line number
    4700 REF S 1  01R=9D 02R -- adjusted repriced line number
    4750 AMT S 1  01R=GT 02R -- service tax
    4750 AMT S 1  01R=N8 02R -- facility tax
    4850 NTE S 1  01R=TPO 02R -- third party note
    4920 HCP S 1  01R=@pricing 02R 03-08S 09S=ER|HC|HP|IV|WK 10S 11S=DA|UN 12S
                  13S=T1|T2|T3|T4|T5|T6 14S=1|2|3|4|5 15S=1|2|3|4|5|6 -- repricing
    4930 loop 2410 S 1 -- drug
      4930 LIN R 1  02R=N4 03R -- drug
      4940 CTP R 1  04R 05R(01R=F2|GR|ME|ML|UN) -- quantity of the drug
      4950 REF S 1  01R=VY|XZ 02R -- prescription number
    5000 loop 2420A S 1 -- line's operating physician
      5000 NM1 R 1  01R=72 02R=1 03R 04S 05S 07S 08S=XX 09S
      5250 REF S 20  01R=0B|1G|G2|LU 02R 04S(01R=2U 02R)
    5000 loop 2420B S 1 -- line's other operating physician
      5000 NM1 R 1  01R=ZZ 02R=1 03R 04S 05S 07S 08S=XX 09S
      5250 REF S 20  01R=0B|1G|G2|LU 02R 04S(01R=2U 02R)
    5000 loop 2420C S 1 -- line's rendering provider
      5000 NM1 R 1  01R=82 02R=1 03R 04S 05S 07S 08S=XX 09S
      5250 REF S 20  01R=0B|1G|G2|LU 02R 04S(01R=2U 02R)
    5000 loop 2420D S 1 -- line's referring provider
      5000 NM1 R 1  01R=DN 02R=1 03R 04S 05S 07S 08S=XX 09S
      5250 REF S 20  01R=0B|1G|G2 02R 04S(01R=2U 02R)
    5400 loop 2430 S 15 -- line's adjudication by another payer
      5400 SVD R 1  01R 02R 03S(01R=ER|HC|HP|IV|WK 02R 03-07S) 04R 05R 06S -- adjudicated line
      5450 CAS S 5  01R=@groups 02R#carc 03R 04S 05S#carc 06S 07S 08S#carc 09S 10S 11S#carc 12S
                    13S 14S#carc 15S 16S 17S#carc 18S 19S -- line's adjustments
      5500 DTP R 1  01R=573 02R=D8 03R -- adjudicated
      5505 AMT S 1  01R=EAF 02R -- remaining patient liability
"""

_GUIDE = Guide(
    kind="837I",
    version="005010X223A2",
    also_read=("005010X223", "005010X223A1", "005010X223A3"),
    functional_id="HC",
    outline=_OUTLINE,
    codes=_CODES,
    rules=claim_rules.INSTITUTIONAL,
)

GUIDES = (_GUIDE,)
