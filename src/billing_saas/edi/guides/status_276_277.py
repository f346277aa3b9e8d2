"""276 and 277, claim status inquiry and answer: 005010X212."""

from billing_saas.edi.guides.catalog import Guide

_CODES = {"procedure": "AD ER HC HP IV N4 NU WK"}

_INQUIRY = """
table 1
  0100 ST  R 1  01R=276 02R 03R
  0200 BHT R 1  01R=0010 02R=13 03R 04R 05R -- beginning of the inquiry
table 2
  0100 loop 2000A R >1 -- information source level
    0100 HL  R 1  01R 03R=20 04R=1
    0500 loop 2100A R 1 -- payer
      0500 NM1 R 1  01R=PR 02R=2 03R 08R=PI|XV 09R -- payer
    2000 loop 2000B R >1 -- information receiver level
      0100 HL  R 1  01R 02R 03R=21 04R=1
      0500 loop 2100B R 1 -- information receiver
        0500 NM1 R 1  01R=41 02R=1|2 03-05S 08R=46 09R -- information receiver
      2000 loop 2000C R >1 -- provider level
        0100 HL  R 1  01R 02R 03R=19 04R=1
        0500 loop 2100C R 2 -- provider
          0500 NM1 R 1  01R=1P 02R=1|2 03-05S 07S 08R=FI|SV|XX 09R -- provider
        2000 loop 2000D R >1 -- subscriber level
          0100 HL  R 1  01R 02R 03R=22 04R=0|1
          0400 DMG S 1  01R=D8 02R 03S=F|M -- subscriber's birth date and sex
          0500 loop 2100D R 1 -- subscriber
            0500 NM1 R 1  01R=IL 02R=1|2 03R 04S 05S 07S 08R=24|II|MI 09R -- subscriber
          0900 use 2200*D S >1
          2000 loop 2000E S >1 -- dependent level
            0100 HL  R 1  01R 02R 03R=23 04S=0
            0400 DMG R 1  01R=D8 02R 03S=F|M -- patient's birth date and sex
            0500 loop 2100E R 1 -- patient
              0500 NM1 R 1  01R=QC 02R=1 03R 04S 05S 07S -- patient
            0900 use 2200*E R >1
table 3
  1600 SE  R 1  01R 02R

block 2200* -- claim
  0900 TRN R 1  01R=1 02R -- inquiry's trace number
  1000 REF S 1  01R=1K 02R -- payer's claim number
  1000 REF S 1  01R=BLT 02R -- bill type
  1000 REF S 1  01R=LU 02R -- location system
  1000 REF S 1  01R=6P 02R -- group number
  1000 REF S 1  01R=EJ 02R -- claim's control number (CLM01)
  1000 REF S 1  01R=XZ 02R -- prescription number
  1000 REF S 1  01R=D9 02R -- clearinghouse's claim number
  1100 AMT S 1  01R=T3 02R -- claim's charge
  1200 DTP S 1  01R=472 02R=D8|RD8 03R -- service date
  1300 loop 2210* S >1 -- service line
    1300 SVC R 1  01R(01R=@procedure 02R 03-06S) 02R 04S 07S -- service line
    1400 REF S 1  01R=FJ 02R -- line's control number
    1500 DTP R 1  01R=472 02R=D8|RD8 03R -- service date
"""

_ANSWER = """
table 1
  0100 ST  R 1  01R=277 02R 03R
  0200 BHT R 1  01R=0010 02R=08 03R 04R 05R 06R=DG -- beginning of the answer
table 2
  0100 loop 2000A R >1 -- information source level
    0100 HL  R 1  01R 03R=20 04R=1
    0500 loop 2100A R 1 -- payer
      0500 NM1 R 1  01R=PR 02R=2 03R 08R=PI|XV 09R -- payer
      0800 PER S 1  01R=IC 02S 03R=ED|EM|FX|TE 04R 05S=ED|EM|EX|FX|TE 06S 07S=ED|EM|EX|FX|TE 08S
                    -- payer's contact
    2000 loop 2000B R >1 -- information receiver level
      0100 HL  R 1  01R 02R 03R=21 04R=0|1
      0500 loop 2100B R 1 -- information receiver
        0500 NM1 R 1  01R=41 02R=1|2 03-05S 08R=46 09R -- information receiver
      0900 loop 2200B S 1 -- receiver's trace
        0900 TRN R 1  01R=2 02R -- inquiry's trace number
        1000 STC R >1  01R(01R#status_category 02R#status 03S=41|AY|PR) 02R
                       10-11S(01R#status_category 02R#status 03S=41|AY|PR) -- status
      2000 loop 2000C S >1 -- provider level
        0100 HL  R 1  01R 02R 03R=19 04R=0|1
        0500 loop 2100C R 2 -- provider
          0500 NM1 R 1  01R=1P 02R=1|2 03-05S 07S 08R=FI|SV|XX 09R -- provider
        0900 loop 2200C S 1 -- provider's trace
          0900 TRN R 1  01R=1|2 02R -- inquiry's trace number
          1000 STC R >1  01R(01R#status_category 02R#status 03S=1P) 02R
                         10-11S(01R#status_category 02R#status 03S=1P) -- status
        2000 loop 2000D S >1 -- subscriber level
          0100 HL  R 1  01R 02R 03R=22 04R=0|1
          0500 loop 2100D R 1 -- subscriber
            0500 NM1 R 1  01R=IL 02R=1|2 03R 04S 05S 07S 08R=24|II|MI 09R -- subscriber
          0900 use 2200*D S >1
          2000 loop 2000E S >1 -- dependent level
            0100 HL  R 1  01R 02R 03R=23 04S=0
            0500 loop 2100E R 1 -- patient
              0500 NM1 R 1  01R=QC 02R=1 03R 04S 05S 07S -- patient
            0900 use 2200*E R >1
table 3
  2700 SE  R 1  01R 02R

block 2200* -- claim
  0900 TRN R 1  01R=2 02R -- inquiry's trace number
  1000 STC R >1  01R(01R#status_category 02R#status 03S 04S=RX) 02R 04-06S 08S 09S
                 10-11S(01R#status_category 02R#status 03S 04S=RX) -- status
  1100 REF S 1  01R=1K 02R -- payer's claim number
  1100 REF S 1  01R=BLT 02R -- bill type
  1100 REF S 1  01R=EJ 02R -- claim's control number (CLM01)
  1100 REF S 1  01R=XZ 02R -- prescription number
  1100 REF S 1  01R=VV 02R -- voucher
  1100 REF S 1  01R=D9 02R -- clearinghouse's claim number
  1200 DTP S 1  01R=472 02R=D8|RD8 03R -- service date
  1800 loop 2220* S >1 -- service line
    1800 SVC R 1  01R(01R=@procedure 02R 03-06S) 02R 03R 04S 07S -- service line
    1900 STC R >1  01R(01R#status_category 02R#status 03S 04S=RX) 02R
                   10-11S(01R#status_category 02R#status 03S 04S=RX) -- status
    2000 REF S 1  01R=FJ 02R -- line's control number
    2100 DTP R 1  01R=472 02R=D8|RD8 03R -- service date
"""

GUIDES = (
    Guide(kind="276", version="005010X212", functional_id="HR", outline=_INQUIRY, codes=_CODES),
    Guide(kind="277", version="005010X212", functional_id="HN", outline=_ANSWER, codes=_CODES),
)
