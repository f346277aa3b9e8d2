"""What is laid open to the guarantor and agreed to, in English and Spanish. No name, nothing medical.

A consent remembers the version and a digest of these words as they were shown: change a word and the
version rises. `tests/plans/test_words.py` pins them.
"""

import hashlib
from collections.abc import Sequence
from datetime import date

import msgspec

from billing_saas.kit import money
from billing_saas.plans.rules import Arithmetic, Instalment, Language

VERSION = "2026-11"

_MONTHS = {
    "en": (
        *("January", "February", "March", "April", "May", "June", "July", "August"),
        *("September", "October", "November", "December"),
    ),
    "es": (
        *("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto"),
        *("septiembre", "octubre", "noviembre", "diciembre"),
    ),
}


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the words are made of."""

    language: Language
    practice: str
    number: str
    sum: Arithmetic
    instalments: tuple[Instalment, ...]
    grace_days: int
    notice_days: int
    autopay: bool
    truth_in_lending: bool


def day(when: date, language: Language) -> str:
    month = _MONTHS[language][when.month - 1]
    if language == "es":
        return f"{when.day} de {month} de {when.year}"
    return f"{month} {when.day}, {when.year}"


def arithmetic(of: Arithmetic, language: Language) -> str:
    """The division as one would do it on paper."""
    total, each = money.dollars(of.total_cents), money.dollars(of.base_cents)
    if not of.one_more:
        return f"{total} ÷ {of.count} = {each}"
    more = money.dollars(of.base_cents + 1)
    if language == "es":
        return (
            f"{total} ÷ {of.count} = {each}, y sobran {of.one_more} ¢:"
            f" {of.one_more} × {more} + {of.count - of.one_more} × {each} = {total}"
        )
    return (
        f"{total} ÷ {of.count} = {each}, and {of.one_more} ¢ remain:"
        f" {of.one_more} × {more} + {of.count - of.one_more} × {each} = {total}"
    )


def rows(instalments: Sequence[Instalment], language: Language) -> list[tuple[str, str, str]]:
    """Number, day and amount of each."""
    return [
        (str(one.n), day(one.due_on, language), money.dollars(one.cents)) for one in instalments
    ]


def agreement(terms: Terms) -> list[str]:
    """The paragraphs of the agreement."""
    made = _agreement_es(terms) if terms.language == "es" else _agreement_en(terms)
    return [arithmetic(terms.sum, terms.language), *made]


def _agreement_en(terms: Terms) -> list[str]:
    total = money.dollars(terms.sum.total_cents)
    said = [
        f"I owe {terms.practice} {total} and will pay it in {terms.sum.count} monthly instalments on the"
        " days and in the amounts listed.",
        "There is no interest, no fee and no finance charge. I may pay more, or all of it, at any time, and"
        " owe nothing extra for it.",
        "If what I owe becomes less, for example because insurance pays, I pay only what is still owed.",
        f"If an instalment is not paid on its day, I am told, and have {terms.grace_days} days from its day"
        " to pay it. After that this plan ends and the rest is due as before.",
        "While I keep to this plan, no reminders of this bill are sent. I may end this plan at any time;"
        " what is still owed is then due as before. A change is made by a new agreement.",
    ]
    if terms.truth_in_lending:
        said.insert(
            2,
            f"ANNUAL PERCENTAGE RATE 0.00%. FINANCE CHARGE $0.00. Amount financed {total}. Total of"
            f" payments {total}, in {terms.sum.count} payments as listed. Paying early costs nothing."
            " There is no charge for a late payment and no security interest.",
        )
    return said


def _agreement_es(terms: Terms) -> list[str]:
    total = money.dollars(terms.sum.total_cents)
    said = [
        f"Debo {total} a {terms.practice} y lo pagaré en {terms.sum.count} cuotas mensuales, en las fechas y"
        " por los importes indicados.",
        "No hay intereses, comisiones ni cargo financiero. Puedo pagar más, o todo, en cualquier momento, sin"
        " ningún costo adicional.",
        "Si lo que debo disminuye, por ejemplo porque el seguro paga, solo pago lo que aún se deba.",
        f"Si una cuota no se paga en su fecha, se me avisará y tendré {terms.grace_days} días desde esa fecha"
        " para pagarla. Después este plan termina y el resto se debe como antes.",
        "Mientras cumpla este plan no se envían recordatorios de esta cuenta. Puedo terminar este plan en"
        " cualquier momento; lo que aún se deba se pagará entonces como antes. Los cambios se hacen con un"
        " acuerdo nuevo.",
    ]
    if terms.truth_in_lending:
        said.insert(
            2,
            f"TASA DE PORCENTAJE ANUAL 0.00%. CARGO FINANCIERO $0.00. Monto financiado {total}. Total de"
            f" pagos {total}, en {terms.sum.count} pagos como se indica. Pagar antes no cuesta nada. No hay"
            " cargo por pago atrasado ni garantía.",
        )
    return said


def future_charges(terms: Terms) -> str:
    """The consent of its own for charging a saved card; empty where the plan charges none."""
    if not terms.autopay:
        return ""
    if terms.language == "es":
        return (
            f"Autorizo a {terms.practice} a guardar mi tarjeta con su procesador de pagos y a cobrarle cada"
            " cuota de este plan en su fecha, nunca más de lo que aún se deba. Se me avisa"
            f" {terms.notice_days} días antes de cada cobro. Si un cobro es rechazado, puede intentarse hasta"
            " tres veces más dentro del plazo de gracia. Puedo retirar esta autorización en cualquier"
            " momento y pagar de otra manera."
        )
    return (
        f"I authorize {terms.practice} to keep my card with its payment processor and to charge it for each"
        " instalment of this plan on its day, never more than is still owed. I am told"
        f" {terms.notice_days} days before each charge. If a charge is declined, it may be tried up to three"
        " more times within the days of grace. I may withdraw this authorization at any time and pay in"
        " another way."
    )


def full_text(terms: Terms) -> str:
    """All that is agreed to, as the digest is taken of it."""
    listed = [" · ".join(row) for row in rows(terms.instalments, terms.language)]
    parts = [terms.number, *agreement(terms), *listed, future_charges(terms)]
    return "\n".join(part for part in parts if part)


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
