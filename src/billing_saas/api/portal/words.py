"""Every word of the portal, in every language: what is not here, a page cannot say.

A line is a key and its text in English and Spanish; `{…}` is filled in by the page. Rooms of pages keep
their own table (`door_words`, …) and are gathered here. A test holds both languages to be complete, to
have the same places, and every key to be used.
"""

from collections.abc import Mapping

from billing_saas.api.portal import door_words, words_money, words_record

Words = Mapping[str, tuple[str, str]]
LANGUAGES = ("en", "es")
NAMES = {"en": "English", "es": "Español"}

TABLES: tuple[Words, ...] = (door_words.WORDS, words_money.WORDS, words_record.WORDS)
WORDS: dict[str, tuple[str, str]] = {key: said for table in TABLES for key, said in table.items()}


def say(language: str, key: str, **filled: object) -> str:
    """The text of `key`; `KeyError` for what nobody wrote."""
    text = WORDS[key][LANGUAGES.index(language)]
    return text.format(**filled) if filled else text


_MONTHS = (
    ("January", "enero"),
    ("February", "febrero"),
    ("March", "marzo"),
    ("April", "abril"),
    ("May", "mayo"),
    ("June", "junio"),
    ("July", "julio"),
    ("August", "agosto"),
    ("September", "septiembre"),
    ("October", "octubre"),
    ("November", "noviembre"),
    ("December", "diciembre"),
)


def month_name(language: str, month: int) -> str:
    return _MONTHS[month - 1][LANGUAGES.index(language)]


def long_day(language: str, year: int, month: int, day: int) -> str:
    """`November 22, 2026`; `22 de noviembre de 2026`."""
    name = month_name(language, month)
    return f"{day} de {name} de {year}" if language == "es" else f"{name} {day}, {year}"


def time_of_day(language: str, hour: int, minute: int) -> str:
    """`2:05 PM`; `2:05 p. m.`: twelve hours, as both languages' readers in the United States have it."""
    half = ("AM", "PM") if language == "en" else ("a. m.", "p. m.")
    return f"{(hour - 1) % 12 + 1}:{minute:02} {half[hour >= 12]}"


def preferred(accepted: str) -> str:
    """The first of our languages that a browser asks for (RFC 9110, 12.5.4), by its order alone."""
    for one in accepted.lower().split(","):
        primary = one.split(";")[0].strip().split("-")[0]
        if primary in LANGUAGES:
            return primary
    return LANGUAGES[0]
