"""What may be recorded of a patient, what it stops, and how it may end. Pure."""

from collections.abc import Mapping
from datetime import date
from typing import Literal

from billing_saas.circumstances.errors import BadCircumstance
from billing_saas.collections.rules import RecallReason
from billing_saas.phi.sealing import Document

Kind = Literal["bankruptcy", "deceased", "dispute", "returned_mail"]
Outcome = Literal[
    "recorded_by_mistake",
    "dismissed",
    "discharged",
    "estate_paid",
    "estate_empty",
    "resolved",
    "withdrawn",
    "new_address",
]


class Particulars(Document, kw_only=True, omit_defaults=True):
    """`circumstance.phi_demo`. `number` is a court's docket; `contact`, a trustee, an executor, a lawyer."""

    number: str = ""
    court: str = ""
    contact: str = ""
    note: str = ""


# A petition stays every act to collect (11 U.S.C. 362(a)(6)); who died, or disputes the debt with the
# office, is not chased by somebody the office pays. An address that is gone is an agency's daily work.
RECALLS: Mapping[str, RecallReason] = {
    "bankruptcy": "bankruptcy",
    "deceased": "deceased",
    "dispute": "dispute",
}

ENDS: Mapping[str, frozenset[str]] = {
    "bankruptcy": frozenset({"recorded_by_mistake", "dismissed", "discharged"}),
    "deceased": frozenset({"recorded_by_mistake", "estate_paid", "estate_empty"}),
    "dispute": frozenset({"recorded_by_mistake", "resolved", "withdrawn"}),
    "returned_mail": frozenset({"recorded_by_mistake", "new_address"}),
}


def check(since_on: date, today: date) -> None:
    if since_on > today:
        raise BadCircumstance("The day has not come yet.", field="since_on")


def check_end(kind: str, outcome: str) -> None:
    if outcome not in ENDS[kind]:
        raise BadCircumstance(
            f"What is {kind} ends as one of {', '.join(sorted(ENDS[kind]))}.", field="outcome"
        )
