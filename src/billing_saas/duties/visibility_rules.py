"""Roles and the classes of field each sees (45 CFR 164.502(b), minimum necessary): one readable table.

What a role may do stands in `identity.rules`; here stands how much of it is shown.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Field(StrEnum):
    """Classes of field, in the order of the table below."""

    DEMOGRAPHICS = "demographics"
    """Name, birth date, sex."""
    CONTACT = "contact"
    """Address, telephone, e-mail."""
    IDENTIFIERS = "identifiers"
    """Member id, medical record number, social security number, account numbers."""
    DIAGNOSES = "diagnoses"
    PROCEDURES = "procedures"
    AMOUNTS = "amounts"


EVERY_FIELD = frozenset(Field)

# x: sees it. ?: sees it where the practice says so. .: does not.
#                        demographics
#                        . contact
#                        . . identifiers
#                        . . . diagnoses
#                        . . . . procedures
#                        . . . . . amounts
_TABLE = (
    ("biller",            "x x x x x x"),
    ("coder",             "x . x x x ."),
    ("front_desk",        "x x x ? ? x"),
    ("provider",          "x x x x x ."),
    ("practice_admin",    "x x x x x x"),
    ("supervisor",        "x x x x x x"),
    ("auditor",           ". . . . . ."),
    ("reviewer",          "x . . x x x"),
    ("emergency",         "x x x x x x"),
    ("emergency_patient", "x x x x x x"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """What one role sees: always, and where the practice says so."""

    always: frozenset[Field]
    if_said: frozenset[Field]


def _marked(marks: str, letter: str) -> frozenset[Field]:
    return frozenset(
        field for field, mark in zip(Field, marks.split(), strict=True) if mark == letter
    )


TABLE: dict[str, Shown] = {
    role: Shown(_marked(marks, "x"), _marked(marks, "?")) for role, marks in _TABLE
}


@dataclass(frozen=True, slots=True)
class Sight:
    """The classes of field that somebody sees here and now."""

    fields: frozenset[Field]

    def sees(self, field: Field) -> bool:
        return field in self.fields

    def masked(self, *asked: Field) -> tuple[str, ...]:
        """Those of `asked` that are not shown: what an answer lists beside its empty values."""
        return tuple(field.value for field in asked if field not in self.fields)


EVERYTHING = Sight(EVERY_FIELD)


def always(roles: Iterable[str]) -> frozenset[Field]:
    return frozenset[Field]().union(*(TABLE[role].always for role in roles))


def if_said(roles: Iterable[str]) -> frozenset[Field]:
    return frozenset[Field]().union(*(TABLE[role].if_said for role in roles))
