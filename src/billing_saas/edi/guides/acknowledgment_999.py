"""999, implementation acknowledgment: 005010X231A1."""

from billing_saas.edi.guides.catalog import Guide

_CODES = {
    "segment_error": "1 2 3 4 5 6 7 8 I4 I6 I7 I8 I9",
    "element_error": "1 2 3 4 5 6 7 8 9 10 12 13 I10 I11 I12 I13 I6 I9",
    "set_error": "1 2 3 4 5 6 7 8 9 10 11 12 13 15 16 17 18 19 23 24 25 26 27 I5 I6",
    "group_error": "1 2 3 4 5 6 10 11 12 13 14 15 16 17 18 19 23 24 25 26",
}

_OUTLINE = """
table 1
  0100 ST  R 1  01R=999 02R 03R
  0200 AK1 R 1  01R=BE|HB|HC|HI|HN|HP|HR|HS|RA 02R 03R -- group answered
  0300 loop 2000 S >1 -- set answered
    0300 AK2 R 1  01R=270|271|276|277|278|820|834|835|837 02R 03S -- set answered
    0400 loop 2100 S >1 -- segment in error
      0400 IK3 R 1  01R 02R 03S 04S=@segment_error -- segment in error
      0500 CTX S 9  01R*10(01R=SITUATIONAL_TRIGGER) 02R 03R 04S 05S(01R 02S 03S) 06S(01R 02S)
                    -- what made a rule apply
      0500 CTX S 1  01R*10(01R 02R) 02S 03S 04S 05S(01R 02S 03S) -- business unit in error
      0600 loop 2110 S >1 -- element in error
        0600 IK4 R 1  01R(01R 02S 03S) 02S 03R=@element_error 04S -- element in error
        0700 CTX S 10  01R*10(01R=SITUATIONAL_TRIGGER) 02R 03R 04S 05S(01R 02S 03S) 06S(01R 02S)
                       -- what made a rule apply
    0800 IK5 R 1  01R=A|E|M|R|W|X 02-06S=@set_error -- verdict on the set
  0900 AK9 R 1  01R=A|E|M|P|R|W|X 02-04R 05-09S=@group_error -- verdict on the group
table 2
  0800 SE  R 1  01R 02R
"""

_GUIDE = Guide(
    kind="999",
    version="005010X231A1",
    also_read=("005010X231",),
    functional_id="FA",
    outline=_OUTLINE,
    codes=_CODES,
)

GUIDES = (_GUIDE,)
