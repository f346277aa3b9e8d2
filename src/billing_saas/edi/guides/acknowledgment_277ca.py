"""277CA, claim acknowledgment: 005010X214."""

from billing_saas.edi.guides.catalog import Guide

_CODES = {
    "receiver_entity": "36 40 41 AY PR",
    "provider_entity": "36 40 41 77 82 85 87 AY PR",
    "claim_entity": (
        "03 1P 1Z 40 41 71 72 73 77 82 85 87 DK DN DQ FA GB HK IL LI MSC PR PRP QB QC QD SEP TL"
        " TTP TU"
    ),
}

_OUTLINE = """
table 1
  0100 ST  R 1  01R=277 02R 03R
  0200 BHT R 1  01R=0085 02R=08 03R 04R 05R 06R=TH -- beginning of the acknowledgment
table 2
  0100 loop 2000A R 1 -- information source level
    0100 HL  R 1  01R 03R=20 04R=1
    0500 loop 2100A R 1 -- information source
      0500 NM1 R 1  01R=AY|PR 02R=2 03R 08R=46|FI|PI|XV 09R -- information source
    0900 loop 2200A R 1 -- receipt of the transmission
      0900 TRN R 1  01R=1 02R -- receipt's trace number
      1200 DTP R 1  01R=050 02R=D8 03R -- received
      1200 DTP R 1  01R=009 02R=D8 03R -- processed
    2000 loop 2000B R 1 -- information receiver level
      0100 HL  R 1  01R 02R 03R=21 04R=0|1
      0500 loop 2100B R 1 -- information receiver
        0500 NM1 R 1  01R=41 02R=1|2 03R 04S 05S 08R=46 09R -- information receiver
      0900 loop 2200B R 1 -- transmission
        0900 TRN R 1  01R=2 02R -- number of the transmission (BHT03 of the claims)
        1000 STC R >1  01R(01R#status_category 02R#status 03S=@receiver_entity) 02R 03R=U|WQ 04R
                       10-11S(01R#status_category 02R#status 03S=@receiver_entity) -- status
        1210 QTY S 1  01R=90 02R -- accepted claims
        1210 QTY S 1  01R=AA 02R -- rejected claims
        1220 AMT S 1  01R=YU 02R -- accepted amount
        1220 AMT S 1  01R=YY 02R -- rejected amount
      2000 loop 2000C S >1 -- billing provider level
        0100 HL  R 1  01R 02R 03R=19 04R=0|1
        0500 loop 2100C R 1 -- billing provider
          0500 NM1 R 1  01R=85 02R=1|2 03R 04S 05S 06S 07S 08R=FI|SV|XX 09R -- billing provider
        0900 loop 2200C S 1 -- provider's trace
          0900 TRN R 1  01R=1 02R -- provider's trace number
          1000 STC S >1  01R(01R#status_category 02R#status 03S=@provider_entity) 03R=U|WQ 04S
                         10-11S(01R#status_category 02R#status 03S=@provider_entity) -- status
          1100 REF S 3  01R=0B|1G|G2|LU|SY|TJ 02R -- provider's other id
          1210 QTY S 1  01R=QA 02R -- accepted claims
          1210 QTY S 1  01R=QC 02R -- rejected claims
          1220 AMT S 1  01R=YU 02R -- accepted amount
          1220 AMT S 1  01R=YY 02R -- rejected amount
        2000 loop 2000D S >1 -- patient level
          0100 HL  R 1  01R 02R 03R=PT 04S=0
          0500 loop 2100D R 1 -- patient
            0500 NM1 R 1  01R=QC 02R=1 03R 04S 05S 06S 07S 08R=II|MI 09R -- patient
          0900 loop 2200D S >1 -- claim
            0900 TRN R 1  01R=2 02R -- claim's control number (CLM01)
            1000 STC R >1  01R(01R#status_category 02R#status 03S=@claim_entity) 02R 03R=U|WQ 04R
                           10-11S(01R#status_category 02R#status 03S=@claim_entity) 12S -- status
            1100 REF S 1  01R=1K 02R -- payer's claim number
            1100 REF S 1  01R=D9 02R -- clearinghouse's claim number
            1100 REF S 1  01R=BLT 02R -- bill type
            1200 DTP S 1  01R=472 02R=D8|RD8 03R -- service date
            1800 loop 2220D S >1 -- service line
              1800 SVC R 1  01R(01R=AD|ER|HC|HP|IV|NU|WK 02R 03-06S) 02R 04S 07S -- service line
              1900 STC R >1  01R(01R#status_category 02R#status 03S=@claim_entity) 02S 03R=U
                             10-11S(01R#status_category 02R#status 03S=@claim_entity) -- status
              2000 REF S 1  01R=FJ 02R -- line's control number
              2000 REF S 1  01R=XZ 02R -- prescription number
              2100 DTP S 1  01R=472 02R=D8|RD8 03R -- service date
table 3
  2700 SE  R 1  01R 02R
"""

_GUIDE = Guide(
    kind="277CA",
    version="005010X214",
    functional_id="HN",
    outline=_OUTLINE,
    codes=_CODES,
)

GUIDES = (_GUIDE,)
