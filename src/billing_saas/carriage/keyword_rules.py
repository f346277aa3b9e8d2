"""What a patient may answer to a text, and what it means."""

import unicodedata
from typing import Literal

from billing_saas.messages.rules import Language

Meaning = Literal["stop", "start", "help", "other"]

# 47 CFR 64.1200(a)(10): these words, and any other reasonable way, revoke consent. Carriers add START and
# HELP (CTIA, Messaging Principles 5.1.2 and 5.1.3). Spanish has its own.
_STOP: dict[str, Language] = {
    **dict.fromkeys(
        ("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"), "en"
    ),
    **dict.fromkeys(("alto", "parar", "cancelar", "baja"), "es"),
}
_START: dict[str, Language] = {
    **dict.fromkeys(("start", "unstop", "yes"), "en"),
    **dict.fromkeys(("empezar", "si"), "es"),
}
_HELP: dict[str, Language] = {
    **dict.fromkeys(("help", "info"), "en"),
    **dict.fromkeys(("ayuda",), "es"),
}
_ALONE = 2
"""A stopping word among at most so many others still stops: `please stop`, `STOP ALL`, `alto por favor`.
A sentence that holds one by chance is for a person to read."""

_REPLIES: dict[Meaning, dict[Language, str]] = {
    "stop": {
        "en": "You will get no more texts from this number. Reply START to get them again.",
        "es": "No recibirá más mensajes de este número. Responda EMPEZAR para volver a recibirlos.",
    },
    "start": {
        "en": "You will get texts from this number again. Reply STOP to opt out.",
        "es": "Volverá a recibir mensajes de este número. Responda ALTO para no recibir más.",
    },
    "help": {
        "en": "Texts about your account. For questions call the office that you know. Reply STOP to"
        " opt out. Message and data rates may apply.",
        "es": "Mensajes acerca de su cuenta. Si tiene preguntas, llame a la oficina que conoce."
        " Responda ALTO para no recibir más. Pueden aplicarse tarifas.",
    },
    "other": {
        "en": "Nobody reads texts to this number. Please call the office that you know.",
        "es": "Nadie lee los mensajes a este número. Llame a la oficina que conoce.",
    },
}


def meaning(text: str) -> tuple[Meaning, Language]:
    """Of a whole text. In doubt it stops: a person can be asked again, a wrong text cannot be unsent."""
    words = _words(text)
    joined = "".join(words)
    for word in (joined, *(words if len(words) <= _ALONE + 1 else ())):
        if word in _STOP:
            return "stop", _STOP[word]
    if joined in _START:
        return "start", _START[joined]
    if joined in _HELP:
        return "help", _HELP[joined]
    return "other", "en"


def reply(said: Meaning, language: Language) -> str:
    return _REPLIES[said][language]


def _words(text: str) -> list[str]:
    """Without case, marks and punctuation: `¡Alto!`, `Stop.`, `opt-out`."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(
        c if c.isalnum() else "" if c in "-'’" or unicodedata.combining(c) else " " for c in folded
    )
    return kept.split()
