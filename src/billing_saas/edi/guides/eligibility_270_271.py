"""270 and 271, eligibility inquiry and answer: 005010X279A1."""

from billing_saas.edi.guides import codes
from billing_saas.edi.guides.catalog import Guide

_CODES = {
    "source": "2B 36 GP P5 PR",
    "receiver": "1P 2B 36 80 FA GP P5 PR",
    "receiver_id": "24 34 FI PI PP SV XV XX",
    "receiver_reference": "0B 1C 1D 1J 4A CT EL EO HPI JD N5 N7 Q4 SY TJ",
    "provider": "AD AT BI CO CV H HH LA OT P1 P2 PC PE R RF SB SK SU",
    "service_type": codes.SERVICE_TYPES,
    "procedure": "AD CJ HC ID IV N4 ZZ",
    "asked_reference": "18 1L 1W 3H 6P CT EA EJ F6 GH HJ IF IG MRC N6 NQ SY Y4",
    "answered_reference": "18 1L 1W 3H 49 6P CE CT EA EJ F6 GH HJ IF IG MRC N6 NQ Q4 SY Y4",
    "benefit_reference": "18 1L 1W 49 6P 9F ALS CLI F6 FO G1 IG M7 N6 NQ",
    "member_date": (
        "096 102 152 291 307 318 340 341 342 343 346 347 356 357 382 435 442 458 472 539 540 636"
        " 771"
    ),
    "benefit_date": (
        "096 193 194 198 290 291 292 295 304 307 318 346 348 349 356 357 435 472 636 771"
    ),
    "source_reject": "04 41 42 79 80 T4",
    "receiver_reject": "15 41 43 44 45 46 47 48 50 51 79 97 T4",
    "member_reject": (
        "15 35 42 43 45 47 48 49 51 52 56 57 58 60 61 62 63 64 65 66 67 68 71 72 73 74 75 76 77 78"
    ),
    "benefit_reject": "15 33 52 53 54 55 56 57 60 61 62 63 69 70 98 AA AE AF AG AO CI E8 IA MA",
    "follow_up": "C N P R S W X Y",
    "benefit": "1 2 3 4 5 6 7 8 A B C CB D E F G H I J K L M MC N O P Q R S T U V W X Y",
    "level": "CHD DEP ECH EMP ESP FAM IND SPC SPO",
    "insurance": (
        "12 13 14 15 16 41 42 43 47 AP C1 CO CP D DB EP FF GP HM HN HS IN IP LC LD LI LT MA MB MC"
        " MH MI MP OT PE PL PP PR PS QM RP SP TF WC WU"
    ),
    "period": "6 7 13 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36",
    "quantity": "8H 99 CA CE D3 DB DY HS LA LE M2 MN P6 QA S7 S8",
    "delivery": (
        "1 2 3 4 5 6 7 8 9 A B C D E F G H J K L M N O P Q R S SG SL SP SX SY SZ T U V W X Y"
    ),
    "entity": ("13 1I 1P 2B 36 73 FA GP GW I3 IL LR OC P3 P4 P5 PR PRP SEP TTP VER VN VY X3 Y2"),
    "entity_id": "24 34 46 FA FI II MI NI PI PP SV XV XX",
    "contact": "ED EM FX TE UR WP",
    "further": "ED EM EX FX TE UR WP",
    "employment": "AE AO AS AT AU CC DD HD IR LX PE RE RM RR RU",
    "relationship": "01 19 20 21 34 39 40 53 G8",
}

_INQUIRY = """
table 1
  0100 ST  R 1  01R=270 02R 03R
  0200 BHT R 1  01R=0022 02R=01|13 03S 04R 05R 06S=RT -- beginning of the inquiry
table 2
  0100 loop 2000A R >1 -- information source level
    0100 HL  R 1  01R 03R=20 04R=1
    0300 loop 2100A R 1 -- information source
      0300 NM1 R 1  01R=@source 02R=1|2 03R 04S 05S 07S 08R=24|46|FI|NI|PI|XV|XX 09R
                    -- information source
    3000 loop 2000B R >1 -- information receiver level
      0100 HL  R 1  01R 02R 03R=21 04R=1
      0300 loop 2100B R 1 -- information receiver
        0300 NM1 R 1  01R=@receiver 02R=1|2 03R 04S 05S 07S 08R=@receiver_id 09R
                      -- information receiver
        0400 REF S 9  01R=@receiver_reference 02R 03S -- receiver's other id
        0600 N3  S 1  01R 02S -- receiver's address
        0700 N4  S 1  01R 02S#state 03S 04S#country 07S -- receiver's city
        0900 PRV S 1  01R=@provider 02S=PXC 03S#taxonomy -- receiver's specialty
      3000 loop 2000C R >1 -- subscriber level
        0100 HL  R 1  01R 02R 03R=22 04R=0|1
        0200 TRN S 2  01R=1 02R 03R 04S -- inquiry's trace number
        0300 loop 2100C R 1 -- subscriber
          0300 NM1 R 1  01R=IL 02R=1|2 03-05S 07S 08S=II|MI 09S -- subscriber
          0400 REF S 9  01R=@asked_reference 02R -- subscriber's other id
          0600 N3  S 1  01R 02S -- subscriber's address
          0700 N4  S 1  01R 02S#state 03S 04S#country 07S -- subscriber's city
          0900 PRV S 1  01R=@provider 02S=9K|D3|EI|HPI|PXC|SY|TJ 03S -- provider
          1000 DMG S 1  01S=D8 02S 03S=F|M|U -- subscriber's birth date and sex
          1100 INS S 1  01R=Y 02R=18 17R -- multiple birth
          1150 HI  S 1  01R(01R=ABK|BK 02R) 02-08S(01R=ABF|BF 02R) -- diagnoses
          1200 DTP S 2  01R=102|291 02R=D8|RD8 03R -- dates asked about
          1300 use 2110*C S 99
        3000 loop 2000D S >1 -- dependent level
          0100 HL  R 1  01R 02R 03R=23 04R=0
          0200 TRN S 2  01R=1 02R 03R 04S -- inquiry's trace number
          0300 loop 2100D R 1 -- dependent
            0300 NM1 R 1  01R=03 02R=1 03-05S 07S -- dependent
            0400 REF S 9  01R=@asked_reference 02R -- dependent's other id
            0600 N3  S 1  01R 02S -- dependent's address
            0700 N4  S 1  01R 02S#state 03S 04S#country 07S -- dependent's city
            0900 PRV S 1  01R=@provider 02S=9K|D3|EI|HPI|PXC|SY|TJ 03S -- provider
            1000 DMG S 1  01S=D8 02S 03S=F|M|U -- dependent's birth date and sex
            1100 INS S 1  01R=N 02R=01|19|34 17S -- dependent's relationship
            1150 HI  S 1  01R(01R=ABK|BK 02R) 02-08S(01R=ABF|BF 02R) -- diagnoses
            1200 DTP S 2  01R=102|291 02R=D8|RD8 03R -- dates asked about
            1300 use 2110*D R 99
table 3
  5550 SE  R 1  01R 02R

block 2110* -- benefit asked about
  1300 EQ  R 1  01S*99=@service_type 02S(01R=@procedure 02R 03-06S) 03S=FAM 05S(01R 02-04S)
                -- benefit asked about
  1350 AMT S 1  01R=R 02R -- spend-down
  1350 AMT S 1  01R=PB 02R -- spend-down billed
  1700 III S 1  01R=ZZ 02R -- place or nature of the service
  1900 REF S 1  01R=9F|G1 02R -- authorization or referral
  2000 DTP S 1  01R=291 02R=D8|RD8 03R -- dates asked about
"""

_ANSWER = """
table 1
  0100 ST  R 1  01R=271 02R 03R
  0200 BHT R 1  01R=0022 02R=06|11 03S 04R 05R -- beginning of the answer
table 2
  0100 loop 2000A R >1 -- information source level
    0100 HL  R 1  01R 03R=20 04R=0|1
    0250 AAA S 9  01R=N|Y 03R=@source_reject 04R=@follow_up -- request refused
    0300 loop 2100A R 1 -- information source
      0300 NM1 R 1  01R=@source 02R=1|2 03R 04S 05S 07S 08R=24|46|FI|NI|PI|XV|XX 09R
                    -- information source
      0800 PER S 3  01R=IC 02S 03S=@contact 04S 05S=@further 06S 07S=@further 08S -- contact
      0850 AAA S 9  01R=N|Y 03R=@source_reject 04R=@follow_up -- request refused
    3000 loop 2000B S >1 -- information receiver level
      0100 HL  R 1  01R 02R 03R=21 04R=0|1
      0300 loop 2100B R 1 -- information receiver
        0300 NM1 R 1  01R=@receiver 02R=1|2 03-05S 07S 08R=@receiver_id 09R -- information receiver
        0400 REF S 9  01R=@receiver_reference 02R 03S -- receiver's other id
        0600 N3  S 1  01R 02S -- receiver's address
        0700 N4  S 1  01R 02S#state 03S 04S#country 07S -- receiver's city
        0850 AAA S 9  01R=N|Y 03R=@receiver_reject 04R=@follow_up -- request refused
        0900 PRV S 1  01R=@provider 02S=PXC 03S#taxonomy -- receiver's specialty
      3000 loop 2000C S >1 -- subscriber level
        0100 HL  R 1  01R 02R 03R=22 04R=0|1
        0200 TRN S 3  01R=1|2 02R 03R 04S -- trace number
        0300 loop 2100C R 1 -- subscriber
          0300 NM1 R 1  01R=IL 02R=1|2 03-05S 07S 08S=II|MI 09S -- subscriber
          0400 REF S 9  01R=@answered_reference 02R 03S -- subscriber's other id
          0600 N3  S 1  01R 02S -- subscriber's address
          0700 N4  S 1  01R 02S#state 03S 04S#country 07S -- subscriber's city
          0850 AAA S 9  01R=N|Y 03R=@member_reject 04R=@follow_up -- request refused
          0900 PRV S 1  01R=@provider 02S=9K|D3|EI|HPI|PXC|SY|TJ 03S -- provider
          1000 DMG S 1  01S=D8 02S 03S=F|M|U -- subscriber's birth date and sex
          1100 INS S 1  01R=Y 02R=18 03S=001 04S=25 17S -- subscriber's relationship
          1150 HI  S 1  01R(01R=ABK|BK 02R) 02-08S(01R=ABF|BF 02R) -- diagnoses
          1200 DTP S 9  01R=@member_date 02R=D8|RD8 03R -- subscriber's dates
          1275 MPI S 1  01R=A|C|L|O|P|S|T 02R=@employment 03R 04S 05S 06S=D8|RD8 07S
                        -- military service
          1300 use 2110*C S >1
        3000 loop 2000D S >1 -- dependent level
          0100 HL  R 1  01R 02R 03R=23 04R=0
          0200 TRN S 3  01R=1|2 02R 03R 04S -- trace number
          0300 loop 2100D R 1 -- dependent
            0300 NM1 R 1  01R=03 02R=1 03-05S 07S -- dependent
            0400 REF S 9  01R=@answered_reference 02R 03S -- dependent's other id
            0600 N3  S 1  01R 02S -- dependent's address
            0700 N4  S 1  01R 02S#state 03S 04S#country 07S -- dependent's city
            0850 AAA S 9  01R=N|Y 03R=@member_reject 04R=@follow_up -- request refused
            0900 PRV S 1  01R=@provider 02S=9K|D3|EI|HPI|PXC|SY|TJ 03S -- provider
            1000 DMG S 1  01S=D8 02S 03S=F|M|U -- dependent's birth date and sex
            1100 INS S 1  01R=N 02R=@relationship 03S=001 04S=25 17S -- dependent's relationship
            1150 HI  S 1  01R(01R=ABK|BK 02R) 02-08S(01R=ABF|BF 02R) -- diagnoses
            1200 DTP S 9  01R=@member_date 02R=D8|RD8 03R -- dependent's dates
            1275 MPI S 1  01R=A|C|L|O|P|S|T 02R=@employment 03R 04S 05S 06S=D8|RD8 07S
                          -- military service
            1300 use 2110*D S >1
table 3
  5550 SE  R 1  01R 02R

block 2110* -- benefit
  1300 EB  R 1  01R=@benefit 02S=@level 03S*99=@service_type 04S=@insurance 05S 06S=@period 07S 08S
                09S=@quantity 10S 11S=N|U|Y 12S=N|U|W|Y 13S(01R=@procedure 02R 03-06S 08S)
                14S(01R 02-04S) -- benefit
  1350 HSD S 9  01S=DY|FL|HS|MN|VS 02S 03S=DA|MO|VS|WK|YR 04S 05S=@period 06S 07S=@delivery
                08S=A|B|C|D|E|F|G|Y -- how the services are delivered
  1400 REF S 9  01R=@benefit_reference 02R 03S -- benefit's other id
  1500 DTP S 20  01R=@benefit_date 02R=D8|RD8 03R -- benefit's dates
  1600 AAA S 9  01R=N|Y 03R=@benefit_reject 04R=@follow_up -- request refused
  2500 MSG S 10  01R -- message
  2600 loop 2115* S 10 -- benefit's place or nature
    2600 III R 1  01S=GR|NI|ZZ 02S 03S=44 04S -- place or nature of the service
  3300 LS  S 1  01R=2120 -- start of the related entities
  3400 loop 2120* S 23 -- related entity
    3400 NM1 R 1  01R=@entity 02R=1|2 03-05S 07S 08S=@entity_id 09S 10S=01|02|27|41|48|65|72
                  -- related entity
    3600 N3  S 1  01R 02S -- related entity's address
    3700 N4  S 1  01R 02S#state 03S 04S#country 05S=RJ 06S 07S -- related entity's city
    3800 PER S 3  01R=IC 02S 03S=@contact 04S 05S=@further 06S 07S=@further 08S -- contact
    3900 PRV S 1  01R=@provider 02S=PXC 03S#taxonomy -- related provider's specialty
  4000 LE  S 1  01R=2120 -- end of the related entities
"""

_ALSO = ("005010X279",)
GUIDES = (
    Guide(
        kind="270",
        version="005010X279A1",
        also_read=_ALSO,
        functional_id="HS",
        outline=_INQUIRY,
        codes=_CODES,
    ),
    Guide(
        kind="271",
        version="005010X279A1",
        also_read=_ALSO,
        functional_id="HB",
        outline=_ANSWER,
        codes=_CODES,
    ),
)
