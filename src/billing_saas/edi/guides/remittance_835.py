"""835, payment and remittance: 005010X221A1."""

from billing_saas.edi.guides import remittance_rules
from billing_saas.edi.guides.catalog import Guide

_CODES = {
    "insurance": "12 13 14 15 16 17 AM CH DS HM LM MA MB MC OF TV VA WC ZZ",
    "procedure": "AD ER HC HP IV N4 N6 NU UI WK",
    "provider_adjustment": (
        "50 51 72 90 AH AM AP B2 B3 BD BN C5 CR CS CT CV CW DM E3 FB FC GO HM IP IR IS J1 L3 L6 LE"
        " LS OA OB PI PL RA RE SL TL WO WU"
    ),
    "rendering": "0B 1A 1B 1C 1D 1G 1H 1J D3 G2 LU",
    "other": "ZK ZL ZM ZN ZO",
}

_OUTLINE = """
table 1
  0100 ST  R 1  01R=835 02R
  0200 BPR R 1  01R=C|D|H|I|P|U|X 02R 03R=C|D 04R=ACH|BOP|CHK|FWT|NON 05S=CCP|CTX 06S=01|04 07S
                08S=DA 09-11S 12S=01|04 13S 14S=DA|SG 15S 16R -- payment
  0400 TRN R 1  01R=1 02R 03R 04S -- payment's trace number
  0500 CUR S 1  01R=PR 02R#currency -- currency
  0600 REF S 1  01R=EV 02R -- receiver
  0600 REF S 1  01R=F2 02R -- version of the payer's system
  0700 DTM S 1  01R=405 02R -- produced on
  0800 loop 1000A R 1 -- payer
    0800 N1  R 1  01R=PR 02R 03S=XV 04S -- payer
    1000 N3  R 1  01R 02S -- payer's address
    1100 N4  R 1  01R 02S#state 03S 04S#country 07S -- payer's city
    1200 REF S 4  01R=2U|EO|HI|NF 02R -- payer's other id
    1300 PER S 1  01R=CX 02S 03S=EM|FX|TE 04S 05S=EM|EX|FX|TE 06S 07S=EX 08S -- payer's contact
    1300 PER R >1  01R=BL 02S 03S=EM|TE|UR 04S 05S=EM|EX|FX|TE|UR 06S 07S=EM|EX|FX|UR 08S
                   -- payer's technical contact
    1300 PER S 1  01R=IC 03R=UR 04R -- payer's web site
  0800 loop 1000B R 1 -- payee
    0800 N1  R 1  01R=PE 02R 03R=FI|XV|XX 04R -- payee
    1000 N3  S 1  01R 02S -- payee's address
    1100 N4  S 1  01R 02S#state 03S 04S#country 07S -- payee's city
    1200 REF S >1  01R=0B|D3|PQ|TJ 02R -- payee's other id
    1400 RDM S 1  01R=BM|EM|FT|OL 02S 03S -- how the remittance is delivered
table 2
  0030 loop 2000 S >1 -- header number
    0030 LX  R 1  01R -- header number
    0050 TS3 S 1  01-05R 13S 15S 17S 18S 20-24S -- provider summary
    0070 TS2 S 1  01-19S -- provider supplemental summary
    0100 loop 2100 R >1 -- claim payment
      0100 CLP R 1  01R 02R=1|2|3|4|19|20|21|22|23|25 03R 04R 05S 06R=@insurance 07R 08S 09S 11-13S
                    -- claim payment
      0200 CAS S 99  01R=CO|OA|PI|PR 02R#carc 03R 04S 05S#carc 06S 07S 08S#carc 09S 10S 11S#carc
                     12S 13S 14S#carc 15S 16S 17S#carc 18S 19S -- claim adjustment
      0300 NM1 R 1  01R=QC 02R=1 03-05S 07S 08S=34|HN|II|MI|MR 09S -- patient
      0300 NM1 S 1  01R=IL 02R=1|2 03-05S 07S 08R=FI|II|MI 09R -- insured
      0300 NM1 S 1  01R=74 02R=1|2 03-05S 07S 08S=C 09S -- corrected patient or insured
      0300 NM1 S 1  01R=82 02R=1|2 03-05S 07S 08R=BD|BS|FI|MC|PC|SL|UP|XX 09R -- rendering provider
      0300 NM1 S 1  01R=TT 02R=2 03R 08R=AD|FI|NI|PI|PP|XV 09R -- crossover carrier
      0300 NM1 S 1  01R=PR 02R=2 03R 08R=AD|FI|NI|PI|PP|XV 09R -- corrected priority payer
      0300 NM1 S 1  01R=GB 02R=1|2 03-05S 07S 08S=FI|II|MI 09S -- other subscriber
      0330 MIA S 1  01R 02-04S 05S#rarc 06-19S 20-23S#rarc 24S -- inpatient adjudication
      0350 MOA S 1  01S 02S 03-07S#rarc 08S 09S -- outpatient adjudication
      0400 REF S 5  01R=1L|1W|28|6P|9A|9C|BB|CE|EA|F8|G1|G3|IG|SY 02R -- claim's other id
      0400 REF S 10  01R=@rendering 02R -- rendering provider's id
      0500 DTM S 2  01R=232|233 02R -- statement from or to
      0500 DTM S 1  01R=036 02R -- coverage expired
      0500 DTM S 1  01R=050 02R -- claim received
      0600 PER S 2  01R=CX 02S 03R=EM|FX|TE 04R 05S=EM|EX|FX|TE 06S 07S=EX 08S -- claim contact
      0620 AMT S 13  01R=AU|D8|DY|F5|I|NL|T|T2|ZK|ZL|ZM|ZN|ZO 02R -- claim's other amount
      0640 QTY S 14  01R=CA|CD|LA|LE|NE|NR|OU|PS|VS|ZK|ZL|ZM|ZN|ZO 02R -- claim's quantity
      0700 loop 2110 S 999 -- service payment
        0700 SVC R 1  01R(01R=@procedure 02R 03-06S 07S) 02R 03R 04S 05S
                      06S(01R=@procedure 02R 03-07S) 07S -- service payment
        0800 DTM S 2  01R=150|151|472 02R -- service date
        0900 CAS S 99  01R=CO|OA|PI|PR 02R#carc 03R 04S 05S#carc 06S 07S 08S#carc 09S 10S 11S#carc
                       12S 13S 14S#carc 15S 16S 17S#carc 18S 19S -- service adjustment
        1000 REF S 8  01R=1S|APC|BB|E9|G1|G3|LU|RB 02R -- service's id
        1000 REF S 1  01R=6R 02R -- line's control number
        1000 REF S 10  01R=0B|1A|1B|1C|1D|1G|1H|1J|D3|G2|HPI|SY|TJ 02R -- rendering provider's id
        1000 REF S 5  01R=0K 02R -- policy
        1100 AMT S 9  01R=B6|KH|T|T2|ZK|ZL|ZM|ZN|ZO 02R -- service's other amount
        1200 QTY S 6  01R=@other 02R -- service's quantity
        1300 LQ  S 99  01R=HE|RX 02R -- remark
table 3
  0100 PLB S >1  01R 02R 03R(01R=@provider_adjustment 02S) 04R 05S(01R=@provider_adjustment 02S) 06S
                 07S(01R=@provider_adjustment 02S) 08S 09S(01R=@provider_adjustment 02S) 10S
                 11S(01R=@provider_adjustment 02S) 12S 13S(01R=@provider_adjustment 02S) 14S
                 -- provider adjustment
  0200 SE  R 1  01R 02R
"""

_GUIDE = Guide(
    kind="835",
    version="005010X221A1",
    also_read=("005010X221",),
    functional_id="HP",
    outline=_OUTLINE,
    codes=_CODES,
    rules=remittance_rules.RULES,
)

GUIDES = (_GUIDE,)
