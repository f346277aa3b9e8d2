"""What is known of a patient, and when two records are of one person."""

from datetime import date

import msgspec

from billing_saas.edi.parties import Address
from billing_saas.phi import rules as phi_rules
from billing_saas.phi.sealing import Document

SEXES = ("F", "M", "U")


class Demographics(Document, kw_only=True, omit_defaults=True):
    """`patient.phi_demo`. Text that is not known is empty. `sex` is F, M or U (X12 element 1068)."""

    last_name: str
    first_name: str = ""
    middle_name: str = ""
    suffix: str = ""
    birth_date: date | None = None
    sex: str = ""
    address: Address | None = None
    phones: tuple[str, ...] = ()
    email: str = ""
    ssn: str = ""
    medical_record_number: str = ""


class NameOnly(Document, omit_defaults=True):
    """`patient.name_ct`: small, because a search by name opens one for every patient."""

    last_name: str
    first_name: str = ""
    birth_date: date | None = None


class Coarse(msgspec.Struct, frozen=True):
    """What of a patient stands in plain columns: no more than a limited data set may hold."""

    state: str
    zip3: str
    birth_decade: int | None


def name_only(demographics: Demographics) -> NameOnly:
    return NameOnly(demographics.last_name, demographics.first_name, demographics.birth_date)


def coarse(demographics: Demographics) -> Coarse:
    # 45 CFR 164.514(e): state and ZIP code are allowed; three digits are enough for our reports.
    address = demographics.address or Address()
    state = address.state if len(address.state) == 2 and address.state.isalpha() else ""
    zip3 = address.postal_code[:3]
    born = demographics.birth_date
    return Coarse(
        state=state.upper(),
        zip3=zip3 if zip3.isascii() and zip3.isdigit() and len(zip3) == 3 else "",
        birth_decade=born.year // 10 * 10 if born else None,
    )


def faults(demographics: Demographics, today: date | None = None) -> dict[str, str]:
    """Field name to what is wrong with it; empty when nothing is."""
    found = {}
    if not phi_rules.name_1(demographics.last_name):
        found["last_name"] = "A patient needs a last name."
    if demographics.sex and demographics.sex not in SEXES:
        found["sex"] = "The sex is F, M or U."
    if today and demographics.birth_date and demographics.birth_date > today:
        found["birth_date"] = "The birth date lies in the future."
    return found


def same_name_and_day(one: Demographics | NameOnly, other: Demographics | NameOnly) -> bool:
    """Equal last name, first name and birth date, compared as the blind index compares them."""
    return (
        one.birth_date is not None
        and one.birth_date == other.birth_date
        and phi_rules.name_1(one.last_name) == phi_rules.name_1(other.last_name)
        and phi_rules.name_1(one.first_name) == phi_rules.name_1(other.first_name)
    )


def is_same_person(known: Demographics, seen: Demographics, *, shares_policy: bool) -> bool:
    """Whether `seen` may be filed under `known` without asking anyone.

    Two people can share a name and a birth date, and showing one the other's bills is worse than
    keeping a person twice: something more must agree (a policy, a record number, an SSN or a ZIP
    code), and nothing that is known of both may differ but what changes in a life.
    """
    if not same_name_and_day(known, seen) or _differ(known.sex, seen.sex):
        return False
    if _differ(_digits(known.ssn), _digits(seen.ssn)):
        return False
    if shares_policy or _agree(_digits(known.ssn), _digits(seen.ssn)):
        return True
    if _agree(
        phi_rules.identifier_1(known.medical_record_number),
        phi_rules.identifier_1(seen.medical_record_number),
    ):
        return True
    return _agree(_zip5(known), _zip5(seen))


def amended(known: Demographics, seen: Demographics) -> Demographics:
    """`known` with what `seen` says anew: the later word counts, silence changes nothing."""
    changes = {
        field: value
        for field in known.__struct_fields__
        if (value := getattr(seen, field)) and value != getattr(known, field)
    }
    if _plainly(known.last_name, known.first_name) == _plainly(seen.last_name, seen.first_name):
        changes.pop("last_name", None)
        changes.pop("first_name", None)
    if changes.get("sex") == "U":
        del changes["sex"]
    return msgspec.structs.replace(known, **changes) if changes else known


def begins(name: NameOnly, last: str, first: str) -> bool:
    """Whether a name begins as typed; `last` and `first` are in their normal form (`name_1`)."""
    return phi_rules.name_1(name.last_name).startswith(last) and (
        not first or phi_rules.name_1(name.first_name).startswith(first)
    )


def comparable(name: str) -> str:
    """A name without case, marks or punctuation, as the blind index compares it."""
    return phi_rules.name_1(name)


def _plainly(*names: str) -> tuple[str, ...]:
    return tuple(phi_rules.name_1(name) for name in names)


def _agree(one: str, other: str) -> bool:
    return bool(one) and one == other


def _differ(one: str, other: str) -> bool:
    return bool(one) and bool(other) and one != other and "U" not in (one, other)


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def _zip5(demographics: Demographics) -> str:
    return demographics.address.postal_code[:5] if demographics.address else ""
