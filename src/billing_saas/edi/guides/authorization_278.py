"""278, request for review of services and its answer: 005010X217.

No open map of this release exists. The facts come from the map of the release before (pyx12,
X094A1), from public companion guides and from the public samples; where those leave a code list
open, the list is left open here.
"""

from billing_saas.edi.guides import codes
from billing_saas.edi.guides.catalog import Guide

_CODES = {
    "umo_id": "24 34 46 PI XV XX",
    "requester_id": "24 34 46 XX",
    "role": "AD AS AT CO CV OP OR OT PC PE RF",
    "service_type": codes.SERVICE_TYPES,
    "delivery": (
        "1 2 3 4 5 6 7 8 9 A B C D E F G H J K L M N O P Q R S SA SB SC SD SG SL SP SX SY SZ T U V"
        " W X Y"
    ),
    "event_provider": "1T AAJ DD DK DN FA G3 P3 QB QV SJ 71 72 73 77 82",
    "stop": "45 FS ND PW R3",
    "follow_up": "C N P R S W X Y",
}

_REQUEST = """
table 1
  0100 ST  R 1  01R=278 02R 03R
  0200 BHT R 1  01R=0007 02R=01|13|36 03R 04R 05R 06S=RU|18|19|AT -- beginning of the request
table 2
  0100 loop 2000A R 1 -- reviewer level
    0100 HL  R 1  01R 03R=20 04R=1
    1700 loop 2010A R 1 -- reviewer
      1700 NM1 R 1  01R=X3 02R=1|2 03-05S 07S 08R=@umo_id 09R -- reviewer
    1800 loop 2000B R 1 -- requester level
      0100 HL  R 1  01R 02R 03R=21 04R=1
      1700 loop 2010B R 1 -- requester
        1700 NM1 R 1  01R=1P|FA 02R=1|2 03-05S 07S 08R=@requester_id 09R -- requester
        1800 REF S 8  01R=0B|1G|1J|CT|EI|N5|N7|SY|ZH 02R 03S -- requester's other id
        2000 N3  S 1  01R 02S -- requester's address
        2100 N4  S 1  01R 02S#state 03S 04S#country 07S -- requester's city
        2200 PER S 1  01R=IC 02S 03S=EM|FX|TE|UR 04S 05S=EM|EX|FX|TE|UR 06S 07S=EM|EX|FX|TE|UR 08S
                      -- requester's contact
        2400 PRV S 1  01R=@role 02R=PXC 03R#taxonomy -- requester's specialty
      1800 loop 2000C R 1 -- subscriber level
        0100 HL  R 1  01R 02R 03R=22 04R=1
        1700 loop 2010C R 1 -- subscriber
          1700 NM1 R 1  01R=IL 02R=1 03-05S 06S 07S 08R=II|MI 09R -- subscriber
          1800 REF S 9  01R=1L|1W|3L|6P|DP|EJ|F6|HJ|IG|N6|NQ|SY 02R -- subscriber's other id
          2000 N3  S 1  01R 02S -- subscriber's address
          2100 N4  S 1  01R 02S#state 03S 04S#country 07S -- subscriber's city
          2500 DMG S 1  01R=D8 02R 03S=F|M|U -- subscriber's birth date and sex
          2600 INS S 1  01R=Y 02R=18 08S -- subscriber's relationship
        1800 use 2000E S >1
        1900 loop 2000D S 1 -- dependent level
          0100 HL  R 1  01R 02R 03R=23 04R=1
          1700 loop 2010D R 1 -- dependent
            1700 NM1 R 1  01R=QC 02R=1 03-05S 06S 07S -- dependent
            1800 REF S 3  01R=28|EJ|SY 02R -- dependent's other id
            2000 N3  S 1  01R 02S -- dependent's address
            2100 N4  S 1  01R 02S#state 03S 04S#country 07S -- dependent's city
            2500 DMG S 1  01R=D8 02R 03S=F|M|U -- dependent's birth date and sex
            2600 INS S 1  01R=N 02R 17S -- dependent's relationship
          1800 use 2000E R >1
table 3
  2800 SE  R 1  01R 02R

block 2000E -- patient event level
  0100 HL  R 1  01R 02R 03R=EV 04R=0|1
  0200 TRN S 2  01R=1 02R 03R 04S -- event's trace number
  0400 UM  R 1  01R=AR|HS|IN|SC 02R=1|2|3|4|I|N|R|S 03S=@service_type 04S(01R 02R=A|B)
                05S(01R=AA|AP|EM 02S=AP|EM 03S=AP 04S#state 05S#country) 06S=03|E|U
                07S 08S 09S=A|I|M|O|Y 10S -- review asked for
  0600 REF S 1  01R=BB 02R -- authorization number of before
  0600 REF S 1  01R=NT 02R -- administrative number of before
  0700 DTP S 1  01R=439 02R=D8 03R -- accident
  0700 DTP S 1  01R=484 02R=D8 03R -- last menstrual period
  0700 DTP S 1  01R=ABC 02R=D8 03R -- estimated birth
  0700 DTP S 1  01R=431 02R=D8 03R -- onset of the illness
  0700 DTP S 1  01R=AAH 02R=D8|RD8 03R -- event
  0700 DTP S 1  01R=435 02R=D8|RD8 03R -- admission
  0700 DTP S 1  01R=096 02R=D8|RD8 03R -- discharge
  0800 HI  S 1  01R(01R=ABF|ABJ|ABK|APR|BF|BJ|BK|DR|LOI|PR 02R 03S=D8 04S)
                02-12S(01R=ABF|ABJ|APR|BF|BJ|DR|LOI|PR 02R 03S=D8 04S) -- diagnoses
  0900 HSD S 1  01S=DY|FL|HS|MN|VS 02S 03S=DA|MO|WK|YR 04S 05S 06S 07S=@delivery
                08S=A|B|C|D|E|F|G|Y -- how the services are delivered
  1000 CRC S 10  01R 02R=N|Y 03R 04-07S -- condition
  1100 CL1 S 1  01S 02S 03S 04S -- institutional codes
  1200 CR1 S 1  01S=KG|LB 02S 03R=I|R|T|X 04S=A|B|C|D|E|F 05S=DH|DK 06-10S -- ambulance transport
  1300 CR2 S 1  01S 02S 03-04S 05S=DA|MO|WK|YR 06S 07S 08S 09S=N|Y 10S 11S 12S=N|Y
                -- spinal manipulation
  1400 CR5 S 1  03-04S 05S 06S 07-11S 12S 13-15S 16S 17S 18S -- home oxygen
  1500 CR6 S 1  01R=1|2|3|4|5|6|7|8 02R 03S=RD8 04S 07S=N|U|W|Y 08R=1|2|3|4|I|R|S 09S -- home health
  1550 PWK S 10  01R 02R=AA|BM|EL|EM|FX|VO 05S=AC 06S 07S -- attachment
  1600 MSG S 1  01R -- message
  1700 loop 2010EA S 14 -- event's provider
    1700 NM1 R 1  01R=@event_provider 02R=1|2 03-07S 08S=24|34|46|XX 09S -- event's provider
    1800 REF S 8  01R=0B|1G|1J|EI|N5|N7|SY|ZH 02R 03S -- provider's other id
    2000 N3  S 1  01R 02S -- provider's address
    2100 N4  S 1  01R 02S#state 03S 04S#country 07S -- provider's city
    2200 PER S 1  01R=IC 02S 03S=EM|FX|TE|UR 04S 05S=EM|EX|FX|TE|UR 06S 07S=EM|EX|FX|TE|UR 08S
                  -- provider's contact
    2400 PRV S 1  01R=@role 02R=PXC 03R#taxonomy -- provider's specialty
  1700 loop 2010EB S 5 -- stop of the transport
    1700 NM1 R 1  01R=@stop 02R=2 03S -- stop of the transport
    2000 N3  R 1  01R 02S -- stop's address
    2100 N4  R 1  01R 02S#state 03S 04S#country 07S -- stop's city
  1700 loop 2010EC S 3 -- other reviewer
    1700 NM1 R 1  01R=CA 02R=2 03R 08S 09S -- other reviewer
    1800 REF S 1  01R=ZZ 02R -- decision
    2700 DTP S 1  01R=598 02R=D8 03R -- denied
  1800 loop 2000F S >1 -- service level
    0100 HL  R 1  01R 02R 03R=SS 04R=0
    0200 TRN S 2  01R=1 02R 03R 04S -- service's trace number
    0400 UM  S 1  01R=HS|SC 02S=1|2|3|4|I|N|R|S 03S=@service_type 04S(01R 02R=A|B) -- review asked for
    0600 REF S 1  01R=BB 02R -- authorization number of before
    0600 REF S 1  01R=NT 02R -- administrative number of before
    0700 DTP S 1  01R=472 02R=D8|RD8 03R -- service date
    0750 SV1 S 1  01R(01R=HC|IV|N4|WK|ZZ 02R 03-06S 07S 08S) 02S 03S=F2|MJ|UN 04S 07S(01R 02-04S)
                  11S=N|Y 20S -- professional service
    0760 SV2 S 1  01S 02S(01R=HC|ID|IV|N4|WK|ZZ 02R 03-06S 07S 08S) 03S 04S=DA|F2|UN 05S 06S 09S 10S
                  -- institutional service
    0770 SV3 S 1  01R(01R=AD 02R 03-06S 07S 08S) 02S 04S(01R 02-05S) 05S=I|R 06S 07S -- dental service
    0780 TOO S 32  01R=JP 02S 03S(01R 02-05S) -- tooth
    0900 HSD S 1  01S=DY|FL|HS|MN|VS 02S 03S=DA|MO|WK|YR 04S 05S 06S 07S=@delivery
                  08S=A|B|C|D|E|F|G|Y -- how the services are delivered
    1550 PWK S 10  01R 02R=AA|BM|EL|EM|FX|VO 05S=AC 06S 07S -- attachment
    1600 MSG S 1  01R -- message
    1700 loop 2010F S 12 -- service's provider
      1700 NM1 R 1  01R=@event_provider 02R=1|2 03-07S 08S=24|34|46|XX 09S -- service's provider
      1800 REF S 8  01R=0B|1G|1J|EI|N5|N7|SY|ZH 02R 03S -- provider's other id
      2000 N3  S 1  01R 02S -- provider's address
      2100 N4  S 1  01R 02S#state 03S 04S#country 07S -- provider's city
      2200 PER S 1  01R=IC 02S 03S=EM|FX|TE|UR 04S 05S=EM|EX|FX|TE|UR 06S 07S=EM|EX|FX|TE|UR 08S
                    -- provider's contact
      2400 PRV S 1  01R=@role 02R=PXC 03R#taxonomy -- provider's specialty
"""

_ANSWER = """
table 1
  0100 ST  R 1  01R=278 02R 03R
  0200 BHT R 1  01R=0007 02R=11 03R 04R 05R 06S=18|19|AT|RU -- beginning of the answer
table 2
  0100 loop 2000A R 1 -- reviewer level
    0100 HL  R 1  01R 03R=20 04R=0|1
    0300 AAA S 9  01R=N|Y 03R 04R=@follow_up -- request refused
    1700 loop 2010A R 1 -- reviewer
      1700 NM1 R 1  01R=X3 02R=1|2 03-05S 07S 08R=@umo_id 09R -- reviewer
      2200 PER S 1  01R=IC 02S 03S=EM|FX|TE|UR 04S 05S=EM|EX|FX|TE|UR 06S 07S=EM|EX|FX|TE|UR 08S
                    -- reviewer's contact
      2300 AAA S 9  01R=N|Y 03R 04R=@follow_up -- request refused
    1800 loop 2000B S 1 -- requester level
      0100 HL  R 1  01R 02R 03R=21 04R=0|1
      1700 loop 2010B R 1 -- requester
        1700 NM1 R 1  01R=1P|FA 02R=1|2 03-05S 07S 08R=@requester_id 09R -- requester
        1800 REF S 8  01R=0B|1G|1J|CT|EI|N5|N7|SY|ZH 02R 03S -- requester's other id
        2300 AAA S 9  01R=N|Y 03R 04R=@follow_up -- request refused
        2400 PRV S 1  01R=@role 02R=PXC 03R#taxonomy -- requester's specialty
      1800 loop 2000C S 1 -- subscriber level
        0100 HL  R 1  01R 02R 03R=22 04R=0|1
        1700 loop 2010C R 1 -- subscriber
          1700 NM1 R 1  01R=IL 02R=1 03-05S 06S 07S 08R=II|MI 09R -- subscriber
          1800 REF S 9  01R=1L|1W|3L|6P|DP|EJ|F6|HJ|IG|N6|NQ|SY 02R -- subscriber's other id
          2000 N3  S 1  01R 02S -- subscriber's address
          2100 N4  S 1  01R 02S#state 03S 04S#country 07S -- subscriber's city
          2300 AAA S 9  01R=N|Y 03R 04R=@follow_up -- request refused
          2500 DMG S 1  01R=D8 02R 03S=F|M|U -- subscriber's birth date and sex
          2600 INS S 1  01R=Y 02R=18 08S -- subscriber's relationship
        1800 use 2000E S >1
        1900 loop 2000D S 1 -- dependent level
          0100 HL  R 1  01R 02R 03R=23 04R=0|1
          1700 loop 2010D R 1 -- dependent
            1700 NM1 R 1  01R=QC 02R=1 03-05S 06S 07S -- dependent
            1800 REF S 3  01R=28|EJ|SY 02R -- dependent's other id
            2000 N3  S 1  01R 02S -- dependent's address
            2100 N4  S 1  01R 02S#state 03S 04S#country 07S -- dependent's city
            2300 AAA S 9  01R=N|Y 03R 04R=@follow_up -- request refused
            2500 DMG S 1  01R=D8 02R 03S=F|M|U -- dependent's birth date and sex
            2600 INS S 1  01R=N 02R 17S -- dependent's relationship
          1800 use 2000E S >1
table 3
  2800 SE  R 1  01R 02R

block 2000E -- patient event level
  0100 HL  R 1  01R 02R 03R=EV 04R=0|1
  0200 TRN S 3  01R=1|2 02R 03R 04S -- event's trace number
  0300 AAA S 9  01R=N|Y 03R 04R=@follow_up -- request refused
  0400 UM  S 1  01R=AR|HS|IN|SC 02R=1|2|3|4|I|N|R|S 03S=@service_type 04S(01R 02R=A|B) 06S=03|E|U
                -- review asked for
  0500 HCR S 1  01R=A1|A2|A3|A4|A6|C|CT|NA 02S 03S 04S=N|Y -- decision
  0600 REF S 1  01R=BB 02R -- authorization number of before
  0600 REF S 1  01R=NT 02R -- administrative number of before
  0700 DTP S 1  01R=439 02R=D8 03R -- accident
  0700 DTP S 1  01R=484 02R=D8 03R -- last menstrual period
  0700 DTP S 1  01R=ABC 02R=D8 03R -- estimated birth
  0700 DTP S 1  01R=431 02R=D8 03R -- onset of the illness
  0700 DTP S 1  01R=AAH 02R=D8|RD8 03R -- event
  0700 DTP S 1  01R=435 02R=D8|RD8 03R -- admission
  0700 DTP S 1  01R=096 02R=D8|RD8 03R -- discharge
  0700 DTP S 1  01R=102 02R=D8 03R -- certification issued
  0700 DTP S 1  01R=036 02R=D8 03R -- certification ends
  0700 DTP S 1  01R=007 02R=D8|RD8 03R -- certification in force
  0800 HI  S 1  01R(01R=ABF|ABJ|ABK|APR|BF|BJ|BK|DR|LOI|PR 02R 03S=D8 04S)
                02-12S(01R=ABF|ABJ|APR|BF|BJ|DR|LOI|PR 02R 03S=D8 04S) -- diagnoses
  0900 HSD S 1  01S=DY|FL|HS|MN|VS 02S 03S=DA|MO|WK|YR 04S 05S 06S 07S=@delivery
                08S=A|B|C|D|E|F|G|Y -- how the services are delivered
  1100 CL1 S 1  01S 02S 03S 04S -- institutional codes
  1200 CR1 S 1  01S=KG|LB 02S 03R=I|R|T|X 04S=A|B|C|D|E|F 05S=DH|DK 06-10S -- ambulance transport
  1300 CR2 S 1  01S 02S 03-04S 05S=DA|MO|WK|YR 06S 07S 08S 09S=N|Y 10S 11S 12S=N|Y
                -- spinal manipulation
  1400 CR5 S 1  03-04S 05S 06S 07-11S 12S 13-15S 16S 17S 18S -- home oxygen
  1500 CR6 S 1  01R=1|2|3|4|5|6|7|8 02R 03S=RD8 04S 07S=N|U|W|Y 08S=1|2|3|4|I|R|S 09S -- home health
  1550 PWK S 10  01R 02R=AA|BM|EL|EM|FX|VO 05S=AC 06S 07S -- attachment
  1600 MSG S 1  01R -- message
  1700 loop 2010EA S 14 -- event's provider
    1700 NM1 R 1  01R=@event_provider 02R=1|2 03-07S 08S=24|34|46|XX 09S -- event's provider
    1800 REF S 8  01R=0B|1G|1J|EI|N5|N7|SY|ZH 02R 03S -- provider's other id
    2000 N3  S 1  01R 02S -- provider's address
    2100 N4  S 1  01R 02S#state 03S 04S#country 07S -- provider's city
    2200 PER S 1  01R=IC 02S 03S=EM|FX|TE|UR 04S 05S=EM|EX|FX|TE|UR 06S 07S=EM|EX|FX|TE|UR 08S
                  -- provider's contact
    2300 AAA S 9  01R=N|Y 03R 04R=@follow_up -- request refused
    2400 PRV S 1  01R=@role 02R=PXC 03R#taxonomy -- provider's specialty
  1700 loop 2010EB S 1 -- where more about the patient is to be sent
    1700 NM1 R 1  01R=1P|2B|ABG|PR|X3 02R=1|2 03-05S 07S 08S=@umo_id 09S -- contact
    2000 N3  S 1  01R 02S -- contact's address
    2100 N4  S 1  01R 02S#state 03S 04S#country 07S -- contact's city
    2200 PER S 3  01R=IC 02S 03S=EM|FX|TE|UR 04S 05S=EM|EX|FX|TE|UR 06S 07S=EM|EX|FX|TE|UR 08S
                  -- contact
  1700 loop 2010EC S 5 -- stop of the transport
    1700 NM1 R 1  01R=@stop 02R=2 03S -- stop of the transport
    2000 N3  R 1  01R 02S -- stop's address
    2100 N4  R 1  01R 02S#state 03S 04S#country 07S -- stop's city
    2300 AAA S 9  01R=N|Y 03R 04R=@follow_up -- request refused
  1800 loop 2000F S >1 -- service level
    0100 HL  R 1  01R 02R 03R=SS 04R=0
    0200 TRN S 3  01R=1|2 02R 03R 04S -- service's trace number
    0300 AAA S 9  01R=N|Y 03R 04R=@follow_up -- request refused
    0400 UM  S 1  01R=HS|SC 02S=1|2|3|4|I|N|R|S 03S=@service_type 04S(01R 02R=A|B) -- review asked for
    0500 HCR S 1  01R=A1|A2|A3|A4|A6|C|CT|NA 02S 03S 04S=N|Y -- decision
    0600 REF S 1  01R=BB 02R -- authorization number of before
    0600 REF S 1  01R=NT 02R -- administrative number of before
    0700 DTP S 1  01R=472 02R=D8|RD8 03R -- service date
    0700 DTP S 1  01R=102 02R=D8 03R -- certification issued
    0700 DTP S 1  01R=036 02R=D8 03R -- certification ends
    0700 DTP S 1  01R=007 02R=D8|RD8 03R -- certification in force
    0720 HI  S 1  01R(01R=LOI 02R) 02-12S(01R=LOI 02R) -- reviewer's criteria
    0750 SV1 S 1  01R(01R=HC|IV|N4|WK|ZZ 02R 03-06S 07S 08S) 02S 03S=F2|MJ|UN 04S 07S(01R 02-04S)
                  11S=N|Y 20S -- professional service
    0760 SV2 S 1  01S 02S(01R=HC|ID|IV|N4|WK|ZZ 02R 03-06S 07S 08S) 03S 04S=DA|F2|UN 05S 06S 09S 10S
                  -- institutional service
    0770 SV3 S 1  01R(01R=AD 02R 03-06S 07S 08S) 02S 04S(01R 02-05S) 05S=I|R 06S 07S -- dental service
    0780 TOO S 32  01R=JP 02S 03S(01R 02-05S) -- tooth
    0900 HSD S 1  01S=DY|FL|HS|MN|VS 02S 03S=DA|MO|WK|YR 04S 05S 06S 07S=@delivery
                  08S=A|B|C|D|E|F|G|Y -- how the services are delivered
    1550 PWK S 10  01R 02R=AA|BM|EL|EM|FX|VO 05S=AC 06S 07S -- attachment
    1600 MSG S 1  01R -- message
    1700 loop 2010FA S 12 -- service's provider
      1700 NM1 R 1  01R=@event_provider 02R=1|2 03-07S 08S=24|34|46|XX 09S -- service's provider
      1800 REF S 8  01R=0B|1G|1J|EI|N5|N7|SY|ZH 02R 03S -- provider's other id
      2000 N3  S 1  01R 02S -- provider's address
      2100 N4  S 1  01R 02S#state 03S 04S#country 07S -- provider's city
      2200 PER S 1  01R=IC 02S 03S=EM|FX|TE|UR 04S 05S=EM|EX|FX|TE|UR 06S 07S=EM|EX|FX|TE|UR 08S
                    -- provider's contact
      2300 AAA S 9  01R=N|Y 03R 04R=@follow_up -- request refused
      2400 PRV S 1  01R=@role 02R=PXC 03R#taxonomy -- provider's specialty
    1700 loop 2010FB S 1 -- where more about the service is to be sent
      1700 NM1 R 1  01R=1P|2B|ABG|PR|X3 02R=1|2 03-05S 07S 08S=@umo_id 09S -- contact
      2000 N3  S 1  01R 02S -- contact's address
      2100 N4  S 1  01R 02S#state 03S 04S#country 07S -- contact's city
      2200 PER S 3  01R=IC 02S 03S=EM|FX|TE|UR 04S 05S=EM|EX|FX|TE|UR 06S 07S=EM|EX|FX|TE|UR 08S
                    -- contact
"""

GUIDES = (
    Guide(
        kind="278",
        version="005010X217",
        functional_id="HI",
        outline=_REQUEST,
        codes=_CODES,
        purposes=frozenset({"01", "13", "36"}),
    ),
    Guide(
        kind="278",
        version="005010X217",
        functional_id="HI",
        outline=_ANSWER,
        codes=_CODES,
        purposes=frozenset({"11"}),
    ),
)
