"""Statements for the benchmark: a family of two with eight visits, each statement with other amounts."""

from datetime import date

from billing_saas.links import rules
from billing_saas.statement_papers.pdf import Letterhead, Paper, Row

LETTERHEAD = Letterhead(
    name="Elm Family Medicine",
    address=("12 Elm Street", "Springfield, IL 62701"),
    pay_to=("PO Box 12", "Springfield, IL 62701"),
    phone="217-555-0100",
    site="pay.example.test",
    link="https://pay.example.test/s/",
)


def papers(count: int) -> list[Paper]:
    return [_paper(n) for n in range(count)]


def _paper(n: int) -> Paper:
    rows = [
        Row(
            patient=("Ana", "José")[visit % 2],
            service_on=date(2026, 1 + visit, 1 + n % 28),
            charge_cents=20_000 + n + visit,
            plan_paid_cents=12_000 + n,
            reduced_cents=4_000,
            patient_paid_cents=visit * 100,
            owed_cents=4_000 + visit - visit * 100,
        )
        for visit in range(8)
    ]
    return Paper(
        letterhead=LETTERHEAD,
        language=("en", "es")[n % 2],
        number=f"{n:04d}-0037-19",
        issued_on=date(2026, 10, 1),
        due_on=date(2026, 10, 26),
        stage="first",
        to=(f"Okafor Marisol {n}", f"{n} Main Street Apt 4", "Springfield, IL 62702"),
        rows=rows,
        total_cents=sum(row.owed_cents for row in rows),
        code=rules.new_code(),
    )
