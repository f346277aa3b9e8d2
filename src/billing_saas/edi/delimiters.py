"""The four separators, read from the ISA and nowhere else (X12.5)."""

import msgspec

# The ISA is the only segment of fixed width: its 16 elements start after these bytes.
ISA_LENGTH = 106
_SEPARATORS = (3, 6, 17, 20, 31, 34, 50, 53, 69, 76, 81, 83, 89, 99, 101, 103)
BLANKS = " \t\r\n\x00\x1a"  # files end in 0x1A or padding more often than one would like


class Unreadable(Exception):
    """Nothing in this interchange can be read. Holds no patient data.

    `ack_code` is the TA105 that says so ("" when there is nobody to answer); `isa` holds the
    elements of a faulty ISA as far as they could be told apart, for the TA1.
    """

    def __init__(
        self, message: str, *, code: str, offset: int = 0, ack_code: str = "", isa: str = ""
    ) -> None:
        super().__init__(f"{message} (at byte {offset})")
        self.message = message
        self.code = code
        self.offset = offset
        self.ack_code = ack_code
        self.isa = tuple(isa.split(isa[3])) if len(isa) > 3 else ()


class Delimiters(msgspec.Struct, frozen=True):
    """`repetition` is None before 00402, where ISA11 is a standards id ("U")."""

    element: str
    repetition: str | None
    component: str
    segment: str


STANDARD = Delimiters("*", "^", ":", "~")


def _alphanumeric(character: str) -> bool:
    # Bytes above 0x7F are letters to Latin-1 but are accepted where the ISA names them.
    return character.isascii() and character.isalnum()


def _unusable(character: str) -> bool:
    return _alphanumeric(character) or character in BLANKS


def split_isa(text: str, offset: int) -> tuple[Delimiters, list[str], int]:
    """Delimiters, elements and end of the ISA at the start of `text` (needs 120 characters)."""
    isa = text[:ISA_LENGTH]

    def unreadable(message: str, code: str, ack_code: str) -> Unreadable:
        return Unreadable(message, code=code, offset=offset, ack_code=ack_code, isa=isa[:105])

    element = isa[3]
    if _unusable(element):
        raise unreadable("the element separator after ISA is not usable", "isa_separator", "026")
    if len(isa) < ISA_LENGTH or any(isa[at] != element for at in _SEPARATORS):
        raise unreadable("the ISA segment is not 106 characters long", "isa_length", "022")
    if isa[:104].count(element) != len(_SEPARATORS):
        raise unreadable("an ISA element holds the element separator", "isa_separator", "022")
    terminator, end = _terminator(text)
    if _alphanumeric(terminator) or terminator == " ":
        raise unreadable("the interchange has no segment terminator", "isa_terminator", "004")
    elements = isa[:105].split(element)
    component = elements[16]
    if _unusable(component):
        raise unreadable("the component separator is not usable", "isa_component", "027")
    # ISA11 became the repetition separator in 00402; some senders keep the old "U" after that.
    repetition = elements[11] if elements[12] >= "00402" else "U"
    chosen = None if _unusable(repetition) else repetition
    named = [element, component, terminator] + ([chosen] if chosen else [])
    if len(set(named)) != len(named):
        raise unreadable("two of the separators are the same", "isa_separators", "027")
    return Delimiters(element, chosen, component, terminator), elements, end


def _terminator(text: str) -> tuple[str, int]:
    """The terminator and where it ends. Some senders break the line before each terminator, so
    that byte 106 is a line feed while `~` does the work: then what follows is not a segment."""
    first = text[105]
    if first in "\r\n":
        at = 105
        while at < len(text) and text[at] in "\r\n \t":
            at += 1
        candidate = text[at : at + 1]
        if candidate and not _alphanumeric(candidate):
            return candidate, at + 1
    return first, 106
