"""A receipt on paper, in English or Spanish: nothing in it says what was treated."""

from collections.abc import Sequence
from datetime import date
from io import BytesIO
from typing import Protocol

from reportlab.lib.pagesizes import LETTER
from reportlab.pdfgen.canvas import Canvas

from billing_saas.desk.rules import Language
from billing_saas.kit import money

_MARGIN = 64
_LABELS: dict[str, dict[str, str]] = {
    "en": {
        "title": "Receipt",
        "number": "Receipt number",
        "day": "Received on",
        "who": "Received from",
        "method": "Paid by",
        "amount": "Amount",
        "applied": "Applied to your balance",
        "credit": "Kept as your credit",
        "refunded": "Given back",
        "voided": "VOID: this payment was taken back and does not count.",
        "disputed": "This payment is disputed with the card's bank.",
        "checkout": "card",
        "saved_card": "saved card",
        "cash": "cash",
        "cheque": "check",
        "money_order": "money order",
        "ending": "ending in",
    },
    "es": {
        "title": "Recibo",
        "number": "Número de recibo",
        "day": "Recibido el",
        "who": "Recibido de",
        "method": "Pagado con",
        "amount": "Importe",
        "applied": "Aplicado a su saldo",
        "credit": "A su favor",
        "refunded": "Devuelto",
        "voided": "ANULADO: este pago se retiró y no cuenta.",
        "disputed": "Este pago está en disputa con el banco de la tarjeta.",
        "checkout": "tarjeta",
        "saved_card": "tarjeta guardada",
        "cash": "efectivo",
        "cheque": "cheque",
        "money_order": "giro postal",
        "ending": "terminado en",
    },
}


class Receipt(Protocol):
    """What of a receipt stands on paper."""

    @property
    def number(self) -> int: ...
    @property
    def practice_name(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def paper_number(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def amount_cents(self) -> int: ...
    @property
    def refunded_cents(self) -> int: ...
    @property
    def applied_cents(self) -> int: ...
    @property
    def credit_cents(self) -> int: ...
    @property
    def received_on(self) -> date: ...


def drawn(receipt: Receipt, name: str, language: Language) -> bytes:
    said = _LABELS[language]
    out = BytesIO()
    canvas = Canvas(out, pagesize=LETTER, invariant=1, lang=language)
    canvas.setTitle(f"{said['title']} {receipt.number:06d}")
    y = LETTER[1] - _MARGIN
    canvas.setFont("Helvetica-Bold", 12)
    canvas.drawString(_MARGIN, y, _printable(receipt.practice_name))
    canvas.setFont("Helvetica-Bold", 18)
    canvas.drawString(_MARGIN, y - 30, said["title"])
    y -= 64
    for label, value in _rows(receipt, name, said, language):
        canvas.setFont("Helvetica", 10)
        canvas.drawString(_MARGIN, y, label)
        canvas.setFont("Helvetica-Bold", 10)
        canvas.drawString(_MARGIN + 170, y, _printable(value))
        y -= 20
    note = said.get(receipt.state) if receipt.state in ("voided", "disputed") else None
    if note:
        canvas.setFont("Helvetica-Bold", 12)
        canvas.drawString(_MARGIN, y - 16, note)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _rows(
    receipt: Receipt, name: str, said: dict[str, str], language: Language
) -> Sequence[tuple[str, str]]:
    method = said[receipt.method]
    if receipt.paper_number:
        method += f", {said['ending']} {receipt.paper_number}"
    day = receipt.received_on
    shown_day = f"{day:%d/%m/%Y}" if language == "es" else f"{day:%m/%d/%Y}"
    rows = [
        (said["number"], f"{receipt.number:06d}"),
        (said["day"], shown_day),
        (said["who"], name),
        (said["method"], method),
        (said["amount"], money.dollars(receipt.amount_cents)),
    ]
    for label, cents in (
        ("applied", receipt.applied_cents),
        ("credit", receipt.credit_cents),
        ("refunded", receipt.refunded_cents),
    ):
        if cents:
            rows.append((said[label], money.dollars(cents)))
    return rows


def _printable(name: str) -> str:
    """The standard fonts know Latin-1; what they do not know must not break the page."""
    return name.encode("cp1252", "replace").decode("cp1252")
