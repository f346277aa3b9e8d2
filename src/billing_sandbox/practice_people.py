"""The invented patients, payers and clinicians of a practice. Nobody here exists.

Surnames are plants and stones so that no row can be taken for a person's; payers' names and ids
are made up. Everything follows from a `random.Random`, so a seed gives the same people again.
"""

import datetime
import random

import msgspec

from billing_saas.edi.parties import Address

FIRST_NAMES = {
    "F": ("ADA", "BEATRIX", "CORA", "DELIA", "EDITH", "FLORA", "GRETA", "HAZEL", "IDA", "JUNE"),
    "M": ("ABEL", "BRUNO", "CYRUS", "DEXTER", "EMIL", "FELIX", "GIDEON", "HUGO", "IVOR", "JONAS"),
}
SURNAMES = (
    "ACORNFIELD",
    "BASALTMAN",
    "CLOVERDALE",
    "DRIFTMOSS",
    "ELDERBUSH",
    "FERNHOLLOW",
    "GRANITEFORD",
    "HEMLOCKSON",
    "IVYRIDGE",
    "JUNIPERLEY",
    "KELPSTONE",
    "LICHENWOOD",
    "MARIGOLDER",
    "NETTLEBY",
    "OBSIDIANE",
    "PEBBLEMERE",
    "QUARTZLAND",
    "REEDMARSH",
    "SLATEHURST",
    "THISTLEDOWN",
    "UMBELLOW",
    "VERBENATH",
    "WILLOWMERE",
    "YARROWBY",
)
STREETS = ("SAMPLE ST", "INVENTED AVE", "PLACEHOLDER RD", "EXAMPLE LN", "FIXTURE CT")


class PayerIdentity(msgspec.Struct, frozen=True):
    """`filing_indicator` is SBR09: CI commercial, HM an HMO, BL, MB Medicare B, MC Medicaid."""

    name: str
    payer_id: str
    filing_indicator: str
    member_prefix: str


COMMERCIAL = (
    PayerIdentity("MERIDIAN VALLEY HEALTH PLAN", "MVHP1", "CI", "MVH"),
    PayerIdentity("LANTERN MUTUAL INSURANCE", "LNTM2", "CI", "LMI"),
    PayerIdentity("COBALT RIVER HMO", "CBRV3", "HM", "CRH"),
    PayerIdentity("HARBORLIGHT EMPLOYEE BENEFITS", "HBLT4", "CI", "HEB"),
)
MEDICARE = PayerIdentity("SANDBOX MEDICARE CONTRACTOR", "SNDMB", "MB", "9SA")
MEDICAID = PayerIdentity("SANDBOX STATE MEDICAID", "SNDMC", "MC", "SSM")


class Individual(msgspec.Struct, frozen=True, kw_only=True):
    """A person at an address. Ages and dates follow from the birth date."""

    last_name: str
    first_name: str
    sex: str
    birth_date: datetime.date
    address: Address

    def age_on(self, day: datetime.date) -> int:
        birthday_to_come = (day.month, day.day) < (self.birth_date.month, self.birth_date.day)
        return day.year - self.birth_date.year - birthday_to_come


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    payer: PayerIdentity
    member_id: str
    group_number: str = ""


class Household(msgspec.Struct, frozen=True, kw_only=True):
    """Who holds the policies (first the primary one) and who is covered by them: the holder alone,
    or the holder and a dependent with the relationship code of PAT01 (01 spouse, 19 child)."""

    holder: Individual
    dependent: Individual | None
    relationship: str
    policies: tuple[Policy, ...]


class Clinician(msgspec.Struct, frozen=True):
    last_name: str
    first_name: str
    npi: str


def npi(first_nine: int) -> str:
    """Ten digits whose last is the Luhn check digit over 80840 and the first nine (45 CFR 162)."""
    digits = f"{first_nine:09d}"
    total = 0
    for place, digit in enumerate(reversed("80840" + digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return digits + str(-total % 10)


def clinicians(chance: random.Random, count: int) -> tuple[Clinician, ...]:
    found = []
    for _ in range(count):
        sex = chance.choice("FM")
        found.append(
            Clinician(
                chance.choice(SURNAMES),
                chance.choice(FIRST_NAMES[sex]),
                # NPIs begin with 1 or 2; 1999 keeps ours together.
                npi(199_900_000 + chance.randrange(100_000)),
            )
        )
    return tuple(found)


def household(chance: random.Random, near: Address, today: datetime.date) -> Household:
    """A household that lives near the practice, with the coverage that suits its age."""
    surname = chance.choice(SURNAMES)
    address = Address(
        line1=f"{chance.randrange(1, 990)} {chance.choice(STREETS)}",
        city=near.city,
        state=near.state,
        postal_code=near.postal_code[:5] + f"{chance.randrange(1, 9999):04d}",
    )
    holder = _individual(chance, surname, address, _born(chance, today, (19, 90)))
    age = holder.age_on(today)
    dependent, relationship = None, ""
    if age < 65 and chance.random() < 0.4:
        child = age < 55 and chance.random() < 0.6
        relationship = "19" if child else "01"
        ages = (0, max(1, min(age - 18, 25))) if child else (max(19, age - 6), age + 6)
        dependent = _individual(chance, surname, address, _born(chance, today, ages))
    return Household(
        holder=holder,
        dependent=dependent,
        relationship=relationship,
        policies=_policies(chance, age, dependent is not None),
    )


def _individual(
    chance: random.Random, surname: str, address: Address, born: datetime.date
) -> Individual:
    sex = chance.choice("FM")
    return Individual(
        last_name=surname,
        first_name=chance.choice(FIRST_NAMES[sex]),
        sex=sex,
        birth_date=born,
        address=address,
    )


def _born(chance: random.Random, today: datetime.date, ages: tuple[int, int]) -> datetime.date:
    return today - datetime.timedelta(days=round(365.25 * chance.uniform(ages[0] + 0.1, ages[1])))


def _policies(chance: random.Random, age: int, family: bool) -> tuple[Policy, ...]:
    commercial = _policy(chance, chance.choice(COMMERCIAL))
    if age >= 65:
        medicare = _policy(chance, MEDICARE)
        return (medicare, commercial) if chance.random() < 0.3 else (medicare,)
    if not family and chance.random() < 0.15:
        return (_policy(chance, MEDICAID),)
    if chance.random() < 0.15:
        others = [payer for payer in COMMERCIAL if payer != commercial.payer]
        return (commercial, _policy(chance, chance.choice(others)))
    return (commercial,)


def _policy(chance: random.Random, payer: PayerIdentity) -> Policy:
    group = f"GRP{chance.randrange(10_000, 99_999)}" if payer in COMMERCIAL else ""
    return Policy(
        payer=payer,
        member_id=f"{payer.member_prefix}{chance.randrange(10_000_000, 99_999_999)}",
        group_number=group,
    )
