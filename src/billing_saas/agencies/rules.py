"""The files between a practice and an agency: their layouts, and what makes a report right. Pure.

Both are CSV (RFC 4180), UTF-8, every cell quoted, lines ended by CR LF; docs/collections.md is the
page for agencies. Amounts are dollars with two decimals and no sign, days are ISO 8601.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Literal

import msgspec

from billing_saas.phi.sealing import Document

COLUMNS = (
    *("action", "reference", "amount", "day", "reason", "creditor"),
    *("last_name", "first_name", "suffix", "address_1", "address_2", "city", "state"),
    *("postal_code", "phone", "first_billed_on", "last_billed_on"),
)
REPORT_COLUMNS = ("type", "reference", "number", "paid_on", "amount", "fee")
MOST_ROWS = 20_000
MOST_BYTES = 8 << 20

# What a spreadsheet takes for a formula, or for the end of a cell (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_AMOUNT = re.compile(r"[0-9]{1,9}\.[0-9]{2}\Z")
_REMITTED = re.compile(r"-?[0-9]{1,9}\.[0-9]{2}\Z")
_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,39}\Z")
_REFERENCE = re.compile(r"[A-Z0-9]{12}\Z")

Kind = Literal["payment", "direct", "reversal"]
_KINDS: Mapping[str, Kind] = {"payment": "payment", "direct": "direct", "reversal": "reversal"}


class Debtor(Document, kw_only=True):
    """Who owes, as an agency may know them: to be written to and rung up, and no more."""

    last_name: str
    first_name: str = ""
    suffix: str = ""
    address_1: str = ""
    address_2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    phone: str = ""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One row for an agency. `debtor` only where it does not know the account yet."""

    action: str
    reference: str
    cents: int
    day: date
    reason: str = ""
    debtor: Debtor | None = None
    first_billed_on: date | None = None
    last_billed_on: date | None = None

    def __repr__(self) -> str:
        return f"<Told {self.action}>"


def dollars(cents: int) -> str:
    """Cents as a file has them: `123450` is `1234.50`. Never a currency sign, never a separator."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def safe(text: str) -> str:
    """A cell that no spreadsheet runs: an apostrophe before what begins like a formula."""
    plain = _CONTROL.sub(" ", text)
    bare = plain.lstrip()
    return f"'{plain}" if text.startswith(_FORMULA) or bare.startswith(_FORMULA) else plain


def written(rows: Iterable[Told], creditor: str) -> bytes:
    """The file. Of what an agency has been told already, a row says its reference and no name again."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        debtor = row.debtor
        who = (
            [safe(getattr(debtor, name)) for name in COLUMNS[6:15]]
            if debtor is not None
            else [""] * 9
        )
        writer.writerow(
            [
                row.action,
                row.reference,
                dollars(row.cents),
                row.day.isoformat(),
                row.reason,
                safe(creditor),
                *who,
                row.first_billed_on.isoformat() if row.first_billed_on else "",
                row.last_billed_on.isoformat() if row.last_billed_on else "",
            ]
        )
    return out.getvalue().encode()


# --- what comes back ---


class Paid(msgspec.Struct, frozen=True):
    """One row of a report, in cents; `n` is its line in the file."""

    n: int
    kind: Kind
    reference: str
    number: str
    paid_on: date
    cents: int
    fee_cents: int


class Wrong(msgspec.Struct, frozen=True):
    """A place and what is wrong there; the message quotes nothing of the file."""

    n: int
    code: str
    message: str


class Report(msgspec.Struct, frozen=True):
    paid: tuple[Paid, ...]
    remitted_cents: int
    wrong: tuple[Wrong, ...]

    def _sum(self, kind: Kind) -> int:
        return sum(one.cents for one in self.paid if one.kind == kind)

    @property
    def collected_cents(self) -> int:
        """By the agency, less what bounced."""
        return self._sum("payment") - self._sum("reversal")

    @property
    def direct_cents(self) -> int:
        """By the practice itself, as the agency counts it for its fee."""
        return self._sum("direct")

    @property
    def fee_cents(self) -> int:
        """Earned, less what it gives back of what bounced."""
        sign = {"payment": 1, "direct": 1, "reversal": -1}
        return sum(sign[one.kind] * one.fee_cents for one in self.paid)


def read(content: bytes) -> Report:
    """A report as an agency sent it. Whatever is wrong is named, and nothing of it is believed then."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _refused(0, "encoding", "The file is not UTF-8.")
    if "\x00" in text:
        return _refused(0, "encoding", "The file holds a NUL.")
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error:
        return _refused(0, "csv", "The file is not CSV as RFC 4180 has it.")
    rows = [row for row in rows if row]
    if not rows or tuple(rows[0]) != REPORT_COLUMNS:
        return _refused(1, "columns", f"The first line is {','.join(REPORT_COLUMNS)}.")
    if len(rows) - 1 > MOST_ROWS:
        return _refused(0, "too_long", f"A file has at most {MOST_ROWS} lines.")
    return _report(rows[1:])


def _refused(n: int, code: str, message: str) -> Report:
    return Report((), 0, (Wrong(n, code, message),))


def _report(rows: Sequence[Sequence[str]]) -> Report:
    paid: list[Paid] = []
    wrong: list[Wrong] = []
    total: int | None = None
    seen: set[tuple[str, str]] = set()
    for n, row in enumerate(rows, 2):
        if len(row) != len(REPORT_COLUMNS):
            wrong.append(Wrong(n, "cells", f"A line has {len(REPORT_COLUMNS)} cells."))
            continue
        if total is not None:
            wrong.append(Wrong(n, "after_total", "Nothing comes after the total."))
            continue
        if row[0] == "total":
            total = _cents(row[4], _REMITTED)
            if total is None:
                wrong.append(Wrong(n, "amount", "The total's amount is dollars with two decimals."))
                total = 0
            continue
        one = _paid(n, row, wrong)
        if one is None:
            continue
        if (one.kind, one.number) in seen:
            wrong.append(Wrong(n, "number_twice", "The number stands in this file already."))
        seen.add((one.kind, one.number))
        paid.append(one)
    if total is None:
        wrong.append(Wrong(len(rows) + 1, "no_total", "The last line is the total."))
    return Report(tuple(paid), total or 0, tuple(wrong))


def _paid(n: int, row: Sequence[str], wrong: list[Wrong]) -> Paid | None:
    kind = _KINDS.get(row[0])
    day = _day(row[3])
    cents, fee = _cents(row[4], _AMOUNT), _cents(row[5], _AMOUNT)
    faults = [
        (kind is None, "type", "A type is payment, direct, reversal or total."),
        (not _REFERENCE.match(row[1]), "reference", "A reference is the one that was sent."),
        (not _NUMBER.match(row[2]), "number", "A number is 1 to 40 letters, digits, . _ / or -."),
        (day is None, "paid_on", "A day is like 2026-03-08."),
        (not cents, "amount", "An amount is dollars with two decimals, and not zero."),
        (fee is None, "fee", "A fee is dollars with two decimals."),
        (
            bool(cents) and fee is not None and fee > (cents or 0),
            "fee",
            "A fee is no more than was paid.",
        ),
    ]
    found = [Wrong(n, code, message) for broken, code, message in faults if broken]
    wrong.extend(found)
    if found or kind is None or day is None or cents is None or fee is None:
        return None
    return Paid(n, kind, row[1], row[2], day, cents, fee)


def _cents(text: str, form: re.Pattern[str]) -> int | None:
    return int(text.replace(".", "")) if form.match(text) else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


def remitted(report: Report, remits: str) -> int:
    """What must have come: all that was collected (gross), or that less the fee (net)."""
    return report.collected_cents - (report.fee_cents if remits == "net" else 0)


def fee_by_contract(cents: int, rate_bps: int) -> int:
    """Rounded half up, as an invoice is."""
    return (cents * rate_bps * 2 + 10_000) // 20_000
