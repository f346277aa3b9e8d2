"""Where codes of outside sets stand in a segment, so that a caller who has the sets can put them into words."""

from collections.abc import Callable, Mapping, Sequence

# By the names of `validation_options.Options.code_sets`: the words for a code, "" where there are none.
Titles = Mapping[str, Callable[[str], str]]
NO_TITLES: Titles = {}

_REASONS = frozenset((2, 5, 8, 11, 14, 17))
_DIAGNOSES = frozenset(("ABK", "ABF", "ABJ", "ABN", "APR"))
_PROCEDURES = frozenset((("SV1", 1), ("SV2", 2), ("SVC", 1), ("SVC", 6), ("SVD", 3)))
# CLM05-2: the code before it is a place of service, and not a type of bill.
_PLACE = "B"


def words(segment: Sequence[str], number: int, parts: Sequence[str], titles: Titles) -> str:
    """What the code in element `number`, cut into `parts`, means; "" where nobody says."""
    name, code = _outside(segment, number, parts)
    title = titles.get(name)
    return title(code) if title is not None and code else ""


def _outside(segment: Sequence[str], number: int, parts: Sequence[str]) -> tuple[str, str]:
    """The name of the set and the code."""
    tag, first, second = segment[0], parts[0], parts[1] if len(parts) > 1 else ""
    if tag == "CAS" and number in _REASONS:
        return "carc", first
    if tag == "HI" and first in _DIAGNOSES:
        return "icd10", second
    if (tag, number) in _PROCEDURES and first == "HC":
        return "hcpcs", second
    if (tag, number) == ("SV1", 5) or ((tag, number) == ("CLM", 5) and second == _PLACE):
        return "place", first
    if (tag, number) == ("PRV", 3) and segment[2] == "PXC":
        return "taxonomy", first
    return "", ""
