"""Who is too young to be written to about money."""

from datetime import date

# The age of majority is 18 but in three states: Ala. Code 26-1-1; Neb. Rev. Stat. 43-2101; Miss. Code
# 1-3-27. Data, by the state of the patient's address.
OF_AGE = 18
OF_AGE_IN = {"AL": 19, "NE": 19, "MS": 21}


def is_minor(born: date, today: date, state: str) -> bool:
    years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return years < OF_AGE_IN.get(state, OF_AGE)


def youngest_decade(today: date) -> int:
    """Who was born in an earlier decade is of age everywhere."""
    return (today.year - max(OF_AGE_IN.values())) // 10 * 10
