"""837P, professional claims: 005010X222A1.

Differences from pyx12's map are ours: the levels of 2330C-2330G and 2420G-2420H stand at the
positions of their first segments, and a submitter is reached by telephone, fax or e-mail only.
"""

from billing_saas.edi.guides import claim_rules, codes
from billing_saas.edi.guides.catalog import Guide

_CODES = {
    **codes.CLAIM,
    "medicare_secondary": "12 13 14 15 16 41 42 43 47",
    "ambulance": "01 04 05 06 07 08 09 12",
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
      0150 NM1 R 1  01R=85 02R=1|2 03R 04S 05S 07S 08S=XX 09S -- billing provider
      0250 N3  R 1  01R 02S -- billing provider's address
      0300 N4  R 1  01R 02S#state 03S 04S#country 07S -- billing provider's city
      0350 REF R 1  01R=EI|SY 02R -- billing provider's tax id
      0350 REF S 2  01R=0B|1G 02R -- billing provider's license
      0400 PER S 2  01R=IC 02S 03R=EM|FX|TE 04R 05S=EM|EX|FX|TE 06S 07S=EM|EX|FX|TE 08S
                    -- billing provider's contact
    0150 loop 2010AB S 1 -- pay-to address
      0150 NM1 R 1  01R=87 02R=1|2
      0250 N3  R 1  01R 02S
      0300 N4  R 1  01R 02S#state 03S 04S#country 07S
    0150 loop 2010AC S 1 -- pay-to plan
      0150 NM1 R 1  01R=PE 02R=2 03R 08R=PI|XV 09R
      0250 N3  R 1  01R 02S
      0300 N4  R 1  01R 02S#state 03S 04S#country 07S
      0350 REF S 1  01R=2U|FY|NF 02R -- pay-to plan's other id
      0350 REF R 1  01R=EI 02R -- pay-to plan's tax id
    0200 loop 2000B R >1 -- subscriber level
      0010 HL  R 1  01R 02R 03R=22 04R=0|1
      0050 SBR R 1  01R=@payer_order 02S=18 03S 04S 05S=@medicare_secondary 09S=@insurance
                    -- subscriber's coverage
      0070 PAT S 1  05S=D8 06S 07S=01 08S 09S=Y -- patient's particulars
      0150 loop 2010BA R 1 -- subscriber
        0150 NM1 R 1  01R=IL 02R=1|2 03R 04S 05S 07S 08S=II|MI 09S -- subscriber
        0250 N3  S 1  01R 02S -- subscriber's address
        0300 N4  S 1  01R 02S#state 03S 04S#country 07S -- subscriber's city
        0320 DMG S 1  01R=D8 02R 03R=F|M|U -- subscriber's birth date and sex
        0350 REF S 1  01R=SY 02R -- subscriber's social security number
        0350 REF S 1  01R=Y4 02R -- property and casualty claim number
        0400 PER S 1  01R=IC 02S 03R=TE 04R 05S=EX 06S -- property and casualty contact
      0150 loop 2010BB R 1 -- payer
        0150 NM1 R 1  01R=PR 02R=2 03R 08R=PI|XV 09R -- payer
        0250 N3  S 1  01R 02S -- payer's address
        0300 N4  S 1  01R 02S#state 03S 04S#country 07S -- payer's city
        0350 REF S 3  01R=2U|EI|FY|NF 02R -- payer's other id
        0350 REF S 2  01R=G2|LU 02R -- billing provider's id with the payer
      1300 use 2300 S 100
      1400 loop 2000C S >1 -- patient level
        0010 HL  R 1  01R 02R 03R=23 04R=0
        0070 PAT R 1  01R=@patient 05S=D8 06S 07S=01 08S 09S=Y
                      -- patient's relationship to the subscriber
        0150 loop 2010CA R 1 -- patient
          0150 NM1 R 1  01R=QC 02R=1 03R 04S 05S 07S -- patient
          0250 N3  R 1  01R 02S -- patient's address
          0300 N4  R 1  01R 02S#state 03S 04S#country 07S -- patient's city
          0320 DMG R 1  01R=D8 02R 03R=F|M|U -- patient's birth date and sex
          0350 REF S 1  01R=Y4 02R -- property and casualty claim number
          0350 REF S 1  01R=1W|SY 02R -- property and casualty patient id
          0400 PER S 1  01R=IC 02S 03R=TE 04R 05S=EX 06S -- property and casualty contact
        1300 use 2300 R 100
table 3
  0010 SE  R 1  01R 02R

block 2300 -- claim
  1300 CLM R 1  01R 02R 05R(01R#place 02R=B 03R) 06R=N|Y 07R=A|B|C 08R=N|W|Y 09R=I|Y 10S=P
                11S(01R=AA|EM|OA 02S=AA|EM|OA 04S#state 05S#country) 12S=02|03|05|09 20S=@delay
                -- claim
  1350 DTP S 1  01R=431 02R=D8 03R -- onset of the illness
  1350 DTP S 1  01R=454 02R=D8 03R -- initial treatment
  1350 DTP S 1  01R=304 02R=D8 03R -- last seen
  1350 DTP S 1  01R=453 02R=D8 03R -- acute manifestation
  1350 DTP S 1  01R=439 02R=D8 03R -- accident
  1350 DTP S 1  01R=484 02R=D8 03R -- last menstrual period
  1350 DTP S 1  01R=455 02R=D8 03R -- last x-ray
  1350 DTP S 1  01R=471 02R=D8 03R -- hearing or vision prescription
  1350 DTP S 1  01R=314|360|361 02R=D8|RD8 03R -- disability
  1350 DTP S 1  01R=297 02R=D8 03R -- last worked
  1350 DTP S 1  01R=296 02R=D8 03R -- return to work
  1350 DTP S 1  01R=435 02R=D8 03R -- admission
  1350 DTP S 1  01R=096 02R=D8 03R -- discharge
  1350 DTP S 2  01R=090|091 02R=D8 03R -- assumed and relinquished care
  1350 DTP S 1  01R=444 02R=D8 03R -- first contact, property and casualty
  1350 DTP S 1  01R=050 02R=D8 03R -- received by the repricer
  1550 PWK S 10  01R=@report 02R=AA|BM|EL|EM|FT|FX 05S=AC 06S -- attachment
  1600 CN1 S 1  01R=01|02|03|04|05|06|09 02-06S -- contract
  1750 AMT S 1  01R=F5 02R -- paid by the patient
  1800 REF S 1  01R=4N 02R -- service authorization exception
  1800 REF S 1  01R=F5 02R -- Medicare section 4081
  1800 REF S 1  01R=EW 02R -- mammography certification
  1800 REF S 1  01R=9F 02R -- referral
  1800 REF S 1  01R=G1 02R -- prior authorization
  1800 REF S 1  01R=F8 02R -- payer's claim number
  1800 REF S 1  01R=X4 02R -- CLIA number
  1800 REF S 1  01R=9A 02R -- repriced claim number
  1800 REF S 1  01R=9C 02R -- adjusted repriced claim number
  1800 REF S 1  01R=LX 02R -- investigational device
  1800 REF S 1  01R=D9 02R -- clearinghouse's claim number
  1800 REF S 1  01R=EA 02R -- medical record
  1800 REF S 1  01R=P4 02R -- demonstration project
  1800 REF S 1  01R=1J 02R -- care plan oversight
  1850 K3  S 10  01R -- file information
  1900 NTE S 1  01R=ADD|CER|DCP|DGN|TPO 02R -- claim note
  1950 CR1 S 1  01S=LB 02S 04R=A|B|C|D|E 05R=DH 06R 09S 10S -- ambulance transport
  2000 CR2 S 1  08R=A|C|D|E|F|G|M 10S 11S -- spinal manipulation
  2200 CRC S 3  01R=07 02R=N|Y 03R=@ambulance 04-07S=@ambulance -- ambulance certification
  2200 CRC S 3  01R=E1|E2|E3 02R=N|Y 03R=L1|L2|L3|L4|L5 04-07S=L1|L2|L3|L4|L5 -- vision condition
  2200 CRC S 1  01R=75 02R=Y 03R=IH -- homebound
  2200 CRC S 1  01R=ZZ 02R=N|Y 03R=AV|NU|S2|ST 04-05S=AV|NU|S2|ST -- EPSDT referral
  2310 HI  R 1  01R(01R=ABK|BK 02R) 02-12S(01R=ABF|BF 02R) -- diagnoses
  2310 HI  S 1  01R(01R=BP 02R) 02S(01R=BO 02R) -- anesthesia procedures
  2310 HI  S 2  01R(01R=BG 02R) 02-12S(01R=BG 02R) -- conditions
  2410 HCP S 1  01R=@pricing 02R 03-07S 13S=T1|T2|T3|T4|T5|T6 14S=1|2|3|4|5 15S=1|2|3|4|5|6
                -- repricing
  2500 loop 2310A S 2 -- referring provider
    2500 NM1 R 1  01R=DN|P3 02R=1 03R 04S 05S 07S 08S=XX 09S
    2710 REF S 3  01R=0B|1G|G2 02R
  2500 loop 2310B S 1 -- rendering provider
    2500 NM1 R 1  01R=82 02R=1|2 03R 04S 05S 07S 08S=XX 09S
    2550 PRV S 1  01R=PE 02R=PXC 03R#taxonomy
    2710 REF S 4  01R=0B|1G|G2|LU 02R
  2500 loop 2310C S 1 -- service facility
    2500 NM1 R 1  01R=77 02R=2 03R 08S=XX 09S
    2650 N3  R 1  01R 02S
    2700 N4  R 1  01R 02S#state 03S 04S#country 07S
    2710 REF S 3  01R=0B|G2|LU 02R
    2750 PER S 1  01R=IC 02S 03R=TE 04R 05S=EX 06S
  2500 loop 2310D S 1 -- supervising provider
    2500 NM1 R 1  01R=DQ 02R=1 03R 04S 05S 07S 08S=XX 09S
    2710 REF S 4  01R=0B|1G|G2|LU 02R
  2500 loop 2310E S 1 -- ambulance pick-up
    2500 NM1 R 1  01R=PW 02R=2
    2650 N3  R 1  01R 02S
    2700 N4  R 1  01R 02S#state 03S 04S#country 07S
  2500 loop 2310F S 1 -- ambulance drop-off
    2500 NM1 R 1  01R=45 02R=2 03S
    2650 N3  R 1  01R 02S
    2700 N4  R 1  01R 02S#state 03S 04S#country 07S
  2900 loop 2320 S 10 -- other payer's coverage
    2900 SBR R 1  01R=@payer_order 02R=@relationship 03S 04S 05S=@medicare_secondary
                  09S=@insurance
    2950 CAS S 5  01R=@groups 02R#carc 03R 04S 05S#carc 06S 07S 08S#carc 09S 10S 11S#carc
                  12S 13S 14S#carc 15S 16S 17S#carc 18S 19S -- other payer's adjustments
    3000 AMT S 1  01R=D 02R -- paid by the other payer
    3000 AMT S 1  01R=A8 02R -- not covered by the other payer
    3000 AMT S 1  01R=EAF 02R -- remaining patient liability
    3100 OI  R 1  03R=N|W|Y 04S=P 06R=I|Y -- other insurance
    3200 MOA S 1  01S 02S 03-07S#rarc 08S 09S -- outpatient adjudication
    3250 loop 2330A R 1 -- other subscriber
      3250 NM1 R 1  01R=IL 02R=1|2 03R 04S 05S 07S 08R=II|MI 09R
      3320 N3  S 1  01R 02S
      3400 N4  S 1  01R 02S#state 03S 04S#country 07S
      3550 REF S 1  01R=SY 02R
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
    3250 loop 2330C S 2 -- other payer's referring provider
      3250 NM1 R 1  01R=DN|P3 02R=1
      3550 REF R 3  01R=0B|1G|G2 02R
    3250 loop 2330D S 1 -- other payer's rendering provider
      3250 NM1 R 1  01R=82 02R=1|2
      3550 REF R 3  01R=0B|1G|G2|LU 02R
    3250 loop 2330E S 1 -- other payer's service facility
      3250 NM1 R 1  01R=77 02R=2
      3550 REF R 3  01R=0B|G2|LU 02R
    3250 loop 2330F S 1 -- other payer's supervising provider
      3250 NM1 R 1  01R=DQ 02R=1
      3550 REF R 3  01R=0B|1G|G2|LU 02R
    3250 loop 2330G S 1 -- other payer's billing provider
      3250 NM1 R 1  01R=85 02R=1|2
      3550 REF R 2  01R=G2|LU 02R
  3650 loop 2400 R 50 -- service line
    3650 LX  R 1  01R -- service line number
    3700 SV1 R 1  01R(01R=ER|HC|IV|WK 02R 03-07S) 02R 03R=MJ|UN 04R 05S#place
                  07R(01R=@pointer 02-04S=@pointer) 09S=Y 11S=Y 12S=Y 15S=0
                  -- professional service
    4000 SV5 S 1  01R(01R=HC 02R) 02R=DA 03-05R 06R=1|4|6 -- durable medical equipment
    4200 PWK S 10  01R=@report 02R!=AA|BM|EL|EM|FT|FX 05S=AC 06S -- attachment
    4200 PWK S 1  01R=CT 02R!=AB|AD|AF|AG|NS -- certificate of medical necessity
    4250 CR1 S 1  01S=LB 02S 04R=A|B|C|D|E 05R=DH 06R 09S 10S -- ambulance transport
    4350 CR3 S 1  01R=I|R|S 02R=MO 03R -- equipment certification
    4500 CRC S 3  01R=07 02R=N|Y 03R=@ambulance 04-07S=@ambulance -- ambulance certification
    4500 CRC S 1  01R=70 02R=N|Y 03R=65 -- hospice employee
    4500 CRC S 1  01R=09 02R=N|Y 03R=38|ZV 04S=38|ZV -- equipment condition
    4550 DTP R 1  01R=472 02R=D8|RD8 03R -- service date
    4550 DTP S 1  01R=471 02R=D8 03R -- prescription
    4550 DTP S 1  01R=607 02R=D8 03R -- certification revised
    4550 DTP S 1  01R=463 02R=D8 03R -- therapy begun
    4550 DTP S 1  01R=461 02R=D8 03R -- last certification
    4550 DTP S 1  01R=304 02R=D8 03R -- last seen
    4550 DTP S 2  01R=738|739 02R=D8 03R -- test
    4550 DTP S 1  01R=011 02R=D8 03R -- shipped
    4550 DTP S 1  01R=455 02R=D8 03R -- last x-ray
    4550 DTP S 1  01R=454 02R=D8 03R -- initial treatment
    4600 QTY S 1  01R=PT 02R -- ambulance patients
    4600 QTY S 1  01R=FL 02R -- obstetric anesthesia units
    4620 MEA S 5  01R=OG|TR 02R=HT|R1|R2|R3|R4 03R -- test result
    4650 CN1 S 1  01R=01|02|03|04|05|06|09 02-06S -- contract
    4700 REF S 1  01R=9B 02R -- repriced line number
    4700 REF S 1  01R=9D 02R -- adjusted repriced line number
    4700 REF S 5  01R=G1 02R 04S(01R=2U 02R) -- prior authorization
    4700 REF S 1  01R=6R 02R -- line's control number
    4700 REF S 1  01R=EW 02R -- mammography certification
    4700 REF S 1  01R=X4 02R -- CLIA number
    4700 REF S 1  01R=F4 02R -- referring CLIA number
    4700 REF S 1  01R=BT 02R -- immunization batch
    4700 REF S 5  01R=9F 02R 04S(01R=2U 02R) -- referral
    4750 AMT S 1  01R=T 02R -- sales tax
    4750 AMT S 1  01R=F4 02R -- postage
    4800 K3  S 10  01R -- file information
    4850 NTE S 1  01R=ADD|DCP 02R -- line note
    4850 NTE S 1  01R=TPO 02R -- third party note
    4880 PS1 S 1  01R 02R -- purchased service
    4920 HCP S 1  01R=@pricing 02R 03-07S 09S=ER|HC|IV|WK 10S 11S=MJ|UN 12S 13S=T1|T2|T3|T4|T5|T6
                  14S=1|2|3|4|5 15S=1|2|3|4|5|6 -- repricing
    4930 loop 2410 S 1 -- drug
      4930 LIN R 1  02R=EN|EO|HI|N4|ON|UK|UP 03R -- drug
      4940 CTP R 1  04R 05R(01R=F2|GR|ME|ML|UN) -- quantity of the drug
      4950 REF S 1  01R=VY|XZ 02R -- prescription number
    5000 loop 2420A S 1 -- line's rendering provider
      5000 NM1 R 1  01R=82 02R=1|2 03R 04S 05S 07S 08S=XX 09S
      5050 PRV S 1  01R=PE 02R=PXC 03R#taxonomy
      5250 REF S 20  01R=0B|1G|G2|LU 02R 04S(01R=2U 02R)
    5000 loop 2420B S 1 -- line's purchased service provider
      5000 NM1 R 1  01R=QB 02R=1|2 08S=XX 09S
      5250 REF S 20  01R=0B|1G|G2 02R 04S(01R=2U 02R)
    5000 loop 2420C S 1 -- line's service facility
      5000 NM1 R 1  01R=77 02R=2 03R 08S=XX 09S
      5140 N3  R 1  01R 02S
      5200 N4  R 1  01R 02S#state 03S 04S#country 07S
      5250 REF S 3  01R=G2|LU 02R 04S(01R=2U 02R)
    5000 loop 2420D S 1 -- line's supervising provider
      5000 NM1 R 1  01R=DQ 02R=1 03R 04S 05S 07S 08S=XX 09S
      5250 REF S 20  01R=0B|1G|G2|LU 02R 04S(01R=2U 02R)
    5000 loop 2420E S 1 -- line's ordering provider
      5000 NM1 R 1  01R=DK 02R=1 03R 04S 05S 07S 08S=XX 09S
      5140 N3  S 1  01R 02S
      5200 N4  S 1  01R 02S#state 03S 04S#country 07S
      5250 REF S 20  01R=0B|1G|G2 02R 04S(01R=2U 02R)
      5300 PER S 1  01R=IC 02S 03R=EM|FX|TE 04R 05S=EM|EX|FX|TE 06S 07S=EM|EX|FX|TE 08S
    5000 loop 2420F S 2 -- line's referring provider
      5000 NM1 R 1  01R=DN|P3 02R=1 03R 04S 05S 07S 08S=XX 09S
      5250 REF S 20  01R=0B|1G|G2 02R 04S(01R=2U 02R)
    5000 loop 2420G S 1 -- line's ambulance pick-up
      5000 NM1 R 1  01R=PW 02R=2
      5140 N3  R 1  01R 02S
      5200 N4  R 1  01R 02S#state 03S 04S#country 07S
    5000 loop 2420H S 1 -- line's ambulance drop-off
      5000 NM1 R 1  01R=45 02R=2 03S
      5140 N3  R 1  01R 02S
      5200 N4  R 1  01R 02S#state 03S 04S#country 07S
    5400 loop 2430 S 15 -- line's adjudication by another payer
      5400 SVD R 1  01R 02R 03R(01R=ER|HC|IV|WK 02R 03-07S) 05R 06S -- adjudicated line
      5450 CAS S 5  01R=@groups 02R#carc 03R 04S 05S#carc 06S 07S 08S#carc 09S 10S
                    11S#carc 12S 13S 14S#carc 15S 16S 17S#carc 18S 19S -- line's adjustments
      5500 DTP R 1  01R=573 02R=D8 03R -- adjudicated
      5505 AMT S 1  01R=EAF 02R -- remaining patient liability
    5510 loop 2440 S >1 -- form
      5510 LQ  R 1  01R=AS|UT 02R -- form
      5520 FRM R 99  01R 02S=N|W|Y 03-05S -- form's answer
"""

_GUIDE = Guide(
    kind="837P",
    version="005010X222A1",
    also_read=("005010X222", "005010X222A2"),
    functional_id="HC",
    outline=_OUTLINE,
    codes=_CODES,
    rules=claim_rules.PROFESSIONAL,
)

GUIDES = (_GUIDE,)
