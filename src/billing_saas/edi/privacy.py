"""Which elements of a set are about a patient or member, for whoever shows segments to people."""

from billing_saas.edi.envelope import Segment

# Segments that open another part of the set: what a party's name began ends there.
_OPENS = frozenset(
    [
        "HL",
        "CLM",
        "LX",
        "CLP",
        "SVC",
        "PLB",
        "EB",
        "EQ",
        "AK2",
        "IK3",
        "AK3",
        "IK4",
        "AK4",
        "IK5",
        "AK5",
        "AK9",
        "TRN",
    ]
)
# NM101 and N101 of those who are not members or patients. A home may be a stop of a transport
# and an employer or a legal guardian tells who the member is: those stay masked.
_PUBLIC_IDS = (
    "85 87 41 40 PR PE 82 DN P3 P4 DQ DK 77 71 72 73 ZZ 1P FA TT X3 SJ AY GP P5 VN PRP SEP TTP 1T"
    " 2B 80 IN CA AAJ 13 FD DD DJ ACV BO TV"
)
_PUBLIC = frozenset(_PUBLIC_IDS.split())
_OF_A_PARTY = {"N2", "N3", "N4", "PER", "REF"}
# REF01 that name a person wherever they stand.
_PERSONAL = {"SY", "EA", "1W", "0F", "IG", "ABB"}
# Elements about a patient that stand outside the party, and free text that may be. Claim numbers
# stay readable: without them nobody can say which claim is meant.
_ALWAYS = frozenset(
    {
        ("DMG", 2),
        ("PAT", 6),
        ("INS", 12),
        ("NTE", 2),
        ("K3", 1),
        ("MSG", 1),
        ("STC", 12),
        ("PWK", 7),
        ("IK4", 4),
        ("AK4", 4),
    }
)
# Contexts (CTX01) whose value is no person's.
_OPEN_CONTEXTS = {"CLM01", "TRN02", "ENT01"}
_NAMES_AND_IDS = (3, 4, 5, 9)


class Privacy:
    """Follows one set, segment by segment: whose data an element is depends on the party before."""

    def __init__(self, component: str) -> None:
        self._component = component
        self._is_private = False

    def hidden(self, segment: Segment) -> frozenset[int]:
        """The numbers of the elements that may be about a patient; call it for each in order."""
        tag = segment[0]
        everything = frozenset(range(1, len(segment)))
        if tag in {"NM1", "N1"}:
            entity = segment[1] if len(segment) > 1 else ""
            self._is_private = entity not in _PUBLIC
            # Qualifiers say what kind of id it is; they are no one's.
            return everything & frozenset(_NAMES_AND_IDS) if self._is_private else frozenset()
        if tag in _OPENS:
            self._is_private = False
        if tag in _OF_A_PARTY and self._is_private:
            return everything - {1} if tag in {"PER", "REF"} else everything
        if tag == "REF" and len(segment) > 1 and segment[1] in _PERSONAL:
            return everything - {1}
        if tag == "CTX" and not self._is_open_context(segment):
            return everything & {1}
        return frozenset(number for number in everything if (tag, number) in _ALWAYS)

    def _is_open_context(self, segment: Segment) -> bool:
        name, _, value = "".join(segment[1:2]).partition(self._component)
        return not value or name in _OPEN_CONTEXTS
