"""A statement that nobody owes."""

from datetime import date
from typing import Any

from billing_saas.statement_papers.pdf import Letterhead, Paper, Row

LETTERHEAD = Letterhead(
    name="Elm Family Medicine",
    address=("12 Elm Street", "Springfield, IL 62701"),
    pay_to=("PO Box 12", "Springfield, IL 62701"),
    phone="217-555-0100",
    site="pay.example.test",
    link="https://pay.example.test/s/",
)
CODE = "7K4M-Q2XD-9TNB"


def row(n: int = 0, **changes: Any) -> Row:
    plain: dict[str, Any] = {
        "patient": "Ana",
        "service_on": date(2026, 9, 1 + n % 27),
        "charge_cents": 20_000 + n,
        "plan_paid_cents": 12_000,
        "reduced_cents": 5_000,
        "patient_paid_cents": 0,
        "owed_cents": 3_000 + n,
    }
    return Row(**{**plain, **changes})


def paper(rows: int | list[Row] = 3, **changes: Any) -> Paper:
    listed = [row(n) for n in range(rows)] if isinstance(rows, int) else rows
    plain: dict[str, Any] = {
        "letterhead": LETTERHEAD,
        "language": "en",
        "number": "4821-0037-19",
        "issued_on": date(2026, 10, 1),
        "due_on": date(2026, 10, 26),
        "stage": "first",
        "to": ("Quillfeather Marisol", "1 Main Street Apt 4", "Springfield, IL 62702"),
        "rows": listed,
        "total_cents": sum(one.owed_cents for one in listed),
        "code": CODE,
    }
    return Paper(**{**plain, **changes})
