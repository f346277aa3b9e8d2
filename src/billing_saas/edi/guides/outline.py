"""The notation in which the guides are written down, and what it is read into.

    table 1
    0200 loop 1000A R 1 -- submitter
      0200 NM1 R 1  01R=41 02R=1|2 03R 04S 05S 08R=46 09R
      0450 PER R 2  01R=IC 02S 03R=EM|FX|TE 04R
    table 2
    1300 use 2300 S 100
    block 2300 -- claim
      1300 CLM R 1  01R 02R 05R(01R#place 02R=B 03R) ...

A line is a position (segments and loops of the same position may come in any order), a segment or
a loop, its usage (R required, S situational) and how often it may stand (>1 is without limit).
An element is its position, usage, repeats if more than one (`03S*99`), its codes (`=A|B`, or
`=@name` for a list given beside the outline; `_` is a blank) and the outside code set that it
comes from (`#place`). `02-12S(...)` says the same of elements 2 to 12; parentheses hold the
components of a composite; `!` marks a code that is needed to tell two uses of a segment apart.
What is not listed is not used. `block` is a loop that stands in several places; where those have
ids of their own, `block 2200*` is used as `2200*D` and `2200*E`, and `*` in it is that letter.
Lines that begin with an element go on from the line before; what follows ` -- ` is a label.
"""

import re
from collections.abc import Mapping

import msgspec

from billing_saas.edi.guides import dictionary
from billing_saas.edi.guides.dictionary import Condition, Element

UNLIMITED = 0
# Tables follow each other although their positions start again.
_TABLE = 100_000
_TOKEN = re.compile(
    r"(?P<first>\d\d)(?:-(?P<last>\d\d))?(?P<usage>[RS])(?:\*(?P<repeat>\d+))?"
    r"(?P<mark>!?)(?:=(?P<codes>[^\s()#]+))?(?:#(?P<outside>[a-z_]+))?(?P<open>\()?"
)
# Where a segment says which of its uses it is: its first element, but for these.
_QUALIFIED_BY = {"HL": (3, 0), "HI": (1, 1), "CTX": (1, 1), "LIN": (2, 0), "STC": (1, 1)}
# Ids whose uses are never told apart by a code, so that the code is a plain element.
_UNQUALIFIED_IDS = "CAS SBR CLM CLP CR1 CR2 CR3 CR5 CR6 EB BPR BHT SV5 IK3 IK5 UM"
_UNQUALIFIED = frozenset(_UNQUALIFIED_IDS.split())


class ElementUse(msgspec.Struct, frozen=True):
    """An element or a component as a guide uses it. `components` is empty for a simple one."""

    position: int
    required: bool
    repeat: int
    codes: frozenset[str]
    tells: bool
    outside: str
    element: Element
    components: tuple["ElementUse | None", ...] = ()


class SegmentUse(msgspec.Struct, frozen=True):
    """`elements` are those of the standard in order; None is "not used"."""

    id: str
    position: int
    required: bool
    maximum: int
    label: str
    elements: tuple[ElementUse | None, ...]
    conditions: tuple[Condition, ...]
    qualifier: tuple[int, int] | None
    codes: frozenset[str]


class LoopUse(msgspec.Struct, frozen=True):
    id: str
    position: int
    required: bool
    maximum: int
    label: str
    members: tuple["SegmentUse | LoopUse", ...]

    @property
    def entry(self) -> SegmentUse:
        first = self.members[0]
        assert isinstance(first, SegmentUse)
        return first


class _Line(msgspec.Struct):
    indent: int
    words: list[str]
    body: str
    label: str
    under: list["_Line"]


def read(text: str, codes: Mapping[str, str] | None = None) -> LoopUse:
    """The outline of a guide as one loop that holds everything between ST and SE."""
    reader = _Reader({name: frozenset(words.split()) for name, words in (codes or {}).items()})
    return reader.root(_lines(text))


def _lines(text: str) -> list[_Line]:
    roots: list[_Line] = []
    stack: list[_Line] = []
    for raw in text.splitlines():
        content, _, label = (" " + raw.strip()).partition(" -- ")
        content = content.strip()
        if not content and not label:
            continue
        if not re.match(r"\d{4} |table |block ", content):
            stack[-1].body += " " + content
            stack[-1].label = stack[-1].label or label.strip()
            continue
        indent = len(raw) - len(raw.lstrip())
        wanted = 2 if content[0] in "tb" else 4
        words = content.split(None, wanted)
        body = words.pop() if len(words) > wanted else ""
        if words[1] in {"loop", "use"}:
            # "0200 loop 1000A R 1": one word more than a segment has.
            words.append(body)
            body = ""
        line = _Line(indent, words, body, label.strip(), [])
        while stack and stack[-1].indent >= indent:
            stack.pop()
        (stack[-1].under if stack else roots).append(line)
        stack.append(line)
    return roots


class _Reader:
    def __init__(self, codes: dict[str, frozenset[str]]) -> None:
        self._codes = codes
        self._blocks: dict[str, _Line] = {}
        self._letter = ""

    def root(self, lines: list[_Line]) -> LoopUse:
        self._blocks = {line.words[1]: line for line in lines if line.words[0] == "block"}
        members = [
            self._member(line, int(table.words[1]) * _TABLE)
            for table in lines
            if table.words[0] == "table"
            for line in table.under
        ]
        return LoopUse("", 0, True, 1, "transaction set", tuple(members))

    def _member(self, line: _Line, base: int) -> SegmentUse | LoopUse:
        position = base + int(line.words[0])
        if line.words[1] == "loop":
            return self._loop(line, position, line.words[2:5])
        if line.words[1] == "use":
            return self._use(line, position)
        return self._segment(line, position)

    def _use(self, line: _Line, position: int) -> LoopUse:
        name, usage, most = line.words[2:5]
        stem, star, letter = name.partition("*")
        outer, self._letter = self._letter, letter or self._letter
        found = self._loop(self._blocks[stem + star], position, [stem + letter, usage, most])
        self._letter = outer
        return found

    def _loop(self, line: _Line, position: int, words: list[str]) -> LoopUse:
        members = tuple(self._member(under, 0) for under in line.under)
        loop_id, usage, most = words
        loop_id = loop_id.replace("*", self._letter)
        return LoopUse(loop_id, position, usage == "R", _most(most), line.label, members)

    def _segment(self, line: _Line, position: int) -> SegmentUse:
        _, segment_id, usage, most = line.words
        standard = dictionary.segments()[segment_id]
        used = dict(self._tokens(line.body, standard.parts))
        elements = tuple(used.get(number) for number in range(1, len(standard.parts) + 1))
        qualifier, accepted = _qualifier(segment_id, elements)
        return SegmentUse(
            segment_id,
            position,
            usage == "R",
            _most(most),
            line.label,
            elements,
            standard.conditions,
            qualifier,
            accepted,
        )

    def _tokens(self, text: str, parts: tuple[str, ...]) -> list[tuple[int, ElementUse]]:
        found: list[tuple[int, ElementUse]] = []
        at = 0
        while at < len(text):
            if text[at] == " ":
                at += 1
                continue
            token = _TOKEN.match(text, at)
            if token is None:
                raise ValueError(f"not an element of an outline: {text[at : at + 20]!r}")
            at = token.end()
            inside = ""
            if token["open"]:
                end = text.index(")", at)
                inside, at = text[at:end], end + 1
            first = int(token["first"])
            found += [
                (position, self._element(token, position, parts, inside))
                for position in range(first, int(token["last"] or first) + 1)
            ]
        return found

    def _element(
        self, token: re.Match[str], position: int, parts: tuple[str, ...], inside: str
    ) -> ElementUse:
        reference = parts[position - 1]
        components: tuple[ElementUse | None, ...] = ()
        if inside:
            composite = dictionary.composites()[reference]
            used = dict(self._tokens(inside, composite.parts))
            components = tuple(used.get(at) for at in range(1, len(composite.parts) + 1))
            element = Element(reference, "", 0, 0, composite.name)
        else:
            element = dictionary.elements()[reference]
        return ElementUse(
            position,
            token["usage"] == "R",
            int(token["repeat"] or 1),
            self._code_list(token["codes"] or ""),
            bool(token["mark"]),
            token["outside"] or "",
            element,
            components,
        )

    def _code_list(self, text: str) -> frozenset[str]:
        if text.startswith("@"):
            return self._codes[text[1:]]
        return frozenset(code.replace("_", " ") for code in text.split("|") if code)


def _most(word: str) -> int:
    return UNLIMITED if word == ">1" else int(word)


def _qualifier(
    segment_id: str, elements: tuple[ElementUse | None, ...]
) -> tuple[tuple[int, int] | None, frozenset[str]]:
    """Which element tells this use of a segment from another, and the codes it has here."""
    position, component = _QUALIFIED_BY.get(segment_id, (1, 0))
    chosen = elements[position - 1]
    if chosen is not None and component:
        chosen = chosen.components[component - 1] if chosen.components else None
    if chosen is None or not chosen.codes or not chosen.required or segment_id in _UNQUALIFIED:
        return None, frozenset()
    return (position, component), chosen.codes
